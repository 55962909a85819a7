//! Polls the records until every upload has its outcome, or the time is over.

use std::time::Duration;

use countersign_gate::{
    client::Follower,
    domain::{Target, Upload},
    ports::Clock as _,
    records::{Outcome, RecordError, Waiting},
};
use jiff::Timestamp;

use crate::{
    aws::{diagnosis::is_passing, session::Session},
    following::{
        event::{Event, What},
        reporter::Reporter,
    },
    io::error::CliError,
};

/// Between two looks at the records, while most uploads come to their end.
const POLL_INTERVAL: Duration = Duration::from_secs(1);
/// The same, once an upload takes longer than [`SLOW_POLL_AFTER`].
const SLOW_POLL_INTERVAL: Duration = Duration::from_secs(5);
/// A minute: signing takes seconds, and the update of a function seldom more than half a minute.
const SLOW_POLL_AFTER: Duration = Duration::from_mins(1);

/// An upload that is followed.
pub(crate) struct Followed {
    follower: Follower,
}

impl Followed {
    pub(crate) fn new(target: Target, upload: Upload) -> Self {
        Self {
            follower: Follower::new(target, upload),
        }
    }

    pub(crate) fn target(&self) -> &Target {
        self.follower.target()
    }

    pub(crate) fn upload(&self) -> &Upload {
        self.follower.upload()
    }

    /// How it ended, if it has.
    pub(crate) fn outcome(&self) -> Option<&Outcome> {
        self.follower.outcome()
    }

    /// What its last attempt waits for, if it waits and has not ended.
    pub(crate) fn waiting(&self) -> Option<&Waiting> {
        self.follower.waiting()
    }

    /// How far it has come; `None` when nothing is on record.
    pub(crate) fn standing(&self) -> Option<&'static str> {
        self.follower.standing()
    }
}

/// Follows uploads until each has its outcome, or for `timeout`. Every step but the last of each is told.
pub(crate) async fn watch(
    session: &Session,
    uploads: &mut [Followed],
    timeout: Duration,
    reporter: &Reporter,
) -> Result<(), CliError> {
    let began = session.clock.now();
    loop {
        for followed in &mut *uploads {
            if followed.outcome().is_none() {
                look(session, followed, reporter).await?;
            }
        }
        let elapsed = since(began, session.clock.now());
        let pending: Vec<&Followed> = uploads
            .iter()
            .filter(|followed| followed.outcome().is_none())
            .collect();
        let Some(left) = timeout.checked_sub(elapsed).filter(|left| !left.is_zero()) else {
            break;
        };
        if pending.is_empty() {
            break;
        }
        reporter.wait(&waiting_for(&pending), elapsed);
        let interval = if elapsed < SLOW_POLL_AFTER {
            POLL_INTERVAL
        } else {
            SLOW_POLL_INTERVAL
        };
        session.clock.sleep(interval.min(left)).await;
    }
    reporter.done();
    Ok(())
}

async fn look(
    session: &Session,
    followed: &mut Followed,
    reporter: &Reporter,
) -> Result<(), CliError> {
    let steps = match followed.follower.look(&session.records).await {
        Ok(steps) => steps,
        // It is asked again in a moment: an upload does not fail because nobody could look.
        Err(RecordError::Port(error)) if is_passing(&error) => return Ok(()),
        Err(error) => {
            reporter.done();
            return Err(session.unread_records(followed.target(), &error));
        }
    };
    for step in &steps {
        if let Some(what) = What::of_step(step) {
            reporter.tell(&Event::of(followed.target(), followed.upload(), what))?;
        }
    }
    Ok(())
}

fn waiting_for(pending: &[&Followed]) -> String {
    match pending {
        [one] => {
            let standing = one.standing().unwrap_or("uploaded");
            match one.waiting() {
                Some(waiting) => format!(
                    "{} {standing}, attempt {} waits: {}",
                    one.target(),
                    waiting.attempt,
                    waiting.why
                ),
                None => format!("{} {standing}", one.target()),
            }
        }
        several => format!("{} uploads under way", several.len()),
    }
}

fn since(began: Timestamp, now: Timestamp) -> Duration {
    Duration::try_from(now.duration_since(began)).unwrap_or_default()
}
