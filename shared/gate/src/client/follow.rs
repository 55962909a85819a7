//! How far an upload has come, told step by step.

use crate::{
    domain::{ProfileName, SigningJobId, Target, Upload},
    ports::Records,
    records::{Outcome, RecordError, UploadRecords, Waiting, upload_records},
    verdict::Decision,
};

/// A step forward.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// The gate took it in.
    Received,
    /// A signing job runs.
    Signing {
        /// The job.
        job: SigningJobId,
        /// The profile it signs with.
        profile: ProfileName,
    },
    /// The signed package was judged; what follows from it is under way.
    Judged(Decision),
    /// An attempt did not come to its end; another one will follow.
    Waiting(Box<Waiting>),
    /// It has come to its end.
    Ended(Box<Outcome>),
}

/// Follows one upload.
#[derive(Clone, Debug)]
pub struct Follower {
    target: Target,
    upload: Upload,
    seen: UploadRecords,
}

impl Follower {
    /// Nothing is known of the upload yet.
    #[must_use]
    pub fn new(target: Target, upload: Upload) -> Self {
        Self {
            target,
            upload,
            seen: UploadRecords::default(),
        }
    }

    /// What it is for.
    #[must_use]
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// The upload.
    #[must_use]
    pub fn upload(&self) -> &Upload {
        &self.upload
    }

    /// How it ended, once [`Self::look`] has seen that.
    #[must_use]
    pub fn outcome(&self) -> Option<&Outcome> {
        self.seen.outcome.as_ref()
    }

    /// What the last attempt waited for, or what failed; `None` when there was no such attempt.
    #[must_use]
    pub fn waiting(&self) -> Option<&Waiting> {
        self.seen.waiting.as_ref()
    }

    /// What was last seen, in a word; `None` when nothing is on record yet.
    #[must_use]
    pub fn standing(&self) -> Option<&'static str> {
        let is_known = self.seen.received.is_some() || self.seen.outcome.is_some();
        is_known.then(|| self.seen.status())
    }

    /// Reads the records, and answers with the steps that were not seen before, in their order. Steps may
    /// be left out: an upload that is refused at once is never signed.
    pub async fn look<W: Records>(&mut self, world: &W) -> Result<Vec<Progress>, RecordError> {
        let now = upload_records(world, &self.target, &self.upload).await?;
        let steps = steps_between(&self.seen, &now);
        self.seen = now;
        Ok(steps)
    }
}

fn steps_between(seen: &UploadRecords, now: &UploadRecords) -> Vec<Progress> {
    let mut steps = Vec::new();
    if seen.received.is_none() && now.received.is_some() {
        steps.push(Progress::Received);
    }
    if let (None, Some(signing)) = (&seen.signing, &now.signing) {
        steps.push(Progress::Signing {
            job: signing.job.clone(),
            profile: signing.profile.clone(),
        });
    }
    // A verdict that accepts may be replaced by a later one.
    let decision = |records: &UploadRecords| records.verdict.as_ref().map(|found| found.decision);
    if let Some(decided) = decision(now)
        && decision(seen) != Some(decided)
    {
        steps.push(Progress::Judged(decided));
    }
    if let Some(waiting) = &now.waiting
        && seen.waiting.as_ref() != Some(waiting)
    {
        steps.push(Progress::Waiting(Box::new(waiting.clone())));
    }
    if let (None, Some(outcome)) = (&seen.outcome, &now.outcome) {
        steps.push(Progress::Ended(Box::new(outcome.clone())));
    }
    steps
}
