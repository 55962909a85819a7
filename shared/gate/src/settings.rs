//! What the use cases are told about the stack that they run in. The shell reads and checks it.

use std::sync::OnceLock;

use countersign_package::{Limits, TrustRoots};

use crate::{
    evidence::{Examined, Policy, Source, examine},
    names::{CscArn, FunctionName, NamePattern, ProfileName},
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
        function
            .as_str()
            .strip_prefix(&self.name)
            .is_some_and(|rest| matches!(rest, "-sign" | "-deploy" | "-alert" | "-sweep"))
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

/// What `sign` works with.
#[derive(Clone, Debug)]
pub struct SignSettings {
    /// The stack.
    pub stack: Stack,
    /// The profile for targets without a tag: `COUNTERSIGN_SIGNING_PROFILE`.
    pub profile: ProfileName,
    /// What may be deployed to, and signed with.
    pub scope: Scope,
    /// What a package may be.
    pub limits: Limits,
}

/// What `deploy` works with.
#[derive(Clone, Debug)]
pub struct DeploySettings {
    /// The stack.
    pub stack: Stack,
    /// The operator's choices.
    pub policy: Policy,
    /// The configuration that layers are judged by: `COUNTERSIGN_LAYER_CSC_ARN`.
    pub layer_csc: Option<CscArn>,
}

/// How a package is examined. The use cases take it as an argument, so that a test with a hundred
/// thousand schedules need not verify the same bytes as often; there is one implementation.
pub trait Examine: Sync {
    /// Everything that can be known from bytes alone.
    fn examine(&self, package: &[u8], source: Source<'_>) -> Examined;
}

/// The core, with its limits and trust roots.
#[derive(Clone, Debug)]
pub struct Core {
    limits: Limits,
    roots: OnceLock<TrustRoots>,
}

impl Core {
    /// What a package may be, and whom chains may lead to: the roots of `COUNTERSIGN_TRUST_ROOTS`, or AWS's.
    /// AWS's are read when the first package is: a cold start has no time for certificates.
    #[must_use]
    pub fn new(limits: Limits, roots: Option<TrustRoots>) -> Self {
        Self {
            limits,
            roots: roots.map(OnceLock::from).unwrap_or_default(),
        }
    }

    /// Whom chains may lead to.
    #[must_use]
    pub fn roots(&self) -> &TrustRoots {
        self.roots.get_or_init(TrustRoots::aws)
    }
}

impl Examine for Core {
    fn examine(&self, package: &[u8], source: Source<'_>) -> Examined {
        examine(package, source, &self.limits, self.roots())
    }
}
