//! What Signer says of jobs and profiles, asked once in a run.

use std::collections::BTreeMap;

use super::{rate_limits::RateLimits, settings::SweepWorld};
use crate::{
    domain::{ProfileName, ProfileStatus, SigningJob, SigningJobId, SigningProfile, Target},
    outcome::RetryableError,
    records,
};

/// The profiles by name and owner, and the jobs that signed layers, as they were read in a run. A function's
/// own job is not kept: no other has it.
#[derive(Default)]
pub(super) struct Signatures {
    profiles: BTreeMap<(ProfileName, String), Option<SigningProfile>>,
    of_layers: BTreeMap<SigningJobId, Option<bool>>,
}

impl Signatures {
    /// The current version of a profile.
    pub(super) async fn profile<W: SweepWorld>(
        &mut self,
        world: &W,
        rate_limits: &RateLimits,
        name: &ProfileName,
        owner: &str,
    ) -> Result<Option<SigningProfile>, RetryableError> {
        let key = (name.clone(), owner.to_owned());
        if let Some(known) = self.profiles.get(&key) {
            return Ok(known.clone());
        }
        rate_limits.signer(world).await;
        let profile = world.profile(name, owner).await?;
        self.profiles.insert(key, profile.clone());
        Ok(profile)
    }

    /// A sentence about the revocation of a job, or of its profile from a time at which it was not signed yet.
    /// A job without a completion time counts as signed when its upload came: nothing is signed earlier.
    pub(super) async fn revoked<W: SweepWorld>(
        &mut self,
        world: &W,
        rate_limits: &RateLimits,
        job: &SigningJob,
    ) -> Result<Option<String>, RetryableError> {
        if let Some(revocation) = &job.revocation {
            return Ok(Some(format!(
                "the job {} was revoked at {}: {}",
                job.id, revocation.at, revocation.reason
            )));
        }
        let Some(profile) = self
            .profile(world, rate_limits, &job.profile, &job.owner)
            .await?
        else {
            return Ok(None);
        };
        let ProfileStatus::Revoked { effective_from } = profile.status else {
            return Ok(None);
        };
        // Signer tells of the profile's current version alone.
        if profile.version_arn.version() != job.profile_version {
            return Ok(None);
        }
        let signed_at = match (job.completed_at, &job.source) {
            (Some(at), _) => Some(at),
            (None, Some(source)) => match Target::from_key(&source.key) {
                Ok(target) => records::find_upload(world, &target, &source.version).await?,
                Err(_) => None,
            },
            (None, None) => None,
        };
        Ok(signed_at.is_none_or(|at| at >= effective_from).then(|| {
            format!(
                "the profile {} is revoked from {effective_from}",
                job.profile
            )
        }))
    }

    /// Whether the signature of a layer was revoked; `None` when Signer knows no such job here.
    pub(super) async fn layer_revoked<W: SweepWorld>(
        &mut self,
        world: &W,
        rate_limits: &RateLimits,
        id: &SigningJobId,
    ) -> Result<Option<bool>, RetryableError> {
        if let Some(known) = self.of_layers.get(id) {
            return Ok(*known);
        }
        rate_limits.signer(world).await;
        let revoked = match world.describe_job(id).await? {
            Some(job) => Some(self.revoked(world, rate_limits, &job).await?.is_some()),
            None => None,
        };
        self.of_layers.insert(id.clone(), revoked);
        Ok(revoked)
    }
}
