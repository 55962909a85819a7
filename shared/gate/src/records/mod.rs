//! The records of an upload: audit trail, idempotency store, and what people are shown.
//!
//! Lives here: the documents (`documents.rs`, `outcome.rs`, their `schema.rs`; `docs/records.md` describes each), reading and writing
//! them (`store.rs`, `error.rs`), leases on the work (`lease.rs`, `publication.rs`), the history of a target (`history.rs`), who
//! made a statement about an upload (`statement.rs`), what `sweep`
//! finds (`drift.rs`, `posture.rs`, `sweep_progress.rs`, `daily_probe.rs`), what `alert` has told (`incident.rs`, `open_alerts.rs`, `silence.rs`), and
//! what others may verify of a deployment (`summary.rs`).
//!
//! May use: `domain`, `verdict`, `ports`.
//!
//! Data passes through like this: a use case writes the record first and causes the effect second; a
//! redelivered event reads the records to find how far the earlier delivery came.

mod daily_probe;
mod documents;
mod drift;
mod error;
mod history;
mod incident;
mod lease;
mod open_alerts;
mod outcome;
mod posture;
mod publication;
mod schema;
mod silence;
mod statement;
mod store;
mod summary;
mod sweep_progress;

pub use daily_probe::{DailyProbe, DifferingFact};
pub use documents::{
    Announced, CscReport, Effect, LambdaVerdict, Live, Pruned, Received, Signing, VerdictRecord,
    Waiting,
};
pub use drift::{
    ACCOUNT_FUNCTIONS, DAILY_PROBE, Drift, DriftKind, Resent, STACK_PARAMETERS, STACK_SETTINGS,
};
pub(crate) use drift::{DRIFT_FOLDER, drift_path};
pub use error::RecordError;
pub use history::{UploadRecords, history, live, upload_records, upload_with_version};
pub(crate) use history::{
    deployed_since, has_unfinished, recent_uploads, targets_on_record, versions_on_record,
};
pub use incident::{Incident, Recovered, Tally, Telling};
pub(crate) use incident::{incident_kind, incident_path, incidents_folder, recovered_path};
pub use lease::Lease;
pub(crate) use lease::{HeldLease, Holder, LeaseRequest, LeaseScope};
pub use open_alerts::OpenAlerts;
pub use outcome::{Deployed, Outcome, UploadState};
pub use posture::{
    CscPosture, EarlierCsc, FunctionPosture, LayerPosture, Posture, SettingsPosture, TargetPosture,
};
pub use publication::Publishing;
pub use schema::Schema;
pub(crate) use silence::{SILENCES_FOLDER, silence_path, silence_state_path};
pub use silence::{Silence, SilenceState};
pub use statement::Statement;
pub(crate) use statement::{StatementRecords, read_statement, record_statement};
pub use store::Document;
pub(crate) use store::{
    RecordFolder, create, find_upload, path_in, read, read_named, replace, to_json,
};
pub use summary::{CheckPolicy, EnvelopeSignature, PolicyDocument, SummaryEnvelope};
pub(crate) use summary::{is_summarised, is_summary};
pub use sweep_progress::SweepProgress;
