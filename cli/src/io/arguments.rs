//! Parsers of arguments that several commands take.

use std::time::Duration;

use clap::Args;

use countersign_gate::domain::{CscArn, KeyError, Target};

use crate::io::escape::escape;

/// Which stack is meant.
#[derive(Args)]
pub(crate) struct StackArgument {
    /// The stack
    #[arg(
        long = "stack",
        value_name = "NAME",
        env = "COUNTERSIGN_STACK",
        default_value = "countersign",
        hide_env_values = true
    )]
    pub(crate) name: String,
}

/// Reads TARGET. A bare name is not guessed at: a function and a layer may share it.
pub(crate) fn parse_target(text: &str) -> Result<Target, String> {
    let why = |error| match error {
        KeyError::Prefix { .. } if !text.contains('/') && !text.is_empty() => {
            format!("write functions/{text} for the function, or layers/{text} for the layer")
        }
        KeyError::Name { .. } if Target::from_key(text).is_ok() => {
            "give the target, not the key: leave .zip away".to_owned()
        }
        KeyError::Name { source, .. } => source.to_string(),
        _ => "write functions/NAME or layers/NAME".to_owned(),
    };
    Target::try_from(text.to_owned()).map_err(|error| escape(&why(error)))
}

/// Reads the ARN of a code signing configuration.
pub(crate) fn parse_csc(text: &str) -> Result<CscArn, String> {
    CscArn::parse(text).map_err(|error| escape(&error.to_string()))
}

/// Reads DURATION: a number with `s`, `m` or `h`.
pub(crate) fn parse_duration(text: &str) -> Result<Duration, &'static str> {
    const FIX: &str = "write a number of seconds, minutes or hours, such as 90s, 15m or 1h";
    let (number, seconds) = match text.strip_suffix(['s', 'm', 'h']) {
        Some(number) if text.ends_with('s') => (number, 1),
        Some(number) if text.ends_with('m') => (number, 60),
        Some(number) => (number, 3600),
        None => return Err(FIX),
    };
    let number: u64 = number.parse().map_err(|_| FIX)?;
    number
        .checked_mul(seconds)
        .filter(|total| *total <= MAX_DURATION_SECONDS)
        .map(Duration::from_secs)
        .ok_or("give at most 24h")
}

/// Whether S3 can hold this as metadata of an object, and everybody can read it.
pub(crate) fn check_metadata(name: &str, value: &str) -> Result<(), &'static str> {
    let is_token = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    if name.is_empty() || !name.chars().all(is_token) {
        return Err("a name has lower-case letters, digits, - and _ only");
    }
    if !value.chars().all(|c| c.is_ascii_graphic() || c == ' ') {
        return Err("a value has printable ASCII characters only");
    }
    Ok(())
}

/// A day: longer than any upload takes, records say so.
const MAX_DURATION_SECONDS: u64 = 24 * 60 * 60;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_a_unit() {
        for (text, seconds) in [("90s", 90), ("15m", 900), ("1h", 3600), ("0s", 0)] {
            assert_eq!(parse_duration(text), Ok(Duration::from_secs(seconds)));
        }
        for text in ["90", "", "m", "-1s", "1.5h", "25h", "99999999999999999999h"] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
    }
}
