//! The end of an upload: one terminal record, then one announcement.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    announce::Announcement,
    code::Code,
    names::SigningJobId,
    ports::{Clock, Creation, Events, Records},
    records::{self, Announced, Deployed, Outcome, Received, Schema, State, Uploader},
    retry::Retry,
    settings::Stack,
    target::Target,
    trouble::Trouble,
    upload::Upload,
    verdict::{Finding, Status, Verdict},
};

/// The `detail-type` of the event that tells an outcome.
pub const DECIDED: &str = "Countersign Upload Decided";

/// The `detail` of that event: the outcome record, the stack, and where the record is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decided {
    /// The stack's name.
    pub stack: String,
    /// `s3://…/outcome.json`
    pub record: String,
    /// The outcome.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// An upload that has come to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finished {
    /// The one terminal record.
    pub outcome: Outcome,
    /// Whether this call wrote it: then, and only then, it is to be counted.
    pub is_new: bool,
}

/// What is known of an upload on its way, for its last record.
#[derive(Clone, Debug)]
pub(crate) struct Story {
    pub(crate) upload: Upload,
    pub(crate) target: Option<Target>,
    pub(crate) job: Option<SigningJobId>,
    pub(crate) received: Option<Received>,
}

/// How an upload ends.
#[derive(Clone, Debug)]
pub(crate) struct Ending {
    pub(crate) state: State,
    pub(crate) code: Option<Code>,
    pub(crate) message: String,
    pub(crate) findings: Vec<Finding>,
    pub(crate) deployed: Option<Deployed>,
}

/// Why a step does not go on to the next: it has to be tried again, or the upload ends here.
#[derive(Debug)]
pub(crate) enum Stop {
    Retry(Retry),
    End(Box<Ending>),
}

impl From<Retry> for Stop {
    fn from(retry: Retry) -> Self {
        Self::Retry(retry)
    }
}

impl From<Trouble> for Stop {
    fn from(trouble: Trouble) -> Self {
        Self::Retry(trouble.into())
    }
}

impl From<Ending> for Stop {
    fn from(ending: Ending) -> Self {
        Self::End(Box::new(ending))
    }
}

impl Ending {
    /// An end with a reason of its own.
    pub(crate) fn new(state: State, code: Code, message: impl Into<String>) -> Self {
        Self {
            state,
            code: Some(code),
            message: message.into(),
            findings: Vec::new(),
            deployed: None,
        }
    }

    /// Refused before anything was signed or judged.
    pub(crate) fn rejected(code: Code, message: impl Into<String>) -> Self {
        Self::new(State::Rejected, code, message)
    }

    /// Refused by verdict: the first thing in the way is the reason, all of them are kept.
    pub(crate) fn by_verdict(verdict: &Verdict) -> Self {
        let first = verdict.grounds().next();
        Self {
            state: State::Rejected,
            code: first.and_then(|finding| finding.code),
            message: first.map_or_else(String::new, |finding| finding.message.clone()),
            findings: Self::notable(verdict),
            deployed: None,
        }
    }

    /// What of a verdict belongs into an outcome.
    pub(crate) fn notable(verdict: &Verdict) -> Vec<Finding> {
        let is_notable =
            |finding: &&Finding| matches!(finding.status, Status::Fail | Status::Inconclusive);
        verdict
            .findings
            .iter()
            .filter(is_notable)
            .cloned()
            .collect()
    }
}

impl Story {
    fn outcome(&self, ending: Ending, now: Timestamp) -> Outcome {
        let codes = ending.findings.iter().filter_map(|finding| finding.code);
        let critical = codes.chain(ending.code).any(Code::is_critical);
        let received = self.received.as_ref();
        Outcome {
            schema: Schema,
            upload: self.upload.clone(),
            target: self.target.clone(),
            state: ending.state,
            code: ending.code,
            message: ending.message,
            fix: ending.code.map(|code| code.about().fix.to_owned()),
            critical,
            findings: ending.findings,
            deployed: ending.deployed,
            job: self.job.clone(),
            uploaded_by: received.map_or_else(Uploader::default, |r| r.uploaded_by.clone()),
            metadata: received.map(|r| r.metadata.clone()).unwrap_or_default(),
            tags: received.map(|r| r.tags.clone()).unwrap_or_default(),
            decided_at: now,
            took_ms: now
                .as_millisecond()
                .saturating_sub(self.upload.at.as_millisecond()),
        }
    }
}

/// Writes the terminal record, unless there is one, and announces it.
pub(crate) async fn finish<W: Records + Events + Clock>(
    world: &W,
    stack: &Stack,
    story: &Story,
    ending: Ending,
) -> Result<Finished, Retry> {
    let outcome = story.outcome(ending, world.now());
    let path = format!("{}outcome.json", story.upload.folder());
    match records::create(world, &path, &outcome).await? {
        Creation::Created => {
            announce(world, stack, &outcome).await?;
            Ok(Finished {
                outcome,
                is_new: true,
            })
        }
        Creation::Existed => finished_before(world, stack, &story.upload)
            .await?
            .ok_or_else(|| Retry::busy(format!("{path} was there and is gone"))),
    }
}

/// The end that an upload has come to already, if it has; announced now, if whoever wrote it did not
/// come to that.
pub(crate) async fn finished_before<W: Records + Events + Clock>(
    world: &W,
    stack: &Stack,
    upload: &Upload,
) -> Result<Option<Finished>, Retry> {
    let folder = upload.folder();
    let Some(outcome) = records::read(world, &format!("{folder}outcome.json")).await? else {
        return Ok(None);
    };
    let announced: Option<Announced> =
        records::read(world, &format!("{folder}announced.json")).await?;
    if announced.is_none() {
        announce(world, stack, &outcome).await?;
    }
    Ok(Some(Finished {
        outcome,
        is_new: false,
    }))
}

/// At least once: a crash between the event and its record announces again.
async fn announce<W: Records + Events + Clock>(
    world: &W,
    stack: &Stack,
    outcome: &Outcome,
) -> Result<(), Retry> {
    let folder = outcome.upload.folder();
    let record = format!("s3://{}/{folder}outcome.json", stack.records_bucket);
    let decided = Decided {
        stack: stack.name.clone(),
        record: record.clone(),
        outcome: outcome.clone(),
    };
    let announcement =
        Announcement::new(DECIDED, &decided, Vec::new()).map_err(|source| Retry::Record {
            path: record,
            source,
        })?;
    world.announce(&announcement).await?;
    let announced = Announced {
        schema: Schema,
        announced_at: world.now(),
    };
    records::create(world, &format!("{folder}announced.json"), &announced).await?;
    Ok(())
}
