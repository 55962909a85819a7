//! The two entries that Signer appends to a package.

/// The entry that holds the signature (grade A): an underscore in `META_INF`, unlike a jar.
pub const SIGNATURE_ENTRY: &str = "META_INF/aws_signer_signature_v1.0.SF";

/// How many entries Signer appends: the directory and the signature (grade C).
pub const SIGNATURE_ENTRIES: u8 = 2;

/// The directory entry that Signer appends before the signature (grade C).
pub const SIGNATURE_DIRECTORY: &str = "META_INF/";
