//! Why a package was refused: one enum for each stage, a sentence for each variant, the offending value
//! inside. Names of entries and subjects come from hostile input; they are carried escaped where they
//! are not known to be printable.

mod signature;
mod structure;

use thiserror::Error;

use crate::digest::ContentDigest;

pub use signature::SignatureError;
pub use structure::{LinkFault, NameFault, StructureError};

/// Why a package is not what a publisher signed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum IntegrityError {
    /// There is no signature entry.
    #[error(
        "the package is not signed: it has no entry {}",
        crate::SIGNATURE_ENTRY
    )]
    Unsigned,
    /// The signature itself is malformed or does not verify.
    #[error(transparent)]
    Signature(#[from] SignatureError),
    /// The signature is sound, but over other contents.
    #[error(
        "the contents are not those that were signed: their digest is {found}, the signed one {signed}"
    )]
    DigestMismatch {
        /// The messageDigest attribute, in hexadecimal.
        signed: String,
        /// SHA-384 of the package's content digest, in hexadecimal.
        found: String,
        /// The content digest itself.
        content: ContentDigest,
    },
}

/// Why a signed package is not its source plus a signature.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum OriginError {
    /// The source already holds a signature, or the directory for it.
    #[error("the source already holds `{name}`; it is signed already or imitates it")]
    SourceSigned {
        /// The entry.
        name: String,
    },
    /// The signed package does not end in the directory and the signature that Signer appends.
    #[error(
        "the signed package does not end in the two entries that Signer appends, exactly as Signer writes them"
    )]
    NotAppended,
    /// An entry of the source is missing in the signed package, or stands elsewhere.
    #[error(
        "entry {index} is `{source_name}` in the source and `{signed_name}` in the signed package"
    )]
    Name {
        /// Position in the directory, from 0.
        index: usize,
        /// Name in the source.
        source_name: String,
        /// Name in the signed package.
        signed_name: String,
    },
    /// The signed package has other than two entries more than the source.
    #[error(
        "the source has {source_entries} entries, the signed package {signed_entries}; Signer adds exactly two"
    )]
    Count {
        /// Entries of the source.
        source_entries: usize,
        /// Entries of the signed package.
        signed_entries: usize,
    },
    /// An entry has another body.
    #[error("`{name}` has another body than in the source")]
    Body {
        /// The entry.
        name: String,
    },
    /// An entry is of another kind.
    #[error("`{name}` is of another kind than in the source")]
    Kind {
        /// The entry.
        name: String,
    },
    /// An entry has another Unix mode.
    #[error("`{name}` has another mode than in the source")]
    Mode {
        /// The entry.
        name: String,
        /// Mode in the source.
        source_mode: Option<u32>,
        /// Mode in the signed package.
        signed_mode: Option<u32>,
    },
    /// The source's own bodies are not sound, so that nothing can be compared with them.
    #[error("the source cannot be read: {0}")]
    Source(#[source] StructureError),
    /// The signed package's bodies are not sound.
    #[error("the signed package cannot be read: {0}")]
    Signed(#[source] StructureError),
}

/// Why a set of trust roots was refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TrustRootError {
    /// Not PEM, or no certificate in it.
    #[error("the trust roots are not PEM certificates: {fault}")]
    Pem {
        /// What is wrong.
        fault: &'static str,
    },
    /// A certificate in it cannot be read, or cannot be a root.
    #[error("trust root {index} is refused: {fault}")]
    Certificate {
        /// Position in the file, from 0.
        index: usize,
        /// What is wrong with it.
        fault: &'static str,
    },
}
