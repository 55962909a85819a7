//! What became of an attempt at a run, for whoever started it: to be logged and counted.

use crate::{domain::Upload, outcome::RetryableError, records::DriftKind};

/// What an attempt at a run did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SweepReport {
    /// Another run is at work; this one did nothing.
    pub skipped_for_other_run: bool,
    /// Uploads that were looked at for an end.
    pub looked_at: u32,
    /// Uploads whose event was sent again.
    pub resent: Vec<Upload>,
    /// Uploads without an outcome.
    pub unfinished: u32,
    /// Targets that were compared with their records.
    pub targets: u32,
    /// Kinds of drift that were found, one for each that is open.
    pub drift: Vec<(String, DriftKind)>,
    /// What could not be looked at, and why. The next run looks again.
    pub troubles: Vec<String>,
    /// What the run found, in all its attempts; `None` if it did not come to its end.
    pub ended: Option<SweepTotals>,
}

/// What a run found from its begin to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SweepTotals {
    /// Kinds of drift that are open, one for each subject.
    pub drift: usize,
    /// Keys, and parts of the account, that could not be looked at.
    pub troubles: usize,
}

/// An attempt that did not come to the end of its run, with what it did until then.
#[derive(Debug, thiserror::Error)]
#[error("the run of sweep did not come to its end")]
pub struct SweepStopped {
    /// What the attempt did. The next one does not do it again, so that nobody else will tell of it.
    pub report: Box<SweepReport>,
    /// Why it stopped.
    #[source]
    pub error: RetryableError,
}

impl SweepStopped {
    pub(super) fn at_once(error: RetryableError) -> Self {
        Self {
            report: Box::default(),
            error,
        }
    }
}
