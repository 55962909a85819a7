//! The description of a published version.

use super::pending_deployment::PendingDeployment;
use std::fmt::Display;

/// The description of a published version: a mark of the upload, by which it can be found again, and
/// as much of the upload's metadata as fits (Lambda takes 256 characters).
pub(crate) fn description(case: &PendingDeployment) -> String {
    const MOST: usize = 256;
    let pair = |(name, value): (&dyn Display, &dyn Display)| format!(" {name}={value}");
    let received = &case.signing.received;
    let text = received
        .metadata
        .iter()
        .chain(&received.tags)
        .fold(mark(case), |text, (name, value)| {
            text + &pair((name, value))
        });
    text.chars().take(MOST).collect()
}

/// `countersign:` and 16 hexadecimal digits of the upload's token.
pub(crate) fn mark(case: &PendingDeployment) -> String {
    let token = case.upload.id.client_token();
    format!("countersign:{}", token.get(..16).unwrap_or(&token))
}
