//! The stack: its names, and which targets and profiles it was given.

use super::{
    gate_function::GateFunction,
    names::{FunctionName, NamePattern},
    target::Target,
};

/// The stack's names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stack {
    /// `COUNTERSIGN_STACK`
    pub name: String,
    /// `COUNTERSIGN_UPLOADS_BUCKET`
    pub uploads_bucket: String,
    /// `COUNTERSIGN_SIGNED_BUCKET`
    pub signed_bucket: String,
    /// `COUNTERSIGN_RECORDS_BUCKET`
    pub records_bucket: String,
}

impl Stack {
    /// Whether this function is part of the gate. The gate's role is denied to change it, too; this is
    /// the refusal that says so.
    #[must_use]
    pub fn owns(&self, function: &FunctionName) -> bool {
        GateFunction::named(&self.name, function.as_str()).is_some()
    }
}

/// What the operator gave into the gate's hands. Its roles have rights to nothing else; this is the refusal
/// that says so, at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    /// `COUNTERSIGN_TARGET_FUNCTIONS`
    pub functions: NamePattern,
    /// `COUNTERSIGN_TARGET_LAYERS`
    pub layers: NamePattern,
    /// The profiles that a function's tag may choose, beside the stack's own:
    /// `COUNTERSIGN_TAGGED_PROFILES`. None when it is not set.
    pub tagged_profiles: Option<NamePattern>,
}

impl Scope {
    /// The pattern that this target has to match.
    #[must_use]
    pub fn pattern_for(&self, target: &Target) -> &NamePattern {
        match target {
            Target::Function(_) => &self.functions,
            Target::Layer(_) => &self.layers,
        }
    }
}
