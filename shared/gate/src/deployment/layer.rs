//! Publishing a layer version.
//!
//! Lambda publishes whatever it is given (grade C), has no revision to guard by and no dry run. One
//! delivery of an upload works under its lease; a delivery that goes on after another looks for the version
//! by its mark before it publishes one. Uploads of one layer take turns (`records/publication.rs`), so that
//! the version of a newer upload has the higher number.
//!
//! Layer versions are immutable and are used by number, so no upload can overwrite another here.

use std::collections::BTreeMap;

use super::{
    break_glass::look_for_break_glass,
    collect_evidence::{TargetFacts, collect_evidence, csc_by_arn, read_package, read_source},
    collect_provenance::collect_provenance,
    current_package::prove_same,
    description::{description, mark},
    expected::ExpectedCode,
    judge::{JudgedPackage, candidate, record_judgement},
    live::record_live,
    pending_deployment::{
        Applied, DeployContext, DeployWorld, PendingDeployment, check_current, replaced_or_deleted,
    },
    people::ask_people,
    update_options::check_storage,
};
use crate::{
    domain::{CodeStorage, Csc, LayerMetadata, LayerName, ReasonCode},
    outcome::{Backoff, EarlyExit, OutcomeDraft, RetryableError, Superseded},
    ports::{CurrentPackage, CurrentUpload, LayerContent, LayerPublish, LayerRequest},
    records::{Deployed, Document, Live, Publishing},
    verdict::{Approved, Examine, Fact, People, Verdict, judge},
};

/// How many of the newest versions are searched for a mark (one page of `ListLayerVersions`).
const MAX_VERSIONS_SEARCHED: u8 = 50;

/// How often somebody else may replace the current package under our hands.
const MAX_ROUNDS: u32 = 6;

/// One upload on its way to one layer.
pub(super) struct LayerDeployment<'a, W, E> {
    context: DeployContext<'a, W, E>,
    pending: &'a mut PendingDeployment,
    name: LayerName,
}

/// What was verified, with what it was verified by.
struct Judged {
    approved: Box<Approved>,
    verdict: Verdict,
    source: Fact<Option<Vec<u8>>>,
    csc: Fact<Option<Csc>>,
}

impl<'a, W: DeployWorld, E: Examine> LayerDeployment<'a, W, E> {
    pub(super) fn new(
        context: DeployContext<'a, W, E>,
        pending: &'a mut PendingDeployment,
        name: LayerName,
    ) -> Self {
        Self {
            context,
            pending,
            name,
        }
    }

    /// Brings the upload to its end.
    pub(super) async fn run(mut self) -> Result<OutcomeDraft, EarlyExit> {
        // An earlier delivery may have published it. What was applied is looked at before what is current.
        let published = match self.pending.applied {
            Applied::Unknown => self.published_before().await?,
            Applied::No | Applied::Yes(_) => None,
        };
        self.pending.applied = match &published {
            Some(content) => Applied::Yes(deployed_of(content)),
            None => Applied::No,
        };
        // Its entity tag, too, is read before it is asked whether the upload is current.
        let current = self
            .context
            .world
            .current_package(&self.pending.target)
            .await?;
        let source = self.source(published.is_some()).await?;
        if published.is_none() {
            self.check_newest_version().await?;
        }
        let judged = self.judge(source).await?;
        if let Some(content) = published {
            let expected = ExpectedCode::of(judged.approved.verified(), &self.pending.job.id);
            return self.finish(&expected, &content, &judged.verdict).await;
        }
        let turn = self.wait_for_turn().await?;
        let end = self.publish_or_keep(&judged, current).await;
        // Where it is not known whether Lambda took it, it may take it yet: then the turn runs out.
        if self.pending.applied != Applied::Unknown {
            let _runs_out = turn.end(self.context.world, &self.pending.target).await;
        }
        end
    }

    /// The upload: while it is current, or whatever came since, when it is published already.
    async fn source(&self, is_published: bool) -> Result<Fact<Option<Vec<u8>>>, EarlyExit> {
        match self
            .context
            .world
            .read_if_current(&self.pending.upload.id)
            .await?
        {
            CurrentUpload::Current(bytes) => Ok(Fact::Known(Some(bytes))),
            _ if is_published => Ok(read_source(self.context.world, self.pending).await),
            CurrentUpload::Deleted => Err(Superseded::KeyDeleted.draft().into()),
            CurrentUpload::Other => {
                let why = replaced_or_deleted(self.context.world, &self.pending.upload).await?;
                Err(why.draft().into())
            }
        }
    }

