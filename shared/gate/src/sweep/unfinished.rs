//! An upload that does not come to its end gets its event again.
//!
//! Events are best effort: S3 and EventBridge say "at least once", and a message can be lost with its queue,
//! its rule or its permission. What is on record says which event would bring the upload further.

use std::time::Duration;

use jiff::Timestamp;

use super::settings::{SweepSettings, SweepWorld};
use crate::{
    domain::{StatementKey, Upload, UploadId, subject_of_key},
    events::{JobEvent, UploadEvent},
    outcome::RetryableError,
    ports::{ListedVersion, UploadFunction},
    records::{
        self, Announced, Drift, DriftKind, Outcome, PolicyDocument, RecordFolder, Resent, Schema,
        Signing, SummaryEnvelope, VerdictRecord, Waiting, is_summarised,
    },
};

/// Younger uploads are on their way: so long, or a twelfth of the patience if that is less.
const MAX_GRACE: Duration = Duration::from_mins(5);
const GRACE_DIVISOR: u32 = 12;
/// An attempt that was due so long ago did not take place.
const OVERDUE_AFTER: Duration = Duration::from_mins(2);
/// After so many times somebody is told.
const RESENDS_BEFORE_ALERT: u32 = 3;

/// How one version of a key stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum UploadCheck {
    /// It is no upload, or too young to say.
    NotDue,
    /// It has come to its end, and that was announced.
    Ended,
    /// It has none yet, and somebody is at work or will be; what is to be told if that takes long.
    OnItsWay { stuck: Option<Box<Drift>> },
    /// Its event was sent again.
    Resent { stuck: Option<Box<Drift>> },
    /// It has come to its end, and its event was sent again for the summary that is missing.
    SentForSummary,
}

impl UploadCheck {
    /// Whether the upload may still change what runs.
    pub(super) fn is_unfinished(&self) -> bool {
        matches!(self, Self::OnItsWay { .. } | Self::Resent { .. })
    }
}

/// The upload that a listed version is; none for delete markers, folders that the S3 console makes, statements, and what
/// was stored while the bucket had no versions.
pub(super) fn upload_of(settings: &SweepSettings, listed: &ListedVersion) -> Option<Upload> {
    let is_folder = listed.size == 0 && listed.key.ends_with('/');
    let is_statement = StatementKey::is_below_a_folder(&listed.key);
    if listed.is_delete_marker || is_folder || is_statement {
        return None;
    }
    let id = UploadId {
        bucket: settings.stack.uploads_bucket.clone(),
        key: listed.key.clone(),
        version: listed.version.clone()?,
    };
    Some(Upload::new(id, listed.last_modified))
}

/// Looks how far an upload came, and sends its event again if it got stuck.
///
/// Costs one listing for an upload that ended, and two reads where it has no summary and the stack makes them. An event too many does no harm: every function is idempotent.
pub(super) async fn resend_if_stuck<W: SweepWorld>(
    world: &W,
    settings: &SweepSettings,
    upload: &Upload,
) -> Result<UploadCheck, RetryableError> {
    let of_patience = settings.patience.checked_div(GRACE_DIVISOR);
    let grace = of_patience.unwrap_or(MAX_GRACE).min(MAX_GRACE);
    if is_within(world.now(), upload.at, grace) {
        return Ok(UploadCheck::NotDue);
    }
    let folder = RecordFolder::list(world, upload).await?;
    let is_ended = folder.has::<Outcome>();
    if is_ended && folder.has::<Announced>() {
        return look_for_summary(world, settings, upload, &folder).await;
    }
    let resent: Option<Resent> = folder.read(world, upload).await?;
    if let Some(resent) = &resent
        && is_within(world.now(), resent.resent_at, settings.patience)
    {
        return Ok(UploadCheck::OnItsWay { stuck: None });
    }
    let waiting: Option<Waiting> = folder.read(world, upload).await?;
    let is_due = |waiting: &Waiting| !is_within(world.now(), waiting.next_try_at, OVERDUE_AFTER);
    if let Some(waiting) = waiting.filter(|waiting| !is_ended && !is_due(waiting)) {
        // It waits for longer than its patience: AWS throttles, or does not answer.
        let patience = settings.patience.saturating_add(waiting.for_people());
        let is_long = !waiting.waits_for_people && !is_within(world.now(), waiting.since, patience);
        let told = is_long.then(|| Box::new(waits_long(upload, &waiting, world.now())));
        return Ok(UploadCheck::OnItsWay { stuck: told });
    }
    let signing: Option<Signing> = folder.read(world, upload).await?;
    let (to, body) = match signing {
        None => (UploadFunction::Sign, UploadEvent::resent(upload)),
        Some(signing) => {
            let job = world.describe_job(&signing.job).await?;
            if job.is_some_and(|job| !job.status.is_over()) {
                return Ok(UploadCheck::OnItsWay { stuck: None });
            }
            (
                UploadFunction::Deploy,
                JobEvent::resent(&signing.job, world.now()),
            )
        }
    };
    let times = send_again(world, upload, resent, to, &body).await?;
    let stuck = (!is_ended && times >= RESENDS_BEFORE_ALERT)
        .then(|| Box::new(stuck(upload, to, world.now())));
    Ok(UploadCheck::Resent { stuck })
}

