//! Deploying to a function.
//!
//! One round reads the function and its revision, then whether the upload is still current, then
//! judges, then updates with that revision. A change by anyone in between makes Lambda refuse the
//! update, and the next round reads and judges again.

use std::collections::BTreeMap;

use super::{
    alias::{alias_to_move, move_alias},
    break_glass::look_for_break_glass,
    collect_evidence::{
        ExaminedPackage, TargetFacts, collect_evidence, configuration_of, csc_by_arn,
        csc_of_function, no_answer, read_package, read_source,
    },
    collect_provenance::collect_provenance,
    current_package::{SamePackage, prove_same},
    expected::ExpectedCode,
    judge::{JudgedPackage, candidate, record_judgement},
    live::record_live,
    pending_deployment::{
        Applied, DeployContext, DeployWorld, PendingDeployment, check_current, replaced_or_deleted,
    },
    people::ask_people,
    publish::{Published, publish_to_latest, publish_version, wait_until_invocable},
    update_options::update_options,
};
use crate::{
    domain::{AliasName, CodeIdentity, Csc, FunctionConfiguration, FunctionName, ReasonCode},
    outcome::{Backoff, EarlyExit, OutcomeDraft, RetryableError, Superseded, check_managed},
    ports::{
        CodeUpdate, CurrentPackage, CurrentUpload, Function, Publication, UpdateOptions,
        UpdateStatus, UpdatedCode,
    },
    records::{self, Deployed, UploadState},
    verdict::{
        Approved, DryRun, Evidence, Examine, Fact, Judgement, People, ProvenanceEvidence, Verdict,
        Verified, decide, judge, verify,
    },
};

/// How often a function may change under our hands before the event goes back to its queue.
const MAX_ROUNDS: u32 = 6;

/// How a round ends when the upload does not.
enum Round {
    End(Box<OutcomeDraft>),
    Again,
}

/// What was read of an upload: what Signer made of it, and the upload itself.
type PackageAndSource = (ExaminedPackage, Fact<Option<Vec<u8>>>);

/// One upload on its way to one function.
pub(super) struct FunctionDeployment<'a, W, E> {
    context: DeployContext<'a, W, E>,
    pending: &'a mut PendingDeployment,
    name: FunctionName,
    /// The package and its source, once they were read.
    package: Option<PackageAndSource>,
    /// The function ran the same code already, and it is left alone.
    is_unchanged: bool,
}

impl<'a, W: DeployWorld, E: Examine> FunctionDeployment<'a, W, E> {
    pub(super) fn new(
        context: DeployContext<'a, W, E>,
        pending: &'a mut PendingDeployment,
        name: FunctionName,
    ) -> Self {
        Self {
            context,
            pending,
            name,
            package: None,
            is_unchanged: false,
        }
    }

    /// Brings the upload to its end.
    pub(super) async fn run(mut self) -> Result<OutcomeDraft, EarlyExit> {
        for _ in 0..MAX_ROUNDS {
            if let Round::End(draft) = self.attempt_update().await? {
                return Ok(*draft);
            }
        }
        let what = format!("the function {} keeps changing", self.name);
        Err(RetryableError::busy(what).into())
    }

    async fn attempt_update(&mut self) -> Result<Round, EarlyExit> {
        let backoff = Backoff::brief(self.context.world, &self.pending.attempt);
        let function = self.wait_until_updated(backoff).await?;
        // What was applied is looked at before what is current.
        if let Some(function) = &function
            && self.seems_applied(&function.code)
            && self.is_applied(&function.code).await?
        {
            return self.resume(function).await;
        }
        if self.context.settings.stack.owns(&self.name) {
            let message = format!("{} is a function of the gate itself", self.name);
            return Err(OutcomeDraft::rejected(ReasonCode::TargetIsGate, message).into());
        }
        // Its entity tag, too, is read before it is asked whether the upload is current.
        let current = self
            .context
            .world
            .current_package(&self.pending.target)
            .await?;
        self.check_current().await?;
        match function {
            Some(function) => self.update(&function, current.as_ref()).await,
            None => self.prepare(current.as_ref()).await,
        }
    }

