//! Lambda, S3, SQS, `EventBridge` and SNS, as far as they hold the parts of a stack.

use aws_sdk_eventbridge::types::{RuleState, Target};
use aws_sdk_lambda::types::{EventSourceMappingConfiguration, FunctionResponseType};
use aws_sdk_s3::types::{BucketVersioningStatus, QueueConfiguration};
use aws_sdk_sqs::types::QueueAttributeName;
use countersign_gate::ports::{
    BucketSettings, GateFunctionSettings, MappingFilter, Pages, PortError, QueueMapping,
    QueueSettings, RuleSettings, RuleTarget, Subscription, TargetInput,
};

use crate::{
    connection::Connection,
    error::{code, or_absent, port_error, required, unreadable},
};

const NOT_FOUND: &str = "ResourceNotFoundException";

pub(super) async fn function(
    connection: &Connection,
    name: &str,
) -> Result<Option<GateFunctionSettings>, PortError> {
    const CALL: &str = "lambda:GetFunctionConfiguration";
    let request = connection.lambda().get_function_configuration();
    let answer = match request.function_name(name).send().await {
        Ok(answer) => answer,
        Err(error) if code(&error) == NOT_FOUND => return Ok(None),
        Err(error) => return Err(port_error(CALL, error)),
    };
    let variables = answer.environment.and_then(|of| of.variables);
    Ok(Some(GateFunctionSettings {
        role_arn: required(CALL, "Role", answer.role)?,
        state: answer.state.map(|state| state.as_str().to_owned()),
        last_update: answer.last_update_status.map(|it| it.as_str().to_owned()),
        variables: variables.unwrap_or_default().into_iter().collect(),
    }))
}

pub(super) async fn concurrency(
    connection: &Connection,
    name: &str,
) -> Result<Option<i32>, PortError> {
    let request = connection.lambda().get_function_concurrency();
    match request.function_name(name).send().await {
        Ok(answer) => Ok(answer.reserved_concurrent_executions),
        Err(error) => Err(port_error("lambda:GetFunctionConcurrency", error)),
    }
}

pub(super) async fn mappings(
    connection: &Connection,
    function: &str,
) -> Result<Vec<QueueMapping>, PortError> {
    const CALL: &str = "lambda:ListEventSourceMappings";
    let mut found = Vec::new();
    let mut pages = Pages::of(CALL);
    while pages.has_next() {
        let request = connection.lambda().list_event_source_mappings();
        let marker = pages.marker().map(str::to_owned);
        let answer = request
            .function_name(function)
            .set_marker(marker)
            .send()
            .await;
        let answer = answer.map_err(|error| port_error(CALL, error))?;
        pages.turn_to(answer.next_marker)?;
        for mapping in answer.event_source_mappings.into_iter().flatten() {
            let filter = filter_of(&mapping);
            let reports = mapping.function_response_types.iter().flatten();
            let reports_failures = reports
                .into_iter()
                .any(|kind| *kind == FunctionResponseType::ReportBatchItemFailures);
            found.push(QueueMapping {
                uuid: required(CALL, "UUID", mapping.uuid)?,
                source_arn: mapping.event_source_arn.unwrap_or_default(),
                state: required(CALL, "State", mapping.state)?,
                reports_failures,
                filter,
            });
        }
    }
    Ok(found)
}

fn filter_of(mapping: &EventSourceMappingConfiguration) -> MappingFilter {
    let filters = mapping
        .filter_criteria
        .as_ref()
        .map(aws_sdk_lambda::types::FilterCriteria::filters);
    let patterns: Vec<String> = filters
        .into_iter()
        .flatten()
        .map(|filter| filter.pattern.clone().unwrap_or_default())
        .collect();
    let has_key = mapping
        .kms_key_arn
        .as_ref()
        .is_some_and(|key| !key.is_empty());
    if !patterns.is_empty() {
        MappingFilter::Patterns(patterns)
    } else if has_key || mapping.filter_criteria_error.is_some() {
        MappingFilter::Encrypted
    } else {
        MappingFilter::Everything
    }
}

