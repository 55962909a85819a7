//! `CloudFormation`, IAM, KMS, `CloudWatch` and `CloudTrail`, as far as a stack's parts are known there.

use aws_sdk_cloudtrail::{
    operation::get_event_selectors::GetEventSelectorsOutput, types::AdvancedEventSelector,
    types::ReadWriteType,
};
use aws_sdk_cloudwatch::types::MetricAlarm;
use aws_sdk_iam::types::PolicyEvaluationDecisionType;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use countersign_gate::ports::{
    AlarmSettings, DescribedStack, KeySettings, Pages, PortError, SimulatedAction, StackResource,
    TrailLogging, TrailSettings,
};

use crate::{
    connection::Connection,
    error::{code, next_marker, port_error, required},
};

/// Alarms that one call may name (service model, grade A).
const MAX_ALARM_NAMES: usize = 100;

pub(super) async fn stack(
    connection: &Connection,
    name: &str,
) -> Result<Option<DescribedStack>, PortError> {
    const CALL: &str = "cloudformation:DescribeStacks";
    let request = connection
        .cloudformation()
        .describe_stacks()
        .stack_name(name);
    let answer = match request.send().await {
        Ok(answer) => answer,
        Err(error) if is_no_stack(&error) => return Ok(None),
        Err(error) => return Err(port_error(CALL, error)),
    };
    let Some(stack) = answer.stacks.into_iter().flatten().next() else {
        return Ok(None);
    };
    let status = required(CALL, "StackStatus", stack.stack_status)?;
    Ok(Some(DescribedStack {
        id: required(CALL, "StackId", stack.stack_id)?,
        status: status.as_str().to_owned(),
        status_reason: stack.stack_status_reason,
        parameters: stack
            .parameters
            .into_iter()
            .flatten()
            .filter_map(|it| Some((it.parameter_key?, it.parameter_value?)))
            .collect(),
        outputs: stack
            .outputs
            .into_iter()
            .flatten()
            .filter_map(|it| Some((it.output_key?, it.output_value?)))
            .collect(),
    }))
}

/// CloudFormation says so in a validation error (documented for `DescribeStacks`, grade B).
fn is_no_stack<E: ProvideErrorMetadata>(error: &SdkError<E>) -> bool {
    let message = error.as_service_error().and_then(|error| error.message());
    code(error) == "ValidationError"
        && message.is_some_and(|message| message.contains("does not exist"))
}

pub(super) async fn resources(
    connection: &Connection,
    name: &str,
) -> Result<Vec<StackResource>, PortError> {
    const CALL: &str = "cloudformation:ListStackResources";
    let mut found = Vec::new();
    let mut pages = Pages::of(CALL);
    while pages.has_next() {
        let request = connection.cloudformation().list_stack_resources();
        let token = pages.marker().map(str::to_owned);
        let answer = request.stack_name(name).set_next_token(token).send().await;
        let answer = answer.map_err(|error| port_error(CALL, error))?;
        pages.turn_to(answer.next_token)?;
        for resource in answer.stack_resource_summaries.into_iter().flatten() {
            let status = required(CALL, "ResourceStatus", resource.resource_status)?;
            found.push(StackResource {
                logical_id: required(CALL, "LogicalResourceId", resource.logical_resource_id)?,
                physical_id: resource.physical_resource_id.filter(|id| !id.is_empty()),
                kind: required(CALL, "ResourceType", resource.resource_type)?,
                status: status.as_str().to_owned(),
                status_reason: resource.resource_status_reason,
            });
        }
    }
    Ok(found)
}

pub(super) async fn simulate(
    connection: &Connection,
    role_arn: &str,
    actions: &[&str],
    resource: &str,
) -> Result<Vec<SimulatedAction>, PortError> {
    const CALL: &str = "iam:SimulatePrincipalPolicy";
    let names: Vec<String> = actions.iter().map(|action| (*action).to_owned()).collect();
    let mut found = Vec::new();
    let mut pages = Pages::of(CALL);
    while pages.has_next() {
        let answer = connection
            .iam()
            .simulate_principal_policy()
            .policy_source_arn(role_arn)
            .set_action_names(Some(names.clone()))
            .resource_arns(resource)
            .set_marker(pages.marker().map(str::to_owned))
            .send()
            .await
            .map_err(|error| port_error(CALL, error))?;
        pages.turn_to(next_marker(CALL, answer.is_truncated, answer.marker)?)?;
        let results = answer.evaluation_results.into_iter().flatten();
        found.extend(results.map(|result| SimulatedAction {
            is_allowed: result.eval_decision == PolicyEvaluationDecisionType::Allowed,
            action: result.eval_action_name,
        }));
    }
    Ok(found)
}

/// `KeyUsage` of a key that signs.
const SIGNS: &str = "SIGN_VERIFY";

