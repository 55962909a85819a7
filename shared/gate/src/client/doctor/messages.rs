//! Queues, and the rules that send to them.

use super::{
    check::{StackCheck, plain},
    kinds::{DEAD_LETTERS, QUEUE, RULE},
    parts::Parts,
};
use crate::{
    domain::GateFunction,
    ports::{QueueSettings, StackInspection},
};

pub(super) async fn check<I: StackInspection>(inspection: &I, parts: &Parts) -> Vec<StackCheck> {
    let mut checks = Vec::new();
    for of in GateFunction::ALL {
        checks.push(queue(inspection, parts, of).await);
        checks.extend(dead_letters(inspection, parts, of).await);
    }
    for (logical_id, physical) in parts.of_kind("AWS::Events::Rule") {
        checks.push(rule(inspection, parts, logical_id, physical).await);
    }
    checks
}

/// The settings of a queue of the stack, or the check that says why there are none.
async fn settings<I: StackInspection>(
    inspection: &I,
    parts: &Parts,
    subject: &str,
) -> Result<QueueSettings, StackCheck> {
    let Some(url) = parts.physical(subject) else {
        let message = "the stack has no such resource";
        return Err(StackCheck::failure(
            &QUEUE,
            subject,
            message,
            "deploy the stack again",
            parts.events_command(),
        ));
    };
    match inspection.queue_settings(url).await {
        Err(error) => Err(StackCheck::no_answer(&QUEUE, subject, &error)),
        Ok(None) => {
            let message = "there is no such queue: it was deleted past CloudFormation";
            Err(StackCheck::failure(
                &QUEUE,
                subject,
                message,
                "deploy the stack again",
                parts.drift_command(subject),
            ))
        }
        Ok(Some(settings)) => Ok(settings),
    }
}

fn changed(parts: &Parts, subject: &str, faults: &[String]) -> StackCheck {
    StackCheck::failure(
        &QUEUE,
        subject,
        faults.join("; "),
        "deploy the stack again; find out in CloudTrail who changed it",
        parts.drift_command(subject),
    )
}

/// What is wrong with a queue, whichever it is.
fn faults(parts: &Parts, settings: &QueueSettings) -> Vec<String> {
    let mut faults = Vec::new();
    let key = parts.physical("Key").unwrap_or_default();
    let is_ours = |found: &str| found == key || found.ends_with(&format!(":key/{key}"));
    if !settings.key.as_deref().is_some_and(is_ours) {
        faults.push("it is not under the stack's key".to_owned());
    }
    if settings.policy.is_none() {
        faults.push("it has no policy".to_owned());
    }
    faults
}

async fn queue<I: StackInspection>(inspection: &I, parts: &Parts, of: GateFunction) -> StackCheck {
    let subject = Parts::part(of, "Queue");
    let settings = match settings(inspection, parts, &subject).await {
        Ok(settings) => settings,
        Err(check) => return check,
    };
    let mut faults = faults(parts, &settings);
    if settings.dead_letters != parts.queue_arn(&Parts::part(of, "DeadLetters")) {
        let found = settings.dead_letters.as_deref().unwrap_or("nowhere");
        faults.push(format!("what cannot be worked on goes to {found}"));
    }
    if faults.is_empty() {
        let message = format!("{} messages wait", settings.messages);
        return StackCheck::pass(&QUEUE, subject, message);
    }
    changed(parts, &subject, &faults)
}

async fn dead_letters<I: StackInspection>(
    inspection: &I,
    parts: &Parts,
    of: GateFunction,
) -> Vec<StackCheck> {
    let subject = Parts::part(of, "DeadLetters");
    let settings = match settings(inspection, parts, &subject).await {
        Ok(settings) => settings,
        Err(check) => return vec![check],
    };
    let faults = faults(parts, &settings);
    let itself = if faults.is_empty() {
        StackCheck::pass(&QUEUE, subject.as_str(), "it is there")
    } else {
        changed(parts, &subject, &faults)
    };
    let letters = match settings.messages {
        0 => StackCheck::pass(&DEAD_LETTERS, subject, "none"),
        count => StackCheck::warning(
            &DEAD_LETTERS,
            subject,
            format!("there are about {count}"),
            "see why each was given up, mend that, and put it back",
        )
        .with_command(
            plain(&parts.name)
                .map(|stack| format!("countersign redrive --stack {stack} --function {of}")),
        ),
    };
    vec![itself, letters]
}

async fn rule<I: StackInspection>(
    inspection: &I,
    parts: &Parts,
    logical_id: &str,
    physical: &str,
) -> StackCheck {
    let (bus, name) = parts.rule(logical_id, physical);
    let found = match inspection.rule_settings(bus, name).await {
        Ok(found) => found,
        Err(error) => return StackCheck::no_answer(&RULE, logical_id, &error),
    };
    let Some(settings) = found else {
        let message = "there is no such rule: it was deleted past CloudFormation";
        let drift = parts.drift_command(logical_id);
        return StackCheck::failure(&RULE, logical_id, message, "deploy the stack again", drift);
    };
    let command = |verb: &str| match (plain(name), bus.map(plain)) {
        (Some(name), None) => Some(format!("aws events {verb} {name}")),
        (Some(name), Some(Some(bus))) => {
            Some(format!("aws events {verb} {name} --event-bus-name {bus}"))
        }
        _ => None,
    };
    if !settings.is_enabled {
        return StackCheck::failure(
            &RULE,
            logical_id,
            "it is disabled: its events reach nobody",
            "enable it; find out in CloudTrail who disabled it",
            command("enable-rule --name"),
        );
    }
    let queues: Vec<String> = GateFunction::ALL
        .into_iter()
        .filter_map(|of| parts.queue_arn(&Parts::part(of, "Queue")))
        .collect();
    let ours = settings
        .targets
        .iter()
        .filter(|target| queues.contains(target));
    if ours.count() == 0 {
        return StackCheck::failure(
            &RULE,
            logical_id,
            "none of its targets is a queue of the stack",
            "deploy the stack again; find out in CloudTrail who changed it",
            command("list-targets-by-rule --rule"),
        );
    }
    StackCheck::pass(
        &RULE,
        logical_id,
        format!("enabled, {} targets", settings.targets.len()),
    )
}