pub(super) async fn bucket(
    connection: &Connection,
    bucket: &str,
) -> Result<Option<BucketSettings>, PortError> {
    let s3 = connection.s3();
    let versioning = s3.get_bucket_versioning().bucket(bucket).send().await;
    let versioning = or_absent("s3:GetBucketVersioning", &["NoSuchBucket"], versioning)?;
    let Some(versioning) = versioning else {
        return Ok(None);
    };
    let block = s3.get_public_access_block().bucket(bucket).send().await;
    let block = or_absent(
        "s3:GetBucketPublicAccessBlock",
        &["NoSuchPublicAccessBlockConfiguration"],
        block,
    )?;
    let block = block.and_then(|it| it.public_access_block_configuration);
    let encryption = s3.get_bucket_encryption().bucket(bucket).send().await;
    let encryption = or_absent(
        "s3:GetEncryptionConfiguration",
        &["ServerSideEncryptionConfigurationNotFoundError"],
        encryption,
    )?;
    let rules = encryption.and_then(|it| it.server_side_encryption_configuration);
    let key = rules.into_iter().flat_map(|it| it.rules).find_map(|rule| {
        rule.apply_server_side_encryption_by_default?
            .kms_master_key_id
    });
    let policy = s3.get_bucket_policy().bucket(bucket).send().await;
    let policy = or_absent("s3:GetBucketPolicy", &["NoSuchBucketPolicy"], policy)?;
    let request = s3.get_bucket_notification_configuration().bucket(bucket);
    let notification = request.send().await;
    let notification =
        notification.map_err(|error| port_error("s3:GetBucketNotification", error))?;
    let queues = notification.queue_configurations.into_iter().flatten();
    Ok(Some(BucketSettings {
        is_versioned: versioning.status == Some(BucketVersioningStatus::Enabled),
        blocks_public_access: block.is_some_and(|it| {
            let all = [
                it.block_public_acls,
                it.block_public_policy,
                it.ignore_public_acls,
                it.restrict_public_buckets,
            ];
            all.iter().all(|one| *one == Some(true))
        }),
        key,
        policy: policy.and_then(|it| it.policy),
        told_of_objects: queues
            .filter(is_told_of_all)
            .map(|it| it.queue_arn)
            .collect(),
    }))
}

/// Whether a queue is told of every new object: of all events of creation, and without a filter.
fn is_told_of_all(configuration: &QueueConfiguration) -> bool {
    let rules = configuration.filter.as_ref().and_then(|it| it.key.as_ref());
    let rules = rules.and_then(|key| key.filter_rules.as_ref());
    let is_filtered = rules.is_some_and(|rules| !rules.is_empty());
    let mut events = configuration.events.iter();
    !is_filtered && events.any(|event| event.as_str() == "s3:ObjectCreated:*")
}

pub(super) async fn queue(
    connection: &Connection,
    url: &str,
) -> Result<Option<QueueSettings>, PortError> {
    const CALL: &str = "sqs:GetQueueAttributes";
    let request = connection.sqs().get_queue_attributes().queue_url(url);
    let answer = request
        .attribute_names(QueueAttributeName::All)
        .send()
        .await;
    let answer = match answer {
        Ok(answer) => answer,
        Err(error)
            if matches!(
                code(&error),
                "QueueDoesNotExist" | "AWS.SimpleQueueService.NonExistentQueue"
            ) =>
        {
            return Ok(None);
        }
        Err(error) => return Err(port_error(CALL, error)),
    };
    let mut attributes = answer.attributes.unwrap_or_default();
    let messages = attributes.remove(&QueueAttributeName::ApproximateNumberOfMessages);
    let messages = required(CALL, "ApproximateNumberOfMessages", messages)?;
    let redrive = attributes.remove(&QueueAttributeName::RedrivePolicy);
    Ok(Some(QueueSettings {
        arn: required(
            CALL,
            "QueueArn",
            attributes.remove(&QueueAttributeName::QueueArn),
        )?,
        dead_letters: match redrive {
            Some(text) => {
                dead_letters(&text).map_err(|error| unreadable(CALL, "RedrivePolicy", &error))?
            }
            None => None,
        },
        key: attributes.remove(&QueueAttributeName::KmsMasterKeyId),
        policy: attributes.remove(&QueueAttributeName::Policy),
        messages: messages
            .parse()
            .map_err(|error| unreadable(CALL, "ApproximateNumberOfMessages", &error))?,
    }))
}

