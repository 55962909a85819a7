//! `posture.json`: how the targets and the functions of the account and region stand, as the last complete
//! run of `sweep` found them. The bucket's versions keep the earlier ones.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{drift::DriftKind, outcome::UploadState, schema::Schema, store::Document};
use crate::domain::{CscPolicy, PackageType, Target};

/// Everything that one run found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Posture {
    /// 1.
    pub schema: Schema,
    /// The stack.
    pub stack: String,
    /// When the run began; what it found is not older.
    pub began_at: Timestamp,
    /// When it ended.
    pub ended_at: Timestamp,
    /// Uploads without an outcome, those included that wait for their next attempt, and uploads whose outcome was not
    /// announced.
    pub unfinished: u32,
    /// Each target that has a key in the uploads bucket, or had one and left records.
    pub targets: Vec<TargetPosture>,
    /// Each function of the account and region.
    pub functions: Vec<FunctionPosture>,
    /// Each code signing configuration of the account and region.
    #[serde(default)]
    pub configurations: Vec<CscPosture>,
    /// What the stack's parameters said; null in a document of a gate that did not write it yet.
    #[serde(default)]
    pub settings: Option<SettingsPosture>,
    /// What could not be looked at, and why, the first twenty; the next run looks again.
    pub troubles: Vec<String>,
}

/// Parameters of the stack that say what is watched and who is believed. CloudTrail hides their values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettingsPosture {
    /// `TargetFunctions`.
    pub target_functions: String,
    /// `TargetLayers`.
    pub target_layers: String,
    /// `PeerRoles`, their ARNs.
    pub peer_roles: BTreeSet<String>,
    /// The roots that signatures may lead to: SHA-256 of each certificate, in hexadecimal digits.
    pub trust_roots: BTreeSet<String>,
}

impl Document for Posture {
    const FILE: &'static str = "posture.json";
}

/// How a target stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetPosture {
    /// The target.
    pub target: Target,
    /// The label of the current upload; null when the key is deleted.
    pub current: Option<String>,
    /// How the current upload ended; null while it has not.
    pub state: Option<UploadState>,
    /// The label of the upload that was deployed last; null when none was.
    pub deployed: Option<String>,
    /// What was deployed as: the version's number.
    pub version: Option<String>,
    /// `CodeSha256` that Lambda tells now, of `$LATEST` or of the layer's newest version; null when there is
    /// none.
    pub runs: Option<String>,
    /// The signing job of what runs; null when it is not signed.
    pub signing_job: Option<String>,
    /// The version of the signing profile of what runs.
    pub signing_profile_version: Option<String>,
    /// What is not as it should be.
    pub drift: Vec<DriftKind>,
    /// The layers that the function uses.
    #[serde(default)]
    pub layers: Vec<LayerPosture>,
}

/// How a layer stands that a function uses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LayerPosture {
    /// The ARN of the layer's version.
    pub arn: String,
    /// Its signing job; null when it is not signed.
    pub signing_job: Option<String>,
    /// The version of the signing profile that signed it.
    pub signing_profile_version: Option<String>,
    /// Whether its signer is a publisher of the function's code signing configuration; null when the function
    /// has none.
    pub trusted: Option<bool>,
    /// Whether its signature was revoked; null when nobody here can know: it is not signed, or Signer knows no
    /// such job in this account and region.
    pub revoked: Option<bool>,
}

/// How a function of the account stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FunctionPosture {
    /// Its name.
    pub name: String,
    /// `CodeSha256` of `$LATEST`.
    pub code_sha256: String,
    /// How its code is packed; null in a document of a gate that did not look yet.
    #[serde(default)]
    pub package_type: Option<PackageType>,
    /// The signing job of `$LATEST`; null when it is not signed.
    #[serde(default)]
    pub signing_job: Option<String>,
    /// The version of the signing profile of `$LATEST`.
    #[serde(default)]
    pub signing_profile_version: Option<String>,
    /// Its code signing configuration; null when it has none.
    pub code_signing_config: Option<String>,
    /// What that says about code that its publishers did not sign.
    pub policy: Option<CscPolicy>,
}

/// What a code signing configuration says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CscPosture {
    /// Its ARN.
    pub arn: String,
    /// What it says about code that its publishers did not sign.
    pub policy: CscPolicy,
    /// The profile versions that may sign.
    pub publishers: Vec<String>,
    /// When the first run ended that saw it say so; null in a document of a gate that did not keep it yet.
    #[serde(default)]
    pub since: Option<Timestamp>,
    /// What it said before, the newest first: the page of a call tells what it changed, also when a run saw the change
    /// before the call was heard of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier: Vec<EarlierCsc>,
}

