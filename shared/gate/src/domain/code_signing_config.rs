//! A code signing configuration: who may sign, and how strict AWS is about it.

use super::names::CscArn;
use countersign_package::ProfileVersionArn;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What AWS does with a package whose signature is expired, foreign, missing or revoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum CscPolicy {
    /// It is refused.
    Enforce,
    /// It is deployed, and counted. AWS's default.
    Warn,
}

/// A code signing configuration as Lambda has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Csc {
    arn: Option<CscArn>,
    policy: CscPolicy,
    publishers: BTreeSet<String>,
}

impl Csc {
    /// A configuration. `publishers` are signing profile version ARNs as Lambda lists them; AWS takes
    /// ARNs that do not exist (grade C), so they are kept as written, and one that is no ARN at all
    /// simply matches nothing.
    #[must_use]
    pub fn new(
        arn: Option<CscArn>,
        policy: CscPolicy,
        publishers: impl IntoIterator<Item = String>,
    ) -> Self {
        Self {
            arn,
            policy,
            publishers: publishers.into_iter().collect(),
        }
    }

    /// The configuration's own ARN, when it is known.
    #[must_use]
    pub fn arn(&self) -> Option<&CscArn> {
        self.arn.as_ref()
    }

    /// Warn or Enforce.
    #[must_use]
    pub fn policy(&self) -> CscPolicy {
        self.policy
    }

    /// The allowed publishers, in order.
    pub fn publishers(&self) -> impl Iterator<Item = &str> {
        self.publishers.iter().map(String::as_str)
    }

    /// Whether this very profile version may sign. ARNs are compared whole: another account, region,
    /// partition or version is another publisher.
    #[must_use]
    pub fn allows(&self, publisher: &ProfileVersionArn) -> bool {
        self.publishers.contains(&publisher.to_string())
    }
}
