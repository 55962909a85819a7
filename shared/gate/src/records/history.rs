//! The history of a target, from its records.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{Timestamp, ToSpan as _, tz::TimeZone};
use serde::Serialize;

use super::{
    documents::{Live, Received, Signing, VerdictRecord, Waiting},
    error::RecordError,
    outcome::{Deployed, Outcome, UploadState},
    store::{Document, RecordFolder, read},
};
use crate::{
    domain::{Stack, Target, Upload, UploadId, VersionId, VersionNumber},
    ports::Records,
};

/// One upload with all that is on record of it; what is not written yet, or never was, is null.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct UploadRecords {
    /// `20261121T214400Z-<version id>`
    pub label: String,
    /// `received.json`
    pub received: Option<Received>,
    /// `signing.json`
    pub signing: Option<Signing>,
    /// `verdict.json`
    pub verdict: Option<VerdictRecord>,
    /// `outcome.json`
    pub outcome: Option<Outcome>,
    /// `waiting.json`, as long as there is no outcome.
    pub waiting: Option<Waiting>,
}

impl UploadRecords {
    /// Where the upload stands, in a word.
    #[must_use]
    pub fn status(&self) -> &'static str {
        match (&self.outcome, &self.verdict, &self.signing) {
            (Some(outcome), ..) => outcome.state.as_str(),
            (None, Some(verdict), _) if verdict.decision.accepts() => "deploying",
            (None, Some(_), _) => "refusing",
            (None, None, Some(_)) if self.waits_for_people() => "waiting for people",
            (None, None, Some(_)) => "signing",
            (None, None, None) => "received",
        }
    }

    fn waits_for_people(&self) -> bool {
        let waiting = self.waiting.as_ref();
        waiting.is_some_and(|waiting| waiting.waits_for_people)
    }

    /// Orders uploads of one key as S3 took them: by time, and within a second by sequencer.
    fn order(&self) -> (Option<Timestamp>, Option<&str>, &str) {
        (
            Upload::parse_label(&self.label).map(|(at, _)| at),
            self.received
                .as_ref()
                .and_then(|received| received.sequencer.as_deref()),
            &self.label,
        )
    }
}

/// The newest `max` uploads of a target, newest first.
///
/// Costs one listing, and for each upload a read for each document there is; up to a handful more
/// where several uploads fall into the second at which `max` is reached.
pub async fn history<W: Records>(
    world: &W,
    target: &Target,
    max: usize,
) -> Result<Vec<UploadRecords>, RecordError> {
    let prefix = format!("{target}/");
    let mut folders: BTreeMap<(Timestamp, String), BTreeSet<String>> = BTreeMap::new();
    for path in world.list_records(&prefix).await? {
        let rest = path
            .strip_prefix(&prefix)
            .and_then(|rest| rest.split_once('/'));
        if let Some((label, document)) = rest
            && let Some((at, _)) = Upload::parse_label(label)
        {
            folders
                .entry((at, label.to_owned()))
                .or_default()
                .insert(document.to_owned());
        }
    }
    // The order within a second is only known from the documents.
    let oldest = folders
        .keys()
        .rev()
        .take(max)
        .next_back()
        .map(|(at, _)| *at);
    let mut uploads = Vec::new();
    for ((at, label), documents) in folders.into_iter().rev() {
        if oldest.is_none_or(|oldest| at < oldest) {
            break;
        }
        uploads.push(records_of(world, &prefix, label, &documents).await?);
    }
    uploads.sort_by(|a, b| b.order().cmp(&a.order()));
    uploads.truncate(max);
    Ok(uploads)
}

async fn records_of<W: Records>(
    world: &W,
    prefix: &str,
    label: String,
    documents: &BTreeSet<String>,
) -> Result<UploadRecords, RecordError> {
    async fn present<W: Records, D: Document>(
        world: &W,
        folder: &str,
        documents: &BTreeSet<String>,
    ) -> Result<Option<D>, RecordError> {
        if documents.contains(D::FILE) {
            read(world, folder).await
        } else {
            Ok(None)
        }
    }
    let folder = format!("{prefix}{label}/");
    let outcome = present(world, &folder, documents).await?;
    let waiting = match &outcome {
        None => present(world, &folder, documents).await?,
        Some(_) => None,
    };
    Ok(UploadRecords {
        received: present(world, &folder, documents).await?,
        signing: present(world, &folder, documents).await?,
        verdict: present(world, &folder, documents).await?,
        outcome,
        waiting,
        label,
    })
}

