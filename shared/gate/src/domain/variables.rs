//! The environment variables of a stack's functions that somebody else reads: `doctor` and whoever asks which stack a
//! function belongs to. The settings of the functions spell them from here.

/// The name of the stack.
pub const STACK: &str = "COUNTERSIGN_STACK";
/// The patterns of the functions that the stack may deploy to.
pub const TARGET_FUNCTIONS: &str = "COUNTERSIGN_TARGET_FUNCTIONS";
/// Whether functions have to be tagged for the gate.
pub const REQUIRE_MANAGED_TAG: &str = "COUNTERSIGN_REQUIRE_MANAGED_TAG";
/// The bucket that packages are dropped into.
pub const UPLOADS_BUCKET: &str = "COUNTERSIGN_UPLOADS_BUCKET";
/// The bucket that Signer writes to.
pub const SIGNED_BUCKET: &str = "COUNTERSIGN_SIGNED_BUCKET";
/// The bucket of the records.
pub const RECORDS_BUCKET: &str = "COUNTERSIGN_RECORDS_BUCKET";
/// The URL of the function's dead-letter queue.
pub const DEAD_LETTER_QUEUE: &str = "COUNTERSIGN_DEAD_LETTER_QUEUE";
/// The ARN of the topic that pages go to.
pub const TOPIC_ARN: &str = "COUNTERSIGN_TOPIC_ARN";
/// The URL of the queue of `sign`.
pub const SIGN_QUEUE: &str = "COUNTERSIGN_SIGN_QUEUE";
/// The URL of the queue of `deploy`.
pub const DEPLOY_QUEUE: &str = "COUNTERSIGN_DEPLOY_QUEUE";
