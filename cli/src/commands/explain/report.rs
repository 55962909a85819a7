//! What would be paged, as it is printed.

use std::{collections::BTreeMap, fmt::Write as _};

use countersign_gate::alerts::{AlertSettings, Page, Severity, formats};
use serde::Serialize;
use serde_json::Value;

use super::args::Reader;
use crate::io::{
    escape::escape,
    style::{BOLD, DIM, ERROR, OK, WARN, style},
};

/// What would be paged; documented in docs/cli.md.
#[derive(Serialize)]
pub(super) struct Report {
    /// What to know before the pages are believed; null when there is nothing.
    pub(super) note: Option<String>,
    pub(super) events: Vec<Explained>,
}

/// One event.
#[derive(Serialize)]
pub(super) struct Explained {
    /// The call, or the kind of event.
    pub(super) event: String,
    pub(super) outcome: Outcome,
    /// Why nobody would be paged; null unless that is the outcome.
    pub(super) silent: Option<String>,
    /// Why it cannot be told here; null unless that is the outcome.
    pub(super) unknown: Option<String>,
    /// The page.
    pub(super) page: Option<PageReport>,
}

/// What would become of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Outcome {
    /// It would page.
    Paged,
    /// It would page nobody.
    NobodyPaged,
    /// That cannot be told from the event.
    Unknown,
}

/// A page as it is published.
#[derive(Serialize)]
pub(super) struct PageReport {
    /// The id of the detection ([docs/detections.md]), or the reason code of an upload.
    pub(super) detection: String,
    /// As in the attributes: `critical`, `warning`.
    pub(super) severity: String,
    pub(super) subject: String,
    /// For each protocol of SNS what its subscribers get.
    pub(super) messages: BTreeMap<String, Value>,
    /// What subscriptions can filter by.
    pub(super) attributes: BTreeMap<String, String>,
}

impl PageReport {
    pub(super) fn of(page: &Page, settings: &AlertSettings) -> Self {
        let message = formats::render(page, settings);
        let texts: BTreeMap<String, String> =
            serde_json::from_str(message.message()).unwrap_or_default();
        // What chat clients get is a document in a text.
        let opened = |text: String| serde_json::from_str(&text).unwrap_or(Value::String(text));
        let attributes = message.attributes().iter();
        Self {
            detection: page.kind.clone(),
            severity: page.severity.as_str().to_ascii_lowercase(),
            subject: message.subject().to_owned(),
            messages: texts
                .into_iter()
                .map(|(protocol, text)| (protocol, opened(text)))
                .collect(),
            attributes: attributes
                .map(|(name, value)| ((*name).to_owned(), value.clone()))
                .collect(),
        }
    }
}

/// All readers, with the heading of each.
const READERS: [(Reader, &str); 7] = [
    (Reader::Text, "text"),
    (Reader::Sms, "sms"),
    (Reader::Chat, "chat"),
    (Reader::Json, "json"),
    (Reader::Pagerduty, "pagerduty"),
    (Reader::Ocsf, "ocsf"),
    (Reader::Asff, "asff"),
];

impl Report {
    /// The pages as a reader gets them, one after the other. Of an event that pages nobody there is nothing.
    pub(super) fn as_read(&self, reader: Reader) -> String {
        let pages = self.events.iter().filter_map(|event| event.page.as_ref());
        let mut text = String::new();
        for page in pages {
            for (one, name) in READERS {
                let is_all = reader == Reader::All;
                if !is_all && one != reader {
                    continue;
                }
                if is_all {
                    text.push_str("== ");
                    text.push_str(name);
                    text.push_str(" ==\n");
                }
                text.push_str(&page.as_read(one));
                text.push('\n');
            }
        }
        text
    }

    /// What whoever reads pages alone should know: the note, and what came of the events without a page.
    pub(super) fn beside_pages(&self) -> String {
        let note = self.note.iter();
        let note = note.map(|note| format!("{} {note}\n", style(WARN, "note:")));
        let others = self.events.iter().filter(|event| event.page.is_none());
        let others =
            others.map(|event| format!("{}: {}\n", escape(&event.event), event.without_page()));
        note.chain(others).collect()
    }

    /// The same for people: each page as an e-mail has it.
    pub(super) fn render(&self) -> String {
        let mut text = String::new();
        // Writing to a String cannot fail; the results are dropped for that reason.
        if let Some(note) = &self.note {
            let _ = writeln!(text, "{} {note}\n", style(WARN, "note:"));
        }
        for explained in &self.events {
            let event = style(BOLD, escape(&explained.event));
            let _ = match &explained.page {
                Some(page) => page.render(&mut text, &event),
                None => writeln!(text, "{event}: {}\n", explained.without_page()),
            };
        }
        if self.events.is_empty() {
            text.push_str("There are no events in this file.\n");
        }
        text
    }
}

impl Explained {
    /// What came of an event without a page, and why.
    fn without_page(&self) -> String {
        let (word, why) = match self.outcome {
            Outcome::Unknown => (style(WARN, "cannot be told here"), &self.unknown),
            Outcome::Paged | Outcome::NobodyPaged => (style(OK, "nobody is paged"), &self.silent),
        };
        let why = why.as_deref().unwrap_or_default();
        format!("{word}. {}", style(DIM, escape(why)))
    }
}

impl PageReport {
    /// What one reader gets: a text, or a document.
    fn as_read(&self, reader: Reader) -> String {
        let (protocol, part) = match reader {
            Reader::Text | Reader::All => ("email", ""),
            Reader::Sms => ("sms", ""),
            Reader::Chat => ("https", ""),
            Reader::Json => ("sqs", ""),
            Reader::Pagerduty => ("sqs", "/pagerduty"),
            Reader::Ocsf => ("sqs", "/ocsf"),
            Reader::Asff => ("sqs", "/asff"),
        };
        let found = self.messages.get(protocol);
        match found.and_then(|message| message.pointer(part)) {
            Some(Value::String(text)) => {
                let lines: Vec<String> = text.lines().map(escape).collect();
                lines.join("\n") + "\n"
            }
            Some(document) => format!("{document:#}\n"),
            None => "null\n".to_owned(),
        }
    }

    fn render(&self, text: &mut String, event: &str) -> std::fmt::Result {
        let is_critical = self
            .severity
            .eq_ignore_ascii_case(Severity::Critical.as_str());
        let severity = style(if is_critical { ERROR } else { WARN }, &self.severity);
        writeln!(text, "{event}: {severity} {}\n", escape(&self.detection))?;
        writeln!(text, "  Subject: {}\n", escape(&self.subject))?;
        let mail = self.messages.get("email").and_then(Value::as_str);
        for line in mail.unwrap_or_default().lines() {
            writeln!(text, "  {}", escape(line))?;
        }
        writeln!(text)
    }
}
