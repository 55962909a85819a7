//! The stack as CloudFormation knows it, and whom its functions trust.

use super::{
    check::StackCheck,
    kinds::{CONFIGURATION, OUTPUTS, PROFILE, REGION, RESOURCES, STACK},
    parts::{Parts, events_command},
    world::DoctorWorld,
};
use crate::{
    domain::{CscPolicy, ProfileName, ProfileStatus, shell_word},
    ports::{DescribedStack, Functions, Signer},
};

/// The regions without Signer or without code signing: Signer's list of endpoints, November 2026 (grade B). A test holds
/// `template.yaml`'s rule against it.
pub const REGIONS_WITHOUT_CODE_SIGNING: [&str; 16] = [
    "ap-east-2",
    "ap-northeast-3",
    "ap-south-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "ap-southeast-5",
    "ap-southeast-6",
    "ap-southeast-7",
    "ca-west-1",
    "cn-north-1",
    "cn-northwest-1",
    "eu-central-2",
    "eu-south-2",
    "il-central-1",
    "me-central-1",
    "mx-central-1",
];

/// The outputs that people and commands use.
const NEEDED_OUTPUTS: [&str; 8] = [
    "UploadsBucket",
    "SignedBucket",
    "RecordsBucket",
    "CodeSigningConfig",
    "SigningProfile",
    "Topic",
    "EventBus",
    "Key",
];

pub(super) fn no_stack(name: &str) -> StackCheck {
    let message = "there is no stack of this name in this account and region";
    let fix = "give the name with --stack, and the region in AWS_REGION";
    let command = "aws cloudformation describe-stacks --query 'Stacks[].StackName'";
    StackCheck::failure(&STACK, name, message, fix, Some(command.to_owned()))
}

pub(super) fn odd_id(name: &str, stack: &DescribedStack) -> StackCheck {
    let message = format!("its id is {:?}, which is no ARN", stack.id);
    StackCheck::not_told(
        &STACK,
        name,
        message,
        "update this command; if that does not help, report it",
    )
}

pub(super) fn status(name: &str, stack: &DescribedStack) -> StackCheck {
    let status = stack.status.as_str();
    let reason = stack
        .status_reason
        .as_deref()
        .unwrap_or("no reason was given");
    let events = events_command(name);
    match status {
        "CREATE_COMPLETE" | "UPDATE_COMPLETE" | "IMPORT_COMPLETE" => {
            StackCheck::pass(&STACK, name, status)
        }
        "UPDATE_ROLLBACK_COMPLETE" | "IMPORT_ROLLBACK_COMPLETE" => StackCheck::warning(
            &STACK,
            name,
            format!("{status}: {reason}; the last change was taken back"),
            "see why, and deploy again",
        )
        .with_command(events),
        busy if busy.ends_with("_IN_PROGRESS") => StackCheck::not_told(
            &STACK,
            name,
            format!("{status}: it is being changed"),
            "run it again when the change has ended",
        ),
        _ => StackCheck::failure(
            &STACK,
            name,
            format!("{status}: {reason}"),
            "see why, and deploy again",
            events,
        ),
    }
}

/// Whether the services are there that nothing can be signed without.
pub(super) fn region(parts: &Parts) -> StackCheck {
    let (name, region) = (parts.name.as_str(), parts.region.as_str());
    if !REGIONS_WITHOUT_CODE_SIGNING.contains(&region) {
        let message =
            format!("{region} is not among the regions that were without them in November 2026");
        return StackCheck::pass(&REGION, name, message);
    }
    StackCheck::failure(
        &REGION,
        name,
        format!("AWS Signer or code signing for Lambda is not available in {region}"),
        "deploy Countersign to a region that has both, next to the functions that it is to protect",
        shell_word(region)
            .map(|region| format!("aws signer list-signing-platforms --region {region}")),
    )
}

pub(super) fn outputs(parts: &Parts) -> StackCheck {
    let is_missing = |output: &&&str| !parts.outputs.contains_key(**output);
    let missing: Vec<&str> = NEEDED_OUTPUTS.iter().filter(is_missing).copied().collect();
    if missing.is_empty() {
        return StackCheck::pass(
            &OUTPUTS,
            &parts.name,
            format!("{} outputs", parts.outputs.len()),
        );
    }
    let missing = missing.join(", ");
    StackCheck::failure(
        &OUTPUTS,
        &parts.name,
        format!("it has no {missing}: it is another stack, or of another version"),
        "give the name of a stack of Countersign with --stack, or deploy this version",
        parts.show_command("Outputs"),
    )
}

