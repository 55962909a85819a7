//! What became of an upload event.

use crate::{
    domain::{SigningJobId, Upload},
    outcome::Finished,
};

/// What became of an upload event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Admission {
    /// A signing job runs for it.
    Signing {
        /// The upload.
        upload: Upload,
        /// The job.
        job: SigningJobId,
        /// Whether this call recorded it: then, and only then, it is to be counted.
        is_new: bool,
    },
    /// It is no upload but a statement about one, which was put on record where that is needed; what it is.
    Statement(String),
    /// It has come to its end.
    Finished(Box<Finished>),
    /// It is none of this stack's, or no upload at all, for this reason; to be logged.
    NotOurs(String),
}
