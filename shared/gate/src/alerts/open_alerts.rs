//! What the next look by the clock has to come back to: `alerts/open.json`.

use jiff::Timestamp;

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

/// The things of a list, from another one on in each minute: a list that is too long for one run of the clock has no end
/// that is never reached.
pub(super) fn in_turn<T>(list: impl IntoIterator<Item = T>, now: Timestamp) -> Vec<T> {
    let mut list: Vec<T> = list.into_iter().collect();
    let minute = usize::try_from(now.as_second() / 60).unwrap_or_default();
    let first = minute.checked_rem(list.len()).unwrap_or_default();
    list.rotate_left(first);
    list
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_thing_is_first_within_as_many_minutes_as_there_are_things() {
        let at = |minute: i64| Timestamp::from_second(minute * 60 + 7).unwrap();
        let first: Vec<char> = (0..3)
            .map(|minute| in_turn("abc".chars(), at(minute))[0])
            .collect();
        assert_eq!(first, ['a', 'b', 'c']);
        assert_eq!(in_turn("abc".chars(), at(1)), ['b', 'c', 'a']);
        assert_eq!(in_turn("".chars(), at(1)), []);
    }
}
