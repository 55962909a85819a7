//! The verifying core of Countersign: bytes in, proof out.
//!
//! A package for AWS Lambda that AWS Signer signed is a zip with a CMS signature in it. This crate says
//! whether the bytes of such a package are what a publisher signed, who that was, and what is wrong otherwise. It
//! knows no files, clock, network or environment: bytes, limits and trust roots are arguments.
//!
//! ```text
//! bytes ── Archive::parse ──► Archive    every byte belongs to one record, every name is safe
//!       ── Package::read  ──► Package    and every body is what its headers say; digests
//!       ── Package::verify ─► VerifiedPackage    and a publisher signed exactly these contents
//!       ── origin::prove  ──► OriginProof        and it is the source plus what Signer appends
//! ```
//!
//! Each arrow is the only way to its type. What a proof does *not* say: that the signature has not expired by
//! now, that its publisher is allowed, or that it was not revoked. Those are policy, and need a clock or AWS.

pub mod origin;

mod archive;
mod arn;
mod attributes;
mod ber;
mod certificate;
mod chain;
mod claims;
mod contents;
mod digest;
mod ecdsa;
mod end_record;
mod error;
mod extra;
mod fields;
mod hashing;
mod header;
mod limits;
mod links;
mod names;
mod package;
mod pem;
mod roots;
#[cfg(test)]
mod sample;
mod signature;
mod time;

pub use archive::{Archive, Entry, EntryKind, Method};
pub use arn::{ArnError, ProfileVersionArn, SigningJobArn};
pub use attributes::Attribute;
pub use certificate::Certificate;
pub use claims::Claims;
pub use digest::{CodeSha256, ContentDigest};
pub use error::{
    IntegrityError, LinkFault, NameFault, OriginError, SignatureError, StructureError,
    TrustRootError,
};
pub use limits::Limits;
pub use package::{Package, VerifiedPackage};
pub use roots::TrustRoots;
pub use signature::{Signature, VerifiedSignature};

/// The entry that holds the signature (grade A): an underscore in `META_INF`, unlike a jar.
pub const SIGNATURE_ENTRY: &str = "META_INF/aws_signer_signature_v1.0.SF";

/// The directory entry that Signer appends before the signature (grade C).
pub const SIGNATURE_DIRECTORY: &str = "META_INF/";
