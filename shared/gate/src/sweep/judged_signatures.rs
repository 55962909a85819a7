//! Whether the signatures of what runs still count: of `$LATEST`, of the versions that aliases point at, and of a layer.
//! Lambda judges a signature only when code is deployed.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;

use super::{last_deployment::LastDeployment, settings::SweepWorld, what_runs::TargetComparison};
use crate::{
    domain::{CodeIdentity, FunctionName, SigningJob, SigningJobId, VersionNumber},
    outcome::RetryableError,
    ports::ListedAlias,
    records::DriftKind,
};

/// An expiry is told when so many days are left, and again at each smaller number.
const DAYS_BEFORE_EXPIRY: [i64; 3] = [7, 30, 90];

/// A signature that counts no more.
struct Revoked {
    job: SigningJobId,
    message: String,
}

impl<W: SweepWorld> TargetComparison<'_, W> {
    /// Of `$LATEST`, and of the versions behind aliases: callers run those, whatever `$LATEST` is.
    pub(super) async fn signatures_of_function(
        &mut self,
        name: &FunctionName,
        latest: &CodeIdentity,
        aliases: &[ListedAlias],
        last: &LastDeployment,
    ) -> Result<(), RetryableError> {
        let mut revoked = Vec::new();
        if let Some(job) = self.job_of(latest).await? {
            match self.revoked(&job).await? {
                Some(found) => revoked.push(found),
                None => self.expiry(&job, last),
            }
        }
        for (id, versions) in self
            .jobs_behind_aliases(name, latest, aliases, last)
            .await?
        {
            if let Some(job) = self.described(&id).await?
                && let Some(mut found) = self.revoked(&job).await?
            {
                let versions: Vec<String> = versions.iter().map(ToString::to_string).collect();
                found.message = format!(
                    "of version {}, which an alias points at: {}",
                    versions.join(" and "),
                    found.message
                );
                revoked.push(found);
            }
        }
        self.tell_revoked(&revoked, last);
        Ok(())
    }

    /// Of the newest version of a layer.
    pub(super) async fn signature_of_layer(
        &mut self,
        code: &CodeIdentity,
        last: &LastDeployment,
    ) -> Result<(), RetryableError> {
        if let Some(job) = self.job_of(code).await? {
            match self.revoked(&job).await? {
                Some(found) => self.tell_revoked(&[found], last),
                None => self.expiry(&job, last),
            }
        }
        Ok(())
    }

    /// The jobs that signed what aliases point at, with the versions. What `$LATEST` has as well is judged there; the version
    /// that was deployed last has its code, so that an ordinary function costs no call more.
    async fn jobs_behind_aliases(
        &self,
        name: &FunctionName,
        latest: &CodeIdentity,
        aliases: &[ListedAlias],
        last: &LastDeployment,
    ) -> Result<BTreeMap<SigningJobId, BTreeSet<VersionNumber>>, RetryableError> {
        let versions = aliases.iter().flat_map(|listed| listed.versions.iter());
        let mut versions: BTreeSet<VersionNumber> = versions.copied().collect();
        let deployed = last.deployed.version.as_deref();
        let is_latest = latest.sha256 == last.deployed.code_sha256;
        versions.retain(|version| !is_latest || Some(version.to_string().as_str()) != deployed);
        let mut jobs: BTreeMap<SigningJobId, BTreeSet<VersionNumber>> = BTreeMap::new();
        for version in versions {
            self.rate_limits.get_function(self.world).await;
            let found = self.world.version(name, &version.to_string()).await?;
            let job = found.and_then(|found| found.code.job_arn);
            let is_other = |arn: &String| latest.job_arn.as_ref() != Some(arn);
            if let Some(id) = job.filter(is_other).as_deref().and_then(id_of) {
                jobs.entry(id).or_default().insert(version);
            }
        }
        Ok(jobs)
    }

    /// The job that signed code, as Signer has it.
    async fn job_of(&self, code: &CodeIdentity) -> Result<Option<SigningJob>, RetryableError> {
        match code.job_arn.as_deref().and_then(id_of) {
            Some(id) => self.described(&id).await,
            None => Ok(None),
        }
    }

    async fn described(&self, id: &SigningJobId) -> Result<Option<SigningJob>, RetryableError> {
        self.rate_limits.signer(self.world).await;
        Ok(self.world.describe_job(id).await?)
    }

    async fn revoked(&mut self, job: &SigningJob) -> Result<Option<Revoked>, RetryableError> {
        let message = self
            .signatures
            .revoked(self.world, self.rate_limits, job)
            .await?;
        Ok(message.map(|message| Revoked {
            job: job.id.clone(),
            message,
        }))
    }

    /// All of a target in one: there is one document of the kind.
    fn tell_revoked(&mut self, revoked: &[Revoked], last: &LastDeployment) {
        if revoked.is_empty() {
            return;
        }
        let messages: Vec<&str> = revoked.iter().map(|it| it.message.as_str()).collect();
        let jobs: Vec<&str> = revoked.iter().map(|it| it.job.as_str()).collect();
        self.add(
            self.drift_of(
                DriftKind::SignatureRevoked,
                &last.upload,
                messages.join("; "),
            )
            .with_values(None, Some(&jobs.join(" "))),
        );
    }

    fn expiry(&mut self, job: &SigningJob, last: &LastDeployment) {
        let Some(expires_at) = job.expires_at else {
            return;
        };
        let left = expires_at.duration_since(self.world.now());
        let is_within = |days: &&i64| left < SignedDuration::from_hours(days.saturating_mul(24));
        if let Some(days) = DAYS_BEFORE_EXPIRY.iter().find(is_within) {
            let (message, found) = if left.is_negative() {
                (
                    format!("the signature expired at {expires_at}"),
                    "expired".to_owned(),
                )
            } else {
                let message = format!("the signature expires at {expires_at}, within {days} days");
                (message, format!("{days} days"))
            };
            let expected = Some("a signature that is valid for longer");
            self.add(
                self.drift_of(DriftKind::SignatureExpires, &last.upload, message)
                    .with_values(expected, Some(&found)),
            );
        }
    }
}

/// The job in its ARN.
fn id_of(arn: &str) -> Option<SigningJobId> {
    SigningJobId::parse(arn.rsplit('/').next()?).ok()
}