/// The labels of the target's uploads that are on record, and of those that have ended.
async fn begun_and_ended<W: Records>(
    world: &W,
    target: &Target,
) -> Result<(BTreeSet<String>, BTreeSet<String>), RecordError> {
    let prefix = format!("{target}/");
    let paths = world.list_records(&prefix).await?;
    let documents = paths
        .iter()
        .filter_map(|path| path.strip_prefix(&prefix)?.split_once('/'));
    let (mut begun, mut ended) = (BTreeSet::new(), BTreeSet::new());
    for (label, document) in documents {
        begun.insert(label.to_owned());
        if document == Outcome::FILE {
            ended.insert(label.to_owned());
        }
    }
    Ok((begun, ended))
}

/// Whether another upload of the target was taken in and has not ended.
pub(crate) async fn has_unfinished<W: Records>(
    world: &W,
    target: &Target,
    but: &Upload,
) -> Result<bool, RecordError> {
    let (begun, ended) = begun_and_ended(world, target).await?;
    let label = but.label();
    let mut unfinished = begun.difference(&ended);
    Ok(unfinished.any(|found| *found != label))
}

/// The outcome of the newest upload of the target that was deployed, among those that S3 took later than `since`.
///
/// A listing of all that is on record of the target, and a read for each of the `most` newest of those uploads until one is
/// found.
pub(crate) async fn deployed_since<W: Records>(
    world: &W,
    target: &Target,
    since: Option<Timestamp>,
    most: usize,
) -> Result<Option<Outcome>, RecordError> {
    let (_, ended) = begun_and_ended(world, target).await?;
    let is_later = |label: &&String| {
        Upload::parse_label(label).is_some_and(|(at, _)| since.is_none_or(|since| at > since))
    };
    // Labels begin with the time.
    for label in ended.iter().rev().filter(is_later).take(most) {
        let outcome: Option<Outcome> = read(world, &format!("{target}/{label}/")).await?;
        if let Some(outcome) = outcome
            && outcome.state == UploadState::Deployed
        {
            return Ok(Some(outcome));
        }
    }
    Ok(None)
}

/// Every target that ever left a record.
///
/// A listing for each thousand targets.
pub(crate) async fn targets_on_record<W: Records>(world: &W) -> Result<Vec<Target>, RecordError> {
    let mut targets = Vec::new();
    for kind in ["functions/", "layers/"] {
        let folders = world.list_record_folders(kind).await?;
        let names = folders.into_iter().filter_map(|folder| {
            let target = folder.strip_suffix('/')?;
            Target::try_from(target.to_owned()).ok()
        });
        targets.extend(names);
    }
    Ok(targets)
}

/// The uploads of the target that S3 took at `oldest` or later and that left a record, each with its documents.
///
/// A listing for each calendar month since `oldest`: labels begin with the date.
pub(crate) async fn recent_uploads<W: Records>(
    world: &W,
    stack: &Stack,
    target: &Target,
    oldest: Timestamp,
    now: Timestamp,
) -> Result<Vec<(Upload, RecordFolder)>, RecordError> {
    let months = months_between(oldest, now);
    let mut folders: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for month in months {
        for path in world.list_records(&format!("{target}/{month}")).await? {
            let rest = path.strip_prefix(&format!("{target}/"));
            if let Some((label, document)) = rest.and_then(|rest| rest.split_once('/')) {
                let documents = folders.entry(label.to_owned()).or_default();
                documents.insert(document.to_owned());
            }
        }
    }
    let recent = folders.into_iter().filter_map(|(label, documents)| {
        let (at, version) = Upload::parse_label(&label)?;
        (at >= oldest).then(|| (at, version, RecordFolder::of(documents)))
    });
    Ok(recent
        .map(|(at, version, folder)| {
            let id = UploadId {
                bucket: stack.uploads_bucket.clone(),
                key: target.key(),
                version,
            };
            (Upload { id, at }, folder)
        })
        .collect())
}

