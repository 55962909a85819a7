//! The functions of the gate: what they are told, what feeds them, and what their roles may do.

use super::{
    check::StackCheck,
    kinds::{CONCURRENCY, FUNCTION, MAPPING, RIGHTS, ROLE},
    parts::Parts,
};
use crate::{
    domain::{GateFunction, shell_word, variables},
    ports::{GateFunctionSettings, MappingFilter, QueueMapping, StackInspection},
};

/// The variables that name parts of the stack, and whose value those have, for each function.
fn parts_in_variables(of: GateFunction) -> Vec<(&'static str, String)> {
    let uploads = (variables::UPLOADS_BUCKET, "UploadsBucket".to_owned());
    let signed = (variables::SIGNED_BUCKET, "SignedBucket".to_owned());
    let records = (variables::RECORDS_BUCKET, "RecordsBucket".to_owned());
    let dead_letters = (variables::DEAD_LETTER_QUEUE, Parts::part(of, "DeadLetters"));
    match of {
        GateFunction::Sign | GateFunction::Deploy => vec![uploads, signed, records, dead_letters],
        GateFunction::Alert => vec![
            records,
            dead_letters,
            (variables::TOPIC_ARN, "Topic".to_owned()),
        ],
        GateFunction::Sweep => vec![
            uploads,
            signed,
            records,
            dead_letters,
            (variables::SIGN_QUEUE, "SignQueue".to_owned()),
            (variables::DEPLOY_QUEUE, "DeployQueue".to_owned()),
        ],
    }
}

pub(super) async fn check<I: StackInspection>(inspection: &I, parts: &Parts) -> Vec<StackCheck> {
    let mut checks = Vec::new();
    for of in GateFunction::ALL {
        let subject = Parts::part(of, "Function");
        let Some(name) = parts.physical(&subject) else {
            let why = "the stack has no such resource";
            checks.push(missing(&subject, why, parts.events_command()));
            continue;
        };
        match inspection.gate_function(name).await {
            Err(error) => checks.push(StackCheck::no_answer(&FUNCTION, subject.as_str(), &error)),
            Ok(None) => {
                let why = "it was deleted past CloudFormation";
                checks.push(missing(&subject, why, parts.drift_command(&subject)));
                continue;
            }
            Ok(Some(settings)) => {
                checks.push(function(parts, of, &subject, name, &settings));
                checks.push(role(parts, of, &subject, name, &settings));
                checks.push(rights(inspection, parts, of, &settings.role_arn).await);
            }
        }
        checks.push(concurrency(inspection, &subject, name).await);
        checks.push(mapping(inspection, parts, of, &subject, name).await);
    }
    checks
}

fn missing(subject: &str, why: &str, command: Option<String>) -> StackCheck {
    StackCheck::failure(
        &FUNCTION,
        subject,
        format!("there is no such function: {why}"),
        "deploy the stack again",
        command,
    )
}

fn function(
    parts: &Parts,
    of: GateFunction,
    subject: &str,
    name: &str,
    settings: &GateFunctionSettings,
) -> StackCheck {
    let show = shell_word(name)
        .map(|name| format!("aws lambda get-function-configuration --function-name {name}"));
    let mut faults = Vec::new();
    if let Some(state) = settings.state.as_deref().filter(|state| *state != "Active") {
        faults.push(format!("its state is {state}"));
    }
    if let Some(update) = settings
        .last_update
        .as_deref()
        .filter(|update| *update != "Successful")
    {
        faults.push(format!("its last update is {update}"));
    }
    let mut expected = vec![(variables::STACK, parts.name.as_str())];
    let variables = parts_in_variables(of);
    for (variable, logical_id) in &variables {
        if let Some(value) = parts.physical(logical_id) {
            expected.push((variable, value));
        }
    }
    for (variable, value) in expected {
        match settings.variables.get(variable) {
            Some(found) if found == value => {}
            Some(found) => faults.push(format!("{variable} is {found:?}, not {value:?}")),
            None => faults.push(format!("{variable} is not set")),
        }
    }
    if faults.is_empty() {
        return StackCheck::pass(&FUNCTION, subject, format!("{name} is active"));
    }
    StackCheck::failure(
        &FUNCTION,
        subject,
        faults.join("; "),
        "somebody changed it past the stack: find out who in CloudTrail, and deploy the stack again",
        show,
    )
}