    /// Judges the package, and puts the verdict on record.
    async fn judge(&mut self, source: Fact<Option<Vec<u8>>>) -> Result<Judged, EarlyExit> {
        let world = self.context.world;
        let package = read_package(world, self.context.examiner, self.pending, &source).await?;
        let csc = match &self.context.settings.layer_csc {
            Some(arn) => csc_by_arn(world, arn).await,
            None => Fact::Known(None),
        };
        // A layer has no tags.
        let tags = BTreeMap::new();
        let provenance =
            collect_provenance(world, self.context.settings, self.pending, &package, &tags).await;
        let people = match self.pending.applied {
            Applied::No => {
                ask_people(
                    world,
                    &self.context.settings.people,
                    self.pending,
                    &package,
                    None,
                )
                .await
            }
            Applied::Unknown | Applied::Yes(_) => People::not_asked(),
        };
        let target = TargetFacts {
            csc: csc.clone(),
            function: Fact::NotAsked,
            provenance,
            people,
        };
        let job = &self.pending.job;
        let mut evidence =
            collect_evidence(world, self.context.settings, job, &package, target).await;
        let people = &self.context.settings.people;
        let is_taken = matches!(self.pending.applied, Applied::Yes(_));
        look_for_break_glass(world, people, self.pending, is_taken, &mut evidence).await?;
        let judgement = judge(&evidence, candidate(self.pending, &package.signed));
        let judged = JudgedPackage {
            package: &package,
            evidence: &evidence,
            alias: None,
        };
        let (approved, verdict) = record_judgement(world, self.pending, judged, judgement).await?;
        Ok(Judged {
            approved,
            verdict,
            source,
            csc,
        })
    }

    /// Whether the layer's newest version may be followed by one that is kept as this stack keeps code.
    async fn check_newest_version(&self) -> Result<(), EarlyExit> {
        if self.context.settings.storage == CodeStorage::Referenced {
            return Ok(());
        }
        let Some(newest) = self
            .context
            .world
            .layer_versions(&self.name, 1)
            .await?
            .pop()
        else {
            return Ok(());
        };
        let found = self
            .context
            .world
            .layer_content(&self.name, newest.version)
            .await?;
        let storage = found.map_or(CodeStorage::Copied, |found| found.storage);
        check_storage(self.context.settings, &self.pending.target, storage)
    }

    /// Waits while another upload of this layer is being published.
    async fn wait_for_turn(&self) -> Result<Publishing, EarlyExit> {
        let pending = &*self.pending;
        let mut backoff = Backoff::brief(self.context.world, &pending.attempt);
        loop {
            let delivery = &pending.attempt.id;
            let turn = Publishing::begin(
                self.context.world,
                &pending.target,
                &pending.upload,
                delivery,
            );
            if let Some(turn) = turn.await.map_err(RetryableError::from)? {
                return Ok(turn);
            }
            if !backoff.pause(self.context.world).await {
                let what = format!("another upload of {} is being published", pending.target);
                return Err(RetryableError::busy(what).into());
            }
        }
    }

    /// Publishes the version, unless the last one has the same content.
    async fn publish_or_keep(
        &mut self,
        judged: &Judged,
        mut current: Option<CurrentPackage>,
    ) -> Result<OutcomeDraft, EarlyExit> {
        let same = prove_same(
            self.context,
            self.pending,
            current.as_ref(),
            &judged.source,
            &judged.csc,
        )
        .await?;
        if let Some(same) = same {
            let expected = ExpectedCode::of(&same.verified, &same.job);
            if let Some(content) = self.live_version(&expected).await? {
                self.pending.applied = Applied::Yes(Deployed {
                    unchanged: true,
                    ..deployed_of(&content)
                });
                return self.finish(&expected, &content, &judged.verdict).await;
            }
        }
        let verified = judged.approved.verified();
        for _ in 0..MAX_ROUNDS {
            let replaced = self
                .context
                .world
                .replace_current_package(verified, current.as_ref());
            let is_replaced = replaced.await?.is_some();
            // Nobody else publishes now: what is current here is published after all that is older.
            if !is_replaced {
                current = self
                    .context
                    .world
                    .current_package(&self.pending.target)
                    .await?;
            }
            check_current(self.context.world, &self.pending.upload).await?;
            if is_replaced {
                let content = self.publish(&judged.approved).await?;
                let expected = ExpectedCode::of(verified, &self.pending.job.id);
                return self.finish(&expected, &content, &judged.verdict).await;
            }
        }
        let target = &self.pending.target;
        let what = format!("the current package of {target} keeps changing");
        Err(RetryableError::busy(what).into())
    }