    /// The function, once no update is under way; `None` when there is none.
    async fn wait_until_updated(
        &self,
        mut backoff: Backoff,
    ) -> Result<Option<Function>, EarlyExit> {
        loop {
            let function = self.context.world.function(&self.name).await?;
            let update = function.as_ref().map(|function| &function.update);
            let what = match update {
                Some(UpdateStatus::InProgress) => {
                    format!("the function {} is being updated", self.name)
                }
                Some(UpdateStatus::Unknown { what }) => {
                    format!("of the function {}, {what}, which is not known", self.name)
                }
                Some(UpdateStatus::Successful | UpdateStatus::Failed { .. }) | None => {
                    return Ok(function);
                }
            };
            if !backoff.pause(self.context.world).await {
                return Err(RetryableError::busy(what).into());
            }
        }
    }

    /// Asks whether the upload is current; the first time, in the same call that reads it.
    async fn check_current(&mut self) -> Result<(), EarlyExit> {
        if self.package.is_some() {
            return check_current(self.context.world, &self.pending.upload).await;
        }
        let upload = &self.pending.upload;
        let source = match self.context.world.read_if_current(&upload.id).await? {
            CurrentUpload::Current(bytes) => bytes,
            CurrentUpload::Deleted => return Err(Superseded::KeyDeleted.draft().into()),
            CurrentUpload::Other => {
                let why = replaced_or_deleted(self.context.world, upload).await?;
                return Err(why.draft().into());
            }
        };
        let source = Fact::Known(Some(source));
        self.read_package(source).await
    }

    async fn read_package(&mut self, source: Fact<Option<Vec<u8>>>) -> Result<(), EarlyExit> {
        let package = read_package(
            self.context.world,
            self.context.examiner,
            self.pending,
            &source,
        )
        .await?;
        self.package = Some((package, source));
        Ok(())
    }

    /// The package and its source, which were read before.
    fn package(&self) -> Result<&PackageAndSource, EarlyExit> {
        let what = || RetryableError::busy("the package was not read");
        self.package.as_ref().ok_or_else(|| what().into())
    }

    async fn evidence(
        &self,
        csc: Fact<Option<Csc>>,
        function: Fact<FunctionConfiguration>,
        (provenance, people): (ProvenanceEvidence, People),
        is_taken: bool,
    ) -> Result<Evidence, EarlyExit> {
        let (package, _) = self.package()?;
        let (world, settings) = (self.context.world, self.context.settings);
        let job = &self.pending.job;
        let target = TargetFacts {
            csc,
            function,
            provenance,
            people,
        };
        let mut evidence = collect_evidence(world, settings, job, package, target).await;
        let settings = &settings.people;
        look_for_break_glass(world, settings, self.pending, is_taken, &mut evidence).await?;
        Ok(evidence)
    }

    /// What is there to show where it was built. `function` is `None` where there is none yet: then it has no tags.
    async fn provenance(
        &self,
        function: Option<&Function>,
    ) -> Result<ProvenanceEvidence, EarlyExit> {
        let (package, _) = self.package()?;
        let none = BTreeMap::new();
        let tags = function.map_or(&none, |function| &function.tags);
        let (world, settings) = (self.context.world, self.context.settings);
        Ok(collect_provenance(world, settings, self.pending, package, tags).await)
    }

    /// What people say, before anything is changed. `function` is `None` where there is none yet.
    async fn people(&self, function: Option<&Function>) -> Result<People, EarlyExit> {
        let (package, _) = self.package()?;
        let settings = &self.context.settings.people;
        let tags = function.map(|function| &function.tags);
        Ok(ask_people(self.context.world, settings, self.pending, package, tags).await)
    }

