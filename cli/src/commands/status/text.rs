//! A target's history for people.

use std::fmt::Write as _;

use countersign_gate::records::{Received, UploadRecords};

use super::report::{Report, UploadReport};
use crate::{
    following::outcome_text::{colour, render_outcome},
    io::{
        escape::escape,
        style::{BOLD, DIM, style},
    },
};

/// What stands left of each line below an upload's first.
const INDENT: &str = "              ";

/// The report as text. Writing to a String cannot fail; the results are dropped for that reason.
pub(super) fn render(report: &Report) -> String {
    let mut text = String::new();
    let Report {
        target,
        records_bucket,
        uploads,
        ..
    } = report;
    let records_bucket = escape(records_bucket);
    if uploads.is_empty() {
        let heading = style(BOLD, target);
        let _ = writeln!(text, "{heading} has no records in {records_bucket}.\n");
        let _ = writeln!(
            text,
            "Either nothing was uploaded as {} yet, or the bucket belongs to another stack.",
            target.key()
        );
        return text;
    }
    let note = format!("(the newest first, from {records_bucket})");
    let _ = writeln!(text, "{} {}", style(BOLD, target), style(DIM, note));
    for upload in uploads {
        render_upload(&mut text, upload);
    }
    if report.has_more {
        let more = "there are older uploads: show them with a larger --limit";
        let _ = writeln!(text, "\n{}", style(DIM, more));
    }
    text
}

fn render_upload(text: &mut String, upload: &UploadReport) {
    let UploadReport {
        standing, records, ..
    } = upload;
    let standing = style(colour(standing), format_args!("{standing:<12}"));
    let at = upload.uploaded_at.map(|at| at.to_string());
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
        render_outcome(&mut line, outcome);
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
