//! What is known of Signer's format, fact by fact, and what a package says to each.
//!
//! Lives here: what a fact is (`fact.rs`), all of them with their grades (`facts.rs`), what a package says to one
//! (`observation.rs`), and for each group of them a file that looks, which `observe.rs` asks in turn: `container.rs` at the zip's
//! headers, `envelope.rs` at armour, encoding and CMS, `attributes.rs`, `trust.rs` at certificates, chain and signature value,
//! `contents.rs` at the digest, `kept.rs` at the source beside the package. `subject.rs` holds what they look at, and
//! `raw_signature.rs` reads what the parser may refuse.
//!
//! May use: `escape`, `numbers`, `limits`, `signature_entry`, `asn1`, `arn`, `zip`, `signature`, `package`, `origin`.
//!
//! Data passes through like this: [`observe`] parses package and signature with the parsers that judge, reads the bytes once more
//! without any rule, and makes one [`Observation`] of each fact. An observation is for people: nothing is decided by it, and it names no
//! account, job, profile or entry, so that it can be handed on.

mod attributes;
mod container;
mod contents;
mod envelope;
mod fact;
mod facts;
mod kept;
mod observation;
mod observe;
mod raw_signature;
mod subject;
mod trust;

pub use fact::{FormatFact, Grade};
pub use facts::FACTS;
pub use observation::{Answer, Observation};
pub use observe::observe;
