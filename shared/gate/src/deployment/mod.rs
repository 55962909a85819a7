//! The use case of `deploy`: from a signing job that ended to the outcome of its upload.
//!
//! Lives here: `deploy.rs` (the entry), `pending_deployment.rs` (the upload of a job, and how far
//! earlier deliveries came), `collect_evidence.rs`, `collect_provenance.rs` and `judge.rs` (the verdict, on record before
//! anything is changed), `people.rs` with `people_settings.rs` (approvals and freezes), `break_glass.rs`, `function.rs` with `publish.rs` and
//! `alias.rs`, `layer.rs`,
//! `current_package.rs` (the last verified package of a target), `live.rs` (`live.json`), `expected.rs` (deployed bytes are
//! verified bytes), `update_options.rs` (how Lambda keeps them, for which processor), `description.rs` (what a version says of itself), `prune.rs` (old versions are
//! deleted), `settings.rs`. What others are told of a deployment: `verification_summary.rs` (what it says), `summarize.rs` (signed, and
//! put on record).
//!
//! May use: `domain`, `verdict`, `ports`, `records`, `outcome`, `events`.
//!
//! Data passes through like this: job id, `PendingDeployment`, evidence, verdict, `Approved`, update,
//! version, alias, `live.json`, `outcome.json`.

mod alias;
mod break_glass;
mod collect_evidence;
mod collect_provenance;
mod current_package;
mod deploy;
mod description;
mod expected;
mod function;
mod judge;
mod layer;
mod live;
mod pending_deployment;
mod people;
mod people_settings;
mod prune;
mod publish;
mod settings;
mod summarize;
mod update_options;
mod verification_summary;

pub use crate::domain::{ALIAS_TAG, APPROVALS_TAG, ARCHITECTURE_TAG};
pub use deploy::{Deployment, deploy};
pub use expected::ExpectedCode;
pub use pending_deployment::DeployWorld;
pub use people_settings::{MAX_APPROVALS, PeopleSettings};
pub use prune::{MAX_PRUNED, PrunePlan, PruneWorld, plan_prune, prune};
pub use settings::{CanaryPolicy, DeploySettings, KeptVersions, ProvenanceSettings};
pub use summarize::{Summarized, SummaryWorld, summarize};