fn role(
    parts: &Parts,
    of: GateFunction,
    subject: &str,
    name: &str,
    settings: &GateFunctionSettings,
) -> StackCheck {
    let expected = parts.physical(&Parts::part(of, "Role"));
    let found = settings.role_arn.rsplit('/').next().unwrap_or_default();
    match expected {
        Some(expected) if expected == found => StackCheck::pass(&ROLE, subject, found),
        Some(expected) => {
            let command = shell_word(name).map(|name| {
                format!("aws cloudtrail lookup-events --lookup-attributes AttributeKey=ResourceName,AttributeValue={name}")
            });
            StackCheck::failure(
                &ROLE,
                subject,
                format!("it runs as {found}, not as {expected}"),
                "somebody changed it past the stack: find out who in CloudTrail, and deploy the stack again",
                command,
            )
        }
        None => StackCheck::not_told(
            &ROLE,
            subject,
            "the stack has no role for it",
            "deploy the stack again",
        ),
    }
}

async fn concurrency<I: StackInspection>(inspection: &I, subject: &str, name: &str) -> StackCheck {
    match inspection.reserved_concurrency(name).await {
        Err(error) => StackCheck::no_answer(&CONCURRENCY, subject, &error),
        Ok(Some(0)) => StackCheck::failure(
            &CONCURRENCY,
            subject,
            "its reserved concurrency is 0: it does not run",
            "let it run again",
            shell_word(name).map(|name| {
                format!("aws lambda delete-function-concurrency --function-name {name}")
            }),
        ),
        Ok(Some(most)) => {
            StackCheck::pass(&CONCURRENCY, subject, format!("at most {most} at a time"))
        }
        Ok(None) => StackCheck::pass(&CONCURRENCY, subject, "not held"),
    }
}

async fn mapping<I: StackInspection>(
    inspection: &I,
    parts: &Parts,
    of: GateFunction,
    subject: &str,
    name: &str,
) -> StackCheck {
    let mappings = match inspection.queue_mappings(name).await {
        Ok(mappings) => mappings,
        Err(error) => return StackCheck::no_answer(&MAPPING, subject, &error),
    };
    let queue = parts.queue_arn(&Parts::part(of, "Queue"));
    let Some(mapping) = mappings
        .iter()
        .find(|it| Some(&it.source_arn) == queue.as_ref())
    else {
        return StackCheck::failure(
            &MAPPING,
            subject,
            "nothing feeds it from its queue: what is sent there stays there",
            "deploy the stack again",
            shell_word(name).map(|name| {
                format!("aws lambda list-event-source-mappings --function-name {name}")
            }),
        );
    };
    if let Some(check) = filtered(subject, mapping) {
        return check;
    }
    let update = |how: &str| {
        let uuid = shell_word(&mapping.uuid)?;
        Some(format!(
            "aws lambda update-event-source-mapping --uuid {uuid} {how}"
        ))
    };
    match mapping.state.as_str() {
        "Enabled" if mapping.reports_failures => StackCheck::pass(&MAPPING, subject, "Enabled"),
        "Enabled" => StackCheck::failure(
            &MAPPING,
            subject,
            "it does not report single messages (ReportBatchItemFailures): one that is to be tried again counts as done",
            "let it report them; find out in CloudTrail who changed it",
            update("--function-response-types ReportBatchItemFailures"),
        ),
        "Creating" | "Enabling" | "Updating" => StackCheck::warning(
            &MAPPING,
            subject,
            format!("it is {}", mapping.state),
            "run it again in a minute",
        ),
        state => StackCheck::failure(
            &MAPPING,
            subject,
            format!("it is {state}: what is sent to the queue stays there"),
            "enable it, once you know why it was disabled",
            update("--enabled"),
        ),
    }
}

/// A failure if the mapping drops messages: the stack makes none with criteria.
fn filtered(subject: &str, mapping: &QueueMapping) -> Option<StackCheck> {
    let criteria = match &mapping.filter {
        MappingFilter::Everything => return None,
        MappingFilter::Patterns(patterns) => format!("only what fits {}", patterns.join(" or ")),
        MappingFilter::Encrypted => "only what fits criteria under a key of their own".to_owned(),
    };
    let command = shell_word(&mapping.uuid).map(|uuid| {
        format!("aws lambda update-event-source-mapping --uuid {uuid} --filter-criteria '{{}}' --kms-key-arn ''")
    });
    Some(StackCheck::failure(
        &MAPPING,
        subject,
        format!("it gets {criteria}, and all else is dropped before it is seen"),
        "take the filter criteria off, and find out in CloudTrail who set them (UpdateEventSourceMapping): what was \
         dropped does not come again",
        command,
    ))
}

