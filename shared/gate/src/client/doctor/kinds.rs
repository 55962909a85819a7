//! All checks, in the order in which they are told.

use super::check::CheckKind;

pub(super) const STACK: CheckKind = CheckKind {
    id: "stack",
    category: "the stack",
    statement: "the stack is there, and its last change ended well",
    basis: "cloudformation:DescribeStacks",
    docs: "docs/deploying.md#deploy",
};
pub(super) const REGION: CheckKind = CheckKind {
    id: "stack-region",
    category: "the stack",
    statement: "the stack's region has AWS Signer and code signing for Lambda",
    basis: "the list in template.yaml",
    docs: "docs/deploying.md#deploy",
};
pub(super) const OUTPUTS: CheckKind = CheckKind {
    id: "stack-outputs",
    category: "the stack",
    statement: "the stack has the outputs that people and commands use",
    basis: "cloudformation:DescribeStacks",
    docs: "docs/deploying.md#deploy",
};
pub(super) const RESOURCES: CheckKind = CheckKind {
    id: "stack-resources",
    category: "the stack",
    statement: "each resource of the stack is there",
    basis: "cloudformation:ListStackResources",
    docs: "docs/deploying.md#deploy",
};
pub(super) const PROFILE: CheckKind = CheckKind {
    id: "signing-profile",
    category: "the stack",
    statement: "the signing profile signs",
    basis: "signer:GetSigningProfile",
    docs: "docs/operating.md#keys-and-certificates",
};
pub(super) const CONFIGURATION: CheckKind = CheckKind {
    id: "code-signing-config",
    category: "the stack",
    statement: "the stack's code signing configuration enforces, and lists the signing profile",
    basis: "lambda:GetCodeSigningConfig",
    docs: "docs/deploying.md#bring-a-function-under-the-gate",
};
pub(super) const FUNCTION: CheckKind = CheckKind {
    id: "function",
    category: "functions of the gate",
    statement: "the function is active, and its environment names the parts of this stack",
    basis: "lambda:GetFunctionConfiguration",
    docs: "docs/operating.md#where-things-are",
};
pub(super) const CONCURRENCY: CheckKind = CheckKind {
    id: "function-concurrency",
    category: "functions of the gate",
    statement: "the function may run: it is not held at a concurrency of 0",
    basis: "lambda:GetFunctionConcurrency",
    docs: "docs/operating.md#limits-worth-knowing",
};
pub(super) const MAPPING: CheckKind = CheckKind {
    id: "function-queue",
    category: "functions of the gate",
    statement: "the function is fed from its queue, with all that is there, and puts back single messages",
    basis: "lambda:ListEventSourceMappings",
    docs: "docs/operating.md#where-things-are",
};
pub(super) const ROLE: CheckKind = CheckKind {
    id: "function-role",
    category: "functions of the gate",
    statement: "the function has the role of the stack",
    basis: "lambda:GetFunctionConfiguration",
    docs: "docs/deploying.md#who-may-deploy-what",
};
pub(super) const RIGHTS: CheckKind = CheckKind {
    id: "role-rights",
    category: "functions of the gate",
    statement: "the role may do what its function does, as IAM simulates it (without the policies of resources)",
    basis: "iam:SimulatePrincipalPolicy",
    docs: "docs/deploying.md#who-may-deploy-what",
};
pub(super) const KEY: CheckKind = CheckKind {
    id: "key",
    category: "storage",
    statement: "the key is enabled, and rotates",
    basis: "kms:DescribeKey, kms:GetKeyRotationStatus",
    docs: "docs/operating.md#keys-and-certificates",
};
pub(super) const SUMMARY_KEY: CheckKind = CheckKind {
    id: "summary-key",
    category: "storage",
    statement: "where the stack signs summaries: their key is enabled, and signs with ECDSA P-384",
    basis: "kms:DescribeKey",
    docs: "docs/summary.md#turn-it-on",
};
pub(super) const VERSIONING: CheckKind = CheckKind {
    id: "bucket-versioning",
    category: "storage",
    statement: "the bucket keeps versions",
    basis: "s3:GetBucketVersioning",
    docs: "docs/operating.md#where-things-are",
};
pub(super) const PUBLIC: CheckKind = CheckKind {
    id: "bucket-public-access",
    category: "storage",
    statement: "the bucket blocks public access",
    basis: "s3:GetBucketPublicAccessBlock",
    docs: "docs/operating.md#where-things-are",
};
pub(super) const ENCRYPTION: CheckKind = CheckKind {
    id: "bucket-encryption",
    category: "storage",
    statement: "the bucket encrypts under the stack's key",
    basis: "s3:GetEncryptionConfiguration",
    docs: "docs/operating.md#keys-and-certificates",
};
pub(super) const BUCKET_POLICY: CheckKind = CheckKind {
    id: "bucket-policy",
    category: "storage",
    statement: "the bucket's policy has the statements of the stack",
    basis: "s3:GetBucketPolicy",
    docs: "docs/operating.md#where-things-are",
};
pub(super) const NOTIFICATION: CheckKind = CheckKind {
    id: "uploads-notification",
    category: "storage",
    statement: "the uploads bucket tells the queue of sign of new objects",
    basis: "s3:GetBucketNotification",
    docs: "docs/operating.md#events-that-were-not-delivered",
};
pub(super) const QUEUE: CheckKind = CheckKind {
    id: "queue",
    category: "queues and rules",
    statement: "the queue is there, under the stack's key, and what cannot be worked on goes to its dead letters",
    basis: "sqs:GetQueueAttributes",
    docs: "docs/operating.md#dead-letters",
};
pub(super) const DEAD_LETTERS: CheckKind = CheckKind {
    id: "dead-letters",
    category: "queues and rules",
    statement: "there are no dead letters",
    basis: "sqs:GetQueueAttributes",
    docs: "docs/operating.md#dead-letters",
};
pub(super) const RULE: CheckKind = CheckKind {
    id: "rule",
    category: "queues and rules",
    statement: "the rule is enabled, and hands to the queues of the stack what the stack's template says",
    basis: "events:DescribeRule, events:ListTargetsByRule",
    docs: "docs/operating.md#events-that-were-not-delivered",
};
pub(super) const SUBSCRIPTIONS: CheckKind = CheckKind {
    id: "subscriptions",
    category: "pages",
    statement: "somebody is subscribed to the topic, and has confirmed it",
    basis: "sns:ListSubscriptionsByTopic",
    docs: "docs/pages.md#what-subscribers-get",
};
pub(super) const SUBSCRIPTION_FILTERS: CheckKind = CheckKind {
    id: "subscription-filters",
    category: "pages",
    statement: "the subscription gets every page: it has no filter policy",
    basis: "sns:ListSubscriptionsByTopic, sns:GetSubscriptionAttributes",
    docs: "docs/pages.md#what-subscribers-get",
};
pub(super) const ALARMS: CheckKind = CheckKind {
    id: "alarms",
    category: "pages",
    statement: "the alarms are there, and page",
    basis: "cloudwatch:DescribeAlarms",
    docs: "docs/operating.md#metrics",
};
pub(super) const ALARM_STATE: CheckKind = CheckKind {
    id: "alarm-state",
    category: "pages",
    statement: "no alarm is on",
    basis: "cloudwatch:DescribeAlarms",
    docs: "docs/operating.md#metrics",
};
pub(super) const TRAIL: CheckKind = CheckKind {
    id: "trail",
    category: "pages",
    statement: "a trail logs the management events of this region: without one, no call past the gate is paged when it is made",
    basis: "cloudtrail:DescribeTrails, cloudtrail:GetTrailStatus, cloudtrail:GetEventSelectors",
    docs: "docs/deploying.md#deploy",
};
pub(super) const SWEEP: CheckKind = CheckKind {
    id: "sweep",
    category: "targets",
    statement: "a sweep came to its end in the last two hours",
    basis: "s3:GetObject on posture.json",
    docs: "docs/operating.md#what-sweep-finds",
};
pub(super) const AUDIT: CheckKind = CheckKind {
    id: "target-standing",
    category: "targets",
    statement: "the last sweep found nothing about functions, layers and configurations that is more than a note",
    basis: "s3:GetObject on posture.json and drift/",
    docs: "docs/operating.md#what-sweep-finds",
};
pub(super) const DEPLOYABLE: CheckKind = CheckKind {
    id: "target-deployable",
    category: "targets",
    statement: "the gate could deploy to the target: it is within TargetFunctions, tagged where RequireManagedTag asks for it, a zip, not referenced from a bucket (unless the stack deploys so), and its last update ended well",
    basis: "lambda:GetFunction",
    docs: "docs/deploying.md#bring-a-function-under-the-gate",
};
pub(super) const ALIAS: CheckKind = CheckKind {
    id: "target-alias",
    category: "targets",
    statement: "the alias that a target's tag names is there",
    basis: "lambda:GetFunction, lambda:GetAlias",
    docs: "docs/deploying.md#bring-a-function-under-the-gate",
};
pub(super) const TAGGED_PROFILE: CheckKind = CheckKind {
    id: "target-profile",
    category: "targets",
    statement: "the gate may sign with the profile that a target's tag names, it signs, and the target's code signing configuration lists it",
    basis: "lambda:GetFunction, signer:GetSigningProfile, lambda:GetFunctionCodeSigningConfig, lambda:GetCodeSigningConfig",
    docs: "docs/deploying.md#bring-a-function-under-the-gate",
};
pub(super) const ARCHITECTURE: CheckKind = CheckKind {
    id: "target-architecture",
    category: "targets",
    statement: "the processor that a target's tag names is one that Lambda has",
    basis: "lambda:GetFunction",
    docs: "docs/deploying.md#bring-a-function-under-the-gate",
};

/// All of them.
pub static KINDS: [&CheckKind; 32] = [
    &STACK,
    &REGION,
    &OUTPUTS,
    &RESOURCES,
    &PROFILE,
    &CONFIGURATION,
    &FUNCTION,
    &CONCURRENCY,
    &MAPPING,
    &ROLE,
    &RIGHTS,
    &KEY,
    &SUMMARY_KEY,
    &VERSIONING,
    &PUBLIC,
    &ENCRYPTION,
    &BUCKET_POLICY,
    &NOTIFICATION,
    &QUEUE,
    &DEAD_LETTERS,
    &RULE,
    &SUBSCRIPTIONS,
    &SUBSCRIPTION_FILTERS,
    &ALARMS,
    &ALARM_STATE,
    &TRAIL,
    &SWEEP,
    &AUDIT,
    &DEPLOYABLE,
    &ALIAS,
    &TAGGED_PROFILE,
    &ARCHITECTURE,
];