pub(super) fn resources(parts: &Parts) -> StackCheck {
    let (mut count, mut bad) = (0_usize, Vec::new());
    for resource in parts.resources() {
        count = count.saturating_add(1);
        let is_failed = resource.status.ends_with("_FAILED");
        let is_deleted = resource.status.starts_with("DELETE_");
        if is_failed || is_deleted || resource.physical_id.is_none() {
            let reason = resource.status_reason.as_deref().unwrap_or_default();
            bad.push(format!(
                "{} {} {reason}",
                resource.logical_id, resource.status
            ));
        }
    }
    if bad.is_empty() {
        return StackCheck::pass(&RESOURCES, &parts.name, format!("{count} resources"));
    }
    StackCheck::failure(
        &RESOURCES,
        &parts.name,
        bad.join("; "),
        "deploy the stack again",
        parts.events_command(),
    )
}

/// The profile that signs, and the configuration that says whose signatures count.
pub(super) async fn trust<I, L, S>(
    world: &DoctorWorld<'_, I, L, S>,
    parts: &Parts,
) -> Vec<StackCheck>
where
    I: Sync,
    L: Functions,
    S: Signer,
{
    let Some(profile) = parts.outputs.get("SigningProfile") else {
        return Vec::new();
    };
    let (check, version) = profile_check(world.signer, parts, profile).await;
    vec![
        check,
        configuration(world.lambda, parts, version.as_deref()).await,
    ]
}

/// The profile, and the ARN of its version.
async fn profile_check<S: Signer>(
    signer: &S,
    parts: &Parts,
    profile: &str,
) -> (StackCheck, Option<String>) {
    let Ok(name) = ProfileName::parse(profile) else {
        let message = "the output SigningProfile is no name of a profile";
        let fix = "see the parameter SigningProfileVersionArn";
        let show = parts.show_command("Parameters");
        let check = StackCheck::failure(&PROFILE, profile, message, fix, show);
        return (check, None);
    };
    let show = Some(format!(
        "aws signer get-signing-profile --profile-name {name}"
    ));
    let check = match signer.profile(&name, &parts.account).await {
        Err(error) => StackCheck::no_answer(&PROFILE, profile, &error),
        Ok(None) => StackCheck::failure(
            &PROFILE,
            profile,
            "there is no such profile in this account and region: nothing is signed",
            "deploy the stack again, or name another one in SigningProfileVersionArn",
            show.clone(),
        ),
        Ok(Some(found)) => {
            let version = found.version_arn.to_string();
            let check = match found.status {
                ProfileStatus::Active => StackCheck::pass(&PROFILE, profile, "Active"),
                ProfileStatus::Canceled => StackCheck::failure(
                    &PROFILE,
                    profile,
                    "it is canceled: nothing is signed",
                    "name another one in SigningProfileVersionArn; a canceled profile does not come back",
                    show.clone(),
                ),
                ProfileStatus::Revoked { effective_from } => StackCheck::failure(
                    &PROFILE,
                    profile,
                    format!("it is revoked from {effective_from} on: nothing is signed"),
                    "name another one in SigningProfileVersionArn; a revoked profile does not come back",
                    show.clone(),
                ),
            };
            return (check.with_command(show), Some(version));
        }
    };
    (check.with_command(show), None)
}

async fn configuration<L: Functions>(
    lambda: &L,
    parts: &Parts,
    profile: Option<&str>,
) -> StackCheck {
    let subject = "CodeSigningConfig";
    let Some(arn) = parts.csc() else {
        let message = "the output is no ARN of a code signing configuration";
        let (fix, show) = ("see the parameter CscArn", parts.show_command("Parameters"));
        return StackCheck::failure(&CONFIGURATION, subject, message, fix, show);
    };
    let show = shell_word(arn.as_str())
        .map(|arn| format!("aws lambda get-code-signing-config --code-signing-config-arn {arn}"));
    let check = match lambda.csc(&arn).await {
        Err(error) => StackCheck::no_answer(&CONFIGURATION, subject, &error),
        Ok(None) => StackCheck::failure(
            &CONFIGURATION,
            subject,
            "there is no such configuration",
            "deploy the stack again, or name another one in CscArn",
            show.clone(),
        ),
        Ok(Some(csc)) => {
            let lists = profile.map(|profile| csc.publishers().any(|listed| listed == profile));
            match (csc.policy(), lists) {
                (_, Some(false)) => StackCheck::failure(
                    &CONFIGURATION,
                    subject,
                    "it does not list the version of the profile that signs now: what the gate signs is not trusted",
                    "deploy the stack again; with CscArn, list the profile's version there",
                    show.clone(),
                ),
                (CscPolicy::Warn, _) => StackCheck::warning(
                    &CONFIGURATION,
                    subject,
                    "it warns: Lambda takes code that nobody it trusts has signed",
                    "when every function runs signed code, update the stack with UntrustedCode=Enforce",
                ),
                (CscPolicy::Enforce, Some(true)) => StackCheck::pass(
                    &CONFIGURATION,
                    subject,
                    "it enforces, and lists the profile",
                ),
                (CscPolicy::Enforce, None) => StackCheck::not_told(
                    &CONFIGURATION,
                    subject,
                    "it enforces; which version the profile has is not known",
                    "see the check of the signing profile",
                ),
            }
        }
    };
    check.with_command(show)
}
