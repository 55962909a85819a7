//! The stack as CloudFormation knows it, and whom its functions trust.

use super::{
    check::{StackCheck, plain},
    kinds::{CONFIGURATION, OUTPUTS, PROFILE, RESOURCES, STACK},
    parts::Parts,
    world::DoctorWorld,
};
use crate::{
    domain::{CscPolicy, ProfileName, ProfileStatus},
    ports::{DescribedStack, Functions, Signer},
};

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
    StackCheck::failure(&STACK, name, message, fix).with_command(Some(
        "aws cloudformation describe-stacks --query Stacks[].StackName".to_owned(),
    ))
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
    let events = plain(name).map(|name| {
        format!("aws cloudformation describe-stack-events --stack-name {name} --max-items 20")
    });
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
        )
        .with_command(events),
    }
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
        return (StackCheck::failure(&PROFILE, profile, message, fix), None);
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
                ),
                ProfileStatus::Revoked { effective_from } => StackCheck::failure(
                    &PROFILE,
                    profile,
                    format!("it is revoked from {effective_from} on: nothing is signed"),
                    "name another one in SigningProfileVersionArn; a revoked profile does not come back",
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
        return StackCheck::failure(&CONFIGURATION, subject, message, "see the parameter CscArn");
    };
    let show = plain(arn.as_str())
        .map(|arn| format!("aws lambda get-code-signing-config --code-signing-config-arn {arn}"));
    let check = match lambda.csc(&arn).await {
        Err(error) => StackCheck::no_answer(&CONFIGURATION, subject, &error),
        Ok(None) => StackCheck::failure(
            &CONFIGURATION,
            subject,
            "there is no such configuration",
            "deploy the stack again, or name another one in CscArn",
        ),
        Ok(Some(csc)) => {
            let lists = profile.map(|profile| csc.publishers().any(|listed| listed == profile));
            match (csc.policy(), lists) {
                (_, Some(false)) => StackCheck::failure(
                    &CONFIGURATION,
                    subject,
                    "it does not list the version of the profile that signs now: what the gate signs is not trusted",
                    "deploy the stack again; with CscArn, list the profile's version there",
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