    /// Judges the package for the function, and updates it.
    async fn update(
        &mut self,
        function: &Function,
        current: Option<&CurrentPackage>,
    ) -> Result<Round, EarlyExit> {
        // Once more: the tag may have been taken off while the package was signed.
        check_managed(self.context.settings.requires_managed_tag, function)?;
        let options = update_options(self.context.settings, &self.pending.target, function)?;
        let canary = self.context.settings.canary;
        let alias = alias_to_move(self.context.world, canary, &self.name, function).await?;
        let Some(csc) = csc_of_function(self.context.world, &self.name).await else {
            return Ok(Round::Again);
        };
        let configuration = configuration_of(function, options.architecture);
        let provenance = self.provenance(Some(function)).await?;
        let demanded = (provenance, self.people(Some(function)).await?);
        let mut evidence = self.evidence(csc, configuration, demanded, false).await?;
        // Judged before the dry run, which is asked for by what it says, and once more with it.
        let own_verdict = decide(&evidence);
        if own_verdict.decision.accepts()
            && let Some(same) = self
                .runs_the_same(function, options, current, &evidence.csc)
                .await?
        {
            let alias = alias.as_ref();
            return self
                .keep_running_code(function, &evidence, &same, alias)
                .await;
        }
        // Lambda's opinion is worth a call when we would deploy, and when we refuse on integrity, which
        // Lambda judges too if there is a configuration.
        if own_verdict.decision.accepts() || (evidence.integrity_failed() && evidence.has_csc()) {
            let Some(dry_run) = self.dry_run(function, options).await? else {
                return Ok(Round::Again);
            };
            evidence.dry_run = dry_run;
        }
        let (package, _) = self.package()?;
        let judgement = judge(&evidence, candidate(self.pending, &package.signed));
        let (approved, verdict) = self.record(&evidence, judgement, alias.as_ref()).await?;
        if !self
            .replace_current_package(approved.verified(), current)
            .await?
        {
            return Ok(Round::Again);
        }
        self.apply(function, options, &approved, &verdict, alias.as_ref())
            .await
    }

    async fn record<P>(
        &mut self,
        evidence: &Evidence,
        judgement: Judgement<P>,
        alias: Option<&AliasName>,
    ) -> Result<(Box<P>, Verdict), EarlyExit> {
        let (package, _) = self.package()?;
        let package = package.clone();
        let judged = JudgedPackage {
            package: &package,
            evidence,
            alias,
        };
        record_judgement(self.context.world, self.pending, judged, judgement).await
    }

    /// Lambda's dry run; `None` when the function changed, and everything has to be read again.
    async fn dry_run(
        &self,
        function: &Function,
        options: UpdateOptions,
    ) -> Result<Option<Fact<DryRun>>, EarlyExit> {
        let (package, _) = self.package()?;
        let signed = &package.signed;
        let answer = self
            .context
            .world
            .dry_run_update(&self.name, signed, function, options);
        Ok(match answer.await {
            Ok(CodeUpdate::Accepted(())) => Some(Fact::Known(DryRun::Accepted)),
            Ok(CodeUpdate::Refused(refusal)) => Some(Fact::Known(DryRun::Refused(refusal))),
            Ok(CodeUpdate::RevisionChanged | CodeUpdate::Gone | CodeUpdate::Busy) => None,
            Err(error) => Some(no_answer(&error)),
        })
    }

    /// Puts the verified package under `current/`, for those who create the function from it. Answers
    /// whether it is there: not when somebody else replaced it since its tag was read. That it is there
    /// already is only a claim of its metadata, and spares nothing.
    async fn replace_current_package(
        &self,
        verified: &Verified,
        current: Option<&CurrentPackage>,
    ) -> Result<bool, EarlyExit> {
        let replaced = self
            .context
            .world
            .replace_current_package(verified, current);
        Ok(replaced.await?.is_some())
    }

