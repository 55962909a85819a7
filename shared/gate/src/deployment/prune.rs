//! Deletes old versions of a function, so that Lambda's storage for code does not fill up.
//!
//! After a deployment, and only where the stack says so. What is deleted cannot be put back, so each thing that may
//! still need a version is asked first, and where one of them gives no answer nothing is deleted:
//!
//! - only what the gate itself published, by its mark; what others published is theirs;
//! - never one of the newest of those;
//! - none while another upload of the function is on its way, whose version may be on no record yet;
//! - never what records name: what is live, and what the uploads of some days were deployed as or failed as;
//! - never what an alias points at, with all or a part of its traffic, nor what has provisioned concurrency.
//!
//! Lambda itself refuses to delete what an alias points at, also one that moved since. Who calls a version by its
//! number is known to nobody.

use std::{collections::BTreeSet, future::Future};

use jiff::{SignedDuration, Timestamp};

use super::{
    description::MARK,
    settings::{DeploySettings, KeptVersions},
};
use crate::{
    domain::{FunctionName, Target, VersionNumber},
    outcome::{DeliveryAttempt, RetryableError, within},
    ports::{
        Clock, FunctionAliases, FunctionVersions, ListingPage, Pages, PortError, Records,
        VersionDeletion,
    },
    records::{self, Outcome, Pruned, Schema, UploadState, versions_on_record},
};

/// How many versions are deleted after one deployment: more would keep other calls of the control plane waiting.
pub const MAX_PRUNED: usize = 20;

/// What pruning needs of the world.
pub trait PruneWorld: Clock + Records + FunctionVersions + FunctionAliases {}

impl<W: Clock + Records + FunctionVersions + FunctionAliases> PruneWorld for W {}

/// Deletes old versions of the function that was just deployed, if the stack says so. `None` when there is nothing
/// to delete. What fails here fails no upload: the next deployment tries again.
pub async fn prune<W: PruneWorld>(
    world: &W,
    settings: &DeploySettings,
    outcome: &Outcome,
    attempt: &DeliveryAttempt,
) -> Result<Option<Pruned>, RetryableError> {
    let (Some(kept), Some(Target::Function(name))) = (settings.kept_versions, &outcome.target)
    else {
        return Ok(None);
    };
    let is_new = |deployed: &records::Deployed| !deployed.unchanged;
    if outcome.state != UploadState::Deployed || !outcome.deployed.as_ref().is_some_and(is_new) {
        return Ok(None);
    }
    let work = prune_function(world, kept, name, outcome);
    let pruned = within(world, attempt.work_until, work).await;
    pruned.unwrap_or_else(|| {
        let what = format!("old versions of {name} were being deleted");
        Err(RetryableError::TimeUp { what })
    })
}

async fn prune_function<W: PruneWorld>(
    world: &W,
    kept: KeptVersions,
    name: &FunctionName,
    outcome: &Outcome,
) -> Result<Option<Pruned>, RetryableError> {
    let deployed = outcome.deployed.as_ref();
    let version = deployed.and_then(|deployed| deployed.version.as_deref());
    let version = version.and_then(|version| VersionNumber::parse(version).ok());
    let plan = plan_prune((world, world), kept, name, (version, world.now())).await?;
    let mut chosen = plan.chosen;
    chosen.truncate(MAX_PRUNED);
    if chosen.is_empty() {
        return Ok(None);
    }
    let folder = format!("{}/", Target::Function(name.clone()));
    let mut pruned = Pruned {
        schema: Schema,
        upload: outcome.upload.clone(),
        chosen: chosen.clone(),
        deleted: Vec::new(),
        in_use: Vec::new(),
        at: world.now(),
    };
    records::replace(world, &folder, &pruned).await?;
    for number in chosen {
        match world.delete_version(name, number).await? {
            VersionDeletion::Deleted => pruned.deleted.push(number),
            VersionDeletion::InUse(_) => pruned.in_use.push(number),
        }
    }
    pruned.at = world.now();
    records::replace(world, &folder, &pruned).await?;
    Ok(Some(pruned))
}

