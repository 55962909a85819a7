//! What a schedule tells `alert` to do: the constant input of its rule, `{"run": "repeats"}`.

use serde::Deserialize;

/// A look by the clock at what waits to be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AlertRun;

impl AlertRun {
    /// Reads the message; `None` when it is another one.
    #[must_use]
    pub fn parse(body: &str) -> Option<Self> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Input {
            run: String,
        }
        let input: Input = serde_json::from_str(body).ok()?;
        (input.run == "repeats").then_some(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_but_the_input_of_the_schedule_is_a_run() {
        assert_eq!(AlertRun::parse(r#"{"run": "repeats"}"#), Some(AlertRun));
        for other in [
            "",
            "{}",
            r#"{"run": "all"}"#,
            r#"{"run": "repeats", "source": "x"}"#,
        ] {
            assert_eq!(AlertRun::parse(other), None, "{other}");
        }
    }
}