    /// Hands the approved package to Lambda.
    async fn apply(
        &mut self,
        function: &Function,
        options: UpdateOptions,
        approved: &Approved,
        verdict: &Verdict,
        alias: Option<&AliasName>,
    ) -> Result<Round, EarlyExit> {
        let before = self.pending.applied.clone();
        // From here on, whether it was applied is not known until Lambda has answered.
        if before == Applied::No {
            self.pending.applied = Applied::Unknown;
        }
        let answer = self
            .context
            .world
            .update_code(&self.name, approved, function, options);
        match answer.await? {
            CodeUpdate::Accepted(UpdatedCode { code, is_done }) => {
                self.is_unchanged = false;
                self.pending.note_applied(|deployed| {
                    *deployed = Deployed {
                        code_sha256: code.sha256.clone(),
                        ..Deployed::default()
                    }
                });
                let expected = ExpectedCode::of(approved.verified(), &self.pending.job.id);
                self.check_deployed(&expected, &code, verdict)?;
                let mut backoff = Backoff::new(&self.pending.attempt);
                // Lambda's own answer is the first look.
                if !is_done {
                    backoff.pause(self.context.world).await;
                }
                let Some(function) = self.wait_until_updated(backoff).await? else {
                    return Err(self.gone().into());
                };
                self.check_architecture(&function, &expected, options, verdict)?;
                self.publish_and_point_alias(&function, &expected, verdict, alias)
                    .await
            }
            CodeUpdate::Refused(refusal) => {
                self.pending.applied = before;
                Err(OutcomeDraft {
                    findings: OutcomeDraft::failures_of(verdict),
                    ..OutcomeDraft::rejected(refusal.reason(), refusal.to_string())
                }
                .into())
            }
            CodeUpdate::RevisionChanged | CodeUpdate::Gone | CodeUpdate::Busy => {
                self.pending.applied = before;
                Ok(Round::Again)
            }
        }
    }

    /// Whether the function has the code that an accepting verdict on record is about: an earlier delivery
    /// was cut off after the update. The record only tells that looking is worth it.
    fn seems_applied(&self, code: &CodeIdentity) -> bool {
        let record = self.pending.verdict.as_ref();
        let record = record.filter(|record| record.decision.accepts());
        let verdict = record.and_then(|record| record.verdict.as_ref());
        verdict.is_some_and(|verdict| verdict.package.sha256 == code.sha256)
    }

    /// Whether the function has the very bytes of this upload's signed package.
    async fn is_applied(&mut self, code: &CodeIdentity) -> Result<bool, EarlyExit> {
        if self.package.is_none() {
            let source = read_source(self.context.world, self.pending).await;
            self.read_package(source).await?;
        }
        let (package, _) = self.package()?;
        let is_applied = package.examined.sha256() == code.sha256;
        if is_applied {
            self.pending
                .note_applied(|deployed| deployed.code_sha256.clone_from(&code.sha256));
        }
        Ok(is_applied)
    }

    /// Goes on after the update of an earlier delivery: proves again that what runs may run.
    async fn resume(&mut self, function: &Function) -> Result<Round, EarlyExit> {
        let alias = self
            .pending
            .verdict
            .as_ref()
            .and_then(|record| record.alias.clone());
        let Some(csc) = csc_of_function(self.context.world, &self.name).await else {
            return Ok(Round::Again);
        };
        let configuration = configuration_of(function, None);
        let demanded = (self.provenance(Some(function)).await?, People::not_asked());
        let evidence = self.evidence(csc, configuration, demanded, true).await?;
        let (package, _) = self.package()?;
        match verify(&evidence, candidate(self.pending, &package.signed)) {
            Judgement::Accepted(verified, verdict) => {
                let expected = ExpectedCode::of(&verified, &self.pending.job.id);
                self.publish_and_point_alias(function, &expected, &verdict, alias.as_ref())
                    .await
            }
            Judgement::Rejected(verdict) => Err(OutcomeDraft::by_verdict(&verdict).into()),
            Judgement::Inconclusive(verdict) => {
                Err(RetryableError::inconclusive(verdict, &evidence).into())
            }
        }
    }

