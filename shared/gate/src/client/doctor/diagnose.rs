//! Runs the checks one category after the other.

use jiff::Timestamp;
use serde::Serialize;

use super::{
    check::{StackCheck, StackCheckResult},
    functions,
    kinds::{RESOURCES, STACK},
    messages, paging,
    parts::Parts,
    stack, storage, targets,
    world::DoctorWorld,
};
use crate::{
    domain::NamePattern,
    ports::{Adoption, Functions, PortError, Records, Signer, StackInspection},
};

/// How many checks ended how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct DoctorSummary {
    /// As it should be.
    pub pass: usize,
    /// To be looked at.
    pub warning: usize,
    /// Not as it should be.
    pub failure: usize,
    /// No answer.
    pub could_not_tell: usize,
}

/// All that was found of a stack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Diagnosis {
    /// 1.
    pub schema: u8,
    /// The stack's name.
    pub stack: String,
    /// Where it is, or was looked for.
    pub region: Option<String>,
    /// When it was looked at.
    pub at: Timestamp,
    /// How many checks ended how.
    pub summary: DoctorSummary,
    /// The checks, in the order of [`super::KINDS`] within each part.
    pub checks: Vec<StackCheck>,
}

impl Diagnosis {
    fn new(stack: &str, region: Option<String>, at: Timestamp, checks: Vec<StackCheck>) -> Self {
        let mut summary = DoctorSummary::default();
        for check in &checks {
            let count = match check.result {
                StackCheckResult::Pass => &mut summary.pass,
                StackCheckResult::Warning => &mut summary.warning,
                StackCheckResult::Failure => &mut summary.failure,
                StackCheckResult::CouldNotTell => &mut summary.could_not_tell,
            };
            *count = count.saturating_add(1);
        }
        Self {
            schema: 1,
            stack: stack.to_owned(),
            region,
            at,
            summary,
            checks,
        }
    }
}

/// Where the parts of a stack are that a probe needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StackPlace {
    /// The region.
    pub region: String,
    /// The account.
    pub account: String,
    /// The uploads bucket.
    pub uploads_bucket: String,
    /// The signed bucket.
    pub signed_bucket: String,
    /// The records bucket.
    pub records_bucket: String,
    /// The parameter `TargetFunctions`.
    pub target_functions: Option<NamePattern>,
}

impl StackPlace {
    fn of(parts: &Parts) -> Option<Self> {
        let bucket = |logical_id: &str| parts.physical(logical_id).map(str::to_owned);
        let pattern = parts.parameters.get("TargetFunctions");
        Some(Self {
            region: parts.region.clone(),
            account: parts.account.clone(),
            uploads_bucket: bucket("UploadsBucket")?,
            signed_bucket: bucket("SignedBucket")?,
            records_bucket: bucket("RecordsBucket")?,
            target_functions: pattern.and_then(|it| NamePattern::parse(it.clone()).ok()),
        })
    }
}

/// Looks at the stack of this name; also answers where its parts are, if they could be found. `records` makes the way to the
/// records bucket, whose name the stack tells. When nobody answers the first question, there is no way to AWS, and
/// nothing to diagnose.
pub async fn diagnose<I, L, S, R>(
    world: &DoctorWorld<'_, I, L, S>,
    name: &str,
    records: impl FnOnce(&str) -> R,
) -> Result<(Diagnosis, Option<StackPlace>), PortError>
where
    I: StackInspection,
    L: Functions + Adoption,
    S: Signer,
    R: Records,
{
    let asked = (!world.region.is_empty()).then(|| world.region.to_owned());
    let unfound = |checks| Ok((Diagnosis::new(name, asked, world.now, checks), None));
    let described = match world.inspection.described_stack(name).await {
        Ok(Some(described)) => described,
        Ok(None) => return unfound(vec![stack::no_stack(name)]),
        Err(error @ PortError::Unavailable { .. }) => return Err(error),
        Err(error) => {
            return unfound(vec![StackCheck::no_answer(&STACK, name, &error)]);
        }
    };
    let mut checks = vec![stack::status(name, &described)];
    let resources = match world.inspection.stack_resources(name).await {
        Ok(resources) => resources,
        Err(error) => {
            checks.push(StackCheck::no_answer(&RESOURCES, name, &error));
            return unfound(checks);
        }
    };
    let Some(parts) = Parts::new(name, &described, resources) else {
        checks.push(stack::odd_id(name, &described));
        return unfound(checks);
    };
    checks.push(stack::region(&parts));
    checks.push(stack::outputs(&parts));
    checks.push(stack::resources(&parts));
    checks.extend(stack::trust(world, &parts).await);
    checks.extend(functions::check(world.inspection, &parts).await);
    checks.extend(storage::check(world.inspection, &parts).await);
    checks.extend(messages::check(world.inspection, &parts).await);
    checks.extend(paging::check(world.inspection, &parts).await);
    if let Some(bucket) = parts.physical("RecordsBucket") {
        let records = records(bucket);
        checks.extend(targets::check(world, &parts, &records).await);
    }
    let region = Some(parts.region.clone());
    let diagnosis = Diagnosis::new(name, region, world.now, checks);
    Ok((diagnosis, StackPlace::of(&parts)))
}
