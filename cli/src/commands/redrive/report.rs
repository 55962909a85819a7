//! What was found, as it is printed.

use countersign_gate::{
    domain::GateFunction,
    events::{JobEvent, SweepRun, UploadEvent},
    ports::DeadLetter,
};
use jiff::Timestamp;
use serde::Serialize;

use crate::io::error::CliError;

/// The dead letters of a stack; documented in docs/cli.md.
#[derive(Serialize)]
pub(super) struct Report {
    pub(super) stack: String,
    pub(super) letters: Vec<LetterReport>,
    /// Whether there may be more than these.
    pub(super) has_more: bool,
    /// What stays hidden from others though nobody looks at it any more; null when nothing does.
    pub(super) still_hidden: Option<HiddenReport>,
    /// What stopped it before its end; null when nothing did.
    pub(super) error: Option<CliError>,
}

/// Dead letters that could not be released.
#[derive(Serialize)]
pub(super) struct HiddenReport {
    pub(super) letters: usize,
    /// Why, of the first.
    pub(super) error: String,
}

/// One dead letter.
#[derive(Serialize)]
pub(super) struct LetterReport {
    pub(super) message: String,
    pub(super) function: &'static str,
    /// What it is about: an upload, a signing job, a kind of event. Null when that cannot be read.
    pub(super) about: Option<String>,
    /// Why it was given up: the function's reason, or EventBridge's error code. Null when SQS moved it.
    pub(super) reason: Option<String>,
    pub(super) error: Option<String>,
    /// How often the function's queue handed it out; null when nobody counted.
    pub(super) attempts: Option<u32>,
    /// When it was first handed out, or else sent.
    pub(super) since: Option<Timestamp>,
    pub(super) action: Action,
}

/// What was done about a dead letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Action {
    /// It is where it was.
    Kept,
    /// It would have been put back.
    WouldPutBack,
    /// It is in its queue.
    PutBack,
}

impl LetterReport {
    pub(super) fn of(function: GateFunction, letter: &DeadLetter, action: Action) -> Self {
        let attribute = |name: &str| letter.attributes.get(name).cloned();
        let first_received = attribute("firstReceived").and_then(|text| text.parse().ok());
        Self {
            message: letter.id.clone(),
            function: function.as_str(),
            about: about(function, &letter.body),
            // EventBridge names its attributes so (grade B).
            reason: attribute("reason").or_else(|| attribute("ERROR_CODE")),
            error: attribute("error").or_else(|| attribute("ERROR_MESSAGE")),
            attempts: attribute("attempts").and_then(|text| text.parse().ok()),
            since: first_received.or(letter.sent_at),
            action,
        }
    }
}

fn about(function: GateFunction, body: &str) -> Option<String> {
    match function {
        GateFunction::Sign => {
            let uploads = UploadEvent::parse(body).ok()?;
            let names = uploads.iter().map(|upload| {
                let version = upload.version.as_ref();
                let version = version.map_or(String::new(), |id| format!(" version {id}"));
                format!("{}{version}", upload.key)
            });
            let names: Vec<String> = names.collect();
            (!names.is_empty()).then(|| names.join(", "))
        }
        GateFunction::Deploy => {
            let event = JobEvent::parse(body).ok()?;
            Some(format!("signing job {}", event.job))
        }
        GateFunction::Sweep => {
            let run = SweepRun::parse(body).ok()?;
            Some(format!("run over {}", run.as_str()))
        }
        GateFunction::Alert => {
            let event: serde_json::Value = serde_json::from_str(body).ok()?;
            let kind = event.get("detail-type")?.as_str()?;
            let name = event.pointer("/detail/eventName");
            let name = name.or_else(|| event.pointer("/detail/record"));
            Some(match name.and_then(serde_json::Value::as_str) {
                Some(name) => format!("{kind}: {name}"),
                None => kind.to_owned(),
            })
        }
    }
}