/// What a code signing configuration said once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EarlierCsc {
    /// As of [`CscPosture`].
    pub policy: CscPolicy,
    /// As of [`CscPosture`].
    pub publishers: Vec<String>,
    /// When the first run ended that saw it say so.
    pub since: Timestamp,
    /// When the last run ended that saw it say so.
    pub until: Timestamp,
}

/// So many earlier states of a configuration are kept: an event of CloudTrail is late by minutes, seldom by hours.
const MAX_EARLIER: usize = 8;

impl CscPosture {
    /// The same with what `before`, the posture of the run before, knows of it. `now` is the end of this run.
    #[must_use]
    pub(crate) fn after(mut self, before: Option<&Posture>, now: Timestamp) -> Self {
        let last = before.and_then(|posture| {
            let mut seen = posture.configurations.iter();
            Some((posture.ended_at, seen.find(|csc| csc.arn == self.arn)?))
        });
        let Some((until, last)) = last else {
            self.since = Some(now);
            return self;
        };
        self.earlier.clone_from(&last.earlier);
        let since = last.since.unwrap_or(until);
        if last.says() == self.says() {
            self.since = Some(since);
            return self;
        }
        let earlier = EarlierCsc {
            policy: last.policy,
            publishers: last.publishers.clone(),
            since,
            until,
        };
        self.earlier.insert(0, earlier);
        self.earlier.truncate(MAX_EARLIER);
        self.since = Some(now);
        self
    }

    /// Policy and publishers, in whatever order they are listed.
    fn says(&self) -> (CscPolicy, BTreeSet<&str>) {
        let publishers = self.publishers.iter().map(String::as_str);
        (self.policy, publishers.collect())
    }

    /// What it said before a call at `at`, and when that was seen; `ended_at` is the end of the run that wrote this. `None`
    /// if no run that ended before the call saw it.
    #[must_use]
    pub(crate) fn before(&self, at: Timestamp, ended_at: Timestamp) -> Option<EarlierCsc> {
        let now = EarlierCsc {
            policy: self.policy,
            publishers: self.publishers.clone(),
            since: self.since.unwrap_or(ended_at),
            until: ended_at,
        };
        let mut states = std::iter::once(&now).chain(&self.earlier);
        states.find(|state| state.since < at).cloned()
    }

    /// The state before this one, if it is known.
    #[must_use]
    pub(crate) fn preceding(&self, state: &EarlierCsc) -> Option<&EarlierCsc> {
        self.earlier
            .iter()
            .find(|earlier| earlier.until < state.since)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: u32) -> Timestamp {
        format!("2026-11-21T21:{minute:02}:00Z").parse().unwrap()
    }

    /// A run that ended at this minute and saw these publishers.
    fn seen(before: Option<&Posture>, minute: u32, publishers: &[&str]) -> Posture {
        let csc = CscPosture {
            arn: "csc".to_owned(),
            policy: CscPolicy::Enforce,
            publishers: publishers.iter().copied().map(str::to_owned).collect(),
            since: None,
            earlier: Vec::new(),
        };
        Posture {
            schema: Schema,
            stack: "gate".to_owned(),
            began_at: at(minute),
            ended_at: at(minute),
            unfinished: 0,
            targets: Vec::new(),
            functions: Vec::new(),
            configurations: vec![csc.after(before, at(minute))],
            settings: None,
            troubles: Vec::new(),
        }
    }

    fn before(posture: &Posture, minute: u32) -> Option<Vec<String>> {
        let csc = &posture.configurations[0];
        let state = csc.before(at(minute), posture.ended_at)?;
        Some(state.publishers)
    }

    #[test]
    fn earlier_configuration_is_kept() {
        let first = seen(None, 10, &["a"]);
        // In another order it is the same.
        let second = seen(Some(&first), 20, &["a"]);
        let third = seen(Some(&second), 30, &["b", "a"]);
        let last = seen(Some(&third), 40, &["a", "b"]);
        assert_eq!(before(&last, 5), None, "no run had seen it");
        let known = |minute| before(&last, minute).unwrap().join(" ");
        assert_eq!(known(15), "a");
        assert_eq!(known(25), "a");
        // That call was made while the run was at work: it may have seen what the call did.
        assert_eq!(known(30), "a");
        assert_eq!(known(35), "a b");
        assert_eq!(known(45), "a b");
        let csc = &last.configurations[0];
        let now = csc.before(at(45), last.ended_at).unwrap();
        assert_eq!(csc.preceding(&now).unwrap().publishers, ["a"]);
        let many = (41..60).fold(last, |last, minute| {
            seen(
                Some(&last),
                minute,
                &[if minute % 2 == 0 { "x" } else { "y" }],
            )
        });
        assert_eq!(many.configurations[0].earlier.len(), MAX_EARLIER);
    }
}
