//! What `sweep` left on record.

use crate::{
    domain::Target,
    ports::Records,
    records::{self, DRIFT_FOLDER, Drift, DriftKind, Posture, RecordError},
};

/// The last complete sweep, with the documents of what it found open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SweepSnapshot {
    /// `posture.json`.
    pub posture: Posture,
    /// The open drift documents.
    pub drift: Vec<Drift>,
}

/// Reads them; `None` when no sweep has come to its end yet.
///
/// A read, a listing of `drift/`, and a read for each kind of drift that the posture names.
pub async fn read_swept<W: Records>(world: &W) -> Result<Option<SweepSnapshot>, RecordError> {
    let Some(posture) = records::read::<_, Posture>(world, "").await? else {
        return Ok(None);
    };
    let mut drift = Vec::new();
    for path in world.list_records(DRIFT_FOLDER).await? {
        if !is_named(&posture, &path) {
            continue;
        }
        let document: Option<Drift> = records::read_named(world, &path).await?;
        drift.extend(document.filter(Drift::is_open));
    }
    Ok(Some(SweepSnapshot { posture, drift }))
}

/// Whether the posture names this drift. It names none of uploads that are stuck, nor any of keys that are no
/// targets.
fn is_named(posture: &Posture, path: &str) -> bool {
    let subject_and_kind = path
        .strip_prefix(DRIFT_FOLDER)
        .and_then(|path| path.strip_suffix(".json")?.rsplit_once('/'));
    let Some((subject, kind)) = subject_and_kind else {
        return false;
    };
    let Ok(target) = Target::try_from(subject.to_owned()) else {
        return true;
    };
    let mut of_target = posture.targets.iter().filter(|of| of.target == target);
    kind == DriftKind::UploadStuck.as_str()
        || of_target.any(|of| of.drift.iter().any(|found| found.as_str() == kind))
}
