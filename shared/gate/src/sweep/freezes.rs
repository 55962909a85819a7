//! Whether a freeze is in force: so that people are told when it begins and when it ends.
//!
//! It is read as a deployment reads it. What cannot be read freezes everything.

use super::settings::SweepWorld;
use crate::{
    domain::{FREEZES, Freeze, freeze_subject},
    outcome::RetryableError,
    records::{Drift, DriftKind},
};

/// The freeze of this key, if it is in force.
pub(super) async fn freeze_in_force<W: SweepWorld>(
    world: &W,
    key: &str,
) -> Result<Option<Drift>, RetryableError> {
    let Some(object) = world.read_statement(key, Freeze::MAX_BYTES).await? else {
        // It was lifted since it was listed. AWS calls that denied, for want of the right to list: then it is a trouble
        // of this run.
        return Ok(None);
    };
    // The S3 console makes it, and it says nothing.
    if key == FREEZES && object.size == 0 {
        return Ok(None);
    }
    let told = match Freeze::of_object(key, object.body.as_deref()) {
        Ok(freeze) if freeze.until <= world.now() => return Ok(None),
        Ok(freeze) => format!(
            "until {}: {}; {:?}",
            freeze.until,
            freeze.targets().join(", "),
            freeze.reason
        ),
        Err(problem) => format!("{}: {problem}", Freeze::UNREADABLE),
    };
    let kind = DriftKind::FreezeInForce;
    let message = format!("{key} freezes {told}");
    let mut drift = Drift::new(kind, freeze_subject(key), message, world.now());
    drift.found = Some(told);
    Ok(Some(drift))
}
