//! The tags by which whoever configures a function steers the gate.
//!
//! Tags and not metadata of the upload: what they choose is part of the function's configuration, so that it is for
//! whoever may configure it to say, and not for everybody who may upload. And the metadata of an older version comes back
//! with a rollback.

use std::collections::BTreeMap;

/// The tag of a function that names the alias to move.
pub const ALIAS_TAG: &str = "countersign:alias";

/// The tag of a function that says how many people have to approve an upload.
pub const APPROVALS_TAG: &str = "countersign:approvals";

/// The tag of a function that says which processor its packages are for.
pub const ARCHITECTURE_TAG: &str = "countersign:architecture";

/// The tag of a function that says who has to vouch for the builds of its packages: an issuer or a key.
pub const BUILDER_TAG: &str = "countersign:builder";

/// The tag of a function that says which build level its packages need at least.
pub const LEVEL_TAG: &str = "countersign:level";

/// The tag of a function that puts it into the gate's hands, where the stack demands that ([`is_managed`]).
pub const MANAGED_TAG: &str = "countersign:managed";

/// The tag of a function that names the profile to sign it with.
pub const PROFILE_TAG: &str = "countersign:profile";

/// The tag of a function that says from which branch or tag its packages have to be built.
pub const REF_TAG: &str = "countersign:ref";

/// The tag of a function that says from which repository its packages have to be built.
pub const SOURCE_TAG: &str = "countersign:source";

/// The tag of a function that says by which workflow its packages have to be built.
pub const WORKFLOW_TAG: &str = "countersign:workflow";

/// All of them.
pub const TARGET_TAGS: [&str; 10] = [
    ALIAS_TAG,
    APPROVALS_TAG,
    ARCHITECTURE_TAG,
    BUILDER_TAG,
    LEVEL_TAG,
    MANAGED_TAG,
    PROFILE_TAG,
    REF_TAG,
    SOURCE_TAG,
    WORKFLOW_TAG,
];

/// Whether a function with these tags was put into the gate's hands. Exactly `true`, as IAM's condition on the gate's role
/// compares it.
#[must_use]
pub fn is_managed(tags: &BTreeMap<String, String>) -> bool {
    tags.get(MANAGED_TAG).is_some_and(|value| value == "true")
}
