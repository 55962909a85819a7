//! What the next look by the clock has to come back to: `alerts/open.json`.

use super::{
    compare_and_swap::{Change, change},
    error::AlertError,
};
use crate::{
    domain::Target,
    ports::Records,
    records::{self, Document, OpenAlerts},
};

pub(super) async fn read<R: Records>(records: &R) -> Result<OpenAlerts, AlertError> {
    Ok(records::read(records, "").await?.unwrap_or_default())
}

/// Has the clock come back to an incident; `false` when too many wait already.
pub(super) async fn note_repeats<R: Records>(records: &R, path: &str) -> Result<bool, AlertError> {
    edit(records, |open| {
        if open.repeats.contains(path) {
            return (false, true);
        }
        if open.repeats.len() >= OpenAlerts::MAX_REPEATS {
            return (false, false);
        }
        (open.repeats.insert(path.to_owned()), true)
    })
    .await
}

pub(super) async fn forget_repeats<R: Records>(records: &R, path: &str) -> Result<(), AlertError> {
    edit(records, |open| (open.repeats.remove(path), ())).await
}

/// Has the clock come back to a silence.
pub(super) async fn note_silence<R: Records>(
    records: &R,
    target: &Target,
) -> Result<(), AlertError> {
    edit(records, |open| (open.silences.insert(target.clone()), ())).await
}

pub(super) async fn forget_silence<R: Records>(
    records: &R,
    target: &Target,
) -> Result<(), AlertError> {
    edit(records, |open| (open.silences.remove(target), ())).await
}

/// `edit` says whether it changed anything, and its answer.
async fn edit<R, A, F>(records: &R, mut edit: F) -> Result<A, AlertError>
where
    R: Records,
    A: Send,
    F: FnMut(&mut OpenAlerts) -> (bool, A) + Send,
{
    change(records, OpenAlerts::FILE, |before: Option<OpenAlerts>| {
        let mut open = before.unwrap_or_default();
        match edit(&mut open) {
            (true, answer) => Change::Write(open, answer),
            (false, answer) => Change::Keep(answer),
        }
    })
    .await
}
