//! The description of a published version.

use std::fmt::Display;

use super::pending_deployment::PendingDeployment;

/// How the description of a version begins that the gate published.
pub(super) const MARK: &str = "countersign:";
/// What Lambda takes.
const MAX_DESCRIPTION_CHARS: usize = 256;

/// The description of a published version: a mark of the upload, by which it can be found again, whether it passed by
/// break-glass, and as much of the upload's metadata as fits.
pub(super) fn description(pending: &PendingDeployment) -> String {
    let pair = |(name, value): (&dyn Display, &dyn Display)| format!(" {name}={value}");
    let received = &pending.signing.received;
    let mut start = mark(pending);
    if pending.break_glass().is_some() {
        start.push_str(" BREAK-GLASS");
    }
    let text = received
        .metadata
        .iter()
        .chain(&received.tags)
        .fold(start, |text, (name, value)| text + &pair((name, value)));
    text.chars().take(MAX_DESCRIPTION_CHARS).collect()
}

/// `countersign:` and 16 hexadecimal digits of the upload's token.
pub(super) fn mark(pending: &PendingDeployment) -> String {
    let token = pending.upload.id.client_token();
    format!("{MARK}{}", token.get(..16).unwrap_or(&token))
}