    /// After Lambda took the package: compares, publishes, moves the alias.
    async fn publish_and_point_alias(
        &mut self,
        function: &Function,
        expected: &ExpectedCode,
        verdict: &Verdict,
        alias: Option<&AliasName>,
    ) -> Result<Round, EarlyExit> {
        if function.code.sha256 != expected.code_sha256 {
            // Someone else's change came after ours: if this upload is current, it is what should run.
            return Ok(Round::Again);
        }
        self.check_deployed(expected, &function.code, verdict)?;
        if let UpdateStatus::Failed { reason } = &function.update {
            let message = format!("Lambda could not make it run: {reason}; no alias was moved");
            return Err(self.failed(ReasonCode::UpdateFailed, message, verdict));
        }
        let code_sha256 = &expected.code_sha256;
        let (world, to) = (self.context.world, Publication::Version);
        let published = publish_version(world, self.pending, &self.name, code_sha256, to).await?;
        let version = match published {
            Published::Version(version) => version,
            Published::CodeChanged => return Ok(Round::Again),
            Published::Refused(code, message) => return Err(self.failed(code, message, verdict)),
        };
        self.pending.note_applied(|deployed| {
            deployed.code_sha256.clone_from(code_sha256);
            deployed.version = Some(version.clone());
            deployed.unchanged = self.is_unchanged;
        });
        let unfit =
            wait_until_invocable(self.context.world, self.pending, &self.name, &version).await?;
        if let Some(message) = unfit {
            let message = format!("{message}; no alias was moved");
            return Err(self.failed(ReasonCode::UpdateFailed, message, verdict));
        }
        if function.is_on_managed_instances {
            match publish_to_latest(world, self.pending, &self.name, code_sha256).await? {
                Some(Published::Refused(code, message)) => {
                    let message = format!("{message}; no alias was moved");
                    return Err(self.failed(code, message, verdict));
                }
                Some(Published::CodeChanged) => return Ok(Round::Again),
                Some(Published::Version(_)) | None => {}
            }
        }
        if let Some(alias) = alias {
            let canary = self.context.settings.canary;
            move_alias(
                self.context.world,
                canary,
                self.pending,
                &self.name,
                alias,
                &version,
            )
            .await?;
            self.pending
                .note_applied(|deployed| deployed.alias = Some(alias.to_string()));
        }
        let deployed = self.pending.progress().unwrap_or_default();
        record_live(self.context.world, self.pending, expected, &deployed).await?;
        let message = live_message(function, &deployed, &version, alias);
        let draft = OutcomeDraft::deployed(message, deployed, verdict);
        Ok(Round::End(Box::new(draft)))
    }

    /// Whether the function already runs a package that was signed from the same source: proven by its
    /// bytes, and by what Lambda says of them.
    async fn runs_the_same(
        &self,
        function: &Function,
        options: UpdateOptions,
        current: Option<&CurrentPackage>,
        csc: &Fact<Option<Csc>>,
    ) -> Result<Option<SamePackage>, EarlyExit> {
        let is_kept_so = function.configuration.storage == options.storage;
        let runs_on = function.configuration.architecture;
        let is_for_it = options.architecture.is_none() || options.architecture == runs_on;
        if function.update != UpdateStatus::Successful || !is_kept_so || !is_for_it {
            return Ok(None);
        }
        let is_likely =
            |current: &&CurrentPackage| current.code_sha256.as_ref() == Some(&function.code.sha256);
        let current = current.filter(is_likely);
        let (_, source) = self.package()?;
        let same = prove_same(self.context, self.pending, current, source, csc).await?;
        let is_same = |same: &SamePackage| {
            let expected = ExpectedCode::of(&same.verified, &same.job);
            expected.difference(&function.code).is_none()
        };
        let Some(same) = same.filter(is_same) else {
            return Ok(None);
        };
        // Leaving the function alone leaves its revision, too: an older upload that read it before would
        // still come through.
        let pending = &self.pending;
        let others = records::has_unfinished(self.context.world, &pending.target, &pending.upload);
        let has_others = others.await.map_err(RetryableError::from)?;
        Ok((!has_others).then_some(same))
    }

    /// Leaves the code alone. The configuration may have changed, and the alias may have been moved since,
    /// or only now be asked for: a version is published, if there is none of both, and the alias moved.
    async fn keep_running_code(
        &mut self,
        function: &Function,
        evidence: &Evidence,
        same: &SamePackage,
        alias: Option<&AliasName>,
    ) -> Result<Round, EarlyExit> {
        let (package, _) = self.package()?;
        let judgement = verify(evidence, candidate(self.pending, &package.signed));
        let (_, verdict) = self.record(evidence, judgement, alias).await?;
        let expected = ExpectedCode::of(&same.verified, &same.job);
        self.is_unchanged = true;
        self.publish_and_point_alias(function, &expected, &verdict, alias)
            .await
    }