fn dead_letters(redrive_policy: &str) -> Result<Option<String>, serde_json::Error> {
    let policy: serde_json::Value = serde_json::from_str(redrive_policy)?;
    let target = policy.get("deadLetterTargetArn");
    Ok(target.and_then(|it| it.as_str()).map(str::to_owned))
}

pub(super) async fn rule(
    connection: &Connection,
    bus: Option<&str>,
    rule: &str,
) -> Result<Option<RuleSettings>, PortError> {
    let events = connection.eventbridge();
    let bus = bus.map(str::to_owned);
    let request = events.describe_rule().name(rule);
    let answer = request.set_event_bus_name(bus.clone()).send().await;
    let answer = match answer {
        Ok(answer) => answer,
        Err(error) if code(&error) == NOT_FOUND => return Ok(None),
        Err(error) => return Err(port_error("events:DescribeRule", error)),
    };
    Ok(Some(RuleSettings {
        is_enabled: answer
            .state
            .is_some_and(|state| state != RuleState::Disabled),
        targets: targets(connection, bus, rule).await?,
    }))
}

async fn targets(
    connection: &Connection,
    bus: Option<String>,
    rule: &str,
) -> Result<Vec<RuleTarget>, PortError> {
    const CALL: &str = "events:ListTargetsByRule";
    let mut found = Vec::new();
    let mut pages = Pages::of(CALL);
    while pages.has_next() {
        let request = connection.eventbridge().list_targets_by_rule();
        let request = request.rule(rule).set_event_bus_name(bus.clone());
        let token = pages.marker().map(str::to_owned);
        let answer = request.set_next_token(token).send().await;
        let answer = answer.map_err(|error| port_error(CALL, error))?;
        pages.turn_to(answer.next_token)?;
        found.extend(answer.targets.into_iter().flatten().map(|it| RuleTarget {
            input: input_of(&it),
            id: it.id,
            arn: it.arn,
        }));
    }
    Ok(found)
}

fn input_of(target: &Target) -> TargetInput {
    if let Some(transformer) = &target.input_transformer {
        TargetInput::Transformed(transformer.input_template.clone())
    } else if let Some(text) = &target.input {
        TargetInput::Constant(text.clone())
    } else if let Some(path) = &target.input_path {
        TargetInput::Part(path.clone())
    } else {
        TargetInput::Event
    }
}

pub(super) async fn subscription_filter(
    connection: &Connection,
    subscription: &str,
) -> Result<Option<String>, PortError> {
    let request = connection.sns().get_subscription_attributes();
    let answer = request.subscription_arn(subscription).send().await;
    let absent = ["NotFound", "NotFoundException"];
    let answer = or_absent("sns:GetSubscriptionAttributes", &absent, answer)?;
    let mut attributes = answer.and_then(|it| it.attributes).unwrap_or_default();
    // An empty one is how a filter is taken off (documented, grade B).
    let policy = attributes.remove("FilterPolicy");
    Ok(policy.filter(|policy| !matches!(policy.trim(), "" | "{}")))
}

pub(super) async fn subscriptions(
    connection: &Connection,
    topic: &str,
) -> Result<Option<Vec<Subscription>>, PortError> {
    const CALL: &str = "sns:ListSubscriptionsByTopic";
    let mut found = Vec::new();
    let mut pages = Pages::of(CALL);
    while pages.has_next() {
        let request = connection.sns().list_subscriptions_by_topic();
        let token = pages.marker().map(str::to_owned);
        let request = request.topic_arn(topic).set_next_token(token);
        let answer = match request.send().await {
            Ok(answer) => answer,
            Err(error) if matches!(code(&error), "NotFound" | "NotFoundException") => {
                return Ok(None);
            }
            Err(error) => return Err(port_error(CALL, error)),
        };
        pages.turn_to(answer.next_token)?;
        for subscription in answer.subscriptions.into_iter().flatten() {
            // Until it is confirmed, words stand in the place of its ARN.
            let arn = subscription.subscription_arn;
            found.push(Subscription {
                protocol: subscription.protocol.unwrap_or_default(),
                arn: arn.filter(|arn| arn.starts_with("arn:")),
            });
        }
    }
    Ok(Some(found))
}
