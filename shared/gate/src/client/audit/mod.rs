//! The posture of an account, judged: what `sweep` saw last, and what is wrong with it.
//!
//! Lives here: the kinds of findings with their severities and controls (`kind.rs`), one function, layer or
//! configuration as it is shown (`subject.rs`), one finding (`finding.rs`), the commands that mend (`command.rs`), the judgement
//! (`judge.rs`), configurations that another one makes superfluous (`shadow.rs`), what a signing job or profile signed that runs (`impact.rs`), reading it all from the records
//! (`read.rs`), how it was on earlier days (`trend.rs`), who may change whom Lambda trusts (`access.rs`).
//!
//! May use: what the room `client` may.
//!
//! Data passes through like this: `read` takes `posture.json` and the open drift documents, `judge` makes an
//! [`Audit`] of them and of the time; nothing else of AWS is asked.

mod access;
mod command;
mod finding;
mod impact;
mod judge;
mod kind;
mod read;
mod shadow;
mod subject;
mod trend;

pub use finding::AuditFinding;
pub use impact::{Impact, ImpactOn, Signer};
pub use judge::{Audit, AuditSummary, audit};
pub use kind::{AuditSeverity, FindingKind};
pub use read::{SweepSnapshot, read_swept};
pub use subject::{CodeStanding, ConfigurationAudit, Protection, Subject, TrendPoint};
pub use trend::read_trend;