    /// Verifies an upload for a function that does not exist yet, and leaves it where the function can be
    /// created from.
    async fn prepare(&mut self, current: Option<&CurrentPackage>) -> Result<Round, EarlyExit> {
        if self.pending.applied != Applied::No {
            return Err(self.gone().into());
        }
        let Some(csc) = &self.context.settings.new_function_csc else {
            let message = format!("there is no function {}", self.name);
            return Err(OutcomeDraft::rejected(ReasonCode::TargetNotFound, message).into());
        };
        let csc = csc_by_arn(self.context.world, csc).await;
        // What the daily probe uploads was built by the gate itself, and nobody could approve it in time.
        let demanded = if self.context.settings.people.probe.as_ref() == Some(&self.name) {
            (ProvenanceEvidence::NotDemanded, People::not_asked())
        } else {
            (self.provenance(None).await?, self.people(None).await?)
        };
        let evidence = self.evidence(csc, Fact::NotAsked, demanded, false).await?;
        let (package, _) = self.package()?;
        let judgement = verify(&evidence, candidate(self.pending, &package.signed));
        let (verified, verdict) = self.record(&evidence, judgement, None).await?;
        let offered = self
            .context
            .world
            .replace_current_package(&verified, current);
        let Some(package) = offered.await? else {
            return Ok(Round::Again);
        };
        // Created in the meantime: then it is deployed like any other.
        if self.context.world.function(&self.name).await?.is_some() {
            return Ok(Round::Again);
        }
        let message = format!(
            "there is no function {} yet; create it from s3://{}/{}, version {}",
            self.name, package.bucket, package.key, package.version
        );
        Ok(Round::End(Box::new(OutcomeDraft {
            state: UploadState::Prepared,
            code: None,
            message,
            fix: None,
            findings: OutcomeDraft::failures_of(&verdict),
            deployed: None,
            package: Some(package),
        })))
    }

    /// Whether the function runs this code on the processor that was asked for, as far as Lambda says. Of an
    /// update that failed, the failure is told instead.
    fn check_architecture(
        &self,
        function: &Function,
        expected: &ExpectedCode,
        options: UpdateOptions,
        verdict: &Verdict,
    ) -> Result<(), EarlyExit> {
        let (wanted, found) = (options.architecture, function.configuration.architecture);
        let (Some(wanted), Some(found)) = (wanted, found) else {
            return Ok(());
        };
        let is_settled = function.update == UpdateStatus::Successful;
        if wanted == found || !is_settled || function.code.sha256 != expected.code_sha256 {
            return Ok(());
        }
        let difference = format!(
            "Architectures is {}, asked for was {}",
            found.as_str(),
            wanted.as_str()
        );
        Err(self.failed(ReasonCode::DeployedMismatch, difference, verdict))
    }

    fn check_deployed(
        &self,
        expected: &ExpectedCode,
        code: &CodeIdentity,
        verdict: &Verdict,
    ) -> Result<(), EarlyExit> {
        match expected.difference(code) {
            None => Ok(()),
            Some(difference) => Err(self.failed(ReasonCode::DeployedMismatch, difference, verdict)),
        }
    }

    fn failed(&self, code: ReasonCode, message: String, verdict: &Verdict) -> EarlyExit {
        OutcomeDraft {
            findings: OutcomeDraft::failures_of(verdict),
            ..self.pending.failed(code, message)
        }
        .into()
    }

    fn gone(&self) -> OutcomeDraft {
        let message = format!(
            "it was accepted, and there is no function {} any more; {}",
            self.name,
            self.pending.progress_sentence()
        );
        self.pending.failed(ReasonCode::TargetNotFound, message)
    }
}

/// What runs now, in a sentence.
fn live_message(
    function: &Function,
    deployed: &Deployed,
    version: &str,
    alias: Option<&AliasName>,
) -> String {
    let mut message = if deployed.unchanged {
        format!("the same code ran already; version {version} is live")
    } else {
        format!("version {version} is live")
    };
    if function.is_on_managed_instances {
        message.push_str(", and calls without a qualifier run it");
    }
    if let Some(alias) = alias {
        message = format!("{message}, and {alias} points at it");
    }
    message
}
