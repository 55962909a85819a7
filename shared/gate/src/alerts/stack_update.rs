//! Whether CloudFormation changes parts of the gate because the gate's own stack is updated. Another stack's template
//! can name them as well, and CloudFormation's calls do not say for which stack they are.

use std::time::Duration;

use super::{detections::GATE_STACK_CHANGED, error::AlertError, settings::AlertSettings};
use crate::{
    ports::{Clock, Records},
    records::{self, Incident, incident_kind, incidents_folder},
};

/// An update takes minutes; CloudTrail tells of its calls up to a quarter of an hour later.
const MAX_STACK_UPDATE_DURATION: Duration = Duration::from_hours(2);

/// Whether an update of the stack was told a short time ago.
pub(super) async fn was_told<W: Records + Clock>(
    world: &W,
    settings: &AlertSettings,
) -> Result<bool, AlertError> {
    let earliest = world
        .now()
        .saturating_sub(MAX_STACK_UPDATE_DURATION)
        .unwrap_or(jiff::Timestamp::MIN);
    for path in world.list_records(&incidents_folder(None)).await? {
        if incident_kind(&path) != Some(GATE_STACK_CHANGED) {
            continue;
        }
        let incident = records::read_named::<_, Incident>(world, &path).await?;
        // Only what names the stack as a whole is its update.
        let is_update =
            |incident: Incident| incident.subject == settings.stack && incident.last_at >= earliest;
        if incident.is_some_and(is_update) {
            return Ok(true);
        }
    }
    Ok(false)
}