/// Puts on record that the event is sent again, and sends it; answers how often that was. The record comes first: what
/// it guards against is sending again and again.
async fn send_again<W: SweepWorld>(
    world: &W,
    upload: &Upload,
    before: Option<Resent>,
    to: UploadFunction,
    body: &str,
) -> Result<u32, RetryableError> {
    let times = before.map_or(0, |resent| resent.times).saturating_add(1);
    let record = Resent {
        schema: Schema,
        times,
        to: to.as_str().to_owned(),
        resent_at: world.now(),
    };
    records::replace(world, &upload.folder(), &record).await?;
    world.resend(to, body).await?;
    Ok(times)
}

/// Whether the summary of an upload that ended is there. If it is not and should be, `deploy` gets the event again: it
/// finds the outcome, changes nothing, and signs.
async fn look_for_summary<W: SweepWorld>(
    world: &W,
    settings: &SweepSettings,
    upload: &Upload,
    folder: &RecordFolder,
) -> Result<UploadCheck, RetryableError> {
    if !settings.summarizes || folder.has::<SummaryEnvelope>() {
        return Ok(UploadCheck::Ended);
    }
    let outcome: Option<Outcome> = folder.read(world, upload).await?;
    if !outcome.is_some_and(|outcome| is_summarised(&outcome)) {
        return Ok(UploadCheck::Ended);
    }
    let resent: Option<Resent> = folder.read(world, upload).await?;
    if let Some(resent) = &resent
        && is_within(world.now(), resent.resent_at, settings.patience)
    {
        return Ok(UploadCheck::Ended);
    }
    let verdict: Option<VerdictRecord> = folder.read(world, upload).await?;
    let signing: Option<Signing> = folder.read(world, upload).await?;
    // An older record does not tell the policy: nothing could be signed.
    let (Some(signing), Some(_)) = (signing, verdict.as_ref().and_then(PolicyDocument::of)) else {
        return Ok(UploadCheck::Ended);
    };
    let body = JobEvent::resent(&signing.job, world.now());
    send_again(world, upload, resent, UploadFunction::Deploy, &body).await?;
    Ok(UploadCheck::SentForSummary)
}

fn stuck(upload: &Upload, to: UploadFunction, now: Timestamp) -> Drift {
    let message = format!(
        "the upload {} of {} has no outcome; its event was sent to the function {} again {RESENDS_BEFORE_ALERT} times \
         or more",
        upload.id.version,
        upload.id.key,
        to.as_str()
    );
    stuck_because(upload, message, now)
}

fn waits_long(upload: &Upload, waiting: &Waiting, now: Timestamp) -> Drift {
    let message = format!(
        "the upload {} of {} has no outcome; it waits since {}: {}",
        upload.id.version, upload.id.key, waiting.since, waiting.why
    );
    stuck_because(upload, message, now)
}

fn stuck_because(upload: &Upload, message: String, now: Timestamp) -> Drift {
    let target = crate::domain::Target::from_key(&upload.id.key).ok();
    let subject = subject_of_key(&upload.id.key);
    Drift {
        target,
        expected: Some("an outcome".to_owned()),
        found: Some(upload.label()),
        upload: Some(upload.clone()),
        ..Drift::new(DriftKind::UploadStuck, subject, message, now)
    }
}

/// Whether `now` is less than `span` after `since`; a time in the future counts as now.
fn is_within(now: Timestamp, since: Timestamp, span: Duration) -> bool {
    since.saturating_add(span).is_ok_and(|end| now < end)
}
