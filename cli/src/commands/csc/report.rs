//! What is printed, as data; documented in docs/cli.md.

use std::collections::BTreeSet;

use countersign_gate::{
    client::TrustPlan,
    domain::{Csc, CscPolicy},
};
use serde::Serialize;

/// The configurations.
#[derive(Serialize)]
pub(super) struct ListReport {
    pub(super) configurations: Vec<Listed>,
}

/// One of them.
#[derive(Serialize)]
pub(super) struct Listed {
    pub(super) arn: String,
    pub(super) policy: CscPolicy,
    pub(super) publishers: Vec<String>,
    pub(super) functions: Vec<String>,
}

/// Two configurations side by side.
#[derive(Serialize)]
pub(super) struct DiffReport {
    pub(super) old: Side,
    pub(super) new: Side,
    /// Publishers of the second alone.
    pub(super) added: Vec<String>,
    /// Publishers of the first alone.
    pub(super) removed: Vec<String>,
    /// Functions of the first that run what only the second would let in again.
    pub(super) let_in: Vec<String>,
    /// Functions of the first that run what only the first would let in again.
    pub(super) locked_out: Vec<String>,
}

/// A configuration, and what it says of code that its publishers did not sign.
#[derive(Serialize)]
pub(super) struct Side {
    pub(super) arn: String,
    pub(super) policy: CscPolicy,
}

/// What was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Step {
    /// A publisher comes.
    Add,
    /// A publisher goes.
    Remove,
    /// A rotation waits for functions to be deployed again.
    Wait,
    /// A rotation has come to its end.
    Done,
}

/// A change.
#[derive(Serialize)]
pub(super) struct ChangeReport {
    pub(super) csc: String,
    pub(super) policy: CscPolicy,
    pub(super) step: Step,
    /// Who comes or goes; null when nobody does.
    pub(super) publisher: Option<String>,
    /// Whether it was done.
    pub(super) applied: bool,
    /// Functions of the configuration.
    pub(super) functions: usize,
    /// The publishers afterwards.
    pub(super) publishers: BTreeSet<String>,
    pub(super) let_in: Vec<String>,
    pub(super) locked_out: Vec<String>,
    /// Functions that have to be deployed again before a rotation can go on.
    pub(super) waits_for: Vec<String>,
    pub(super) warnings: Vec<String>,
    /// Why it was not done although it was asked to be.
    pub(super) message: Option<String>,
    pub(super) fix: Option<String>,
}

impl ChangeReport {
    /// Of a step that changes nothing.
    pub(super) fn of(csc: &Csc, step: Step, functions: usize) -> Self {
        Self {
            csc: csc.arn().map(ToString::to_string).unwrap_or_default(),
            policy: csc.policy(),
            step,
            publisher: None,
            applied: false,
            functions,
            publishers: csc.publishers().map(str::to_owned).collect(),
            let_in: Vec::new(),
            locked_out: Vec::new(),
            waits_for: Vec::new(),
            warnings: Vec::new(),
            message: None,
            fix: None,
        }
    }

    /// Of a change.
    pub(super) fn planned(mut self, publisher: &str, plan: &TrustPlan) -> Self {
        self.publisher = Some(publisher.to_owned());
        self.publishers.clone_from(&plan.publishers);
        self.let_in.clone_from(&plan.let_in);
        self.locked_out.clone_from(&plan.locked_out);
        self
    }

    /// Of one that cannot be made.
    pub(super) fn refused(mut self, message: String, fix: &str) -> Self {
        self.message = Some(message);
        self.fix = Some(fix.to_owned());
        self
    }
}
