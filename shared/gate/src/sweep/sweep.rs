//! One run over the uploads bucket.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use jiff::Timestamp;

use super::{
    account::{changed_settings, look_at_publishers, not_gated, subject_of_csc, weaker_parameters},
    daily_probe::daily_probe,
    drift::DriftRecords,
    freezes::freeze_in_force,
    inventory::Inventory,
    rate_limits::RateLimits,
    report::{SweepReport, SweepStopped, SweepTotals},
    settings::{SweepSettings, SweepWorld},
    signatures::Signatures,
    unfinished::{UploadCheck, resend_if_stuck, upload_of},
    what_runs::{SweepContext, TARGET_DRIFT_KINDS, compare_target},
};
use crate::{
    domain::{Csc, FREEZES, Target, Upload, freeze_subject, subject_of_key},
    events::SweepRun,
    outcome::{DeliveryAttempt, RetryableError},
    ports::{ListedVersion, PortError, VersionsCursor},
    records::{
        self, ACCOUNT_FUNCTIONS, Announced, CscPosture, DAILY_PROBE, Drift, DriftKind, Outcome,
        Posture, RecordError, RecordFolder, STACK_PARAMETERS, STACK_SETTINGS, Schema,
        SummaryEnvelope, SweepProgress,
    },
};

/// A run that looks for unfinished uploads only looks at those of so long, or of twice the patience if that is
/// more.
const UNFINISHED_LOOKBACK: Duration = Duration::from_hours(2);
/// A run over everything looks at those of three days, and at what is current, however old.
const FULL_SWEEP_LOOKBACK: Duration = Duration::from_hours(72);
/// A run that wrote nothing for longer than a function lives is over.
const ABANDONED_AFTER: Duration = Duration::from_mins(20);
/// How many troubles are on record; the log has all.
const MAX_TROUBLES_RECORDED: usize = 20;

/// Runs once. What fails for one target is told in the report, and hinders no other.
///
/// A run over everything that is out of time is an error; the next attempt goes on where it stopped. While
/// one is at work, others give way.
pub async fn sweep<W: SweepWorld>(
    world: &W,
    settings: &SweepSettings,
    run: SweepRun,
    attempt: &DeliveryAttempt,
) -> Result<SweepReport, SweepStopped> {
    let drift_records = match DriftRecords::list(world, settings).await {
        Ok(records) => records,
        Err(error) => return Err(SweepStopped::at_once(error)),
    };
    let mut sweep = Sweep {
        world,
        settings,
        attempt,
        drift_records,
        inventory: None,
        before: None,
        signatures: Signatures::default(),
        rate_limits: RateLimits::new(settings.quota_share),
        oldest: Timestamp::MIN,
        progress: SweepProgress {
            schema: Schema,
            began_at: attempt.since,
            at: world.now(),
            ended_at: None,
            done_through: None,
            unfinished: 0,
            targets: Vec::new(),
            troubles: Vec::new(),
            failed: BTreeSet::new(),
            drift: BTreeMap::new(),
            freezes: BTreeSet::new(),
        },
        visited: BTreeSet::new(),
        of_account: BTreeSet::new(),
        swept: SweepReport::default(),
    };
    let ended = match run {
        SweepRun::Unfinished => sweep.unfinished().await,
        SweepRun::Everything => sweep.everything().await,
    };
    match ended {
        Ok(()) => Ok(sweep.swept),
        Err(error) => Err(SweepStopped {
            report: Box::new(sweep.swept),
            error,
        }),
    }
}

struct Sweep<'a, W> {
    world: &'a W,
    settings: &'a SweepSettings,
    attempt: &'a DeliveryAttempt,
    drift_records: DriftRecords<'a, W>,
    /// In a run over everything.
    inventory: Option<Inventory>,
    /// What the run over everything before this one found.
    before: Option<Posture>,
    signatures: Signatures,
    rate_limits: RateLimits,
    /// Of what is not current, nothing older is looked at.
    oldest: Timestamp,
    progress: SweepProgress,
    /// The keys that were looked at in this attempt.
    visited: BTreeSet<String>,
    /// The subjects that are no targets and were looked at.
    of_account: BTreeSet<String>,
    swept: SweepReport,
}

