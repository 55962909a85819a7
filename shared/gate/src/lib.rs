//! The gate: what an upload is, what is decided about it and on what grounds, and what is done then.
//!
//! No AWS SDK, no clock, no files: the use cases speak to the world through [`ports`], and every
//! decision is a pure function over evidence.
//!
//! # The rooms
//!
//! A room imports only rooms below it; a test holds that (`xtask/tests/room_direction`).
//!
//! ```text
//! 6  admission    deployment    alerts    sweep      the use cases, one for each function
//!    client                                         those of the person at the other end
//! 5  outcome                                        how an upload ends: one record, one event
//!    probe                                          whether AWS does what it is taken to do
//! 4  records                                        the documents in the records bucket
//! 3  ports                                          what the use cases need of AWS, one trait a file
//! 2  verdict        events                          pure: evidence to verdict; queue messages to events
//! 1  domain                                         the words: targets, uploads, names, reason codes
//! ```
//!
//! # The way of an upload
//!
//! ```text
//! S3 event ── events/upload.rs ── admission/admit.rs ── pin.rs        which version, is it current
//!                                          ├─ eligibility.rs          may it be signed, by which profile
//!                                          ├─ records: received.json
//!                                          └─ ports/signer.rs: StartSigningJob ── records: signing.json
//! ```
//!
//! # The way of its signing job
//!
//! ```text
//! job event ─ events/signing_job.rs ─ deployment/deploy.rs ─ pending_deployment.rs   whose job, how far
//!                                          ├─ function.rs, layer.rs
//!                                          │     ├─ collect_evidence.rs   read and examine the package
//!                                          │     ├─ judge.rs              verdict::judge ── verdict.json
//!                                          │     ├─ ports/functions.rs    the update, with an Approved
//!                                          │     ├─ publish.rs alias.rs   the version, the alias
//!                                          │     └─ live.rs               live.json
//!                                          └─ outcome/finish.rs           outcome.json, then the event
//! ```

pub mod admission;
pub mod alerts;
pub mod client;
pub mod deployment;
pub mod domain;
pub mod events;
pub mod outcome;
pub mod ports;
pub mod probe;
pub mod records;
pub mod sweep;
pub mod verdict;
