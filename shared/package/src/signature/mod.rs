//! The signature entry: PEM, CMS, certificates, and whether all of it holds together.
//!
//! Lives here: the envelope (`signature.rs`), the seven signed attributes, the certificates and the
//! chain from the signer to a trust anchor, and ECDSA on P-384.
//!
//! May use: `asn1`, `arn`, `escape`, `numbers`.
//!
//! Data passes through like this: [`Signature::parse`] decodes the PEM and reads the envelope, the
//! certificates and the attributes, each in one form only; [`Signature::verify`] then checks
//! algorithms, attributes, the chain at the signing time, and last the signature value.

mod certificate;
mod chain;
mod claims;
mod ecdsa;
mod error;
mod name;
mod pem;
#[expect(
    clippy::module_inception,
    reason = "the room's first file is its subject"
)]
mod signature;
mod signed_attributes;
mod trust_roots;

pub use certificate::Certificate;
pub use claims::Claims;
pub use error::SignatureError;
pub use signature::{Signature, VerifiedSignature};
pub use signed_attributes::Attribute;
pub use trust_roots::{TrustRootError, TrustRoots};
