//! A whole stack, looked at from outside: for `countersign doctor`. Nothing here changes anything.

use std::{collections::BTreeMap, future::Future};

use super::error::PortError;

/// `DescribeStacks`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DescribedStack {
    /// `StackId`, an ARN: it tells partition, region and account.
    pub id: String,
    /// `StackStatus`.
    pub status: String,
    /// `StackStatusReason`.
    pub status_reason: Option<String>,
    /// The parameters, those with `NoEcho` as stars.
    pub parameters: BTreeMap<String, String>,
    /// The outputs.
    pub outputs: BTreeMap<String, String>,
}

/// One of `ListStackResources`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StackResource {
    /// Its name in the template.
    pub logical_id: String,
    /// Its name in AWS; `None` where it was not made.
    pub physical_id: Option<String>,
    /// Such as `AWS::SQS::Queue`.
    pub kind: String,
    /// `ResourceStatus`.
    pub status: String,
    /// `ResourceStatusReason`.
    pub status_reason: Option<String>,
}

/// `GetFunctionConfiguration`, as far as it matters for a function of the gate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GateFunctionSettings {
    /// The ARN of its role.
    pub role_arn: String,
    /// `State`; `None` where Lambda does not say.
    pub state: Option<String>,
    /// `LastUpdateStatus`.
    pub last_update: Option<String>,
    /// Its environment.
    pub variables: BTreeMap<String, String>,
}

/// One of `ListEventSourceMappings`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueMapping {
    /// Its id.
    pub uuid: String,
    /// What it reads.
    pub source_arn: String,
    /// `State`, such as `Enabled`.
    pub state: String,
    /// Whether it puts back single messages of a batch (`ReportBatchItemFailures`).
    pub reports_failures: bool,
    /// What of its messages reaches the function.
    pub filter: MappingFilter,
}

/// `FilterCriteria`: SQS drops what fits none of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MappingFilter {
    /// All messages.
    Everything,
    /// Those that fit one of these patterns.
    Patterns(Vec<String>),
    /// Those that fit criteria under a customer's key, which a listing does not show (service model, grade A).
    Encrypted,
}

/// What IAM says of one action in a simulation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SimulatedAction {
    /// The action.
    pub action: String,
    /// Whether it would be allowed.
    pub is_allowed: bool,
}

/// `DescribeKey` and, of a key that encrypts, `GetKeyRotationStatus`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeySettings {
    /// `KeyUsage`, such as `ENCRYPT_DECRYPT`; `None` where the answer does not say it.
    pub usage: Option<String>,
    /// `KeySpec`, such as `SYMMETRIC_DEFAULT`; `None` where the answer does not say it.
    pub spec: Option<String>,
    /// `KeyState`.
    pub state: String,
    /// Whether it is rotated; `None` for keys that cannot be, such as imported ones.
    pub rotates: Option<bool>,
}

/// A bucket's settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BucketSettings {
    /// `GetBucketVersioning`: `Status` is `Enabled`.
    pub is_versioned: bool,
    /// `GetPublicAccessBlock`: all four are on.
    pub blocks_public_access: bool,
    /// `GetBucketEncryption`: the key of the default rule, where it is KMS.
    pub key: Option<String>,
    /// `GetBucketPolicy`: the document; `None` when there is none.
    pub policy: Option<String>,
    /// `GetBucketNotificationConfiguration`: the queues that are told of new objects, without a filter.
    pub told_of_objects: Vec<String>,
}

/// `GetQueueAttributes`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueSettings {
    /// `QueueArn`.
    pub arn: String,
    /// `deadLetterTargetArn` of `RedrivePolicy`.
    pub dead_letters: Option<String>,
    /// `KmsMasterKeyId`.
    pub key: Option<String>,
    /// `Policy`.
    pub policy: Option<String>,
    /// `ApproximateNumberOfMessages`.
    pub messages: u64,
}

/// `DescribeRule` and `ListTargetsByRule`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleSettings {
    /// `State` is `ENABLED`, or one of its kind.
    pub is_enabled: bool,
    /// The targets.
    pub targets: Vec<RuleTarget>,
}

/// One of `ListTargetsByRule`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleTarget {
    /// Its id within the rule.
    pub id: String,
    /// The ARN of what it is.
    pub arn: String,
    /// What it gets.
    pub input: TargetInput,
}

/// What a rule hands to a target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TargetInput {
    /// The event as it is.
    Event,
    /// Always this text (`Input`).
    Constant(String),
    /// A part of the event (`InputPath`).
    Part(String),
    /// What a template makes of it (`InputTransformer`).
    Transformed(String),
}

