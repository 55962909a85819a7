//! Whether somebody hears of it: subscriptions, alarms, and the trail that tells of calls past the gate.

use super::{
    check::StackCheck,
    kinds::{ALARM_STATE, ALARMS, SUBSCRIPTION_FILTERS, SUBSCRIPTIONS, TRAIL},
    parts::Parts,
};
use crate::{
    domain::shell_word,
    ports::{StackInspection, Subscription, TrailLogging},
};

pub(super) async fn check<I: StackInspection>(inspection: &I, parts: &Parts) -> Vec<StackCheck> {
    let mut checks = subscriptions(inspection, parts).await;
    checks.extend(alarms(inspection, parts).await);
    checks.push(trail(inspection, parts).await);
    checks
}

async fn subscriptions<I: StackInspection>(inspection: &I, parts: &Parts) -> Vec<StackCheck> {
    let subject = "Topic";
    let Some(topic) = parts.physical(subject) else {
        let message = "the stack has no such resource";
        let fix = "deploy the stack again";
        let events = parts.events_command();
        return vec![StackCheck::failure(
            &SUBSCRIPTIONS,
            subject,
            message,
            fix,
            events,
        )];
    };
    let found = match inspection.subscriptions(topic).await {
        Ok(Some(found)) => found,
        Ok(None) => {
            let message = "there is no such topic: it was deleted past CloudFormation";
            let fix = "deploy the stack again";
            let drift = parts.drift_command(subject);
            return vec![StackCheck::failure(
                &SUBSCRIPTIONS,
                subject,
                message,
                fix,
                drift,
            )];
        }
        Err(error) => return vec![StackCheck::no_answer(&SUBSCRIPTIONS, subject, &error)],
    };
    let mut checks = vec![who_is_subscribed(topic, &found)];
    for subscription in &found {
        if let Some(arn) = &subscription.arn {
            checks.push(filter(inspection, subscription, arn).await);
        }
    }
    checks
}

/// How much of a filter policy is shown, in characters; SNS takes 256 KiB.
const MAX_FILTER_CHARS: usize = 300;

/// What a subscription lets through. A filter may be wanted, as docs/pages.md shows; whoever set it for another reason made
/// paging deaf without turning anything off.
async fn filter<I: StackInspection>(
    inspection: &I,
    subscription: &Subscription,
    arn: &str,
) -> StackCheck {
    // `arn:aws:sns:<region>:<account>:<topic>:<id>`
    let id = arn.rsplit(':').next().unwrap_or(arn);
    let subject = format!("{} {id}", subscription.protocol);
    let policy = match inspection.subscription_filter(arn).await {
        Ok(policy) => policy,
        Err(error) => return StackCheck::no_answer(&SUBSCRIPTION_FILTERS, subject, &error),
    };
    let Some(policy) = policy else {
        return StackCheck::pass(&SUBSCRIPTION_FILTERS, subject, "gets every page");
    };
    let mut shown: String = policy.chars().take(MAX_FILTER_CHARS).collect();
    if shown.len() < policy.len() {
        shown.push('…');
    }
    let command = shell_word(arn).map(|arn| {
        format!(
            "aws sns set-subscription-attributes --subscription-arn {arn} --attribute-name FilterPolicy \
             --attribute-value '{{}}'"
        )
    });
    StackCheck::warning(
        &SUBSCRIPTION_FILTERS,
        subject,
        format!("gets only the pages that this filter lets through: {shown}"),
        "if nobody of yours set it so, take it off, and find out in CloudTrail who did (Subscribe, \
         SetSubscriptionAttributes)",
    )
    .with_command(command)
}

fn who_is_subscribed(topic: &str, found: &[Subscription]) -> StackCheck {
    let subject = "Topic";
    let subscribe = shell_word(topic).map(|topic| {
        format!("aws sns subscribe --topic-arn {topic} --protocol email --notification-endpoint you@example.com")
    });
    let (confirmed, pending): (Vec<_>, Vec<_>) = found.iter().partition(|it| it.is_confirmed());
    let protocols = |of: &[&Subscription]| {
        let protocols: Vec<&str> = of.iter().map(|it| it.protocol.as_str()).collect();
        protocols.join(", ")
    };
    match (confirmed.is_empty(), pending.is_empty()) {
        (false, true) => StackCheck::pass(&SUBSCRIPTIONS, subject, protocols(&confirmed)),
        (false, false) => StackCheck::warning(
            &SUBSCRIPTIONS,
            subject,
            format!("{} not confirmed: {}", pending.len(), protocols(&pending)),
            "confirm it by the message that SNS sent there, or subscribe again",
        ),
        (true, false) => StackCheck::failure(
            &SUBSCRIPTIONS,
            subject,
            format!(
                "nobody gets a page: {} not confirmed ({})",
                pending.len(),
                protocols(&pending)
            ),
            "confirm it by the message that SNS sent there, or subscribe again",
            subscribe,
        ),
        (true, true) => StackCheck::failure(
            &SUBSCRIPTIONS,
            subject,
            "nobody gets a page: nobody is subscribed",
            "subscribe somebody",
            subscribe,
        ),
    }
}