/// What a role has to be allowed: actions, and the resource.
type Need = (&'static [&'static str], Option<String>);

fn needs(parts: &Parts, of: GateFunction) -> Vec<Need> {
    let within = |bucket: &str, path: &str| Some(format!("{}/{path}", parts.bucket_arn(bucket)?));
    let profile = || {
        let profile = parts.outputs.get("SigningProfile")?;
        Some(parts.arn("signer", &format!("/signing-profiles/{profile}")))
    };
    let mut needs: Vec<Need> = vec![
        (
            &[
                "sqs:ReceiveMessage",
                "sqs:DeleteMessage",
                "sqs:ChangeMessageVisibility",
            ],
            parts.queue_arn(&Parts::part(of, "Queue")),
        ),
        (
            &["sqs:SendMessage"],
            parts.queue_arn(&Parts::part(of, "DeadLetters")),
        ),
        (&["kms:Decrypt", "kms:GenerateDataKey"], parts.key_arn()),
        (&["s3:ListBucket"], parts.bucket_arn("RecordsBucket")),
        (
            &["s3:GetObject"],
            within("RecordsBucket", "functions/doctor/live.json"),
        ),
    ];
    needs.extend(match of {
        GateFunction::Sign => vec![
            (
                &["s3:GetObject", "s3:GetObjectVersion"][..],
                within("UploadsBucket", "functions/doctor.zip"),
            ),
            (
                &["s3:PutObject"],
                within("SignedBucket", "functions/doctor/x.zip"),
            ),
            (
                &["s3:PutObject"],
                within("RecordsBucket", "functions/doctor/x/received.json"),
            ),
            (&["signer:StartSigningJob"], profile()),
        ],
        GateFunction::Deploy => vec![
            (
                &["s3:GetObject", "s3:GetObjectVersion"][..],
                within("SignedBucket", "functions/doctor/x.zip"),
            ),
            (
                &["s3:PutObject"],
                within("RecordsBucket", "functions/doctor/x/verdict.json"),
            ),
            (&["signer:GetSigningProfile"], profile()),
            (
                &["lambda:GetCodeSigningConfig"],
                parts.csc().map(|csc| csc.to_string()),
            ),
        ],
        GateFunction::Alert => vec![
            (
                &["sns:Publish"][..],
                parts.physical("Topic").map(str::to_owned),
            ),
            (&["s3:PutObject"], within("RecordsBucket", "alerts/x.json")),
        ],
        GateFunction::Sweep => vec![
            (
                &["s3:ListBucketVersions"][..],
                parts.bucket_arn("UploadsBucket"),
            ),
            (&["s3:PutObject"], within("RecordsBucket", "posture.json")),
            (&["sqs:SendMessage"], parts.queue_arn("SignQueue")),
            (&["sqs:SendMessage"], parts.queue_arn("DeployQueue")),
            (
                &["lambda:ListFunctions", "lambda:ListCodeSigningConfigs"],
                Some("*".to_owned()),
            ),
        ],
    });
    needs
}

async fn rights<I: StackInspection>(
    inspection: &I,
    parts: &Parts,
    of: GateFunction,
    role_arn: &str,
) -> StackCheck {
    let subject = Parts::part(of, "Role");
    let (mut count, mut denied) = (0_usize, Vec::new());
    for (actions, resource) in needs(parts, of) {
        let Some(resource) = resource else {
            let fix = "see the checks of the stack";
            return StackCheck::not_told(
                &RIGHTS,
                subject,
                "not all parts of the stack are there",
                fix,
            );
        };
        match inspection.simulate(role_arn, actions, &resource).await {
            Err(error) => return StackCheck::no_answer(&RIGHTS, subject, &error),
            Ok(simulated) => {
                for action in actions {
                    count = count.saturating_add(1);
                    let said = simulated.iter().find(|it| it.action == *action);
                    if !said.is_some_and(|it| it.is_allowed) {
                        denied.push(format!("{action} on {resource}"));
                    }
                }
            }
        }
    }
    if denied.is_empty() {
        return StackCheck::pass(&RIGHTS, subject, format!("{count} actions are allowed"));
    }
    let show = role_arn.rsplit('/').next().and_then(shell_word);
    StackCheck::failure(
        &RIGHTS,
        subject,
        format!("denied: {}", denied.join(", ")),
        "a policy of the role, a permissions boundary or an organisation's policy is in the way: mend that, or deploy the stack again",
        show.map(|role| format!("aws iam list-role-policies --role-name {role}")),
    )
}