/// What pruning would delete of a function, and what it leaves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PrunePlan {
    /// What nothing needs, as far as anybody can know; the oldest first.
    pub chosen: Vec<VersionNumber>,
    /// What would be old enough, and is needed.
    pub in_use: Vec<VersionNumber>,
    /// Another upload of the function is on its way, so that nothing is chosen.
    pub is_upload_under_way: bool,
}

/// Which versions of a function are old, and which of those something needs. `deployed` was just deployed, and may be on
/// no record yet. Nothing is changed.
pub async fn plan_prune<R: Records, V: FunctionVersions + FunctionAliases>(
    (records, versions): (&R, &V),
    kept: KeptVersions,
    name: &FunctionName,
    (deployed, now): (Option<VersionNumber>, Timestamp),
) -> Result<PrunePlan, RetryableError> {
    let old = old_versions(versions, kept, name).await?;
    if old.is_empty() {
        return Ok(PrunePlan::default());
    }
    // After the listing: whoever names one of them later is refused by Lambda, or refuses its deletion.
    let days = SignedDuration::from_hours(i64::from(kept.days).saturating_mul(24));
    let oldest = now.saturating_sub(days).unwrap_or(Timestamp::MIN);
    let target = Target::Function(name.clone());
    let Some(mut needed) = versions_on_record(records, &target, oldest).await? else {
        return Ok(PrunePlan {
            is_upload_under_way: true,
            ..PrunePlan::default()
        });
    };
    needed.extend(deployed);
    needed.extend(versions_in_use(versions, name).await?);
    let (in_use, chosen) = old.into_iter().partition(|number| needed.contains(number));
    Ok(PrunePlan {
        chosen,
        in_use,
        is_upload_under_way: false,
    })
}

/// The versions that the gate published, without the newest of them; the oldest first.
async fn old_versions<V: FunctionVersions + FunctionAliases>(
    versions: &V,
    kept: KeptVersions,
    name: &FunctionName,
) -> Result<Vec<VersionNumber>, RetryableError> {
    let listed = all_pages("lambda:ListVersionsByFunction", |marker| async move {
        versions
            .list_function_versions(name, marker.as_deref())
            .await
    });
    let ours = listed.await?.into_iter();
    let ours = ours.filter(|version| version.description.starts_with(MARK));
    let mut numbers: Vec<VersionNumber> = ours.map(|version| version.number).collect();
    numbers.sort_unstable();
    let newest = usize::try_from(kept.newest.get()).unwrap_or(usize::MAX);
    numbers.truncate(numbers.len().saturating_sub(newest));
    Ok(numbers)
}

/// The versions that an alias or provisioned concurrency needs.
async fn versions_in_use<V: FunctionVersions + FunctionAliases>(
    versions: &V,
    name: &FunctionName,
) -> Result<BTreeSet<VersionNumber>, RetryableError> {
    let aliases = all_pages("lambda:ListAliases", |marker| async move {
        versions.list_aliases(name, marker.as_deref()).await
    });
    let aliases = aliases.await?.into_iter();
    let mut in_use: BTreeSet<VersionNumber> = aliases.flat_map(|listed| listed.versions).collect();
    let provisioned = all_pages(
        "lambda:ListProvisionedConcurrencyConfigs",
        |marker| async move {
            versions
                .list_provisioned_versions(name, marker.as_deref())
                .await
        },
    );
    in_use.extend(provisioned.await?);
    Ok(in_use)
}

/// All items of a listing.
async fn all_pages<T, F: Future<Output = Result<ListingPage<T>, PortError>>>(
    call: &'static str,
    page: impl Fn(Option<String>) -> F,
) -> Result<Vec<T>, PortError> {
    let mut items = Vec::new();
    let mut pages = Pages::of(call);
    while pages.has_next() {
        let listed = page(pages.marker().map(str::to_owned)).await?;
        items.extend(pages.take_items(listed)?);
    }
    Ok(items)
}
