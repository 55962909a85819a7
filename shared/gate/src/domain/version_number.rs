//! The number of a published version of a function.

use std::{fmt, num::NonZeroU64};

use serde::{Deserialize, Serialize};

/// The number of a published version: `$LATEST`, an alias, and nothing at all are none. What deletes a version
/// asks for this type, since `DeleteFunction` without a qualifier deletes the function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct VersionNumber(NonZeroU64);

/// A text that is not the number of a version.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not the number of a published version: expected digits, the first of them not 0")]
pub struct VersionNumberError(String);

impl VersionNumber {
    /// Reads a number as Lambda writes it.
    pub fn parse(text: &str) -> Result<Self, VersionNumberError> {
        let is_plain = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
        let number = if is_plain { text.parse().ok() } else { None };
        number
            .map(Self)
            .ok_or_else(|| VersionNumberError(text.to_owned()))
    }
}

impl fmt::Display for VersionNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl TryFrom<String> for VersionNumber {
    type Error = VersionNumberError;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<VersionNumber> for String {
    fn from(number: VersionNumber) -> Self {
        number.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_numbers_are_versions() {
        for text in ["1", "7", "120", "18446744073709551615"] {
            assert_eq!(VersionNumber::parse(text).unwrap().to_string(), text);
        }
        for text in [
            "",
            "0",
            "07",
            "+7",
            "-7",
            "7 ",
            "$LATEST",
            "live",
            "7.0",
            "18446744073709551616",
            "\u{0667}",
        ] {
            assert!(VersionNumber::parse(text).is_err(), "{text:?}");
        }
        assert!(VersionNumber::parse("9").unwrap() < VersionNumber::parse("10").unwrap());
    }
}