async fn alarms<I: StackInspection>(inspection: &I, parts: &Parts) -> Vec<StackCheck> {
    let wanted: Vec<(&str, &str)> = parts.of_kind("AWS::CloudWatch::Alarm").collect();
    let names: Vec<String> = wanted.iter().map(|(_, name)| (*name).to_owned()).collect();
    let found = match inspection.alarms(&names).await {
        Ok(found) => found,
        Err(error) => return vec![StackCheck::no_answer(&ALARMS, "alarms", &error)],
    };
    let topic = parts.physical("Topic").unwrap_or_default();
    let (mut silent, mut on) = (Vec::new(), Vec::new());
    // Of the first that is silent.
    let mut command = None;
    let about = |verb: &str, name: &str| {
        let name = shell_word(name)?;
        Some(format!("aws cloudwatch {verb} --alarm-names {name}"))
    };
    for (logical_id, name) in &wanted {
        let Some(alarm) = found.iter().find(|alarm| alarm.name == *name) else {
            silent.push(format!("{logical_id} is not there"));
            command = command.or_else(|| parts.drift_command(logical_id));
            continue;
        };
        if !alarm.has_actions_enabled {
            silent.push(format!("{logical_id} has its actions disabled"));
            command = command.or_else(|| about("enable-alarm-actions", name));
        } else if !alarm.actions.iter().any(|action| action == topic) {
            silent.push(format!("{logical_id} does not page"));
            command = command.or_else(|| about("describe-alarms", name));
        }
        if alarm.state == "ALARM" {
            on.push(*logical_id);
        }
    }
    let itself = if wanted.is_empty() {
        StackCheck::failure(
            &ALARMS,
            "alarms",
            "the stack has none",
            "deploy the stack again",
            parts.events_command(),
        )
    } else if silent.is_empty() {
        StackCheck::pass(&ALARMS, "alarms", format!("{} alarms", wanted.len()))
    } else {
        StackCheck::failure(
            &ALARMS,
            "alarms",
            silent.join("; "),
            "enable their actions, or deploy the stack again; find out in CloudTrail who changed them",
            command,
        )
    };
    let state = if on.is_empty() {
        StackCheck::pass(&ALARM_STATE, "alarms", "none is on")
    } else {
        StackCheck::warning(
            &ALARM_STATE,
            "alarms",
            format!("on: {}", on.join(", ")),
            "see docs/operating.md for what it says",
        )
        .with_command(Some(
            "aws cloudwatch describe-alarms --state-value ALARM".to_owned(),
        ))
    };
    vec![itself, state]
}

async fn trail<I: StackInspection>(inspection: &I, parts: &Parts) -> StackCheck {
    let trails = match inspection.trails().await {
        Ok(trails) => trails,
        Err(error) => return StackCheck::no_answer(&TRAIL, "trail", &error),
    };
    let (mut faults, mut unknown) = (Vec::new(), Vec::new());
    // Starts the stack's own trail, or else shows what the first of the others logs.
    let own = parts.physical("Trail");
    let mut command = None;
    for trail in trails.iter().filter(|trail| trail.is_of_this_region) {
        match &trail.logging {
            Ok(logging) => match fault(logging) {
                None => return StackCheck::pass(&TRAIL, "trail", trail.name.as_str()),
                Some(fault) => {
                    faults.push(format!("{} {fault}", trail.name));
                    if command.is_none() || own == Some(trail.name.as_str()) {
                        command = repair(&trail.name, logging);
                    }
                }
            },
            Err(error) => unknown.push(format!("{}: {error}", trail.name)),
        }
    }
    if !unknown.is_empty() {
        let fix = "let yourself call cloudtrail:GetTrailStatus and cloudtrail:GetEventSelectors on it; of an \
                   organisation's trail, the account that owns it has to be asked";
        return StackCheck::not_told(&TRAIL, "trail", unknown.join("; "), fix);
    }
    let found = if faults.is_empty() {
        "there is none".to_owned()
    } else {
        faults.join("; ")
    };
    StackCheck::failure(
        &TRAIL,
        "trail",
        format!("no trail logs the management events of this region: {found}"),
        "start the trail again, or update the stack with CreateTrail=true",
        command.or_else(|| Some("aws cloudtrail describe-trails".to_owned())),
    )
}

/// The command that starts a trail again, or shows what it logs.
fn repair(trail: &str, logging: &TrailLogging) -> Option<String> {
    let name = shell_word(trail)?;
    Some(if logging.is_logging {
        format!("aws cloudtrail get-event-selectors --trail-name {name}")
    } else {
        format!("aws cloudtrail start-logging --name {name}")
    })
}

fn fault(logging: &TrailLogging) -> Option<&'static str> {
    if !logging.is_logging {
        Some("is stopped")
    } else if !logging.logs_writes {
        Some("logs no management events that write")
    } else {
        None
    }
}
