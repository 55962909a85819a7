//! What a verifier says of an artifact: a verification summary, as SLSA defines it
//! (`https://slsa.dev/spec/v1.1/verification_summary`). Countersign writes one of each deployment.

use serde::Deserialize;

use crate::{
    bundle::Bundle,
    error::AttestError,
    key::{PublicKey, statement_by},
    level::Level,
    statement::Statement,
    subject::Subject,
    text::{fault_of_claim, shown},
};

/// The type of a summary. A minor version of SLSA does not change it.
const TYPE: &str = "https://slsa.dev/verification_summary/v1";
const PASSED: &str = "PASSED";
/// How the words of the build track begin; a number follows, or that nobody looked.
const BUILD_TRACK: &str = "SLSA_BUILD_LEVEL_";

/// A summary whose signature and form were checked. Whose it is, for what and with which result is the reader's to
/// compare: SLSA's steps 2 and 4 to 7.
pub struct Summary {
    statement: Statement,
    wire: Wire,
    build_level: Option<Level>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    verifier: Verifier,
    #[serde(default)]
    time_verified: Option<jiff::Timestamp>,
    resource_uri: String,
    policy: Policy,
    verification_result: String,
    verified_levels: Vec<String>,
}

#[derive(Deserialize)]
struct Verifier {
    id: String,
}

#[derive(Deserialize)]
struct Policy {
    uri: String,
    #[serde(default)]
    digest: Digests,
}

#[derive(Default, Deserialize)]
struct Digests {
    #[serde(default)]
    sha256: Option<String>,
}

/// Verifies that the holder of `key` signed a summary. The key alone is trusted: no time is proven, and a key that is no
/// longer good has to be withdrawn by whoever handed it out.
pub fn verify_summary(bundle: &Bundle, key: &PublicKey) -> Result<Summary, AttestError> {
    let statement = statement_by(bundle, key)?;
    let (predicate_type, predicate) = statement.predicate();
    if predicate_type != TYPE {
        return Err(AttestError::NotSummary {
            found: shown(predicate_type),
        });
    }
    let refuse = |fault: String| AttestError::Summary {
        fault: shown(&fault),
    };
    let wire = Wire::deserialize(predicate).map_err(|error| refuse(error.to_string()))?;
    for (what, text) in [
        ("verifier.id", &wire.verifier.id),
        ("resourceUri", &wire.resource_uri),
        ("policy.uri", &wire.policy.uri),
    ] {
        if let Some(fault) = fault_of_claim(text) {
            return Err(refuse(format!("`{what}` cannot be used, {fault}")));
        }
    }
    let build_level = build_level(&wire.verified_levels).map_err(refuse)?;
    Ok(Summary {
        statement,
        wire,
        build_level,
    })
}

/// The level of the build track; none where nobody looked, or the words are of other tracks.
fn build_level(levels: &[String]) -> Result<Option<Level>, String> {
    let mut of_track = levels
        .iter()
        .filter_map(|level| level.strip_prefix(BUILD_TRACK));
    let first = of_track.next();
    if of_track.next().is_some() {
        return Err("`verifiedLevels` has two levels of the build track".to_owned());
    }
    match first {
        None | Some("UNEVALUATED" | "0") => Ok(None),
        // `Level` reads `L1`, too.
        Some(number @ ("1" | "2" | "3")) => number.parse().map(Some).map_err(str::to_owned),
        Some(other) => Err(format!("`{BUILD_TRACK}{other}` is no level of SLSA")),
    }
}

impl Summary {
    /// The name under which it speaks of the artifact, where it does.
    pub fn name_of(&self, artifact: &Subject) -> Result<&str, AttestError> {
        self.statement.lookup(artifact)?;
        self.statement.name_of(artifact)
    }

    /// Who verified.
    #[must_use]
    pub fn verifier(&self) -> &str {
        &self.wire.verifier.id
    }

    /// When, if it says so.
    #[must_use]
    pub fn time_verified(&self) -> Option<jiff::Timestamp> {
        self.wire.time_verified
    }

    /// What the artifact is for; of Countersign, the ARN of a function's or a layer's version.
    #[must_use]
    pub fn resource(&self) -> &str {
        &self.wire.resource_uri
    }

    /// Where the policy is that it was verified against.
    #[must_use]
    pub fn policy(&self) -> &str {
        &self.wire.policy.uri
    }

    /// SHA-256 of the policy as it is written there, in hexadecimal, if it says so.
    #[must_use]
    pub fn policy_sha256(&self) -> Option<&str> {
        self.wire.policy.digest.sha256.as_deref()
    }

    /// Whether the artifact met the policy.
    #[must_use]
    pub fn has_passed(&self) -> bool {
        self.wire.verification_result == PASSED
    }

    /// The levels as they are written.
    pub fn levels(&self) -> impl Iterator<Item = &str> {
        self.wire.verified_levels.iter().map(String::as_str)
    }

    /// The build level that was verified; none where none was.
    #[must_use]
    pub fn build_level(&self) -> Option<Level> {
        self.build_level
    }

    /// The artifacts that it speaks of: name and SHA-256 in hexadecimal, if it is named by one.
    pub fn subjects(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.statement.subjects()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn level(levels: &[&str]) -> Result<Option<Level>, String> {
        let levels: Vec<String> = levels.iter().map(|&level| level.to_owned()).collect();
        build_level(&levels)
    }

    #[test]
    fn build_track_has_one_level() {
        assert_eq!(level(&["SLSA_BUILD_LEVEL_UNEVALUATED"]), Ok(None));
        assert_eq!(level(&["SLSA_BUILD_LEVEL_0", "OWN_WORD"]), Ok(None));
        assert_eq!(level(&[]), Ok(None));
        assert_eq!(
            level(&["OWN_WORD", "SLSA_BUILD_LEVEL_2"]),
            Ok(Some(Level::L2))
        );
        assert!(level(&["SLSA_BUILD_LEVEL_1", "SLSA_BUILD_LEVEL_3"]).is_err());
        for wrong in ["4", "L3", "", "3 "] {
            let level = level(&[&format!("SLSA_BUILD_LEVEL_{wrong}")]);
            assert!(level.is_err(), "{wrong}");
        }
    }
}
