//! The parts of a stack, by their names in the template.

use std::collections::BTreeMap;

use crate::{
    domain::{Arn, CscArn, GateFunction, shell_word},
    ports::{DescribedStack, StackResource},
};

/// Every name in the template that a check asks for. A test holds the template against them.
pub const LOGICAL_IDS: [&str; 23] = [
    "Key",
    "UploadsBucket",
    "SignedBucket",
    "RecordsBucket",
    "TrailBucket",
    "SignFunction",
    "DeployFunction",
    "AlertFunction",
    "SweepFunction",
    "SignRole",
    "DeployRole",
    "AlertRole",
    "SweepRole",
    "SignQueue",
    "DeployQueue",
    "AlertQueue",
    "SweepQueue",
    "SignDeadLetters",
    "DeployDeadLetters",
    "AlertDeadLetters",
    "SweepDeadLetters",
    "Topic",
    "SweepLogs",
];

/// The bus of the stack, which one of its rules is on.
const BUS: &str = "Bus";
/// The rule that is on that bus.
const OUTCOME_RULE: &str = "OutcomeRule";

/// The command that shows what became of the parts of a stack when it was changed last.
pub(super) fn events_command(stack: &str) -> Option<String> {
    let stack = shell_word(stack)?;
    Some(format!(
        "aws cloudformation describe-stack-events --stack-name {stack} --max-items 20"
    ))
}

/// A stack with its resources.
#[derive(Debug)]
pub(super) struct Parts {
    pub(super) name: String,
    pub(super) partition: String,
    pub(super) region: String,
    pub(super) account: String,
    pub(super) parameters: BTreeMap<String, String>,
    pub(super) outputs: BTreeMap<String, String>,
    resources: BTreeMap<String, StackResource>,
}

impl Parts {
    /// `None` if the stack's id is no ARN.
    pub(super) fn new(
        name: &str,
        stack: &DescribedStack,
        resources: Vec<StackResource>,
    ) -> Option<Self> {
        let arn = Arn::parse(&stack.id)?;
        Some(Self {
            name: name.to_owned(),
            partition: arn.partition.to_owned(),
            region: arn.region.to_owned(),
            account: arn.account.to_owned(),
            parameters: stack.parameters.clone(),
            outputs: stack.outputs.clone(),
            resources: resources
                .into_iter()
                .map(|resource| (resource.logical_id.clone(), resource))
                .collect(),
        })
    }

    /// Whether Lambda reads what is deployed from the signed bucket.
    pub(super) fn deploys_by_reference(&self) -> bool {
        let storage = self.parameters.get("CodeStorage");
        storage.is_some_and(|storage| storage == "reference")
    }

    /// The name in AWS of a resource; `None` where the stack does not have it.
    pub(super) fn physical(&self, logical_id: &str) -> Option<&str> {
        self.resources.get(logical_id)?.physical_id.as_deref()
    }

    /// The resources of a type, by their names in the template, where they were made.
    pub(super) fn of_kind<'a>(
        &'a self,
        kind: &'a str,
    ) -> impl Iterator<Item = (&'a str, &'a str)> + 'a {
        self.resources
            .values()
            .filter(move |resource| resource.kind == kind)
            .filter_map(|resource| {
                Some((
                    resource.logical_id.as_str(),
                    resource.physical_id.as_deref()?,
                ))
            })
    }

    /// Bus and name of a rule. CloudFormation writes both, separated by a bar, for a rule on another bus than the default one.
    pub(super) fn rule<'a>(
        &'a self,
        logical_id: &str,
        physical: &'a str,
    ) -> (Option<&'a str>, &'a str) {
        match physical.split_once('|') {
            Some((bus, rule)) => (Some(bus), rule),
            None if logical_id == OUTCOME_RULE => (self.physical(BUS), physical),
            None => (None, physical),
        }
    }

    /// The ARN of something of this account and region.
    pub(super) fn arn(&self, service: &str, resource: &str) -> String {
        let Self {
            partition,
            region,
            account,
            ..
        } = self;
        format!("arn:{partition}:{service}:{region}:{account}:{resource}")
    }

    /// The ARN of a bucket of the stack.
    pub(super) fn bucket_arn(&self, logical_id: &str) -> Option<String> {
        let (partition, bucket) = (&self.partition, self.physical(logical_id)?);
        Some(format!("arn:{partition}:s3:::{bucket}"))
    }

    /// The ARN of a queue of the stack, whose name in AWS is its URL.
    pub(super) fn queue_arn(&self, logical_id: &str) -> Option<String> {
        let name = self.physical(logical_id)?.rsplit('/').next()?;
        Some(self.arn("sqs", name))
    }

    /// The ARN of the dead letters of a queue of the stack, by that queue's ARN.
    pub(super) fn dead_letters_of(&self, queue: &str) -> Option<String> {
        let mut functions = GateFunction::ALL.into_iter();
        let of = functions
            .find(|of| self.queue_arn(&Self::part(*of, "Queue")).as_deref() == Some(queue))?;
        self.queue_arn(&Self::part(of, "DeadLetters"))
    }

    /// The ARN of the stack's key.
    pub(super) fn key_arn(&self) -> Option<String> {
        Some(self.arn("kms", &format!("key/{}", self.physical("Key")?)))
    }

    /// The stack's code signing configuration.
    pub(super) fn csc(&self) -> Option<CscArn> {
        CscArn::try_from(self.outputs.get("CodeSigningConfig")?.clone()).ok()
    }

    /// The name in the template of a part of a function: `SignQueue`.
    pub(super) fn part(of: GateFunction, what: &str) -> String {
        let name = match of {
            GateFunction::Sign => "Sign",
            GateFunction::Deploy => "Deploy",
            GateFunction::Alert => "Alert",
            GateFunction::Sweep => "Sweep",
        };
        format!("{name}{what}")
    }

    /// The command that shows in what a resource differs from what the stack says, also that it is gone.
    pub(super) fn drift_command(&self, logical_id: &str) -> Option<String> {
        let (stack, part) = (shell_word(&self.name)?, shell_word(logical_id)?);
        Some(format!(
            "aws cloudformation detect-stack-resource-drift --stack-name {stack} --logical-resource-id {part}"
        ))
    }

    /// The command that shows what of a stack was made, and why what was not.
    pub(super) fn events_command(&self) -> Option<String> {
        events_command(&self.name)
    }

    /// The command that shows `Parameters` or `Outputs` of the stack.
    pub(super) fn show_command(&self, what: &str) -> Option<String> {
        let stack = shell_word(&self.name)?;
        Some(format!(
            "aws cloudformation describe-stacks --stack-name {stack} --query 'Stacks[0].{what}'"
        ))
    }

    /// All resources.
    pub(super) fn resources(&self) -> impl Iterator<Item = &StackResource> {
        self.resources.values()
    }
}