impl<W: SweepWorld> Sweep<'_, W> {
    async fn unfinished(&mut self) -> Result<(), RetryableError> {
        let twice_the_patience = self.settings.patience.saturating_mul(2);
        self.look_back(UNFINISHED_LOOKBACK.max(twice_the_patience));
        self.all_keys(None).await?;
        self.swept.ended = Some(self.totals());
        Ok(())
    }

    fn totals(&self) -> SweepTotals {
        SweepTotals {
            drift: self.progress.drift.values().map(BTreeSet::len).sum(),
            troubles: self.progress.failed.len(),
        }
    }

    async fn everything(&mut self) -> Result<(), RetryableError> {
        let before: Option<SweepProgress> = records::read(self.world, "").await?;
        if let Some(before) = before.filter(|before| before.ended_at.is_none()) {
            let is_ours = before.began_at == self.progress.began_at;
            let end = before.at.saturating_add(ABANDONED_AFTER);
            if !is_ours && end.is_ok_and(|end| self.world.now() < end) {
                self.swept.skipped_for_other_run = true;
                return Ok(());
            }
            if is_ours {
                self.progress = before;
            }
        }
        self.save_progress().await?;
        self.before = match records::read(self.world, "").await {
            Ok(before) => before,
            // Of another schema, or damaged: this run writes another one.
            Err(RecordError::Unreadable { .. }) => None,
            Err(error) => return Err(error.into()),
        };
        self.look_back(FULL_SWEEP_LOOKBACK);
        self.inventory =
            Some(Inventory::list(self.world, &self.rate_limits, self.attempt.work_until).await?);
        let from = self.progress.done_through.clone();
        let from = from.map(|key| VersionsCursor { key, version: None });
        let looked = match self.all_keys(from).await {
            Ok(()) => self.check_account().await,
            Err(error) => Err(error),
        };
        if let Err(error) = looked {
            self.save_progress().await?;
            return Err(error);
        }
        self.close_what_was_not_looked_at().await?;
        self.write_posture().await?;
        let totals = self.totals();
        self.progress.ended_at = Some(self.world.now());
        self.progress.targets.clear();
        self.progress.failed.clear();
        self.progress.freezes.clear();
        self.progress.drift.clear();
        self.save_progress().await?;
        self.swept.ended = Some(totals);
        Ok(())
    }

    fn look_back(&mut self, span: Duration) {
        self.oldest = self
            .world
            .now()
            .saturating_sub(span)
            .unwrap_or(Timestamp::MIN);
    }

    async fn all_keys(&mut self, mut from: Option<VersionsCursor>) -> Result<(), RetryableError> {
        // A page may end amid the versions of a key.
        let mut of_key: Vec<ListedVersion> = Vec::new();
        loop {
            let page = self.world.list_all_versions(from.as_ref()).await?;
            for listed in page.versions {
                if of_key.first().is_some_and(|first| first.key != listed.key) {
                    self.listed_key(&std::mem::take(&mut of_key)).await?;
                }
                of_key.push(listed);
            }
            if page.next.is_none() {
                break;
            }
            if page.next == from {
                return Err(PortError::Unexpected {
                    call: "s3:ListObjectVersions",
                    source: "the listing does not end: a page names itself as the next one".into(),
                }
                .into());
            }
            from = page.next;
        }
        self.listed_key(&of_key).await
    }

    async fn listed_key(&mut self, versions: &[ListedVersion]) -> Result<(), RetryableError> {
        let Some(first) = versions.first() else {
            return Ok(());
        };
        self.check_key_in_time(&first.key, versions).await?;
        self.progress.done_through = Some(first.key.clone());
        Ok(())
    }

    async fn check_account(&mut self) -> Result<(), RetryableError> {
        self.check_deleted_keys().await?;
        self.publishers().await?;
        if let Err(error) = self.parameters().await {
            self.trouble(STACK_PARAMETERS, &error);
        }
        if let Err(error) = self.changed_settings().await {
            self.trouble(STACK_SETTINGS, &error);
        }
        if let Err(error) = self.functions_outside().await {
            self.trouble(ACCOUNT_FUNCTIONS, &error);
        }
        match self.probe().await {
            // The next attempt has time for it.
            Err(error @ RetryableError::TimeUp { .. }) => return Err(error),
            Err(error) => self.trouble(DAILY_PROBE, &error),
            Ok(()) => {}
        }
        Ok(())
    }

    /// Whether Signer still writes what is known, once a day. Where the stack wants no probe any more, what one found
    /// is closed with all that was not looked at.
    async fn probe(&mut self) -> Result<(), RetryableError> {
        let Some(about) = &self.settings.daily_probe else {
            return Ok(());
        };
        let until = self.attempt.work_until;
        let found = daily_probe(self.world, self.settings, about, until).await?;
        self.of_account.insert(DAILY_PROBE.to_owned());
        let kinds = [DriftKind::ProbeDiffers, DriftKind::ProbeImpossible];
        let found_kind: Vec<DriftKind> = found.iter().map(|drift| drift.kind).collect();
        if let Some(drift) = found {
            self.note_drift(DAILY_PROBE, drift.kind);
            self.drift_records.open(drift).await?;
        }
        self.close(DAILY_PROBE, &kinds, &found_kind).await
    }

    /// Whom the code signing configurations trust that the stack or its targets use.
    async fn publishers(&mut self) -> Result<(), RetryableError> {
        let Some(inventory) = &self.inventory else {
            return Ok(());
        };
        for csc in inventory.cscs_in_use(self.settings) {
            let Some(subject) = subject_of_csc(&csc) else {
                continue;
            };
            self.in_time(&subject)?;
            if let Err(error) = self.publishers_of(&csc, &subject).await {
                self.trouble(&subject, &error);
            }
        }
        Ok(())
    }

    async fn publishers_of(&mut self, csc: &Csc, subject: &str) -> Result<(), RetryableError> {
        let found =
            look_at_publishers(self.world, (&mut self.signatures, &self.rate_limits), csc).await?;
        self.of_account.insert(subject.to_owned());
        self.tell_or_close(subject, DriftKind::PublisherQuestionable, found)
            .await
    }

    /// Parameters of the stack that let more through than their defaults.
    async fn parameters(&mut self) -> Result<(), RetryableError> {
        let found = weaker_parameters(self.world, &self.settings.weaker_parameters);
        self.of_account.insert(STACK_PARAMETERS.to_owned());
        self.tell_or_close(STACK_PARAMETERS, DriftKind::WeakerParameters, found)
            .await
    }

    /// Parameters that decide what is watched and who is believed, beside those that the run before saw.
    async fn changed_settings(&mut self) -> Result<(), RetryableError> {
        let before = self.before.as_ref();
        let before = before.and_then(|before| before.settings.as_ref());
        let found =
            before.and_then(|before| changed_settings(self.world, before, &self.settings.watched));
        self.of_account.insert(STACK_SETTINGS.to_owned());
        let (subject, kind) = (STACK_SETTINGS, DriftKind::SettingsChanged);
        if found.is_some() {
            return self.tell_or_close(subject, kind, found).await;
        }
        self.drift_records.put_away(subject, kind).await
    }

    /// Functions of the scope without a configuration that the gate never deployed to.
    async fn functions_outside(&mut self) -> Result<(), RetryableError> {
        let Some(inventory) = &self.inventory else {
            return Ok(());
        };
        let mut names = inventory.without_csc(self.settings);
        for of in &self.progress.targets {
            if of.deployed.is_some() {
                names.remove(of.target.name());
            }
        }
        // Of what is in trouble it is not known whether it was deployed.
        let failed = self.failed_subjects();
        names.retain(|name| !failed.contains(&format!("functions/{name}")));
        let kind = DriftKind::NotGated;
        let told = self
            .drift_records
            .functions_told(ACCOUNT_FUNCTIONS, kind)
            .await?;
        let found = not_gated(self.world, &names, &told);
        self.of_account.insert(ACCOUNT_FUNCTIONS.to_owned());
        self.tell_or_close(ACCOUNT_FUNCTIONS, kind, found).await
    }

    async fn tell_or_close(
        &mut self,
        subject: &str,
        kind: DriftKind,
        found: Option<Drift>,
    ) -> Result<(), RetryableError> {
        let Some(found) = found else {
            return self.close(subject, &[kind], &[]).await;
        };
        self.note_drift(subject, kind);
        self.drift_records.open(found).await
    }

    /// Targets whose key has no version any more. Somebody may have deleted an upload for good that was on its
    /// way; its records still have to come to an end.
    async fn check_deleted_keys(&mut self) -> Result<(), RetryableError> {
        let targets = records::targets_on_record(self.world).await?;
        let seen: BTreeSet<Target> = self.targets_seen().cloned().collect();
        for target in targets {
            let key = target.key();
            let is_there = seen.contains(&target)
                || self.visited.contains(&key)
                || self.progress.failed.contains(&key);
            if !is_there {
                self.check_key_in_time(&key, &[]).await?;
            }
        }
        Ok(())
    }

    fn targets_seen(&self) -> impl Iterator<Item = &Target> {
        self.progress.targets.iter().map(|of| &of.target)
    }

    /// All versions of one key. Being out of time is the only error: trouble with a key hinders no other.
    async fn check_key_in_time(
        &mut self,
        key: &str,
        versions: &[ListedVersion],
    ) -> Result<(), RetryableError> {
        self.in_time(key)?;
        if let Err(error) = self.check_key(key, versions).await {
            self.trouble(key, &error);
        }
        self.visited.insert(key.to_owned());
        Ok(())
    }

    fn in_time(&self, next: &str) -> Result<(), RetryableError> {
        if self.world.now() >= self.attempt.work_until {
            return Err(RetryableError::TimeUp {
                what: format!("the sweep came to {next}"),
            });
        }
        Ok(())
    }

    /// What there was trouble with, as drift names it: parts of the account as they are, keys by their subjects.
    fn failed_subjects(&self) -> BTreeSet<String> {
        let failed = &self.progress.failed;
        let of_keys = failed.iter().map(|key| {
            if key.starts_with(FREEZES) {
                freeze_subject(key)
            } else {
                subject_of_key(key)
            }
        });
        failed.iter().cloned().chain(of_keys).collect()
    }

    fn trouble(&mut self, key: &str, error: &RetryableError) {
        self.progress.failed.insert(key.to_owned());
        let text = format!("{key}: {}", error.error_chain());
        if self.progress.troubles.len() < MAX_TROUBLES_RECORDED {
            self.progress.troubles.push(text.clone());
        }
        self.swept.troubles.push(text);
    }

    async fn check_key(
        &mut self,
        key: &str,
        versions: &[ListedVersion],
    ) -> Result<(), RetryableError> {
        if key.starts_with(FREEZES) {
            return self.check_freeze(key, versions).await;
        }
        let is_settled = self.check_unfinished(key, versions).await?;
        let Ok(target) = Target::from_key(key) else {
            return Ok(());
        };
        let pattern = self.settings.scope.pattern_for(&target);
        if !pattern.matches(target.name()) {
            return Ok(());
        }
        let current = versions.iter().find(|listed| listed.is_current);
        let current = current.and_then(|listed| upload_of(self.settings, listed));
        self.check_target(&target, current.as_ref(), is_settled)
            .await
    }

    /// Whether a freeze is in force, which is told when it begins and when it ends.
    async fn check_freeze(
        &mut self,
        key: &str,
        versions: &[ListedVersion],
    ) -> Result<(), RetryableError> {
        let mut current = versions.iter().filter(|listed| listed.is_current);
        let is_there = current.any(|listed| !listed.is_delete_marker);
        let found = if self.settings.heeds_freezes && is_there {
            freeze_in_force(self.world, key).await?
        } else {
            None
        };
        let subject = freeze_subject(key);
        self.progress.freezes.insert(subject.clone());
        match found {
            // It is nothing wrong, and not counted as drift.
            Some(freeze) => self.drift_records.open(freeze).await,
            None => self.close(&subject, &[DriftKind::FreezeInForce], &[]).await,
        }
    }

    /// Takes up the uploads of a key that got stuck. Answers whether none of them is on its way.
    async fn check_unfinished(
        &mut self,
        key: &str,
        versions: &[ListedVersion],
    ) -> Result<bool, RetryableError> {
        let mut is_settled = true;
        for (upload, has_outcome) in self.not_ended(key, versions).await? {
            self.swept.looked_at = self.swept.looked_at.saturating_add(1);
            let progress = resend_if_stuck(self.world, self.settings, &upload).await?;
            is_settled &= has_outcome || progress == UploadCheck::Ended;
            if progress.is_unfinished() {
                self.swept.unfinished = self.swept.unfinished.saturating_add(1);
                self.progress.unfinished = self.progress.unfinished.saturating_add(1);
            }
            if matches!(
                progress,
                UploadCheck::Resent { .. } | UploadCheck::SentForSummary
            ) {
                self.swept.resent.push(upload);
            }
            if let UploadCheck::Resent { stuck: Some(stuck) }
            | UploadCheck::OnItsWay { stuck: Some(stuck) } = progress
            {
                self.note_drift(&stuck.subject, stuck.kind);
                self.drift_records.open(*stuck).await?;
            }
        }
        Ok(is_settled)
    }

    /// Compares what runs on a target with the records, in a run over everything; tells what differs, and what no
    /// longer does.
    async fn check_target(
        &mut self,
        target: &Target,
        current: Option<&Upload>,
        is_settled: bool,
    ) -> Result<(), RetryableError> {
        let Some(inventory) = &self.inventory else {
            return Ok(());
        };
        let context = SweepContext {
            world: self.world,
            settings: self.settings,
            inventory,
            rate_limits: &self.rate_limits,
        };
        let signatures = &mut self.signatures;
        let look = compare_target(context, signatures, target, current, is_settled).await?;
        self.swept.targets = self.swept.targets.saturating_add(1);
        for error in &look.troubles {
            self.trouble(&target.to_string(), error);
        }
        let kinds: Vec<DriftKind> = look.drift.iter().map(|drift| drift.kind).collect();
        // Whoever began to deploy since the records were listed may have changed what was looked at.
        let is_certain =
            look.is_certain && (kinds.is_empty() || self.is_still_settled(target).await?);
        // What a deployment under way may explain is not told. It stays told if it was.
        let (told, untold): (Vec<DriftKind>, Vec<DriftKind>) = kinds
            .iter()
            .partition(|kind| is_certain || !kind.may_be_a_deployment());
        let subject = target.to_string();
        let mut posture = look.posture;
        posture.drift = self.drift_records.still_open(&subject, &untold).await?;
        posture.drift.extend(&told);
        posture.drift.sort_unstable();
        self.progress.targets.push(posture);
        for found in look.drift {
            if told.contains(&found.kind) {
                self.note_drift(&found.subject, found.kind);
                self.drift_records.open(found).await?;
            }
        }
        if !is_certain {
            return Ok(());
        }
        let is_judged = |kind: &DriftKind| !look.not_judged.contains(kind);
        let judged: Vec<DriftKind> = TARGET_DRIFT_KINDS.into_iter().filter(is_judged).collect();
        self.close(&subject, &judged, &kinds).await?;
        self.close(&subject, &[DriftKind::UploadStuck], &[]).await
    }

    /// The uploads of a key that are worth a look of their own, each with whether it is known to have an
    /// outcome: in a run over everything those without one, or whose outcome is not announced or has no summary where the
    /// stack makes them, also those whose version was deleted for good since; otherwise all that are young.
    async fn not_ended(
        &self,
        key: &str,
        versions: &[ListedVersion],
    ) -> Result<Vec<(Upload, bool)>, RetryableError> {
        let uploads = versions
            .iter()
            .filter_map(|listed| Some((upload_of(self.settings, listed)?, listed.is_current)));
        let is_young = |upload: &Upload| upload.at >= self.oldest;
        let (Some(_), Ok(target)) = (&self.inventory, Target::from_key(key)) else {
            let young = uploads.filter(|(upload, _)| is_young(upload));
            return Ok(young.map(|(upload, _)| (upload, false)).collect());
        };
        let stack = &self.settings.stack;
        let recorded =
            records::recent_uploads(self.world, stack, &target, self.oldest, self.world.now());
        let recorded = recorded.await?;
        let mut wanted: Vec<(Upload, bool)> = Vec::new();
        for (upload, is_current) in uploads {
            let is_recorded = recorded.iter().any(|(other, _)| *other == upload);
            let is_forgotten = is_current
                && !is_young(&upload)
                && records::read::<_, Outcome>(self.world, &upload.folder())
                    .await?
                    .is_none();
            if is_forgotten || (is_young(&upload) && !is_recorded) {
                wanted.push((upload, false));
            }
        }
        let is_complete = |folder: &RecordFolder| {
            folder.has::<Outcome>()
                && folder.has::<Announced>()
                && (folder.has::<SummaryEnvelope>() || !self.settings.summarizes)
        };
        let not_ended = recorded
            .into_iter()
            .filter(|(_, folder)| !is_complete(folder));
        wanted.extend(not_ended.map(|(upload, folder)| (upload, folder.has::<Outcome>())));
        Ok(wanted)
    }

    /// Whether each upload on record has an outcome now.
    async fn is_still_settled(&self, target: &Target) -> Result<bool, RetryableError> {
        let (stack, now) = (&self.settings.stack, self.world.now());
        let uploads = records::recent_uploads(self.world, stack, target, self.oldest, now).await?;
        Ok(uploads.iter().all(|(_, folder)| folder.has::<Outcome>()))
    }

    fn note_drift(&mut self, subject: &str, kind: DriftKind) {
        self.swept.drift.push((subject.to_owned(), kind));
        let of_subject = self.progress.drift.entry(subject.to_owned());
        of_subject.or_default().insert(kind);
    }

    async fn close(
        &self,
        subject: &str,
        looked_for: &[DriftKind],
        found: &[DriftKind],
    ) -> Result<(), RetryableError> {
        let records = &self.drift_records;
        records.close_others(subject, looked_for, found).await
    }

    /// Drift of what is none of the gate's targets any more, and of keys that name no target.
    async fn close_what_was_not_looked_at(&mut self) -> Result<(), RetryableError> {
        let seen: BTreeSet<String> = self.targets_seen().map(ToString::to_string).collect();
        let failed = self.failed_subjects();
        let gone: Vec<String> = self
            .drift_records
            .subjects()
            .into_iter()
            .filter(|subject| !seen.contains(subject) && !self.of_account.contains(subject))
            .filter(|subject| !failed.contains(subject) && !self.progress.freezes.contains(subject))
            .collect();
        for subject in gone {
            self.close(&subject, &DriftKind::ALL, &[]).await?;
        }
        Ok(())
    }

    async fn write_posture(&mut self) -> Result<(), RetryableError> {
        let inventory = self.inventory.take().map(Inventory::into_posture);
        let (functions, configurations) = inventory.unwrap_or_default();
        let ended_at = self.world.now();
        let with_past = |csc: CscPosture| csc.after(self.before.as_ref(), ended_at);
        let configurations = configurations.into_iter().map(with_past).collect();
        let posture = Posture {
            schema: Schema,
            stack: self.settings.stack.name.clone(),
            began_at: self.progress.began_at,
            ended_at,
            unfinished: self.progress.unfinished,
            targets: self.progress.targets.clone(),
            functions,
            configurations,
            settings: Some(self.settings.watched.clone()),
            troubles: self.progress.troubles.clone(),
        };
        records::replace(self.world, "", &posture).await?;
        Ok(())
    }

    async fn save_progress(&mut self) -> Result<(), RetryableError> {
        self.progress.at = self.world.now();
        records::replace(self.world, "", &self.progress).await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use countersign_testkit::template::function_timeout;

    use super::ABANDONED_AFTER;

    #[test]
    fn abandoned_after_outlasts_the_function() {
        assert!(ABANDONED_AFTER > function_timeout("SweepFunction"));
    }
}
