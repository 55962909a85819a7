//! The targets: how the last sweep saw them, and what stands between the gate and them.

use std::collections::BTreeSet;

use super::{
    check::StackCheck,
    kinds::{AUDIT, DEPLOYABLE, SWEEP},
    parts::Parts,
    tags::{self, TaggedFunction},
    world::DoctorWorld,
};
use crate::{
    client::{
        adopt::{AdoptionGoal, Obstacle, check_function},
        audit::{Audit, AuditSeverity, SweepSnapshot, audit, read_swept},
    },
    domain::{FunctionName, NamePattern, Target, shell_word},
    ports::{Adoption, AdoptionCandidate, Functions, Records, Signer, error_chain},
    records::RecordError,
};

/// So many targets are looked at one by one: a call or two each.
const MAX_TARGETS: usize = 200;

pub(super) async fn check<I, L, S, R>(
    world: &DoctorWorld<'_, I, L, S>,
    parts: &Parts,
    records: &R,
) -> Vec<StackCheck>
where
    I: Sync,
    L: Functions + Adoption,
    S: Signer,
    R: Records,
{
    let swept = match read_swept(records).await {
        Ok(Some(swept)) => swept,
        Ok(None) => return vec![no_sweep()],
        Err(RecordError::Port(error)) => {
            return vec![StackCheck::no_answer(&SWEEP, "posture.json", &error)];
        }
        Err(error) => {
            let fix = "a newer gate may have written it: update this command";
            return vec![StackCheck::not_told(
                &SWEEP,
                "posture.json",
                error_chain(&error),
                fix,
            )];
        }
    };
    let audit = audit(&swept, &BTreeSet::new(), &[], world.now);
    let mut checks = vec![sweep(parts, &audit)];
    checks.extend(standing(parts, &audit));
    checks.extend(each(world, parts, &swept).await);
    checks
}

fn no_sweep() -> StackCheck {
    StackCheck::not_told(
        &SWEEP,
        "posture.json",
        "no sweep has come to its end yet",
        "wait an hour after the stack was created; if it was longer ago, see the log of the function sweep",
    )
}

fn sweep(parts: &Parts, audit: &Audit) -> StackCheck {
    let message = format!("the last ended at {}", audit.swept_at);
    if audit.is_old {
        let fix = "see the alarm SweepMissedAlarm and the log of the function sweep";
        let log = parts.physical("SweepLogs").and_then(shell_word);
        let log = log.map(|group| format!("aws logs tail {group} --since 3h"));
        return StackCheck::failure(&SWEEP, "posture.json", message, fix, log);
    }
    if audit.not_looked_at.is_empty() {
        return StackCheck::pass(&SWEEP, "posture.json", message);
    }
    StackCheck::warning(
        &SWEEP,
        "posture.json",
        format!(
            "{message}, and could not look at {} things",
            audit.not_looked_at.len()
        ),
        "see what and why",
    )
    .with_command(audit_command(parts))
}

/// The command that tells all that the last sweep saw.
fn audit_command(parts: &Parts) -> Option<String> {
    let bucket = shell_word(parts.physical("RecordsBucket")?)?;
    Some(format!("countersign audit --records-bucket {bucket}"))
}

/// The findings of the audit that are more than notes.
fn standing(parts: &Parts, audit: &Audit) -> Vec<StackCheck> {
    let gaps = audit
        .findings
        .iter()
        .filter(|it| it.severity > AuditSeverity::Note);
    let mut checks: Vec<StackCheck> = gaps
        .map(|finding| {
            let message = format!("{}: {}", finding.kind.as_str(), finding.message);
            let subject = finding.subject.as_str();
            let command = finding.command.clone().or_else(|| audit_command(parts));
            if finding.severity == AuditSeverity::Critical {
                StackCheck::failure(&AUDIT, subject, message, finding.fix, command)
            } else {
                StackCheck::warning(&AUDIT, subject, message, finding.fix).with_command(command)
            }
        })
        .collect();
    if checks.is_empty() {
        let message = format!(
            "{} functions, {} layers",
            audit.summary.functions, audit.summary.layers
        );
        checks.push(StackCheck::pass(&AUDIT, "targets", message));
    }
    checks
}

/// Each function that is a target, as Lambda knows it now.
async fn each<I, L, S>(
    world: &DoctorWorld<'_, I, L, S>,
    parts: &Parts,
    swept: &SweepSnapshot,
) -> Vec<StackCheck>
where
    I: Sync,
    L: Functions + Adoption,
    S: Signer,
{
    let functions: Vec<&FunctionName> = swept
        .posture
        .targets
        .iter()
        .filter_map(|of| match &of.target {
            Target::Function(name) => Some(name),
            Target::Layer(_) => None,
        })
        .collect();
    let scope = parts.parameters.get("TargetFunctions");
    let scope = scope.and_then(|pattern| NamePattern::parse(pattern.clone()).ok());
    let Some(csc) = parts.csc() else {
        return Vec::new();
    };
    let goal = AdoptionGoal {
        csc,
        first: None,
        enforces: false,
        scope,
        requires_managed_tag: parts
            .parameters
            .get("RequireManagedTag")
            .is_some_and(|value| value == "true"),
    };
    let mut checks = Vec::new();
    for name in functions.iter().take(MAX_TARGETS) {
        let subject = format!("functions/{name}");
        match world.lambda.candidate(name).await {
            Err(error) => checks.push(StackCheck::no_answer(&DEPLOYABLE, subject, &error)),
            // An upload of a function that is not there yet is prepared, and the sweep tells of one that is gone.
            Ok(None) => {}
            Ok(Some(candidate)) => {
                checks.push(deployable(&goal, parts, name, subject.clone(), &candidate));
                let of = TaggedFunction {
                    name,
                    subject: &subject,
                    function: &candidate.function,
                };
                checks.extend(tags::check(world, parts, &of).await);
            }
        }
    }
    let left = functions.len().saturating_sub(MAX_TARGETS);
    if left > 0 {
        let message = format!("{left} more functions were not looked at one by one");
        checks.push(StackCheck::not_told(
            &DEPLOYABLE,
            "targets",
            message,
            "countersign audit tells of all",
        ));
    }
    checks
}

fn deployable(
    goal: &AdoptionGoal,
    parts: &Parts,
    name: &FunctionName,
    subject: String,
    candidate: &AdoptionCandidate,
) -> StackCheck {
    match check_function(goal, name, candidate) {
        Ok(()) => StackCheck::pass(&DEPLOYABLE, subject, "nothing stands against it"),
        Err(Obstacle::Referenced) if parts.deploys_by_reference() => StackCheck::pass(
            &DEPLOYABLE,
            subject,
            "Lambda reads its package from a bucket, as this stack deploys",
        ),
        Err(obstacle @ Obstacle::Updating) => {
            StackCheck::warning(&DEPLOYABLE, subject, obstacle.to_string(), obstacle.fix())
        }
        Err(obstacle) => StackCheck::failure(
            &DEPLOYABLE,
            subject,
            obstacle.to_string(),
            obstacle.fix(),
            Some(format!("aws lambda get-function --function-name {name}")),
        ),
    }
}
