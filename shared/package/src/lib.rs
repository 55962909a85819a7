//! The verifying core of Countersign: bytes in, proof out.
//!
//! A package for AWS Lambda that AWS Signer signed is a zip with a CMS signature in it. This crate
//! checks whether the bytes of such a package are what a publisher signed, says who that was, and
//! what is wrong otherwise. It knows no files, clock, network or environment: bytes, limits and
//! trust roots are arguments.
//!
//! # The way of a package's bytes
//!
//! ```text
//! bytes ── Archive::parse   zip/archive.rs   every byte belongs to one record; every name is safe
//!       │     end_record.rs ─ layout.rs: central_header.rs, local_header.rs, data_descriptor.rs
//!       │     tree.rs         no two entries at one path
//!       ── Package::read    package.rs       every body is what its headers say; the digests
//!       │     zip/body.rs ─ digest/           inflate, size, CRC-32; SHA-256, SHA-384
//!       │     zip/symlink.rs                  no link leads out of the package
//!       ── Package::verify  package.rs       a publisher signed exactly these contents
//!       │     signature/                      PEM, CMS, certificates, attributes (over asn1/);
//!       │                                     chain to a trust anchor; ECDSA
//!       ── origin::prove    origin.rs        the package is its source plus what Signer appends
//! ```
//!
//! Beside this way: [`check_signable`] says before a signing job whether the package keeps its
//! limits with a signature, and [`Inventory`] what is where, for checks of whether the package can
//! start.
//!
//! [`strip`] takes the signature off again, for what somebody else signs anew.
//!
//! [`format::observe`] looks at a package without judging it, and says fact by fact what it tells of
//! Signer's format.
//!
//! Each step is the only way to its type: [`Archive`], [`Package`], [`VerifiedPackage`],
//! [`origin::OriginProof`]. What a proof does *not* say: that the signature has not expired by now,
//! that its publisher is allowed, or that it was not revoked. Those are policy, and need a clock or
//! AWS.
//!
//! # The rooms
//!
//! A room imports only rooms below it.
//!
//! ```text
//! 5  signable.rs   strip.rs   format/  an unsigned package, and what a signature adds; the format's facts
//! 4  origin.rs   inventory/           signed package beside its source; what is where in it
//! 3  package.rs                       bodies, digests and signature together
//! 2  zip/   signature/   digest/      the container; the signature entry; the two digests
//! 1  asn1/      arn.rs limits.rs signature_entry.rs escape.rs numbers.rs
//! ```

pub mod format;
pub mod origin;

mod arn;
mod asn1;
mod digest;
mod escape;
mod inventory;
mod limits;
mod numbers;
mod package;
mod signable;
mod signature;
mod signature_entry;
mod strip;
mod zip;

pub use arn::{ArnError, ProfileVersionArn, SigningJobArn};
pub use digest::{CodeSha256, ContentDigest};
pub use inventory::{
    ElfClass, ElfHeader, ElfMachine, ElfSystem, Inventory, InventoryEntry, Libc, Lookup, Shebang,
};
pub use limits::Limits;
pub use origin::OriginError;
pub use package::{IntegrityError, Package, VerifiedPackage};
pub use signable::{SIGNATURE_RESERVE_BYTES, SignableError, check_signable};
pub use signature::{
    Attribute, Certificate, Claims, Signature, SignatureError, TrustRootError, TrustRoots,
    VerifiedSignature,
};
pub use signature_entry::{SIGNATURE_DIRECTORY, SIGNATURE_ENTRIES, SIGNATURE_ENTRY};
pub use strip::{StripError, StrippedPackage, strip};
pub use zip::{
    Archive, Entry, EntryKind, Link, LinkFault, Method, NameFault, StructureError, Warning,
};
