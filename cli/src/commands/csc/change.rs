//! Changing the publishers of a configuration.

use std::collections::BTreeSet;

use countersign_gate::{
    domain::{Csc, CscArn},
    ports::{Adoption as _, PublishersChange},
};

use super::look::configuration;
use crate::{aws::session::Session, io::error::CliError};

/// Sets the publishers, if they still are those that the change was planned from. Lambda has no condition for that:
/// between this look and the change, another change is lost.
pub(super) async fn set_publishers(
    session: &Session,
    arn: &CscArn,
    seen: &Csc,
    publishers: &BTreeSet<String>,
) -> Result<(), CliError> {
    let now = configuration(session, arn).await?;
    if now != *seen {
        return Err(CliError::new(
            format!("somebody changed {arn} meanwhile; nothing was changed here"),
            "look again, and decide again",
        ));
    }
    let changed = session.lambda.set_publishers(arn, publishers).await;
    let changed = changed.map_err(|error| {
        let what = format!("change the code signing configuration {arn}");
        session.failed_lambda_call(&what, "lambda:UpdateCodeSigningConfig", &error)
    })?;
    let PublishersChange::Changed(changed) = changed else {
        return Err(CliError::new(
            format!("there is no code signing configuration {arn} any more"),
            "see which there are: countersign csc list",
        ));
    };
    let is_as_meant = changed
        .publishers()
        .eq(publishers.iter().map(String::as_str));
    if !is_as_meant || changed.policy() != seen.policy() {
        return Err(CliError::new(
            format!("{arn} was changed, and is not what it was to be"),
            "see what it says: countersign csc list; somebody else may have changed it at the same moment",
        ));
    }
    Ok(())
}
