//! What an update of a function's code says besides which package it is: where Lambda keeps it, and for which
//! processor it is.

use super::settings::DeploySettings;
use crate::{
    domain::{ARCHITECTURE_TAG, Architecture, CodeStorage, ReasonCode, Target},
    outcome::{EarlyExit, OutcomeDraft},
    ports::{Function, UpdateOptions},
};

/// Judges, before anything is changed, how the function is to be updated.
pub(super) fn update_options(
    settings: &DeploySettings,
    target: &Target,
    function: &Function,
) -> Result<UpdateOptions, EarlyExit> {
    check_storage(settings, target, function.configuration.storage)?;
    Ok(UpdateOptions {
        storage: settings.storage,
        architecture: architecture(function)?,
    })
}

/// The processor that the function's tag asks for. Only `UpdateFunctionCode` can change it (grade A), which
/// nobody but the gate calls where it guards the function.
fn architecture(function: &Function) -> Result<Option<Architecture>, EarlyExit> {
    let Some(tag) = function.tags.get(ARCHITECTURE_TAG) else {
        return Ok(None);
    };
    if let Some(architecture) = Architecture::parse(tag) {
        return Ok(Some(architecture));
    }
    let message = format!("the tag {ARCHITECTURE_TAG} is {tag:?}, and not x86_64 or arm64");
    Err(OutcomeDraft::rejected(ReasonCode::ArchitectureTag, message).into())
}

/// Refuses to make a copy of what its owner has Lambda read from a bucket. Lambda itself would do it without a
/// word.
pub(super) fn check_storage(
    settings: &DeploySettings,
    target: &Target,
    found: CodeStorage,
) -> Result<(), EarlyExit> {
    match (found, settings.storage) {
        (CodeStorage::Copied, _) | (_, CodeStorage::Referenced) => Ok(()),
        (CodeStorage::Referenced, CodeStorage::Copied) => {
            let message = format!(
                "Lambda reads the code of {target} from a bucket; this stack has Lambda make copies"
            );
            Err(OutcomeDraft::rejected(ReasonCode::StorageReferenced, message).into())
        }
    }
}