/// `202611`, for each calendar month from that of `oldest` to that of `now`, in UTC.
fn months_between(oldest: Timestamp, now: Timestamp) -> Vec<String> {
    let first_day = |at: Timestamp| at.to_zoned(TimeZone::UTC).date().first_of_month();
    let (first, last) = (first_day(oldest), first_day(now));
    let months = first.series(1.month()).take_while(|month| *month <= last);
    months
        .map(|month| month.strftime("%Y%m").to_string())
        .collect()
}

/// The versions of a function that records name: what is live, and what uploads that S3 took at `oldest` or later
/// were deployed as, or failed as. `None` while an upload is on its way: its version may be on no record yet.
///
/// A listing of all that is on record of the target, and a read for each of those uploads.
pub(crate) async fn versions_on_record<W: Records>(
    world: &W,
    target: &Target,
    oldest: Timestamp,
) -> Result<Option<BTreeSet<VersionNumber>>, RecordError> {
    let (begun, ended) = begun_and_ended(world, target).await?;
    if begun != ended {
        return Ok(None);
    }
    let live: Option<Live> = live(world, target).await?;
    let mut named: Vec<Option<Deployed>> = vec![live.map(|live| live.deployed)];
    for label in ended {
        if Upload::parse_label(&label).is_some_and(|(at, _)| at >= oldest) {
            let outcome: Option<Outcome> = read(world, &format!("{target}/{label}/")).await?;
            named.push(outcome.and_then(|outcome| outcome.deployed));
        }
    }
    let versions = named.into_iter().flatten();
    let versions = versions.filter_map(|deployed| deployed.version);
    let numbers = versions.filter_map(|version| VersionNumber::parse(&version).ok());
    Ok(Some(numbers.collect()))
}

/// What the target's last deployment was; `None` when nothing was deployed yet.
pub async fn live<W: Records>(world: &W, target: &Target) -> Result<Option<Live>, RecordError> {
    read(world, &format!("{target}/")).await
}

/// All that is on record of one upload: one listing, and a read for each document there is. Nothing is
/// written yet when every document is null.
pub async fn upload_records<W: Records>(
    world: &W,
    target: &Target,
    upload: &Upload,
) -> Result<UploadRecords, RecordError> {
    let (prefix, label) = (format!("{target}/"), upload.label());
    let folder = format!("{prefix}{label}/");
    let paths = world.list_records(&folder).await?;
    let documents = paths
        .iter()
        .filter_map(|path| path.strip_prefix(&folder))
        .map(str::to_owned)
        .collect();
    records_of(world, &prefix, label, &documents).await
}

/// All that is on record of the upload that S3 stored as this version of the target's key; `None` when nothing is, so
/// that it was not taken in yet or is no version of this key. A listing of all that is on record of the target, and a read for each
/// document of this upload.
pub async fn upload_with_version<W: Records>(
    world: &W,
    target: &Target,
    version: &VersionId,
) -> Result<Option<UploadRecords>, RecordError> {
    let prefix = format!("{target}/");
    let paths = world.list_records(&prefix).await?;
    let documents = paths
        .iter()
        .filter_map(|path| path.strip_prefix(&prefix)?.split_once('/'));
    let mut folders: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for (label, document) in documents {
        if Upload::parse_label(label).is_some_and(|(_, of)| of == *version) {
            let found = folders.entry(label).or_default();
            found.insert(document.to_owned());
        }
    }
    // S3 gives a version one time, so that there is one folder.
    match folders.pop_last() {
        Some((label, documents)) => {
            let label = label.to_owned();
            Ok(Some(records_of(world, &prefix, label, &documents).await?))
        }
        None => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::months_between;

    #[test]
    fn months_of_a_long_span_are_all_there() {
        let months = |oldest: &str, now: &str| {
            months_between(oldest.parse().unwrap(), now.parse().unwrap()).join(" ")
        };
        assert_eq!(
            months("2026-10-31T23:59:59Z", "2027-02-01T00:00:00Z"),
            "202610 202611 202612 202701 202702"
        );
        assert_eq!(
            months("2026-11-01T00:00:00Z", "2026-11-30T00:00:00Z"),
            "202611"
        );
        assert_eq!(months("2026-12-01T00:00:00Z", "2026-11-30T00:00:00Z"), "");
    }
}
