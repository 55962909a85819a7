//! A target's history for people.

use std::fmt::Write as _;

use countersign_gate::{
    domain::VersionId,
    records::{Received, UploadRecords, Waiting},
};
use jiff::Timestamp;

use super::report::{Report, UploadReport};
use crate::{
    following::outcome_text::{colour, render_outcome},
    io::{
        escape::escape,
        moment::moment,
        style::{BOLD, DIM, style},
    },
};

/// What stands left of each line below an upload's first.
const INDENT: &str = "              ";

/// The metadata that `push` sends, as people look for it.
const PROVENANCE: [&str; 3] = ["commit", "author", "build"];

/// The report as text, of all uploads or of the one that was asked for. Writing to a String cannot fail; the results are
/// dropped for that reason.
pub(super) fn render(report: &Report, version: Option<&VersionId>, now: Timestamp) -> String {
    let mut text = String::new();
    let Report {
        target,
        records_bucket,
        uploads,
        ..
    } = report;
    let records_bucket = escape(records_bucket);
    let heading = style(BOLD, target);
    if let (Some(version), []) = (version, uploads.as_slice()) {
        let version = escape(version.as_str());
        let _ = writeln!(
            text,
            "{heading} has no records of version {version} in {records_bucket}.\n"
        );
        let _ = writeln!(
            text,
            "Either the gate has not taken it in yet, or it is no version of {}.",
            target.key()
        );
        return text;
    }
    if uploads.is_empty() {
        let _ = writeln!(text, "{heading} has no records in {records_bucket}.\n");
        let _ = writeln!(
            text,
            "Either nothing was uploaded as {} yet, or the bucket belongs to another stack.",
            target.key()
        );
        return text;
    }
    let note = match version {
        Some(_) => format!("(from {records_bucket})"),
        None => format!("(the newest first, from {records_bucket})"),
    };
    let _ = writeln!(text, "{heading} {}", style(DIM, note));
    for upload in uploads {
        render_upload(&mut text, upload, now);
    }
    if report.has_more {
        let more = "there are older uploads: show them with a larger --limit";
        let _ = writeln!(text, "\n{}", style(DIM, more));
    }
    text
}

fn render_upload(text: &mut String, upload: &UploadReport, now: Timestamp) {
    let UploadReport {
        standing, records, ..
    } = upload;
    let standing = style(colour(standing), format_args!("{standing:<12}"));
    let at = upload.uploaded_at.map(|at| moment(at, now));
    let _ = writeln!(
        text,
        "\n{standing}  {}  version {}",
        escape(at.as_deref().unwrap_or(&records.label)),
        escape(upload.version.as_deref().unwrap_or("-")),
    );
    let mut line = |label: &str, value: &str| {
        let _ = writeln!(text, "{INDENT}{label:<12}{}", escape(value));
    };
    if let Some(outcome) = &records.outcome {
        render_outcome(&mut line, outcome, now);
    }
    if let Some(waiting) = &records.waiting {
        render_waiting(&mut line, waiting, now);
    }
    // What the signature of a refused package says of itself is not proven.
    let accepted = records
        .verdict
        .as_ref()
        .filter(|record| record.decision.accepts());
    if let Some(signature) = accepted.and_then(|record| record.verdict.as_ref()?.signature.as_ref())
    {
        line("signed by", &signature.profile_version_arn);
    }
    let verdict = accepted.and_then(|record| record.verdict.as_ref());
    if let Some(built) = verdict.and_then(|verdict| verdict.provenance.as_ref()) {
        line("built from", &built.to_string());
    }
    if let Some(job) = job(records) {
        line("job", &job);
    }
    if let Some(by) = records.received.as_ref().and_then(uploader) {
        line("uploaded by", &by);
    }
    for name in PROVENANCE {
        if let Some(value) = metadata(records, name) {
            line(name, value);
        }
    }
}

/// What the last attempt waited for, or what failed.
fn render_waiting(line: &mut impl FnMut(&str, &str), waiting: &Waiting, now: Timestamp) {
    let Waiting { attempt, why, .. } = waiting;
    line("waits", &format!("attempt {attempt}: {why}"));
    line("next try", &moment(waiting.next_try_at, now));
    line("gives up", &moment(waiting.give_up_at, now));
}

/// What the uploader said in the metadata. The outcome repeats it, for uploads of which `received.json` is missing.
fn metadata<'r>(records: &'r UploadRecords, name: &str) -> Option<&'r str> {
    let received = records.received.as_ref().map(|received| &received.metadata);
    let outcome = records.outcome.as_ref().map(|outcome| &outcome.metadata);
    let found = received.or(outcome)?.get(name)?;
    Some(found.as_str())
}

fn job(records: &UploadRecords) -> Option<String> {
    let of_outcome = records
        .outcome
        .as_ref()
        .and_then(|outcome| outcome.job.as_ref());
    let of_signing = records.signing.as_ref().map(|signing| &signing.job);
    of_signing.or(of_outcome).map(ToString::to_string)
}

fn uploader(received: &Received) -> Option<String> {
    let by = &received.uploaded_by;
    match (&by.principal, &by.source_ip) {
        (Some(principal), Some(address)) => Some(format!("{principal} from {address}")),
        (Some(one), None) | (None, Some(one)) => Some(one.clone()),
        (None, None) => None,
    }
}
