//! What an upload is for: the key says it, and says it in exactly one way.

use super::{
    names::{FunctionName, LayerName, NameError},
    reason_code::ReasonCode,
};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A function or a layer that uploads are made for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Target {
    /// `functions/<name>.zip`
    Function(FunctionName),
    /// `layers/<name>.zip`
    Layer(LayerName),
}

/// Why a key names no target.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The key is outside `functions/` and `layers/`.
    #[error("the key {key:?} is neither under functions/ nor under layers/")]
    Prefix {
        /// The key as S3 has it.
        key: String,
    },
    /// There is a folder below `functions/` or `layers/`.
    #[error("the key {key:?} has a folder below its prefix")]
    Nested {
        /// The key as S3 has it.
        key: String,
    },
    /// The key does not end in `.zip`, in lower case.
    #[error("the key {key:?} does not end in .zip")]
    Suffix {
        /// The key as S3 has it.
        key: String,
    },
    /// What stands between prefix and `.zip` cannot be a name in Lambda.
    #[error("the key {key:?} names nothing that Lambda could have")]
    Name {
        /// The key as S3 has it.
        key: String,
        /// The rule that the name breaks.
        source: NameError,
    },
}

impl KeyError {
    /// What somebody probably meant, and should do instead.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        let (Self::Prefix { key }
        | Self::Nested { key }
        | Self::Suffix { key }
        | Self::Name { key, .. }) = self;
        let lower = key.to_ascii_lowercase();
        let has_extension = |extensions: &[&str]| extensions.iter().any(|end| lower.ends_with(end));
        if lower.contains("arn:") {
            return Some("write the name alone, without the rest of the ARN");
        }
        match self {
            Self::Suffix { .. } if has_extension(&[".jar", ".war"]) => {
                Some("a jar is a zip: upload it under the same name with .zip at its end")
            }
            Self::Suffix { .. } if has_extension(&[".zip"]) => Some("write .zip in lower case"),
            Self::Suffix { .. } if has_extension(&[".tar", ".tgz", ".gz", ".7z", ".rar"]) => {
                Some("Lambda takes zips only; pack the same files as a zip")
            }
            Self::Prefix { .. } if has_extension(&[".zip"]) && !key.contains('/') => {
                Some("put it into the folder functions/ or layers/")
            }
            Self::Prefix { .. }
                if lower.starts_with("function/") || lower.starts_with("layer/") =>
            {
                Some("the folders are called functions/ and layers/")
            }
            Self::Prefix { .. }
                if lower.starts_with("functions/") || lower.starts_with("layers/") =>
            {
                Some("write functions/ and layers/ in lower case")
            }
            Self::Name { .. } if key.contains(':') => Some(
                "leave version and alias away; the alias to move is named by the function's tag \
                 countersign:alias",
            ),
            Self::Nested { .. } => Some("a target has one key: take the folders between away"),
            _ => None,
        }
    }

    /// The reason code.
    #[must_use]
    pub fn reason(&self) -> ReasonCode {
        match self {
            Self::Prefix { .. } => ReasonCode::KeyPrefix,
            Self::Nested { .. } => ReasonCode::KeyNested,
            Self::Suffix { .. } => ReasonCode::KeySuffix,
            Self::Name { .. } => ReasonCode::KeyName,
        }
    }
}

impl Target {
    /// Reads the target off an object key (decoded, as S3 stores it).
    ///
    /// Strict, so that one target has one key: nothing is trimmed, folded or normalised.
    pub fn from_key(key: &str) -> Result<Self, KeyError> {
        let owned = || key.to_owned();
        let (function, rest) = match key.split_once('/') {
            Some(("functions", rest)) => (true, rest),
            Some(("layers", rest)) => (false, rest),
            _ => return Err(KeyError::Prefix { key: owned() }),
        };
        if rest.contains('/') {
            return Err(KeyError::Nested { key: owned() });
        }
        let name = rest
            .strip_suffix(".zip")
            .ok_or_else(|| KeyError::Suffix { key: owned() })?;
        let target = if function {
            FunctionName::parse(name).map(Self::Function)
        } else {
            LayerName::parse(name).map(Self::Layer)
        };
        target.map_err(|source| KeyError::Name {
            key: owned(),
            source,
        })
    }

