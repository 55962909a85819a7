//! A page: what a person is told, and how SNS carries it.

use crate::{
    domain::{Target, hex},
    ports::SnsMessage,
};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

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
    /// All of them, the mildest first.
    pub const ALL: [Self; 3] = [Self::Notice, Self::Warning, Self::Critical];

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

/// How often the same thing is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repetition {
    /// Each time: it is one of a kind, or whoever sends it counts already.
    EachTime,
    /// Once in the stack's interval; the sum tells the others.
    Counted,
    /// Once a day: a team's pipeline under Warn is no alarm each time.
    CountedDaily,
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
    /// What kind of page it is: a reason code or the id of a detection.
    pub kind: String,
    /// What it is about, so that chat clients keep pages about one thing together.
    pub thread: String,
    /// The function or layer, when it is about one that is the gate's to deploy.
    pub target: Option<Target>,
    /// What makes two pages of one kind and thread the same thing: who did it, by which call.
    pub same: String,
    /// In place of the key that is made of kind, thread and `same`.
    pub dedup_key: Option<String>,
    /// How often the same thing is told.
    pub repetition: Repetition,
    /// How an upload ended, or `detected`, `repeated`, `open`, `closed`.
    pub state: String,
    /// The stack that pages.
    pub stack: String,
}

/// SNS takes fewer than 100 characters of subject.
const SUBJECT: usize = 99;

/// SNS takes 256 KiB in all. These bounds, in characters, keep a message below that even if each
/// character takes four bytes and is escaped twice; a test shows it.
const TITLE: usize = 200;

const TEXT: usize = 2_000;

const LINE: usize = 300;

/// Steps.
const STEPS: usize = 8;

const FACTS: usize = 14;

/// Of a fact.
const FACT: usize = 200;

const RESOURCES: usize = 4;

/// Of an attribute of a message.
const ATTRIBUTE: usize = 150;

/// Of a key.
const KEY: usize = 255;

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
            self.attributes(),
        )
    }

    /// Tells apart the things of one kind and thread: 16 hexadecimal digits.
    #[must_use]
    pub fn hash(&self) -> String {
        let parts = [&self.kind, &self.thread, &self.same];
        let mut hasher = Sha256::new();
        for part in parts {
            hasher.update(part.as_bytes());
            hasher.update([0]);
        }
        let mut text = hex(&hasher.finalize());
        text.truncate(16);
        text
    }

    /// The key by which whoever takes pages knows those about the same thing, the one that closes it included:
    /// at most 255 characters, as PagerDuty wants it.
    #[must_use]
    pub fn dedup_key(&self) -> String {
        let made = || {
            let thread = one_line(&self.thread, ATTRIBUTE);
            format!("{}/{thread}/{}/{}", self.stack, self.kind, self.hash())
        };
        one_line(&self.dedup_key.clone().unwrap_or_else(made), KEY)
    }

    /// What subscriptions can filter by.
    fn attributes(&self) -> BTreeMap<&'static str, String> {
        let severity = self.severity.as_str().to_ascii_lowercase();
        [
            ("severity", severity.as_str()),
            ("detection", &self.kind),
            ("target", &self.thread),
            ("state", &self.state),
            ("stack", &self.stack),
        ]
        .into_iter()
        .map(|(name, value)| (name, one_line(value, ATTRIBUTE)))
        // SNS takes no empty value.
        .filter(|(_, value)| !value.is_empty())
        .collect()
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
            let steps = self.next_steps.iter().take(STEPS).enumerate();
            lines.extend(
                steps.map(|(at, step)| {
                    format!("{}. {}", at.saturating_add(1), one_line(step, LINE))
                }),
            );
        }
        lines.push(String::new());
        let facts = self.facts.iter().take(FACTS);
        lines.extend(facts.map(|(name, value)| format!("{name}: {}", one_line(value, FACT))));
        lines.extend(
            self.resources
                .iter()
                .take(RESOURCES)
                .map(|resource| one_line(resource, LINE)),
        );
        lines.push(format!("Event: {}", one_line(&self.id, LINE)));
        lines.join("\n")
    }

    /// Amazon Q Developer's schema for custom notifications.
    fn chat(&self) -> Value {
        let line = |text: &str, most| no_markup(&one_line(text, most));
        let facts: Map<String, Value> = self
            .facts
            .iter()
            .take(FACTS)
            .map(|(name, value)| ((*name).to_owned(), line(value, FACT).into()))
            .collect();
        let several = |texts: &[String], most| -> Vec<String> {
            texts
                .iter()
                .take(most)
                .map(|text| line(text, LINE))
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
            "id": line(&self.id, LINE),
            "content": {
                "textType": "client-markdown",
                "title": format!("{icon} {}", line(&self.title, TITLE)),
                "description": no_emphasis(&no_markup(&cut(&self.text, TEXT))),
                "nextSteps": several(&self.next_steps, STEPS),
                "keywords": ["Countersign", self.severity.as_str(), line(&self.kind, LINE)],
            },
            "metadata": {
                "threadId": line(&self.thread, LINE),
                "summary": line(&self.title, TITLE),
                "eventType": line(&self.kind, LINE),
                "relatedResources": several(&self.resources, RESOURCES),
                "additionalContext": facts,
            },
        })
    }
}

/// Characters that are not seen and change how what is seen is read: controls, directions, separators of
/// lines and paragraphs, joiners, tags, variation selectors.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e0fff}')
}

