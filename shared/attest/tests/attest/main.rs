//! Attestations that registries publish, and those of a forge whose every claim can be false.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    reason = "in a test, a panic is the report"
)]

mod bundles;
mod claims;
mod demands;
mod flips;
mod forge;
mod genuine;
mod keys;
mod proofs;
mod roots;
mod summaries;

use countersign_attest::{AttestError, Bundle, Provenance, Subject, TrustRoot, verify};
use forge::{ARTIFACT, Forge};
use jiff::Timestamp;
use serde_json::Value;

/// When the tests look: after every attestation in them, genuine or forged.
fn now() -> Timestamp {
    "2026-08-01T00:00:00Z".parse().unwrap()
}

fn parse(bundle: &Value) -> Bundle {
    Bundle::parse(bundle.to_string().as_bytes()).expect("a bundle")
}

fn root(root: &Value) -> TrustRoot {
    TrustRoot::parse(root.to_string().as_bytes()).expect("a trust root")
}

fn artifact() -> Subject {
    Subject::of_sha256(ARTIFACT)
}

/// What becomes of what the forge mints, in its own instance.
fn outcome(forge: &Forge) -> Result<Provenance, AttestError> {
    verify(
        &parse(&forge.bundle()),
        &root(&forge.root()),
        &artifact(),
        now(),
    )
}

/// The refusal of what the forge mints.
fn refused(forge: &Forge) -> AttestError {
    outcome(forge).expect_err("an attestation with a fault")
}

/// The proof of what the forge mints.
fn proven(forge: &Forge) -> Provenance {
    outcome(forge).expect("an attestation without a fault")
}

/// Asserts the variant of a refusal, and shows the whole otherwise.
#[macro_export]
macro_rules! assert_refused {
    ($error:expr, $pattern:pat) => {
        let error = $error;
        assert!(matches!(&error, $pattern), "{error}\n{error:?}");
    };
}