    /// The one key whose versions are this target's uploads.
    #[must_use]
    pub fn key(&self) -> String {
        format!("{self}.zip")
    }

    /// The bare name of the function or layer.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Function(name) => name.as_str(),
            Self::Layer(name) => name.as_str(),
        }
    }
}

/// `functions/<name>` or `layers/<name>`: how records, logs and the command line write a target.
impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Function(name) => write!(f, "functions/{name}"),
            Self::Layer(name) => write!(f, "layers/{name}"),
        }
    }
}

impl From<Target> for String {
    fn from(target: Target) -> Self {
        target.to_string()
    }
}

/// The inverse of `Display`.
impl TryFrom<String> for Target {
    type Error = KeyError;

    fn try_from(text: String) -> Result<Self, KeyError> {
        Self::from_key(&format!("{text}.zip"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_names_its_target_and_back() {
        for key in [
            "functions/checkout.zip",
            "layers/open_ssl-3.zip".replace("-3", "-3_1").as_str(),
        ] {
            let target = Target::from_key(key).unwrap();
            assert_eq!(target.key(), key);
            assert_eq!(Target::try_from(target.to_string()).unwrap(), target);
        }
    }

    #[test]
    fn anything_else_is_refused_for_what_it_is() {
        let kind = |key: &str| match Target::from_key(key).unwrap_err() {
            KeyError::Prefix { .. } => "prefix",
            KeyError::Nested { .. } => "nested",
            KeyError::Suffix { .. } => "suffix",
            KeyError::Name { .. } => "name",
        };
        for (key, expected) in [
            ("", "prefix"),
            ("checkout.zip", "prefix"),
            ("/functions/checkout.zip", "prefix"),
            ("Functions/checkout.zip", "prefix"),
            ("functions", "prefix"),
            ("functions/", "suffix"),
            ("functions/.zip", "name"),
            ("functions/team/checkout.zip", "nested"),
            ("functions/../layers/x.zip", "nested"),
            ("functions/...zip", "name"),
            ("functions/checkout.ZIP", "suffix"),
            ("functions/checkout.jar", "suffix"),
            ("functions/check out.zip", "name"),
            ("functions/check+out.zip", "name"),
            ("functions/grün.zip", "name"),
            ("functions/checkout .zip", "name"),
            ("functions/checkout:live.zip", "name"),
        ] {
            assert_eq!(kind(key), expected, "{key}");
        }
        assert_eq!(kind(&format!("functions/{}.zip", "a".repeat(65))), "name");
        assert_eq!(kind(&format!("layers/{}.zip", "a".repeat(141))), "name");
    }

    #[test]
    fn hints_tell_what_was_probably_meant() {
        for (key, words) in [
            ("checkout.zip", "into the folder"),
            ("function/checkout.zip", "are called"),
            ("Functions/checkout.zip", "lower case"),
            ("functions/checkout.jar", "a jar is a zip"),
            ("functions/checkout.ZIP", "lower case"),
            ("functions/checkout.tar.gz", "zips only"),
            ("functions/checkout:live.zip", "countersign:alias"),
            (
                "functions/arn:aws:lambda:eu-west-1:111122223333:function:checkout.zip",
                "ARN",
            ),
            ("functions/team/checkout.zip", "folders between"),
        ] {
            let hint = Target::from_key(key)
                .unwrap_err()
                .hint()
                .unwrap_or_default();
            assert!(hint.contains(words), "{key}: {hint}");
        }
        assert_eq!(Target::from_key("notes.txt").unwrap_err().hint(), None);
    }
}
