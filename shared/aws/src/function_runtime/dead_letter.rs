//! A message that is put into the dead-letter queue, with the reason beside it.

use countersign_gate::ports::PortError;
use jiff::Timestamp;

/// The longest error text, in characters: a message is at most 256 KiB with its attributes, and
/// most of that belongs to its body.
const MAX_ERROR_CHARS: usize = 1000;

/// Why a message is put into the dead-letter queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeadLetterReason {
    /// It was not understood: malformed, or about something that this function does not know.
    NotUnderstood,
    /// Its last attempt failed, and its upload could not be ended either.
    PatienceExhausted,
}

impl DeadLetterReason {
    /// The text of the attribute `reason` and of the log's field `reason`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotUnderstood => "NOT_UNDERSTOOD",
            Self::PatienceExhausted => "PATIENCE_EXHAUSTED",
        }
    }
}

/// A message for the dead-letter queue: the body as it came, the rest as message attributes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DeadLetter<'a> {
    pub(super) body: &'a str,
    /// Attribute `reason`.
    pub(super) reason: DeadLetterReason,
    /// Attribute `error`: the error's whole chain.
    pub(super) error: String,
    /// Attribute `attempts`: how often the queue handed it out.
    pub(super) attempts: u32,
    /// Attribute `firstReceived`: when it did so first.
    pub(super) first_received: Timestamp,
    /// Attribute `function`: the function that gave up.
    pub(super) function: &'a str,
}

/// The queues of a function, as far as the runtime acts on them itself.
pub(super) trait Queues {
    /// `ChangeMessageVisibility`: the message is handed out again after so many seconds.
    async fn change_visibility(
        &self,
        source_arn: &str,
        receipt_handle: &str,
        seconds: i32,
    ) -> Result<(), PortError>;

    /// `SendMessage` to the dead-letter queue.
    async fn send_dead_letter(&self, letter: &DeadLetter<'_>) -> Result<(), PortError>;
}

/// A text as SQS takes it for an attribute: not empty, and only characters that XML 1.0 has. What
/// it does not take becomes U+FFFD.
pub(super) fn attribute_text(text: &str) -> String {
    let allowed = |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..);
    if text.is_empty() {
        return "-".to_owned();
    }
    text.chars()
        .take(MAX_ERROR_CHARS)
        .map(|c| {
            if allowed(c) {
                c
            } else {
                char::REPLACEMENT_CHARACTER
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attribute_text_is_what_sqs_takes() {
        assert_eq!(attribute_text(""), "-");
        assert_eq!(
            attribute_text("a\0b\u{1b}[31m\tß"),
            "a\u{FFFD}b\u{FFFD}[31m\tß"
        );
        assert_eq!(attribute_text(&"ß".repeat(2000)).chars().count(), 1000);
    }
}