/// One of `ListSubscriptionsByTopic`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    /// Such as `email`.
    pub protocol: String,
    /// Its ARN; `None` until whoever it reaches has said yes.
    pub arn: Option<String>,
}

impl Subscription {
    /// Whether whoever it reaches has said yes.
    #[must_use]
    pub fn is_confirmed(&self) -> bool {
        self.arn.is_some()
    }
}

/// One of `DescribeAlarms`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlarmSettings {
    /// `AlarmName`.
    pub name: String,
    /// `ActionsEnabled`.
    pub has_actions_enabled: bool,
    /// `AlarmActions`.
    pub actions: Vec<String>,
    /// `StateValue`, such as `ALARM`.
    pub state: String,
}

/// One of `DescribeTrails`, with its status and selectors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrailSettings {
    /// `Name`.
    pub name: String,
    /// Whether it is of this region, or of all.
    pub is_of_this_region: bool,
    /// `GetTrailStatus` and `GetEventSelectors`; the error where it could not be asked.
    pub logging: Result<TrailLogging, String>,
}

/// What a trail logs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrailLogging {
    /// `IsLogging`.
    pub is_logging: bool,
    /// Whether its selectors ask for management events that write.
    pub logs_writes: bool,
    /// `LatestDeliveryError`.
    pub delivery_error: Option<String>,
}

/// Looks at the parts of a stack.
pub trait StackInspection: Sync {
    /// `cloudformation:DescribeStacks`; `None` when there is no such stack.
    fn described_stack(
        &self,
        name: &str,
    ) -> impl Future<Output = Result<Option<DescribedStack>, PortError>> + Send;

    /// `cloudformation:ListStackResources`.
    fn stack_resources(
        &self,
        name: &str,
    ) -> impl Future<Output = Result<Vec<StackResource>, PortError>> + Send;

    /// `lambda:GetFunctionConfiguration`; `None` when there is no such function.
    fn gate_function(
        &self,
        name: &str,
    ) -> impl Future<Output = Result<Option<GateFunctionSettings>, PortError>> + Send;

    /// `lambda:GetFunctionConcurrency`: `ReservedConcurrentExecutions`.
    fn reserved_concurrency(
        &self,
        name: &str,
    ) -> impl Future<Output = Result<Option<i32>, PortError>> + Send;

    /// `lambda:ListEventSourceMappings`.
    fn queue_mappings(
        &self,
        function: &str,
    ) -> impl Future<Output = Result<Vec<QueueMapping>, PortError>> + Send;

    /// `iam:SimulatePrincipalPolicy` of a role, on one resource. Policies of resources are no part of it.
    fn simulate(
        &self,
        role_arn: &str,
        actions: &[&str],
        resource: &str,
    ) -> impl Future<Output = Result<Vec<SimulatedAction>, PortError>> + Send;

    /// `kms:DescribeKey`, `kms:GetKeyRotationStatus`; `None` when there is no such key.
    fn key_settings(
        &self,
        key: &str,
    ) -> impl Future<Output = Result<Option<KeySettings>, PortError>> + Send;

    /// A bucket's settings; `None` when there is no such bucket.
    fn bucket_settings(
        &self,
        bucket: &str,
    ) -> impl Future<Output = Result<Option<BucketSettings>, PortError>> + Send;

    /// `sqs:GetQueueAttributes`; `None` when there is no such queue.
    fn queue_settings(
        &self,
        url: &str,
    ) -> impl Future<Output = Result<Option<QueueSettings>, PortError>> + Send;

    /// `events:DescribeRule`, `events:ListTargetsByRule`; `None` when there is no such rule. The default bus without `bus`.
    fn rule_settings(
        &self,
        bus: Option<&str>,
        rule: &str,
    ) -> impl Future<Output = Result<Option<RuleSettings>, PortError>> + Send;

    /// `sns:ListSubscriptionsByTopic`; `None` when there is no such topic.
    fn subscriptions(
        &self,
        topic: &str,
    ) -> impl Future<Output = Result<Option<Vec<Subscription>>, PortError>> + Send;

    /// `sns:GetSubscriptionAttributes`: `FilterPolicy`; `None` when it has none, or is not there any more.
    fn subscription_filter(
        &self,
        subscription: &str,
    ) -> impl Future<Output = Result<Option<String>, PortError>> + Send;

    /// `cloudwatch:DescribeAlarms`; those that are there.
    fn alarms(
        &self,
        names: &[String],
    ) -> impl Future<Output = Result<Vec<AlarmSettings>, PortError>> + Send;

    /// `cloudtrail:DescribeTrails`, and of each `GetTrailStatus` and `GetEventSelectors`.
    fn trails(&self) -> impl Future<Output = Result<Vec<TrailSettings>, PortError>> + Send;
}
