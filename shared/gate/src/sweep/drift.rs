//! What is found is on record, told once, and told once more when it is gone.
//!
//! As everywhere: the record goes first, its event second. A run that was cut off between the two leaves a
//! document without `announced_at`, and the next one sends the event.

use std::collections::BTreeSet;

use super::settings::{SweepSettings, SweepWorld};
use crate::{
    outcome::{DRIFT_DETAIL_TYPE, RecordEvent, RetryableError},
    ports::{Announcement, RecordWithEtag, Replacement},
    records::{
        self, DRIFT_FOLDER, Drift, DriftKind, Outcome, RecordError, RecordFolder, Schema,
        drift_path,
    },
};

/// The documents of all drift there ever was, as far as they were listed.
pub(super) struct KnownDrift(BTreeSet<String>);

impl KnownDrift {
    /// One listing.
    pub(super) async fn list<W: SweepWorld>(world: &W) -> Result<Self, RetryableError> {
        let paths = world.list_records(DRIFT_FOLDER).await?;
        Ok(Self(paths.into_iter().collect()))
    }

    /// Whose drift there is a document of.
    pub(super) fn subjects(&self) -> BTreeSet<String> {
        let rests = self
            .0
            .iter()
            .filter_map(|path| path.strip_prefix(DRIFT_FOLDER));
        let subjects = rests.filter_map(|rest| rest.rsplit_once('/'));
        subjects.map(|(subject, _)| subject.to_owned()).collect()
    }

    fn has(&self, subject: &str, kind: DriftKind) -> bool {
        self.0.contains(&drift_path(subject, kind))
    }
}

/// What was found of something that is no target, as of now.
pub(super) fn drift_of<W: SweepWorld>(
    world: &W,
    kind: DriftKind,
    subject: String,
    message: String,
) -> Drift {
    Drift {
        schema: Schema,
        kind,
        subject,
        target: None,
        message,
        expected: None,
        found: None,
        upload: None,
        functions: Vec::new(),
        of_prepared: false,
        found_at: world.now(),
        closed_at: None,
        announced_at: None,
    }
}

/// Puts what was found on record and tells it, unless that was done before.
pub(super) async fn open<W: SweepWorld>(
    world: &W,
    settings: &SweepSettings,
    known: &KnownDrift,
    found: Drift,
) -> Result<(), RetryableError> {
    let seen = if known.has(&found.subject, found.kind) {
        world.read_record_with_etag(&found.path()).await?
    } else {
        None
    };
    if let Some(seen) = &seen {
        let before = parse(&found.path(), seen)?;
        if before.is_open() && before.is_same_as(&found) {
            if before.functions != found.functions {
                // Some of them are no longer so, which nobody has to be told.
                let fewer = Drift {
                    message: found.message,
                    functions: found.functions,
                    ..before
                };
                let body = records::to_json(&fewer.path(), &fewer)?;
                // Whoever changed it meanwhile looked later.
                let _at_the_next_run = world
                    .replace_record_as_seen(&fewer.path(), &body, Some(seen))
                    .await?;
                return Ok(());
            }
            return if before.announced_at.is_some() {
                Ok(())
            } else {
                announce(world, settings, before, seen).await
            };
        }
    }
    write_and_announce(world, settings, found, seen.as_ref()).await
}

/// The functions that the document of this drift is about, if it lasts.
pub(super) async fn functions_told<W: SweepWorld>(
    world: &W,
    known: &KnownDrift,
    subject: &str,
    kind: DriftKind,
) -> Result<BTreeSet<String>, RetryableError> {
    let path = drift_path(subject, kind);
    if !known.has(subject, kind) {
        return Ok(BTreeSet::new());
    }
    let Some(seen) = world.read_record_with_etag(&path).await? else {
        return Ok(BTreeSet::new());
    };
    let before = parse(&path, &seen)?;
    let functions = if before.is_open() {
        before.functions
    } else {
        Vec::new()
    };
    Ok(functions.into_iter().collect())
}

/// Those of `kinds` that are on record of this subject as open.
pub(super) async fn still_open<W: SweepWorld>(
    world: &W,
    known: &KnownDrift,
    subject: &str,
    kinds: &[DriftKind],
) -> Result<Vec<DriftKind>, RetryableError> {
    let mut open = Vec::new();
    for kind in kinds.iter().filter(|kind| known.has(subject, **kind)) {
        let document: Option<Drift> =
            records::read_named(world, &drift_path(subject, *kind)).await?;
        if document.is_some_and(|drift| drift.is_open()) {
            open.push(*kind);
        }
    }
    Ok(open)
}

