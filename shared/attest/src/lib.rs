//! Where a package was built: bytes of an attestation in, proof out.
//!
//! An attestation is a Sigstore bundle (`*.sigstore.json`: of GitHub's artifact attestations, of
//! `cosign attest-blob`, of npm), an attestation of `PyPI` (PEP 740) or a bare DSSE envelope. It holds
//! an in-toto statement with SLSA provenance, v1 or v0.2, about an artifact that it names by its
//! digest. This crate checks offline whether the attestation is genuine and speaks of that artifact,
//! and says who built it, from which source, by which workflow. It knows no files, network or
//! environment: bytes, the time and trust roots are arguments.
//!
//! # The way of an attestation's bytes
//!
//! ```text
//! bytes ── Bundle::parse    bundle.rs, json.rs, limits.rs   size, nesting, one of three shapes
//!       ── verify           verify.rs                       by a certificate: chain, logs, time, signature;
//!       │                                                    verify_by_any finds the trust root among several
//!       │     certificate.rs                                 what the certificate says of the build
//!       │     statement.rs, predicate.rs                     what the builder wrote about it
//!       │     agreement.rs                                   the one held against the other
//!       │     level.rs                                       what the two together are worth
//!       ── verify_with_key  key.rs                          the same by a key of one's own
//!       ── Provenance       provenance.rs                   the proof
//!       ── Demand::judge    demand.rs, pattern.rs           what is wanted against what is proven
//!       ── verify_summary   summary.rs                      instead: what a verifier says of an artifact, by its key
//! ```
//!
//! [`Provenance`] is made by verifying alone. What it does *not* say: that the source, the workflow or
//! the builder are those that somebody wants. That is policy: [`Demand::judge`].
//!
//! # What is trusted for what
//!
//! Anybody may sign any statement with a certificate of their own; the certificate authority vouches
//! for the certificate alone. So source, commit, ref, workflow and event come from the certificate, and the
//! statement may only agree. With a key of one's own there is no certificate, and the holder of the key
//! is believed in all of them; so a demand names the key that it means.
//!
//! # The clock
//!
//! The library below refuses times of the log that lie in the future of the machine's own clock, and asks
//! it whether a key of a trust root has begun to count. So a machine whose clock is late refuses too much; for the rest,
//! [`verify`] refuses what is later than the time that it is given.

mod agreement;
mod bundle;
mod certificate;
mod demand;
mod error;
mod generator;
mod json;
mod key;
mod level;
mod limits;
mod pattern;
mod platform;
mod predicate;
mod provenance;
mod source;
mod statement;
mod subject;
mod summary;
mod text;
mod trust_root;
mod verify;
mod workflow;

pub use bundle::Bundle;
pub use demand::{Demand, Mismatch};
pub use error::{AttestError, BundleError, Claim, KeyError, TrustRootError};
pub use key::{PublicKey, verify_with_key};
pub use level::Level;
pub use limits::{
    MAX_BUNDLE_BYTES, MAX_CERTIFICATES, MAX_CLAIM_BYTES, MAX_LOG_ENTRIES, MAX_NESTING,
    MAX_SUBJECTS, MAX_TIMESTAMPS, MAX_TRUST_ROOT_BYTES,
};
pub use pattern::{Pattern, PatternError, RefPattern, SourcePattern, WorkflowPattern};
pub use provenance::{Provenance, Signer};
pub use source::SourceUri;
pub use subject::Subject;
pub use summary::{Summary, verify_summary};
pub use text::shown;
pub use trust_root::TrustRoot;
pub use verify::{verify, verify_by_any};
