//! Whether an upload may be signed, and with which profile. Refused here is what can never be deployed,
//! before a signing job is spent on it.

use super::{
    pin::UploadStanding,
    settings::{SignSettings, SignWorld},
};
use crate::{
    domain::{
        KeyError, LayerMetadata, NamePattern, PROFILE_TAG, ProfileName, ReasonCode, Target,
        sha256_base64,
    },
    outcome::{EarlyExit, OutcomeDraft, Superseded, check_managed},
    records::Received,
    verdict::{Unsignable, check_signable, check_size},
};
use std::collections::BTreeMap;

/// Looks for whatever can never be deployed; answers with the profile to sign with.
pub(super) async fn check_eligibility<W: SignWorld>(
    world: &W,
    settings: &SignSettings,
    standing: UploadStanding,
    target: Result<Target, KeyError>,
    received: &mut Received,
) -> Result<ProfileName, EarlyExit> {
    let head = match standing {
        UploadStanding::Current(head) => head,
        UploadStanding::Ended(ending) => return Err(ending.into()),
    };
    received.bytes = Some(head.size);
    received.metadata = head.metadata;
    if head.tag_count > 0 {
        received.tags = world.upload_tags(&received.upload.id).await?;
    }
    let target = target.map_err(|error| {
        let hint = error.hint().map(|hint| format!("; {hint}"));
        let message = format!("{error}{}", hint.unwrap_or_default());
        OutcomeDraft::rejected(error.reason(), message)
    })?;
    let profile = profile_for(world, settings, &target, &received.metadata).await?;
    // Before it is fetched: what is too large for Signer is too large for memory.
    check_size(head.size, &settings.limits).map_err(refused)?;
    let Some(bytes) = world.read_upload(&received.upload.id).await? else {
        return Err(Superseded::VersionDeleted.draft().into());
    };
    received.source_sha256 = Some(sha256_base64(&bytes));
    check_signable(&bytes, &settings.limits).map_err(refused)?;
    Ok(profile)
}

/// The profile that packages for this target are signed with, if there can be any.
async fn profile_for<W: SignWorld>(
    world: &W,
    settings: &SignSettings,
    target: &Target,
    metadata: &BTreeMap<String, String>,
) -> Result<ProfileName, EarlyExit> {
    check_scope(settings, target)?;
    let name = match target {
        Target::Function(name) => name,
        Target::Layer(_) => {
            LayerMetadata::read(metadata).map_err(|error| {
                OutcomeDraft::rejected(ReasonCode::LayerMetadata, error.to_string())
            })?;
            return Ok(settings.profile.clone());
        }
    };
    // A function that does not exist yet is created from what is signed now.
    let Some(function) = world.function(name).await? else {
        return Ok(settings.profile.clone());
    };
    if function.is_image {
        let message = format!("{} is a container image", function.arn);
        return Err(OutcomeDraft::rejected(ReasonCode::TargetIsImage, message).into());
    }
    check_managed(settings.requires_managed_tag, &function)?;
    match function.tags.get(PROFILE_TAG) {
        Some(tag) => tagged_profile(settings, tag),
        None => Ok(settings.profile.clone()),
    }
}

/// Whether the gate may deploy to this target at all. Its roles have no right to others; asking would
/// only be denied.
fn check_scope(settings: &SignSettings, target: &Target) -> Result<(), EarlyExit> {
    if let Target::Function(name) = target
        && settings.stack.owns(name)
    {
        let message = format!("{name} is a function of the gate itself");
        return Err(OutcomeDraft::rejected(ReasonCode::TargetIsGate, message).into());
    }
    let pattern = settings.scope.pattern_for(target);
    if !pattern.matches(target.name()) {
        let message = format!(
            "{} is not among the names that the gate was given, {pattern}",
            target.name()
        );
        return Err(OutcomeDraft::rejected(ReasonCode::TargetNotManaged, message).into());
    }
    Ok(())
}

/// The profile that a function's tag names, if the gate may sign with it.
fn tagged_profile(settings: &SignSettings, tag: &str) -> Result<ProfileName, EarlyExit> {
    let profile = ProfileName::parse(tag)
        .map_err(|error| OutcomeDraft::rejected(ReasonCode::ProfileTag, error.to_string()))?;
    let given = settings.scope.tagged_profiles.as_ref();
    if profile == settings.profile || given.is_some_and(|given| given.matches(profile.as_str())) {
        return Ok(profile);
    }
    let given = given.map_or("none", NamePattern::as_str);
    let message = format!(
        "the tag {PROFILE_TAG} names {profile}; beside its own profile the gate was given {given}"
    );
    Err(OutcomeDraft::rejected(ReasonCode::ProfileNotManaged, message).into())
}

fn refused(error: Unsignable) -> EarlyExit {
    OutcomeDraft {
        fix: Some(error.fix.to_owned()),
        ..OutcomeDraft::rejected(error.code, error.message)
    }
    .into()
}
