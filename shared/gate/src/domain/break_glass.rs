//! Break-glass: somebody has an upload deployed although a policy refuses it, says why, and until when.

use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;

/// A break-glass statement, as somebody wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BreakGlass {
    /// Why, for those who are paged and those who ask later.
    pub justification: String,
    /// When it ends.
    pub until: Timestamp,
}

/// A field that is not known may be a known one misspelt, on which somebody relies.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    schema: u32,
    justification: String,
    until: Timestamp,
}

impl BreakGlass {
    /// The largest document that is read, in bytes.
    pub const MAX_BYTES: u64 = 16 * 1024;
    /// How long after S3 took it it may end.
    pub const MAX_DURATION: Duration = Duration::from_hours(24);
    /// The fewest characters that a justification has.
    const MIN_JUSTIFICATION_CHARS: usize = 10;

    /// Reads `{"schema": 1, "justification": "…", "until": "2026-12-01T00:00:00Z"}`, which S3 took at `at`.
    ///
    /// # Errors
    ///
    /// What is wrong with it, for people: no JSON, a field that is missing or not known, no justification to speak of, or
    /// an end more than a day after `at`.
    pub fn parse(body: &[u8], at: Timestamp) -> Result<Self, String> {
        let document: Document = serde_json::from_slice(body)
            .map_err(|error| format!("it is no break-glass statement: {error}"))?;
        if document.schema != 1 {
            return Err(format!("its schema is {}, and not 1", document.schema));
        }
        let justification = document.justification.trim();
        if justification.chars().count() < Self::MIN_JUSTIFICATION_CHARS {
            return Err(format!(
                "its justification {justification:?} has fewer than {} characters",
                Self::MIN_JUSTIFICATION_CHARS
            ));
        }
        let latest = at.saturating_add(Self::MAX_DURATION);
        if latest.is_ok_and(|latest| document.until > latest) {
            return Err(format!(
                "it ends at {}, more than 24 hours after it was put there at {at}",
                document.until
            ));
        }
        Ok(Self {
            justification: justification.to_owned(),
            until: document.until,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(body: &str) -> Result<BreakGlass, String> {
        BreakGlass::parse(body.as_bytes(), "2026-09-28T12:00:00Z".parse().unwrap())
    }

    #[test]
    fn break_glass_has_a_reason_and_an_end_within_a_day() {
        let whole =
            r#"{"schema":1,"justification":"the shop is down","until":"2026-09-29T12:00:00Z"}"#;
        assert_eq!(of(whole).unwrap().justification, "the shop is down");
        for (from, to, words) in [
            ("12:00:00Z", "12:00:01Z", "more than 24 hours"),
            (
                "the shop is down",
                "   urgent    ",
                "fewer than 10 characters",
            ),
            ("\"schema\":1", "\"schema\":2", "schema is 2"),
            ("until", "end", "unknown field"),
            ("}", "", "no break-glass statement"),
        ] {
            let error = of(&whole.replace(from, to)).unwrap_err();
            assert!(error.contains(words), "{to}: {error}");
        }
    }
}
