//! A freeze: for a while, nothing is deployed to some targets.

use jiff::Timestamp;
use serde::Deserialize;

use super::{names::NamePattern, statement_key::StatementKey, target::Target};

/// A freeze, as somebody wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Freeze {
    targets: Vec<TargetPattern>,
    /// Why, for those who wait.
    pub reason: String,
    /// When it ends by itself.
    pub until: Timestamp,
}

/// Which functions or layers are meant.
#[derive(Clone, Debug, PartialEq, Eq)]
enum TargetPattern {
    All,
    Functions(NamePattern),
    Layers(NamePattern),
}

/// A field that is not known may be a known one misspelt, on which somebody relies.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    schema: u32,
    targets: Vec<String>,
    reason: String,
    until: Timestamp,
}

impl Freeze {
    /// The largest document that is read, in bytes.
    pub const MAX_BYTES: u64 = 16 * 1024;

    /// What is told of one that cannot be read, before the reason. It freezes all targets.
    pub const UNREADABLE: &'static str = "everything, because it cannot be read";

    /// Reads `{"schema": 1, "targets": ["functions/shop-*"], "reason": "…", "until": "2026-12-01T00:00:00Z"}`.
    ///
    /// # Errors
    ///
    /// What is wrong with it, for people: no JSON, a field that is missing or not known, a pattern that is none.
    pub fn parse(body: &[u8]) -> Result<Self, String> {
        let document: Document =
            serde_json::from_slice(body).map_err(|error| format!("it is not a freeze: {error}"))?;
        if document.schema != 1 {
            return Err(format!("its schema is {}, and not 1", document.schema));
        }
        if document.targets.is_empty() {
            return Err("it names no targets".to_owned());
        }
        let targets = document.targets.iter().map(|text| pattern(text));
        Ok(Self {
            targets: targets.collect::<Result<_, _>>()?,
            reason: document.reason,
            until: document.until,
        })
    }

    /// Reads the object at `key`; `body` is `None` when it has more than [`Self::MAX_BYTES`]. What cannot be read freezes
    /// everything.
    ///
    /// # Errors
    ///
    /// What is wrong with it, for people: its key, its size, or what [`Self::parse`] says.
    pub fn of_object(key: &str, body: Option<&[u8]>) -> Result<Self, String> {
        match StatementKey::parse(key) {
            Some(Ok(StatementKey::Freeze { .. })) => {}
            Some(Err(error)) => return Err(error.to_string()),
            _ => return Err("it is no key of a freeze".to_owned()),
        }
        let body = body.ok_or_else(|| format!("it has more than {} bytes", Self::MAX_BYTES))?;
        Self::parse(body)
    }

    /// The targets as they were written.
    #[must_use]
    pub fn targets(&self) -> Vec<String> {
        let told = self.targets.iter().map(|pattern| match pattern {
            TargetPattern::All => "*".to_owned(),
            TargetPattern::Functions(names) => format!("functions/{}", names.as_str()),
            TargetPattern::Layers(names) => format!("layers/{}", names.as_str()),
        });
        told.collect()
    }

    /// Whether it is meant for this target.
    #[must_use]
    pub fn covers(&self, target: &Target) -> bool {
        self.targets.iter().any(|pattern| match (pattern, target) {
            (TargetPattern::All, _) => true,
            (TargetPattern::Functions(names), Target::Function(name)) => {
                names.matches(name.as_str())
            }
            (TargetPattern::Layers(names), Target::Layer(name)) => names.matches(name.as_str()),
            (TargetPattern::Functions(_), Target::Layer(_))
            | (TargetPattern::Layers(_), Target::Function(_)) => false,
        })
    }
}

fn pattern(text: &str) -> Result<TargetPattern, String> {
    let names = |names: &str| NamePattern::parse(names).map_err(|error| error.to_string());
    match text.split_once('/') {
        None if text == "*" => Ok(TargetPattern::All),
        Some(("functions", pattern)) => names(pattern).map(TargetPattern::Functions),
        Some(("layers", pattern)) => names(pattern).map(TargetPattern::Layers),
        _ => Err(format!(
            "{text:?} is no pattern of targets: functions/<pattern>, layers/<pattern> or *"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(targets: &str) -> Result<Freeze, String> {
        let body = format!(
            r#"{{"schema":1,"targets":{targets},"reason":"sale","until":"2026-12-01T00:00:00Z"}}"#
        );
        Freeze::parse(body.as_bytes())
    }

    #[test]
    fn freeze_covers_its_patterns() {
        let covers =
            |targets: &str, key: &str| of(targets).unwrap().covers(&Target::from_key(key).unwrap());
        for (targets, key, expected) in [
            (r#"["*"]"#, "functions/checkout.zip", true),
            (r#"["*"]"#, "layers/common.zip", true),
            (r#"["functions/*"]"#, "functions/checkout.zip", true),
            (r#"["functions/*"]"#, "layers/common.zip", false),
            (r#"["layers/com*"]"#, "layers/common.zip", true),
            (r#"["layers/*"]"#, "functions/checkout.zip", false),
            (
                r#"["functions/x", "functions/check*"]"#,
                "functions/checkout.zip",
                true,
            ),
            (r#"["functions/check"]"#, "functions/checkout.zip", false),
        ] {
            assert_eq!(covers(targets, key), expected, "{targets} {key}");
        }
    }

    #[test]
    fn malformed_freeze_is_told() {
        for (targets, words) in [
            ("[]", "no targets"),
            (r#"["checkout"]"#, "no pattern of targets"),
            (r#"["function/checkout"]"#, "no pattern of targets"),
            (r#"["functions/a b"]"#, "a pattern of names"),
        ] {
            let error = of(targets).unwrap_err();
            assert!(error.contains(words), "{targets}: {error}");
        }
        for (body, words) in [
            ("", "not a freeze"),
            ("{}", "missing field"),
            (
                r#"{"schema":2,"targets":["*"],"reason":"","until":"2026-12-01T00:00:00Z"}"#,
                "schema is 2",
            ),
            (
                r#"{"schema":1,"targets":["*"],"reason":"","untill":"2026-12-01T00:00:00Z"}"#,
                "unknown field",
            ),
            (
                r#"{"schema":1,"targets":["*"],"reason":"","until":"tomorrow"}"#,
                "not a freeze",
            ),
        ] {
            let error = Freeze::parse(body.as_bytes()).unwrap_err();
            assert!(error.contains(words), "{body}: {error}");
        }
    }
}
