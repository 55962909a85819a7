//! What an update of a function's code says besides which package it is: where Lambda keeps it.

use super::settings::DeploySettings;
use crate::{
    domain::{CodeStorage, ReasonCode, Target},
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
        architecture: None,
    })
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
