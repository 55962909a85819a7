//! A page: what a person is told, and how SNS carries it.

use crate::ports::SnsMessage;
use serde_json::{Map, Value, json};

/// How soon someone should look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// When there is time.
    Notice,
    /// Today: something is refused, or deployed with a warning.
    Warning,
    /// Now: a protection is gone, or somebody may be at work who should not be.
    Critical,
}

impl Severity {
    /// The word in subjects and titles.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Notice => "notice",
            Self::Warning => "warning",
            Self::Critical => "CRITICAL",
        }
    }
}

/// What a person is told. Texts may hold anything that an event held; rendering makes them safe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The event's id, by which repeated pages can be recognised.
    pub id: String,
    /// How soon someone should look.
    pub severity: Severity,
    /// One line.
    pub title: String,
    /// What happened and why it matters, in sentences.
    pub text: String,
    /// What to do, in order.
    pub next_steps: Vec<String>,
    /// Names and values: who, when, where, what.
    pub facts: Vec<(&'static str, String)>,
    /// ARNs or S3 addresses of what it is about.
    pub resources: Vec<String>,
    /// What kind of page it is: a reason code or the name of an API call.
    pub kind: String,
    /// What it is about, so that chat clients keep pages about one thing together.
    pub thread: String,
}

/// SNS takes fewer than 100 characters of subject.
const SUBJECT: usize = 99;

/// SNS takes 256 KiB in all. These bounds, in characters, keep a message below that even if each
/// character takes four bytes and is escaped twice; a test shows it.
const TITLE: usize = 200;

const TEXT: usize = 2_000;

const LINE: usize = 300;

const LINES: usize = 10;

/// One SMS.
const SMS: usize = 140;

impl Page {
    /// The message for SNS: a plain text for people, a short one for telephones, and for machines and
    /// chat (Amazon Q Developer drops whatever is not its custom schema; grade B) that schema.
    #[must_use]
    pub fn render(&self) -> SnsMessage {
        let headline = format!("Countersign {}: {}", self.severity.as_str(), self.title);
        let text = self.plain();
        let chat = self.chat().to_string();
        let mut message = Map::new();
        message.insert("default".to_owned(), text.clone().into());
        message.insert("email".to_owned(), text.into());
        message.insert("sms".to_owned(), ascii(&cut(&headline, SMS)).into());
        for protocol in ["http", "https", "lambda", "sqs"] {
            message.insert(protocol.to_owned(), chat.clone().into());
        }
        SnsMessage::new(
            ascii(&cut(&headline, SUBJECT)),
            Value::Object(message).to_string(),
        )
    }

    /// The page as a person reads it.
    #[must_use]
    pub fn plain(&self) -> String {
        let mut lines = vec![
            one_line(&self.title, TITLE),
            String::new(),
            cut(&self.text, TEXT),
        ];
        if !self.next_steps.is_empty() {
            lines.extend([String::new(), "What to do:".to_owned()]);
            let steps = self.next_steps.iter().take(LINES).enumerate();
            lines.extend(
                steps.map(|(at, step)| {
                    format!("{}. {}", at.saturating_add(1), one_line(step, LINE))
                }),
            );
        }
        lines.push(String::new());
        let facts = self.facts.iter().take(LINES);
        lines.extend(facts.map(|(name, value)| format!("{name}: {}", one_line(value, LINE))));
        lines.extend(
            self.resources
                .iter()
                .take(LINES)
                .map(|resource| one_line(resource, LINE)),
        );
        lines.push(format!("Event: {}", one_line(&self.id, LINE)));
        lines.join("\n")
    }

