//! The records of an upload: audit trail, idempotency store, and what people are shown.
//!
//! Lives here: the documents (`documents.rs`; `docs/records.md` describes each), reading and writing
//! them (`store.rs`), and the history of a target (`history.rs`).
//!
//! May use: `domain`, `verdict`, `ports`.
//!
//! Data passes through like this: a use case writes the record first and causes the effect second; a
//! redelivered event reads the records to find how far the earlier delivery came.

mod documents;
mod history;
mod store;

pub use documents::{
    Announced, CscReport, Deployed, LambdaVerdict, Live, Outcome, Publishing, Received, Schema,
    Signing, UploadState, VerdictRecord,
};
pub use history::{UploadRecords, history};
pub(crate) use store::{create, find_upload, read, replace};