pub(super) async fn key(
    connection: &Connection,
    key: &str,
) -> Result<Option<KeySettings>, PortError> {
    const CALL: &str = "kms:DescribeKey";
    let answer = match connection.kms().describe_key().key_id(key).send().await {
        Ok(answer) => answer,
        Err(error) if code(&error) == "NotFoundException" => return Ok(None),
        Err(error) => return Err(port_error(CALL, error)),
    };
    let metadata = required(CALL, "KeyMetadata", answer.key_metadata)?;
    let state = required(CALL, "KeyState", metadata.key_state)?;
    let usage = metadata.key_usage.map(|usage| usage.as_str().to_owned());
    // A key that signs rotates never, and whoever may look at it need not be allowed to ask.
    let rotates = if usage.as_deref() == Some(SIGNS) {
        None
    } else {
        rotation(connection, key).await?
    };
    Ok(Some(KeySettings {
        usage,
        spec: metadata.key_spec.map(|spec| spec.as_str().to_owned()),
        state: state.as_str().to_owned(),
        rotates,
    }))
}

/// Nothing for a key in a state in which KMS does not say, or of a kind that does not rotate.
async fn rotation(connection: &Connection, key: &str) -> Result<Option<bool>, PortError> {
    let request = connection.kms().get_key_rotation_status().key_id(key);
    match request.send().await {
        Ok(answer) => Ok(Some(answer.key_rotation_enabled)),
        Err(error)
            if matches!(
                code(&error),
                "UnsupportedOperationException" | "KMSInvalidStateException"
            ) =>
        {
            Ok(None)
        }
        Err(error) => Err(port_error("kms:GetKeyRotationStatus", error)),
    }
}

pub(super) async fn alarms(
    connection: &Connection,
    names: &[String],
) -> Result<Vec<AlarmSettings>, PortError> {
    const CALL: &str = "cloudwatch:DescribeAlarms";
    let mut found = Vec::new();
    for names in names.chunks(MAX_ALARM_NAMES) {
        let mut pages = Pages::of(CALL);
        while pages.has_next() {
            let answer = connection
                .cloudwatch()
                .describe_alarms()
                .set_alarm_names(Some(names.to_vec()))
                .max_records(100)
                .set_next_token(pages.marker().map(str::to_owned))
                .send()
                .await
                .map_err(|error| port_error(CALL, error))?;
            pages.turn_to(answer.next_token)?;
            for alarm in answer.metric_alarms.into_iter().flatten() {
                found.push(alarm_settings(CALL, alarm)?);
            }
        }
    }
    Ok(found)
}

fn alarm_settings(call: &'static str, alarm: MetricAlarm) -> Result<AlarmSettings, PortError> {
    let state = required(call, "StateValue", alarm.state_value)?;
    Ok(AlarmSettings {
        name: required(call, "AlarmName", alarm.alarm_name)?,
        has_actions_enabled: alarm.actions_enabled.unwrap_or(false),
        actions: alarm.alarm_actions.unwrap_or_default(),
        state: state.as_str().to_owned(),
    })
}

pub(super) async fn trails(connection: &Connection) -> Result<Vec<TrailSettings>, PortError> {
    const CALL: &str = "cloudtrail:DescribeTrails";
    let request = connection.cloudtrail().describe_trails();
    let answer = request.include_shadow_trails(true).send().await;
    let answer = answer.map_err(|error| port_error(CALL, error))?;
    let mut found = Vec::new();
    for trail in answer.trail_list.into_iter().flatten() {
        let arn = required(CALL, "TrailARN", trail.trail_arn)?;
        let is_of_this_region = trail.is_multi_region_trail.unwrap_or(false)
            || trail.home_region.as_deref() == connection.region();
        let logging = match logging(connection, &arn).await {
            Ok(logging) => Ok(logging),
            // Of an organisation's trail, members may be denied this. Another trail may do.
            Err(error) => Err(error.error_chain()),
        };
        found.push(TrailSettings {
            name: trail.name.unwrap_or(arn),
            is_of_this_region,
            logging,
        });
    }
    Ok(found)
}

async fn logging(connection: &Connection, arn: &str) -> Result<TrailLogging, PortError> {
    let request = connection.cloudtrail().get_trail_status().name(arn);
    let status = request.send().await;
    let status = status.map_err(|error| port_error("cloudtrail:GetTrailStatus", error))?;
    let request = connection.cloudtrail().get_event_selectors();
    let selectors = request.trail_name(arn).send().await;
    let selectors = selectors.map_err(|error| port_error("cloudtrail:GetEventSelectors", error))?;
    Ok(TrailLogging {
        is_logging: status.is_logging.unwrap_or(false),
        logs_writes: logs_writes(&selectors),
        delivery_error: status
            .latest_delivery_error
            .filter(|error| !error.is_empty()),
    })
}

/// Whether any selector asks for management events that write. A trail has either kind of selectors.
fn logs_writes(selectors: &GetEventSelectorsOutput) -> bool {
    let basic = selectors.event_selectors.iter().flatten().any(|selector| {
        // Left out, both mean yes (service model, grade A).
        selector.include_management_events.unwrap_or(true)
            && selector.read_write_type != Some(ReadWriteType::ReadOnly)
    });
    let advanced = selectors.advanced_event_selectors.iter().flatten();
    basic || advanced.into_iter().any(asks_for_writes)
}

fn asks_for_writes(selector: &AdvancedEventSelector) -> bool {
    let equals = |name: &str, value: &str| {
        selector.field_selectors.iter().any(|field| {
            field.field == name && field.equals.iter().flatten().any(|one| one == value)
        })
    };
    // Other fields narrow it to some events; only whether it is for reads alone is looked at here.
    equals("eventCategory", "Management") && !equals("readOnly", "true")
}
