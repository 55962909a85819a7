//! Functions that the gate does not deploy to and that are under the stack's code signing configuration all the same, as
//! `sweep` saw them last: whose code they run is the stack's affair, too.

use super::settings::AlertSettings;
use crate::{
    domain::CscArn,
    events::ApiCall,
    ports::{PortError, Records},
    records::{self, Posture, RecordError},
};

/// The settings with the function of a call, if that is such a function. Costs a read for a call about a function that no
/// pattern names, and none for others.
///
/// Without a posture no such function is known: each stack would be told of all functions of its account otherwise. That S3
/// gave no answer is an error, and the event is tried again.
pub(super) async fn with_gated<R: Records>(
    records: &R,
    call: &ApiCall,
    settings: &AlertSettings,
) -> Result<Option<AlertSettings>, PortError> {
    let (Some(own), Some(function)) = (&settings.csc, call.function()) else {
        return Ok(None);
    };
    if call.service() != "lambda" || settings.gates_function(&function) {
        return Ok(None);
    }
    let posture = match records::read::<_, Posture>(records, "").await {
        Ok(posture) => posture,
        Err(RecordError::Port(error)) => return Err(error),
        Err(_) => None,
    };
    let is_under = posture.is_some_and(|posture| {
        let mut functions = posture.functions.iter();
        functions.any(|seen| {
            seen.name == function.as_str()
                && seen.code_signing_config.as_deref() == Some(CscArn::as_str(own))
        })
    });
    Ok(is_under.then(|| {
        let mut settings = settings.clone();
        settings.under_own_csc.insert(function);
        settings
    }))
}