/// Closes what is on record of a subject and was not found this time. What was looked for is `looked_for`.
pub(super) async fn close_others<W: SweepWorld>(
    world: &W,
    settings: &SweepSettings,
    known: &KnownDrift,
    subject: &str,
    looked_for: &[DriftKind],
    found: &[DriftKind],
) -> Result<(), RetryableError> {
    for kind in looked_for.iter().filter(|kind| !found.contains(kind)) {
        if !known.has(subject, *kind) {
            continue;
        }
        let path = drift_path(subject, *kind);
        let Some(seen) = world.read_record_with_etag(&path).await? else {
            continue;
        };
        let before = parse(&path, &seen)?;
        if before.is_open() {
            if *kind == DriftKind::UploadStuck && !has_ended(world, &before).await? {
                continue;
            }
            let closed = Drift {
                closed_at: Some(world.now()),
                announced_at: None,
                ..before
            };
            write_and_announce(world, settings, closed, Some(&seen)).await?;
        } else if before.announced_at.is_none() {
            announce(world, settings, before, &seen).await?;
        }
    }
    Ok(())
}

/// Ends what is on record of something that happened and is no state: nobody has to be told. What was not told yet is.
pub(super) async fn put_away<W: SweepWorld>(
    world: &W,
    settings: &SweepSettings,
    known: &KnownDrift,
    subject: &str,
    kind: DriftKind,
) -> Result<(), RetryableError> {
    if !known.has(subject, kind) {
        return Ok(());
    }
    let path = drift_path(subject, kind);
    let Some(seen) = world.read_record_with_etag(&path).await? else {
        return Ok(());
    };
    let before = parse(&path, &seen)?;
    if before.announced_at.is_none() {
        return announce(world, settings, before, &seen).await;
    }
    if before.is_open() {
        let closed = Drift {
            closed_at: Some(world.now()),
            ..before
        };
        let body = records::to_json(&path, &closed)?;
        // Whoever changed it meanwhile found something else.
        let _at_the_next_run = world
            .replace_record_as_seen(&path, &body, Some(&seen))
            .await?;
    }
    Ok(())
}

/// Whether the upload that got stuck has come to its end.
async fn has_ended<W: SweepWorld>(world: &W, drift: &Drift) -> Result<bool, RetryableError> {
    let Some(upload) = &drift.upload else {
        return Ok(true);
    };
    let folder = RecordFolder::list(world, upload).await?;
    Ok(folder.has::<Outcome>())
}

/// If another run is at it, that one tells.
async fn write_and_announce<W: SweepWorld>(
    world: &W,
    settings: &SweepSettings,
    drift: Drift,
    seen: Option<&RecordWithEtag>,
) -> Result<(), RetryableError> {
    let path = drift.path();
    let body = records::to_json(&path, &drift)?;
    if world.replace_record_as_seen(&path, &body, seen).await? == Replacement::Changed {
        return Ok(());
    }
    match world.read_record_with_etag(&path).await? {
        Some(written) if written.body == body => announce(world, settings, drift, &written).await,
        // Another run has found something else since, and tells that.
        _ => Ok(()),
    }
}

/// Sends the event of a document that is as it was seen, and puts on record that it was sent. If another run wrote
/// the document meanwhile, that one's state is not told yet, and stays so.
async fn announce<W: SweepWorld>(
    world: &W,
    settings: &SweepSettings,
    drift: Drift,
    seen: &RecordWithEtag,
) -> Result<(), RetryableError> {
    let path = drift.path();
    let record = format!("s3://{}/{path}", settings.stack.records_bucket);
    let event = RecordEvent {
        stack: settings.stack.name.clone(),
        record: record.clone(),
    };
    let announcement =
        Announcement::new(DRIFT_DETAIL_TYPE, &event, Vec::new()).map_err(|source| {
            RetryableError::Unwritable {
                what: format!("the event of {record}"),
                source,
            }
        })?;
    world.announce(&announcement).await?;
    let announced = Drift {
        announced_at: Some(world.now()),
        ..drift
    };
    let body = records::to_json(&path, &announced)?;
    let _if_it_is_the_same = world
        .replace_record_as_seen(&path, &body, Some(seen))
        .await?;
    Ok(())
}

fn parse(path: &str, seen: &RecordWithEtag) -> Result<Drift, RecordError> {
    serde_json::from_slice(&seen.body).map_err(|source| RecordError::Unreadable {
        path: path.to_owned(),
        source,
    })
}
