//! The tags by which whoever configures a function steers the gate.
//!
//! Tags and not metadata of the upload: what they choose is part of the function's configuration, so that it is for
//! whoever may configure it to say, and not for everybody who may upload. And the metadata of an older version comes back
//! with a rollback.

/// The tag of a function that names the alias to move.
pub const ALIAS_TAG: &str = "countersign:alias";

/// The tag of a function that says how many people have to approve an upload.
pub const APPROVALS_TAG: &str = "countersign:approvals";

/// The tag of a function that says which processor its packages are for.
pub const ARCHITECTURE_TAG: &str = "countersign:architecture";

/// The tag of a function that names the profile to sign it with.
pub const PROFILE_TAG: &str = "countersign:profile";

/// All of them.
pub const TARGET_TAGS: [&str; 4] = [ALIAS_TAG, APPROVALS_TAG, ARCHITECTURE_TAG, PROFILE_TAG];
