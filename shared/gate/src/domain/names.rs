//! Names that AWS and this gate give to things: checked once, where they come in.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use wildmatch::WildMatch;

use super::arn::Arn;

/// A text that is not the name it was taken for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not {kind}: expected {expected}")]
pub struct NameError {
    kind: &'static str,
    expected: &'static str,
    text: String,
}

/// Defines a name: a text with a rule, whose only door is `parse`.
macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $kind:literal, $expected:literal, $rule:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Checks `text` against the rule above.
            pub fn parse(text: impl Into<String>) -> Result<Self, NameError> {
                let text = text.into();
                let rule: fn(&str) -> bool = $rule;
                if rule(&text) {
                    Ok(Self(text))
                } else {
                    Err(NameError { kind: $kind, expected: $expected, text })
                }
            }

            /// The name as AWS writes it.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = NameError;
            fn try_from(text: String) -> Result<Self, NameError> {
                Self::parse(text)
            }
        }

        impl FromStr for $name {
            type Err = NameError;
            fn from_str(text: &str) -> Result<Self, NameError> {
                Self::parse(text)
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

name!(
    /// A Lambda function's name, without account, region or qualifier: `FunctionName` of the
    /// service model, 1 to 64 of `[A-Za-z0-9_-]`.
    FunctionName, "a function name", "1 to 64 letters, digits, hyphens and underscores",
    |text| text_of(text, 1, 64, |c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
);

name!(
    /// A Lambda layer's name: `LayerName` of the service model, 1 to 140 of `[A-Za-z0-9_-]`.
    LayerName, "a layer name", "1 to 140 letters, digits, hyphens and underscores",
    |text| text_of(text, 1, 140, |c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
);

name!(
    /// A function alias: 1 to 128 of `[A-Za-z0-9_-]`, and not all digits, which is a version.
    AliasName, "an alias name", "1 to 128 letters, digits, hyphens and underscores, not all digits",
    |text| {
        text_of(text, 1, 128, |c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
            && !text.chars().all(|c| c.is_ascii_digit())
    }
);

name!(
    /// A Signer profile's name: 2 to 64 of `[A-Za-z0-9_]`.
    ProfileName, "a signing profile name", "2 to 64 letters, digits and underscores",
    |text| text_of(text, 2, 64, |c| c.is_ascii_alphanumeric() || c == '_')
);

name!(
    /// A signing job's id: a UUID today; taken as 1 to 64 of `[A-Za-z0-9-]`.
    SigningJobId, "a signing job id", "1 to 64 letters, digits and hyphens",
    |text| text_of(text, 1, 64, |c| c.is_ascii_alphanumeric() || c == '-')
);

name!(
    /// The id of one version of one S3 object: opaque, at most 1,024 bytes.
    ///
    /// `null` is not one: it is what S3 calls an object written while its bucket was not versioned,
    /// and such an object can be replaced under the same id. Nothing pinned may carry it. Neither
    /// may a slash, which no version id has and which would break the paths of records.
    VersionId, "an S3 version id", "a version id of a versioned bucket (not `null`)",
    |text| text != "null" && text_of(text, 1, 1024, |c| c.is_ascii_graphic() && c != '/')
);

name!(
    /// The ARN of a code signing configuration.
    CscArn, "the ARN of a code signing configuration",
    "arn:<partition>:lambda:<region>:<account>:code-signing-config:csc-…",
    |text| {
        let arn = Arn::parse(text).filter(|arn| arn.service == "lambda");
        let id = arn.and_then(|arn| arn.resource.strip_prefix("code-signing-config:"));
        id.is_some_and(|id| !id.is_empty() && !id.contains(':'))
    }
);

name!(
    /// The ARN of a version of a layer.
    LayerVersionArn, "the ARN of a version of a layer",
    "arn:<partition>:lambda:<region>:<account>:layer:<name>:<version>",
    |text| {
        let is_number = |text: &str| text.parse::<u64>().is_ok();
        Arn::parse(text).is_some_and(|arn| {
            let parts: Vec<&str> = arn.resource.split(':').collect();
            arn.service == "lambda"
                && is_number(arn.account)
                && matches!(parts.as_slice(), ["layer", name, version]
                    if is_number(version) && LayerName::parse(*name).is_ok())
        })
    }
);

impl LayerVersionArn {
    /// The layer's name.
    #[must_use]
    pub fn layer(&self) -> Option<LayerName> {
        LayerName::parse(Arn::parse(&self.0)?.resource.split(':').nth(1)?).ok()
    }
}

name!(
    /// Lambda's optimistic lock: names one state of one function or alias.
    RevisionId, "a revision id", "a revision id as Lambda gives it",
    |text| text_of(text, 1, 256, |c| c.is_ascii_graphic())
);

name!(
    /// Names as IAM writes them in a resource: `*` stands for any characters or none, `?` for
    /// any one; 1 to 140 of `[A-Za-z0-9_*?-]`.
    NamePattern, "a pattern of names", "1 to 140 letters, digits, hyphens, underscores, * and ?",
    |text| text_of(text, 1, 140, |c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '*' | '?'))
);

impl NamePattern {
    /// Whether the pattern stands for this name.
    #[must_use]
    pub fn matches(&self, name: &str) -> bool {
        WildMatch::new(&self.0).matches(name)
    }
}

impl VersionId {
    /// Stands for the version of an object that has none, so that its refusal can be on record.
    #[must_use]
    pub(crate) fn unversioned() -> Self {
        Self("unversioned".to_owned())
    }
}

/// Whether `text` has `least` to `most` characters, all of them `allowed`.
fn text_of(text: &str, least: usize, most: usize, allowed: fn(char) -> bool) -> bool {
    (least..=most).contains(&text.len()) && text.chars().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layer_version_has_a_name_and_a_number() {
        let good = "arn:aws:lambda:eu-west-1:017000801446:layer:Tools-x86_64:7";
        let arn = LayerVersionArn::parse(good).unwrap();
        assert_eq!(arn.layer().unwrap().as_str(), "Tools-x86_64");
        for bad in [
            "arn:aws:lambda:eu-west-1:017000801446:layer:Tools",
            "arn:aws:lambda:eu-west-1:017000801446:layer:Tools:latest",
            "arn:aws:lambda:eu-west-1:017000801446:layer:To/ols:1",
            "arn:aws:lambda:eu-west-1:017000801446:function:tools:1",
            "arn:aws:lambda:eu-west-1:me:layer:Tools:1",
        ] {
            assert!(LayerVersionArn::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn pattern_stands_for_names_as_in_iam() {
        let matches = |pattern: &str, name| NamePattern::parse(pattern).unwrap().matches(name);
        for (pattern, name) in [
            ("*", "checkout"),
            ("shop-*", "shop-checkout"),
            ("shop-*", "shop-"),
            ("shop-???", "shop-pay"),
            ("*-prod-*", "shop-prod-eu-prod-1"),
            ("checkout", "checkout"),
        ] {
            assert!(matches(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [
            ("shop-*", "shop"),
            ("shop-*", "my-shop-checkout"),
            ("shop-*", "Shop-checkout"),
            ("shop-???", "shop-payment"),
            ("shop-???", "shop-pa"),
            ("checkout", "checkout2"),
        ] {
            assert!(!matches(pattern, name), "{pattern} {name}");
        }
        assert!(NamePattern::parse("").is_err());
        assert!(NamePattern::parse("arn:aws:lambda:*").is_err());
    }

    #[test]
    fn rules_hold_at_their_bounds() {
        assert!(FunctionName::parse("a".repeat(64)).is_ok());
        assert!(FunctionName::parse("a".repeat(65)).is_err());
        assert!(FunctionName::parse("").is_err());
        assert!(FunctionName::parse("grün").is_err());
        assert!(LayerName::parse("a".repeat(140)).is_ok());
        assert!(LayerName::parse("a".repeat(141)).is_err());
        assert!(AliasName::parse("live").is_ok());
        assert!(AliasName::parse("42").is_err());
        assert!(ProfileName::parse("p").is_err());
        assert!(VersionId::parse("null").is_err());
        assert!(VersionId::parse("3/L4").is_err());
        assert!(VersionId::parse("_hv.Kz-ABC").is_ok());
        assert!(
            CscArn::parse("arn:aws:lambda:eu-west-1:111122223333:code-signing-config:csc-1")
                .is_ok()
        );
        assert!(CscArn::parse("csc-1").is_err());
    }

    #[test]
    fn name_that_breaks_its_rule_does_not_deserialize() {
        assert!(serde_json::from_str::<FunctionName>("\"a b\"").is_err());
        assert_eq!(
            serde_json::from_str::<FunctionName>("\"ab\"")
                .unwrap()
                .as_str(),
            "ab"
        );
    }
}