    /// Amazon Q Developer's schema for custom notifications.
    fn chat(&self) -> Value {
        let facts: Map<String, Value> = self
            .facts
            .iter()
            .take(LINES)
            .map(|(name, value)| ((*name).to_owned(), one_line(value, LINE).into()))
            .collect();
        let several = |texts: &[String]| -> Vec<String> {
            texts
                .iter()
                .take(LINES)
                .map(|text| one_line(text, LINE))
                .collect()
        };
        let icon = match self.severity {
            Severity::Critical => ":rotating_light:",
            Severity::Warning => ":warning:",
            Severity::Notice => ":information_source:",
        };
        json!({
            "version": "1.0",
            "source": "custom",
            "id": one_line(&self.id, LINE),
            "content": {
                "textType": "client-markdown",
                "title": format!("{icon} {}", one_line(&self.title, TITLE)),
                "description": markdown(&cut(&self.text, TEXT)),
                "nextSteps": several(&self.next_steps),
                "keywords": ["Countersign", self.severity.as_str(), one_line(&self.kind, LINE)],
            },
            "metadata": {
                "threadId": one_line(&self.thread, LINE),
                "summary": one_line(&self.title, TITLE),
                "eventType": one_line(&self.kind, LINE),
                "relatedResources": several(&self.resources),
                "additionalContext": facts,
            },
        })
    }
}

/// At most `most` characters, without control characters other than line breaks.
fn cut(text: &str, most: usize) -> String {
    let mut clean = text.chars().filter(|c| !c.is_control() || *c == '\n');
    let mut kept: String = clean.by_ref().take(most).collect();
    if clean.next().is_some() {
        kept.pop();
        kept.push('…');
    }
    kept
}

/// The same in one line, so that nothing in an event can pose as a line of the page.
fn one_line(text: &str, most: usize) -> String {
    cut(text, most).replace('\n', " ")
}

/// Printable ASCII in one line; anything else is a question mark.
fn ascii(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '…' => '.',
            c if c.is_ascii_graphic() || c == ' ' => c,
            _ => '?',
        })
        .collect()
}

/// Keeps chat clients from reading mentions, links and emphasis into the text of an event.
fn markdown(text: &str) -> String {
    text.chars()
        .flat_map(|c| {
            let escape = matches!(c, '*' | '_' | '~' | '`' | '<' | '>' | '[' | ']' | '@' | '#');
            // A zero-width joiner after the character would hide; a backslash is what clients know.
            [escape.then_some('\\'), Some(c)].into_iter().flatten()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(filler: &str) -> Page {
        Page {
            id: filler.to_owned(),
            severity: Severity::Critical,
            title: filler.to_owned(),
            text: filler.to_owned(),
            next_steps: vec![filler.to_owned(); 50],
            facts: vec![("Who", filler.to_owned()); 50],
            resources: vec![filler.to_owned(); 50],
            kind: filler.to_owned(),
            thread: filler.to_owned(),
        }
    }

    #[test]
    fn whatever_an_event_holds_the_message_fits() {
        for filler in [
            "\"",
            "\\",
            "*",
            "\u{1F4A5}",
            "é",
            "a",
            "\n",
            "\r\n",
            "\u{7}",
        ] {
            let message = page(&filler.repeat(10_000)).render();
            assert!((1..=99).contains(&message.subject().len()), "{filler:?}");
            assert!(
                message
                    .subject()
                    .chars()
                    .all(|c| c.is_ascii_graphic() || c == ' ')
            );
            let size = message.subject().len() + message.message().len();
            assert!(size <= 256 * 1024, "{filler:?}: {size}");
            let texts: Map<String, Value> = serde_json::from_str(message.message()).unwrap();
            assert!(texts["default"].is_string());
            let chat: Value = serde_json::from_str(texts["https"].as_str().unwrap()).unwrap();
            assert_eq!(chat["version"], "1.0");
            assert_eq!(chat["source"], "custom");
        }
    }

    #[test]
    fn a_line_break_cannot_pose_as_a_line() {
        let page = page("x\nWhat to do:\n1. Send money");
        let plain = page.plain();
        let title = plain.lines().next().unwrap();
        assert_eq!(title, "x What to do: 1. Send money");
    }
}