    /// Publishes the version.
    async fn publish(&mut self, approved: &Approved) -> Result<LayerContent, EarlyExit> {
        let metadata =
            LayerMetadata::read(&self.pending.signing.received.metadata).map_err(|error| {
                OutcomeDraft::rejected(ReasonCode::LayerMetadata, error.to_string())
            })?;
        let request = LayerRequest {
            layer: self.name.clone(),
            description: description(self.pending),
            runtimes: metadata.runtimes().to_vec(),
            architectures: metadata.architectures().to_vec(),
            storage: self.context.settings.storage,
        };
        // From here on, whether it was published is not known until Lambda has answered.
        self.pending.applied = Applied::Unknown;
        match self.context.world.publish_layer(&request, approved).await? {
            LayerPublish::Published(content) => {
                self.pending.applied = Applied::Yes(deployed_of(&content));
                Ok(content)
            }
            LayerPublish::Refused(refusal) => {
                self.pending.applied = Applied::No;
                let message = refusal.to_string();
                Err(OutcomeDraft::rejected(ReasonCode::LambdaRefused, message).into())
            }
        }
    }

    /// The version that a delivery before this one published, found by its mark.
    async fn published_before(&self) -> Result<Option<LayerContent>, EarlyExit> {
        let mark = mark(self.pending);
        let versions = self
            .context
            .world
            .layer_versions(&self.name, MAX_VERSIONS_SEARCHED);
        let mut found = versions.await?.into_iter();
        let found = found.find(|version| version.description.starts_with(&mark));
        match found {
            Some(found) => Ok(self
                .context
                .world
                .layer_content(&self.name, found.version)
                .await?),
            None => Ok(None),
        }
    }

    /// The version that the last deployment published, if it still exists and Lambda says that it has
    /// this code.
    async fn live_version(
        &self,
        expected: &ExpectedCode,
    ) -> Result<Option<LayerContent>, EarlyExit> {
        let path = format!("{}/{}", self.pending.target, Live::FILE);
        let found = self.context.world.read_record(&path).await?;
        let live = found.and_then(|body| serde_json::from_slice::<Live>(&body).ok());
        let version = live.and_then(|live| live.deployed.version?.parse().ok());
        let Some(version) = version else {
            return Ok(None);
        };
        let content = self
            .context
            .world
            .layer_content(&self.name, version)
            .await?;
        Ok(content.filter(|content| {
            content.storage == self.context.settings.storage
                && expected.difference(&content.code).is_none()
        }))
    }

    /// Compares what Lambda published with what was verified, and ends the upload.
    async fn finish(
        &self,
        expected: &ExpectedCode,
        content: &LayerContent,
        verdict: &Verdict,
    ) -> Result<OutcomeDraft, EarlyExit> {
        if let Some(difference) = expected.difference(&content.code) {
            return Err(OutcomeDraft {
                findings: OutcomeDraft::failures_of(verdict),
                ..self
                    .pending
                    .failed(ReasonCode::DeployedMismatch, difference)
            }
            .into());
        }
        let deployed = self.pending.progress().unwrap_or_default();
        record_live(self.context.world, self.pending, expected, &deployed).await?;
        let version = content.version.version;
        let message = if deployed.unchanged {
            format!("the same content is published already, as version {version}")
        } else {
            format!("version {version} is published")
        };
        Ok(OutcomeDraft::deployed(message, deployed, verdict))
    }
}

fn deployed_of(content: &LayerContent) -> Deployed {
    Deployed {
        code_sha256: content.code.sha256.clone(),
        version: Some(content.version.version.to_string()),
        layer_version_arn: Some(content.version.arn.clone()),
        ..Deployed::default()
    }
}
