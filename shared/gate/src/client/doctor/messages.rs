//! Queues, and the rules that send to them.

use super::{
    check::StackCheck,
    kinds::{DEAD_LETTERS, QUEUE, RULE},
    parts::Parts,
};
use crate::{
    domain::{GateFunction, shell_word},
    ports::{QueueSettings, RuleSettings, RuleTarget, StackInspection, TargetInput},
};

/// What each rule of the template sends to which queue: the event, or always this text. A test holds the template against it.
pub const RULE_TARGETS: [(&str, GateFunction, Option<&str>); 8] = [
    ("JobRule", GateFunction::Deploy, None),
    (
        "UnfinishedRule",
        GateFunction::Sweep,
        Some(r#"{"run": "unfinished"}"#),
    ),
    (
        "UnfinishedRule",
        GateFunction::Alert,
        Some(r#"{"run": "repeats"}"#),
    ),
    (
        "EverythingRule",
        GateFunction::Sweep,
        Some(r#"{"run": "everything"}"#),
    ),
    ("TrailRule", GateFunction::Alert, None),
    ("GateRule", GateFunction::Alert, None),
    ("RecordsRule", GateFunction::Alert, None),
    ("OutcomeRule", GateFunction::Alert, None),
];

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
            shell_word(&parts.name)
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
    let command = |verb: &str| match (shell_word(name), bus.map(shell_word)) {
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
    let faults = target_faults(parts, logical_id, &settings);
    if !faults.is_empty() {
        return StackCheck::failure(
            &RULE,
            logical_id,
            faults.join("; "),
            "put it back by hand, because an update of the stack with the same template changes nothing; find out in \
             CloudTrail who changed it (PutTargets, RemoveTargets)",
            put_targets(parts, logical_id, (bus, name), &settings)
                .or_else(|| command("list-targets-by-rule --rule")),
        );
    }
    StackCheck::pass(
        &RULE,
        logical_id,
        format!("enabled, {} targets", settings.targets.len()),
    )
}

/// A queue that a rule of the template sends to, and what it gets in place of the event.
struct Wanted {
    queue: String,
    input: Option<&'static str>,
}

/// What the template's rule has for targets; nothing for a rule that this version does not know.
fn wanted(parts: &Parts, logical_id: &str) -> Vec<Wanted> {
    let of_rule = RULE_TARGETS.iter().filter(|(rule, ..)| *rule == logical_id);
    let targets = of_rule.filter_map(|(_, of, input)| {
        Some(Wanted {
            queue: parts.queue_arn(&Parts::part(*of, "Queue"))?,
            input: *input,
        })
    });
    targets.collect()
}

/// What is wrong with the targets of a rule: whoever has it hand over something else than the event makes paging deaf without
/// turning anything off.
fn target_faults(parts: &Parts, logical_id: &str, settings: &RuleSettings) -> Vec<String> {
    let wanted = wanted(parts, logical_id);
    if wanted.is_empty() {
        let queues: Vec<String> = GateFunction::ALL
            .into_iter()
            .filter_map(|of| parts.queue_arn(&Parts::part(of, "Queue")))
            .collect();
        let is_ours = |target: &RuleTarget| queues.contains(&target.arn);
        let has_ours = settings.targets.iter().any(is_ours);
        let fault = "none of its targets is a queue of the stack".to_owned();
        return if has_ours { Vec::new() } else { vec![fault] };
    }
    let mut faults = Vec::new();
    for Wanted { queue, input } in &wanted {
        let mut found = settings
            .targets
            .iter()
            .filter(|target| target.arn == *queue)
            .peekable();
        if found.peek().is_none() {
            faults.push(format!("{queue} is none of its targets"));
        }
        for target in found {
            if !is_input(&target.input, *input) {
                let wanted = input.unwrap_or("the event");
                faults.push(format!(
                    "{queue} gets {} and not {wanted}",
                    described(&target.input)
                ));
            }
        }
    }
    faults
}

/// Whether a target gets what the template says. JSON may be spaced otherwise.
fn is_input(found: &TargetInput, wanted: Option<&str>) -> bool {
    let json = |text: &str| serde_json::from_str::<serde_json::Value>(text).ok();
    match (found, wanted) {
        (TargetInput::Event, None) => true,
        // The whole event (service model, grade A).
        (TargetInput::Part(path), None) => path == "$",
        (TargetInput::Constant(text), Some(wanted)) => {
            let found = json(text);
            found.is_some() && found == json(wanted)
        }
        _ => false,
    }
}

fn described(input: &TargetInput) -> String {
    match input {
        TargetInput::Event => "the event".to_owned(),
        TargetInput::Constant(text) => format!("always {text}"),
        TargetInput::Part(path) => format!("only {path} of the event"),
        TargetInput::Transformed(template) => format!("what {template} makes of the event"),
    }
}

/// The command that makes the targets what the template says; none where a name is not one that a shell takes as it stands, or
/// the ids of the targets are not known any more.
fn put_targets(
    parts: &Parts,
    logical_id: &str,
    (bus, rule): (Option<&str>, &str),
    settings: &RuleSettings,
) -> Option<String> {
    let wanted = wanted(parts, logical_id);
    let mut targets = Vec::new();
    for target in &settings.targets {
        let Some(of) = wanted.iter().find(|of| of.queue == target.arn) else {
            continue;
        };
        let letters = parts.dead_letters_of(&of.queue)?;
        let mut put = serde_json::json!({
            "Id": shell_word(&target.id)?, "Arn": shell_word(&of.queue)?, "DeadLetterConfig": {"Arn": shell_word(&letters)?},
        });
        if let (Some(input), Some(put)) = (of.input, put.as_object_mut()) {
            put.insert("Input".to_owned(), input.into());
        }
        targets.push(put);
    }
    if targets.len() < wanted.len() || targets.is_empty() {
        return None;
    }
    let bus = match bus {
        Some(bus) => format!(" --event-bus-name {}", shell_word(bus)?),
        None => String::new(),
    };
    let targets = serde_json::Value::Array(targets);
    Some(format!(
        "aws events put-targets --rule {}{bus} --targets '{targets}'",
        shell_word(rule)?
    ))
}
