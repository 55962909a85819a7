//! Makes what the tests judge: keys and certificates, signatures in AWS Signer's format, and zip
//! files, each with every field open to being set wrong.
//!
//! - [`asn1`]: BER and DER, written by hand.
//! - [`pki`]: a root, two intermediates and a leaf, minted anew in each run from fixed seeds for a
//!   fixed time, so that nothing committed can expire.
//! - [`signature`]: the `.SF` entry that Signer puts into a package.
//! - [`zip`]: a zip file, record by record.
//! - [`package`]: the two joined: a zip with the signature over it.
//! - [`template`]: what the stack's template says.
//! - [`checkout`]: where a test finds the files and programs of its checkout.
//! - `runtime_api`, `fake_aws`, `http` (feature `runtime-api`): the far end of a function's
//!   sockets.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    reason = "a fault in the forge should stop the test that uses it, at once and loudly"
)]

pub mod asn1;
pub mod checkout;
#[cfg(feature = "runtime-api")]
pub mod fake_aws;
#[cfg(feature = "runtime-api")]
pub mod http;
pub mod package;
pub mod pki;
#[cfg(feature = "runtime-api")]
pub mod runtime_api;
pub mod signature;
#[cfg(feature = "runtime-api")]
pub mod stage;
pub mod template;
pub mod zip;
