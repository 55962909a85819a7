//! What became of an upload, for those who watch: a line in the log and a metric.

use std::io;

use countersign_gate::{
    domain::{ReasonCode, Target, UploadId},
    outcome::Finished,
    ports::Clock,
    records::UploadState,
    sweep::SweepReport,
};
use tracing::{Span, info, warn};

use super::metrics::{Measure, emit};
use crate::adapters::SystemClock;

/// Notes in all later lines about this message which upload it is about.
pub fn about_upload(upload: &UploadId) {
    let place = format!(
        "s3://{}/{}?versionId={}",
        upload.bucket, upload.key, upload.version
    );
    Span::current().record("upload", place);
}

/// Notes in all later lines about this message which target it is about.
pub fn about_target(target: &Target) {
    Span::current().record("target", target.to_string());
}

/// Notes in all later lines about this message which signing job it is about.
pub fn about_job(job: &impl ToString) {
    Span::current().record("job", job.to_string());
}

/// Counts something that happened to an upload. Each thing is to be counted once, by whoever wrote
/// the record of it.
pub fn count(stack: &str, measure: Measure<'_>, upload: &UploadId) {
    let properties = [
        ("key", upload.key.as_str()),
        ("version", upload.version.as_str()),
    ];
    write(stack, measure, &properties);
}

/// Counts a message that was put into the dead-letter queue.
pub(super) fn dead_lettered(stack: &str, function: &str, reason: &str, message_id: &str) {
    let properties = [("reason", reason), ("messageId", message_id)];
    write(stack, Measure::DeadLettered { function }, &properties);
}

/// Counts what an attempt at a run of `sweep` did, and what the run found if it came to its end.
pub fn swept(stack: &str, swept: &SweepReport) {
    let number = |count: usize| u32::try_from(count).map_or(f64::from(u32::MAX), f64::from);
    let uploads = number(swept.resent.len());
    write(stack, Measure::Resent { uploads }, &[]);
    if let Some(run) = swept.ended {
        let measure = Measure::Swept {
            drift: number(run.drift),
            troubles: number(run.troubles),
        };
        write(stack, measure, &[]);
    }
}

fn write(stack: &str, measure: Measure<'_>, properties: &[(&str, &str)]) {
    let out = &mut io::stdout().lock();
    if let Err(error) = emit(out, SystemClock.now(), stack, measure, properties) {
        warn!(%error, "a metric could not be written");
    }
}

/// Logs how an upload ended, and counts it if it ended just now.
pub fn finished(stack: &str, finished: &Finished) {
    let outcome = &finished.outcome;
    about_upload(&outcome.upload.id);
    if let Some(target) = &outcome.target {
        about_target(target);
    }
    if let Some(job) = &outcome.job {
        about_job(job);
    }
    let (state, measure) = match outcome.state {
        UploadState::Deployed => (
            "deployed",
            Measure::Deployed {
                seconds_to_live: seconds(outcome.took_ms),
            },
        ),
        UploadState::Prepared => ("prepared", Measure::Prepared),
        UploadState::Rejected => {
            let reason = outcome.code.map_or("UNKNOWN", ReasonCode::as_str);
            ("rejected", Measure::Rejected { reason })
        }
        UploadState::Superseded => ("superseded", Measure::Superseded),
        UploadState::Failed => ("failed", Measure::Failed),
    };
    info!(
        state,
        code = outcome.code.map(ReasonCode::as_str),
        detail = outcome.message,
        critical = outcome.critical,
        tookMs = outcome.took_ms,
        repeated = !finished.is_new,
        "the upload is {state}"
    );
    if finished.is_new {
        count(stack, measure, &outcome.upload.id);
    }
}

/// Milliseconds as seconds; a clock that ran backwards counts as no time.
fn seconds(milliseconds: i64) -> f64 {
    let milliseconds = u32::try_from(milliseconds.max(0)).unwrap_or(u32::MAX);
    f64::from(milliseconds) / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_never_negative() {
        assert!((seconds(1500) - 1.5).abs() < f64::EPSILON);
        assert!(seconds(-1).abs() < f64::EPSILON);
        assert!(seconds(i64::MAX) > 4_000_000.0);
    }
}
