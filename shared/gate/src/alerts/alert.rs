//! From an event to a page, or to the reason why nobody needs one.

use super::{
    page::{Page, Severity},
    trail::TrailEvent,
};
use crate::{
    events::{Envelope, EventError},
    outcome::{DECIDED, Decided},
    ports::{Pager, PortError, SOURCE},
    records::{Outcome, UploadState},
};
use serde::Deserialize;

/// Why an event was not handled.
#[derive(Debug, thiserror::Error)]
pub enum AlertError {
    /// The event is not understood.
    #[error(transparent)]
    Trigger(#[from] EventError),
    /// The page could not be sent.
    #[error(transparent)]
    PortError(#[from] PortError),
}

/// Pages if someone should hear of this event; answers with the page that was sent.
pub async fn alert<W: Pager>(
    world: &W,
    stack: &str,
    body: &str,
) -> Result<Option<Page>, AlertError> {
    let Some(page) = classify(stack, body)? else {
        return Ok(None);
    };
    world.page(&page.render()).await?;
    Ok(Some(page))
}

/// Says whether someone should hear of an event, and what. `stack` is the name of the stack whose
/// own calls are known to it.
pub fn classify(stack: &str, body: &str) -> Result<Option<Page>, EventError> {
    let envelope: Envelope = serde_json::from_str(body)?;
    match (envelope.source.as_str(), envelope.detail_type.as_str()) {
        ("aws.lambda" | "aws.signer", "AWS API Call via CloudTrail") => {
            let event = TrailEvent::deserialize(envelope.detail)?;
            Ok(event.page(stack))
        }
        (SOURCE, DECIDED) => {
            let decided = Decided::deserialize(envelope.detail)?;
            Ok(of_outcome(&decided, envelope.id))
        }
        _ => Err(EventError::Kind {
            source_name: envelope.source,
            detail_type: envelope.detail_type,
        }),
    }
}

/// The page for an upload's end; nothing for one that ended as it should.
fn of_outcome(decided: &Decided, id: Option<String>) -> Option<Page> {
    let outcome = &decided.outcome;
    let what = outcome.target.as_ref().map_or_else(
        || format!("{:?}", outcome.upload.id.key),
        ToString::to_string,
    );
    let (severity, title) = match outcome.state {
        UploadState::Superseded => return None,
        UploadState::Deployed | UploadState::Prepared if outcome.findings.is_empty() => {
            return None;
        }
        UploadState::Prepared => (
            Severity::Warning,
            format!("Prepared with a warning: {what}"),
        ),
        UploadState::Deployed => (
            Severity::Warning,
            format!("Deployed with a warning: {what}"),
        ),
        UploadState::Rejected => (Severity::Warning, format!("Upload refused: {what}")),
        UploadState::Failed => (Severity::Critical, format!("Deployment failed: {what}")),
    };
    let severity = if outcome.critical {
        Severity::Critical
    } else {
        severity
    };
    let code = code_of(outcome);
    Some(Page {
        id: id.unwrap_or_else(|| decided.record.clone()),
        severity,
        title: if code.is_empty() {
            title
        } else {
            format!("{title} ({code})")
        },
        text: text_of(outcome),
        next_steps: next_steps_of(outcome, &decided.record),
        facts: facts_of(decided),
        resources: vec![
            decided.record.clone(),
            format!(
                "s3://{}/{}",
                outcome.upload.id.bucket, outcome.upload.id.key
            ),
        ],
        kind: code.to_owned(),
        thread: what,
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
        Some(code) => format!("{} In detail: {}.", code.about().meaning, outcome.message),
        None => format!("{}.", outcome.message),
    }];
    let others = outcome
        .findings
        .iter()
        .filter(|finding| finding.message != outcome.message);
    sentences.extend(
        others.filter_map(|finding| {
            Some(format!("{}: {}.", finding.code?.as_str(), finding.message))
        }),
    );
    if outcome.state == UploadState::Rejected {
        sentences.push("What ran before runs on.".to_owned());
    }
    sentences.join("\n")
}

fn next_steps_of(outcome: &Outcome, record: &str) -> Vec<String> {
    let fixes = outcome
        .findings
        .iter()
        .filter_map(|finding| finding.fix.clone());
    let mut steps: Vec<String> = outcome.fix.clone().into_iter().chain(fixes).collect();
    steps.dedup();
    steps.push(format!("The whole record: aws s3 cp {record} -"));
    steps
}

fn facts_of(decided: &Decided) -> Vec<(&'static str, String)> {
    let outcome = &decided.outcome;
    let mut facts = vec![("Stack", decided.stack.clone())];
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