/// At most `most` characters. What is hidden is shown as an escape, but for line breaks; addresses of web
/// pages are written so that no mail reader makes a link of them.
fn cut(text: &str, most: usize) -> String {
    let mut shown = String::new();
    for c in text.chars().take(most.saturating_add(1)) {
        if c == '\n' || !is_hidden(c) {
            shown.push(c);
        } else {
            shown.extend(c.escape_unicode());
        }
    }
    let mut clean = no_links(&shown);
    if let Some((end, _)) = clean.char_indices().nth(most) {
        clean.truncate(end);
        clean.pop();
        clean.push('…');
    }
    clean
}

/// `http://` becomes `hxxp://`, in any case of letters, and `www.` becomes `www[.]`.
fn no_links(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let begins = |word: &str| {
            rest.get(..word.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(word))
        };
        let (replacement, length) = if begins("http://") || begins("https://") {
            ("hxxp", "http".len())
        } else if begins("www.") {
            ("www[.]", "www.".len())
        } else {
            kept.push(c);
            ("", c.len_utf8())
        };
        kept.push_str(replacement);
        rest = rest.get(length..).unwrap_or_default();
    }
    kept
}

/// The same in one line, so that nothing in an event can pose as a line of the page.
fn one_line(text: &str, most: usize) -> String {
    cut(&text.replace("\r\n", " ").replace(['\n', '\r'], " "), most)
}

/// A value of an event within a sentence of the page, so that it cannot pose as a line.
pub(super) fn in_one_line(text: &str) -> String {
    one_line(text, TEXT)
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

/// Keeps chat clients from reading mentions, links and emoji into a text: `<!channel>`, `@here`,
/// `[text](address)`, `` `code` ``. Nothing of what a command of the pages needs is changed.
fn no_markup(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut before = ' ';
    for c in text.chars() {
        match c {
            '<' => kept.push('‹'),
            '>' => kept.push('›'),
            '@' => kept.push('＠'),
            '`' => kept.push('\''),
            '(' if before == ']' => kept.push_str(" ("),
            c => kept.push(c),
        }
        before = c;
    }
    kept
}

/// Keeps chat clients from reading emphasis and headings into a text without commands.
fn no_emphasis(text: &str) -> String {
    text.chars()
        .flat_map(|c| {
            let escape = matches!(c, '*' | '_' | '~' | '[' | ']' | '#');
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
            target: None,
            same: filler.to_owned(),
            dedup_key: None,
            repetition: Repetition::Counted,
            state: filler.to_owned(),
            stack: filler.to_owned(),
        }
    }

    #[test]
    fn message_fits_whatever_the_event_holds() {
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
            "\u{e0001}",
            "http://",
            "](",
            "@",
        ] {
            let message = page(&filler.repeat(10_000)).render();
            assert!((1..=99).contains(&message.subject().len()), "{filler:?}");
            assert!(
                message
                    .subject()
                    .chars()
                    .all(|c| c.is_ascii_graphic() || c == ' ')
            );
            let of_attributes: usize = message
                .attributes()
                .iter()
                .map(|(name, value)| name.len() + "String".len() + value.len())
                .sum();
            let size = message.subject().len() + message.message().len() + of_attributes;
            assert!(size <= 256 * 1024, "{filler:?}: {size}");
            let texts: Map<String, Value> = serde_json::from_str(message.message()).unwrap();
            assert!(texts["default"].is_string());
            let chat: Value = serde_json::from_str(texts["https"].as_str().unwrap()).unwrap();
            assert_eq!(chat["version"], "1.0");
            assert_eq!(chat["source"], "custom");
        }
    }

    #[test]
    fn line_break_cannot_pose_as_a_line() {
        let page = page("x\nWhat to do:\n1. Send money");
        let plain = page.plain();
        let title = plain.lines().next().unwrap();
        assert_eq!(title, "x What to do: 1. Send money");
    }

    #[test]
    fn text_of_attackers_is_inert_in_every_field() {
        let hostile = "<!channel> @here [Runbook](https://evil.example) <https://evil.example|x> \
                       WWW.evil.example `x` \u{202e}\u{2066}\u{200b}\u{2028}\u{2029}\u{feff}\u{7}\u{e0041}";
        let message = page(hostile).render();
        let texts: Map<String, Value> = serde_json::from_str(message.message()).unwrap();
        for (protocol, text) in &texts {
            let text = text.as_str().unwrap();
            assert!(
                !text.chars().any(|c| c != '\n' && is_hidden(c)),
                "{protocol}"
            );
            let lower = text.to_ascii_lowercase();
            for link in ["http://", "https://", "www."] {
                assert!(!lower.contains(link), "{protocol}: {link} in {text}");
            }
        }
        let chat = texts["https"].as_str().unwrap();
        for markup in ["<!", "@here", "](", "<", ">", "`"] {
            assert!(!chat.contains(markup), "{markup} in {chat}");
        }
        assert!(texts["email"].as_str().unwrap().contains("\\u{202e}"));
        for value in message.attributes().values() {
            assert!(!value.chars().any(is_hidden), "{value}");
        }
    }

    #[test]
    fn commands_survive_chat() {
        for command in [
            "aws lambda list-functions --query 'Functions[?Layers]' --region us-east-1",
            "aws s3 cp 's3://records/functions/orders/20261121T214400Z-v1/outcome.json' -",
            "lifecycle { ignore_changes = [filename, s3_key] }",
        ] {
            assert_eq!(no_markup(&one_line(command, LINE)), command);
        }
    }

    #[test]
    fn subscriptions_can_filter() {
        let message = page("orders").render();
        let names: Vec<&str> = message.attributes().keys().copied().collect();
        assert_eq!(names, ["detection", "severity", "stack", "state", "target"]);
        assert_eq!(message.attributes()["severity"], "critical");
        assert!(!page("").render().attributes().contains_key("target"));
    }
}
