//! What a schedule tells `sweep` to do: the constant input of its rule, `{"run": "unfinished"}`.

use serde::{Deserialize, Serialize};

use super::envelope::EventError;

/// One run of `sweep`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SweepRun {
    /// Looks for uploads of the last hours that do not come to their end.
    Unfinished,
    /// Looks for those of the last days, too, at what runs, and writes the posture.
    Everything,
}

impl SweepRun {
    /// Reads the message.
    pub fn parse(body: &str) -> Result<Self, EventError> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Input {
            run: SweepRun,
        }
        let input: Input = serde_json::from_str(body)?;
        Ok(input.run)
    }

    /// The word in messages and logs.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unfinished => "unfinished",
            Self::Everything => "everything",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inputs_of_the_schedules_are_read() {
        for run in [SweepRun::Unfinished, SweepRun::Everything] {
            let body = format!(r#"{{"run": "{}"}}"#, run.as_str());
            assert_eq!(SweepRun::parse(&body).unwrap(), run);
        }
        for wrong in [
            "",
            "{}",
            r#"{"run": "all"}"#,
            r#"{"run": "unfinished", "of": "x"}"#,
        ] {
            assert!(SweepRun::parse(wrong).is_err(), "{wrong}");
        }
    }
}
