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
        self, DRIFT_FOLDER, Drift, DriftKind, Outcome, RecordError, RecordFolder, drift_path,
    },
};

/// The documents of all drift there ever was, as far as they were listed.
pub(super) struct DriftRecords<'a, W> {
    world: &'a W,
    settings: &'a SweepSettings,
    known: BTreeSet<String>,
}

impl<'a, W: SweepWorld> DriftRecords<'a, W> {
    /// One listing.
    pub(super) async fn list(
        world: &'a W,
        settings: &'a SweepSettings,
    ) -> Result<Self, RetryableError> {
        let paths = world.list_records(DRIFT_FOLDER).await?;
        Ok(Self {
            world,
            settings,
            known: paths.into_iter().collect(),
        })
    }

    /// Whose drift there is a document of.
    pub(super) fn subjects(&self) -> BTreeSet<String> {
        let rests = self
            .known
            .iter()
            .filter_map(|path| path.strip_prefix(DRIFT_FOLDER));
        let subjects = rests.filter_map(|rest| rest.rsplit_once('/'));
        subjects.map(|(subject, _)| subject.to_owned()).collect()
    }

    fn has(&self, subject: &str, kind: DriftKind) -> bool {
        self.known.contains(&drift_path(subject, kind))
    }

    /// Puts what was found on record and tells it, unless that was done before.
    pub(super) async fn open(&self, found: Drift) -> Result<(), RetryableError> {
        let seen = if self.has(&found.subject, found.kind) {
            self.world.read_record_with_etag(&found.path()).await?
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
                    let _at_the_next_run = self
                        .world
                        .replace_record_as_seen(&fewer.path(), &body, Some(seen))
                        .await?;
                    return Ok(());
                }
                return if before.announced_at.is_some() {
                    Ok(())
                } else {
                    self.announce(before, seen).await
                };
            }
        }
        self.write_and_announce(found, seen.as_ref()).await
    }

    /// The functions that the document of this drift is about, if it lasts.
    pub(super) async fn functions_told(
        &self,
        subject: &str,
        kind: DriftKind,
    ) -> Result<BTreeSet<String>, RetryableError> {
        let path = drift_path(subject, kind);
        if !self.has(subject, kind) {
            return Ok(BTreeSet::new());
        }
        let Some(seen) = self.world.read_record_with_etag(&path).await? else {
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
    pub(super) async fn still_open(
        &self,
        subject: &str,
        kinds: &[DriftKind],
    ) -> Result<Vec<DriftKind>, RetryableError> {
        let mut open = Vec::new();
        for kind in kinds.iter().filter(|kind| self.has(subject, **kind)) {
            let document: Option<Drift> =
                records::read_named(self.world, &drift_path(subject, *kind)).await?;
            if document.is_some_and(|drift| drift.is_open()) {
                open.push(*kind);
            }
        }
        Ok(open)
    }

    /// Closes what is on record of a subject and was not found this time. What was looked for is `looked_for`.
    pub(super) async fn close_others(
        &self,
        subject: &str,
        looked_for: &[DriftKind],
        found: &[DriftKind],
    ) -> Result<(), RetryableError> {
        for kind in looked_for.iter().filter(|kind| !found.contains(kind)) {
            if !self.has(subject, *kind) {
                continue;
            }
            let path = drift_path(subject, *kind);
            let Some(seen) = self.world.read_record_with_etag(&path).await? else {
                continue;
            };
            let before = parse(&path, &seen)?;
            if before.is_open() {
                if *kind == DriftKind::UploadStuck && !self.has_ended(&before).await? {
                    continue;
                }
                let closed = Drift {
                    closed_at: Some(self.world.now()),
                    announced_at: None,
                    ..before
                };
                self.write_and_announce(closed, Some(&seen)).await?;
            } else if before.announced_at.is_none() {
                self.announce(before, &seen).await?;
            }
        }
        Ok(())
    }

    /// Ends what is on record of something that happened and is no state: nobody has to be told. What was not told yet is.
    pub(super) async fn put_away(
        &self,
        subject: &str,
        kind: DriftKind,
    ) -> Result<(), RetryableError> {
        if !self.has(subject, kind) {
            return Ok(());
        }
        let path = drift_path(subject, kind);
        let Some(seen) = self.world.read_record_with_etag(&path).await? else {
            return Ok(());
        };
        let before = parse(&path, &seen)?;
        if before.announced_at.is_none() {
            return self.announce(before, &seen).await;
        }
        if before.is_open() {
            let closed = Drift {
                closed_at: Some(self.world.now()),
                ..before
            };
            let body = records::to_json(&path, &closed)?;
            // Whoever changed it meanwhile found something else.
            let _at_the_next_run = self
                .world
                .replace_record_as_seen(&path, &body, Some(&seen))
                .await?;
        }
        Ok(())
    }

    /// Whether the upload that got stuck has come to its end.
    async fn has_ended(&self, drift: &Drift) -> Result<bool, RetryableError> {
        let Some(upload) = &drift.upload else {
            return Ok(true);
        };
        let folder = RecordFolder::list(self.world, upload).await?;
        Ok(folder.has::<Outcome>())
    }

    /// If another run is at it, that one tells.
    async fn write_and_announce(
        &self,
        drift: Drift,
        seen: Option<&RecordWithEtag>,
    ) -> Result<(), RetryableError> {
        let path = drift.path();
        let body = records::to_json(&path, &drift)?;
        if self
            .world
            .replace_record_as_seen(&path, &body, seen)
            .await?
            == Replacement::Changed
        {
            return Ok(());
        }
        match self.world.read_record_with_etag(&path).await? {
            Some(written) if written.body == body => self.announce(drift, &written).await,
            // Another run has found something else since, and tells that.
            _ => Ok(()),
        }
    }

    /// Sends the event of a document that is as it was seen, and puts on record that it was sent. If another run wrote
    /// the document meanwhile, that one's state is not told yet, and stays so.
    async fn announce(&self, drift: Drift, seen: &RecordWithEtag) -> Result<(), RetryableError> {
        let path = drift.path();
        let record = format!("s3://{}/{path}", self.settings.stack.records_bucket);
        let event = RecordEvent {
            stack: self.settings.stack.name.clone(),
            record: record.clone(),
        };
        let announcement =
            Announcement::new(DRIFT_DETAIL_TYPE, &event, Vec::new()).map_err(|source| {
                RetryableError::Unwritable {
                    what: format!("the event of {record}"),
                    source,
                }
            })?;
        self.world.announce(&announcement).await?;
        let announced = Drift {
            announced_at: Some(self.world.now()),
            ..drift
        };
        let body = records::to_json(&path, &announced)?;
        let _if_it_is_the_same = self
            .world
            .replace_record_as_seen(&path, &body, Some(seen))
            .await?;
        Ok(())
    }
}

fn parse(path: &str, seen: &RecordWithEtag) -> Result<Drift, RecordError> {
    serde_json::from_slice(&seen.body).map_err(|source| RecordError::Unreadable {
        path: path.to_owned(),
        source,
    })
}
