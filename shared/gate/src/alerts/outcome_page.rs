//! The page for an upload's end.

use super::{
    formats::in_one_line,
    page::{Page, PageState, Repetition, Severity},
    record_pointer::RecordPointer,
    settings::AlertSettings,
};
use crate::{
    domain::ReasonCode,
    records::{Outcome, UploadState},
};

/// The page for an upload's end; nothing for one that ended as it should, unless the stack wants to be told.
pub(super) fn page_of_outcome(
    settings: &AlertSettings,
    pointer: &RecordPointer,
    outcome: &Outcome,
) -> Option<Page> {
    let record = format!("s3://{}/{}", settings.records_bucket, pointer.path);
    let what = outcome.target.as_ref().map_or_else(
        || format!("{:?}", outcome.upload.id.key),
        ToString::to_string,
    );
    let (severity, title) = severity_and_title(settings, outcome)?;
    let title = format!("{title}: {what}");
    let severity = if outcome.critical {
        Severity::Critical
    } else {
        severity
    };
    let code = code_of(outcome);
    let runs_with_a_warning =
        severity == Severity::Warning && outcome.state == UploadState::Deployed;
    let repetition = match severity {
        Severity::Notice => Repetition::EachNew,
        Severity::Warning if runs_with_a_warning => Repetition::CountedDaily,
        Severity::Warning | Severity::Critical => Repetition::Counted,
    };
    Some(Page {
        severity,
        title: if code.is_empty() {
            title
        } else {
            format!("{title} ({code})")
        },
        text: text_of(outcome),
        next_steps: next_steps_of(outcome, &record),
        facts: facts_of(settings, outcome),
        resources: vec![
            record,
            format!(
                "s3://{}/{}",
                outcome.upload.id.bucket, outcome.upload.id.key
            ),
        ],
        kind: if code.is_empty() { "UPLOAD" } else { code }.to_owned(),
        subject: what,
        target: outcome.target.clone(),
        by: outcome.uploaded_by.principal.clone(),
        distinct_by: outcome.state.as_str().to_owned(),
        repetition,
        state: PageState::Ended(outcome.state),
        ..Page::new(
            &settings.stack,
            pointer.event_id.clone(),
            outcome.decided_at,
        )
    })
}

/// How an upload's end is told; nothing for one that ended as it should, unless the stack wants to be told.
fn severity_and_title(
    settings: &AlertSettings,
    outcome: &Outcome,
) -> Option<(Severity, &'static str)> {
    let is_clean = outcome.findings.is_empty();
    Some(match outcome.state {
        UploadState::Superseded => return None,
        UploadState::Deployed | UploadState::Prepared if is_clean && !settings.success_notices => {
            return None;
        }
        UploadState::Deployed if is_clean => (Severity::Notice, "Deployed"),
        UploadState::Prepared if is_clean => (Severity::Notice, "Prepared"),
        UploadState::Deployed => (Severity::Warning, "Deployed with a warning"),
        UploadState::Prepared => (Severity::Warning, "Prepared with a warning"),
        UploadState::Rejected => (Severity::Warning, "Upload refused"),
        // It was overtaken: nobody waits for it any more.
        UploadState::Failed
            if matches!(
                outcome.code,
                Some(ReasonCode::Replaced | ReasonCode::Deleted)
            ) =>
        {
            (Severity::Warning, "Deployment was overtaken")
        }
        UploadState::Failed => (Severity::Critical, "Deployment failed"),
    })
}

/// The reason, or for a deployment with warnings the first warning.
fn code_of(outcome: &Outcome) -> &'static str {
    outcome
        .code
        .or_else(|| outcome.findings.iter().find_map(|finding| finding.code))
        .map_or("", |code| code.as_str())
}

fn text_of(outcome: &Outcome) -> String {
    let mut sentences = vec![match outcome.code {
        Some(code) => format!(
            "{} In detail: {}.",
            code.about().meaning,
            in_one_line(&outcome.message)
        ),
        None => format!("In detail: {}.", in_one_line(&outcome.message)),
    }];
    let others = outcome
        .findings
        .iter()
        .filter(|finding| finding.message != outcome.message);
    sentences.extend(others.filter_map(|finding| {
        let message = in_one_line(&finding.message);
        Some(format!("{}: {message}.", finding.code?.as_str()))
    }));
    // Of a target that is not there, or is none, nothing ran before.
    let has_target = outcome.target.is_some() && outcome.code != Some(ReasonCode::TargetNotFound);
    if outcome.state == UploadState::Rejected && has_target {
        sentences.push("What ran before runs on.".to_owned());
    }
    sentences.join("\n")
}

fn next_steps_of(outcome: &Outcome, record: &str) -> Vec<String> {
    // Whoever is asked to list a publisher that was revoked is asked to trust a key that may be lost.
    let is_revoked = codes_of(outcome)
        .any(|code| matches!(code, ReasonCode::ProfileRevoked | ReasonCode::JobRevoked));
    let is_advice =
        |code: Option<ReasonCode>| !(is_revoked && code == Some(ReasonCode::PublisherNotAllowed));
    let of_outcome = outcome.fix.iter().filter(|_| is_advice(outcome.code));
    let of_findings = outcome
        .findings
        .iter()
        .filter(|finding| is_advice(finding.code))
        .filter_map(|finding| finding.fix.as_ref());
    let mut steps: Vec<String> = Vec::new();
    for step in of_outcome.chain(of_findings) {
        if !steps.contains(step) {
            steps.push(step.clone());
        }
    }
    steps.push(format!("The whole record: aws s3 cp '{record}' -"));
    steps
}

fn codes_of(outcome: &Outcome) -> impl Iterator<Item = ReasonCode> {
    let of_findings = outcome.findings.iter().filter_map(|finding| finding.code);
    outcome.code.into_iter().chain(of_findings)
}

fn facts_of(settings: &AlertSettings, outcome: &Outcome) -> Vec<(&'static str, String)> {
    let mut facts = vec![("Stack", settings.stack.clone())];
    let uploader = &outcome.uploaded_by;
    facts.extend(uploader.principal.clone().map(|who| ("Uploaded by", who)));
    facts.extend(uploader.source_ip.clone().map(|from| ("From", from)));
    facts.push(("Uploaded", outcome.upload.at.to_string()));
    facts.push(("Version", outcome.upload.id.version.to_string()));
    facts.push(("Decided", outcome.decided_at.to_string()));
    facts.extend(
        outcome
            .job
            .as_ref()
            .map(|job| ("Signing job", job.to_string())),
    );
    let named = ["commit", "build", "author"];
    facts.extend(named.into_iter().filter_map(|name| {
        let value = outcome
            .metadata
            .get(name)
            .or_else(|| outcome.tags.get(name))?;
        Some((name, value.clone()))
    }));
    facts
}
