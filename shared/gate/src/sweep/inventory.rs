//! All functions of the account and region with their code signing configurations.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::OnceLock,
};

use jiff::Timestamp;

use super::{
    rate_limits::RateLimits,
    settings::{SweepSettings, SweepWorld},
};
use crate::{
    domain::{Csc, CscArn, CscPolicy, FunctionName, LifecycleRule},
    outcome::RetryableError,
    ports::{ListedFunction, Pages},
    records::{CscPosture, FunctionPosture},
};

/// What the listings tell.
#[derive(Default)]
pub(super) struct Inventory {
    functions: Vec<ListedFunction>,
    /// By the function's name.
    cscs: BTreeMap<String, (CscArn, CscPolicy)>,
    configurations: Vec<Csc>,
    /// Of the signed bucket, once they are asked for.
    lifecycle: OnceLock<Vec<LifecycleRule>>,
}

impl Inventory {
    /// A call for 50 functions, and one or more for each configuration. Being out of time is an error: a run that is cut
    /// off could not say how far it came.
    pub(super) async fn list<W: SweepWorld>(
        world: &W,
        rate_limits: &RateLimits,
        work_until: Timestamp,
    ) -> Result<Self, RetryableError> {
        let listing = Listing {
            world,
            rate_limits,
            work_until,
        };
        let mut functions = Vec::new();
        let mut pages = Pages::of("lambda:ListFunctions");
        while listing.has_next(&pages).await? {
            let listed = world.list_functions(pages.marker()).await?;
            functions.extend(pages.take_items(listed)?);
        }
        let mut configurations = Vec::new();
        let mut pages = Pages::of("lambda:ListCodeSigningConfigs");
        while listing.has_next(&pages).await? {
            let listed = world.list_cscs(pages.marker()).await?;
            configurations.extend(pages.take_items(listed)?);
        }
        let mut cscs = BTreeMap::new();
        for csc in &configurations {
            let Some(arn) = csc.arn() else {
                continue;
            };
            let mut pages = Pages::of("lambda:ListFunctionsByCodeSigningConfig");
            while listing.has_next(&pages).await? {
                let listed = world.functions_of_csc(arn, pages.marker()).await?;
                let users = pages.take_items(listed)?.into_iter();
                cscs.extend(users.map(|name| (name, (arn.clone(), csc.policy()))));
            }
        }
        Ok(Self {
            functions,
            cscs,
            configurations,
            lifecycle: OnceLock::new(),
        })
    }

    /// The lifecycle rules of the signed bucket, asked once in a run.
    pub(super) async fn lifecycle_rules<W: SweepWorld>(
        &self,
        world: &W,
    ) -> Result<&[LifecycleRule], RetryableError> {
        if let Some(rules) = self.lifecycle.get() {
            return Ok(rules);
        }
        let rules = world.lifecycle_rules().await?;
        Ok(self.lifecycle.get_or_init(|| rules))
    }

    /// Whether the function had a code signing configuration when all was listed.
    pub(super) fn has_csc(&self, function: &str) -> bool {
        self.cscs.contains_key(function)
    }

    /// The code signing configuration that the function had when all was listed.
    pub(super) fn csc_of(&self, function: &str) -> Option<&Csc> {
        let (arn, _) = self.cscs.get(function)?;
        self.csc(arn)
    }

    /// The configuration with this ARN.
    pub(super) fn csc(&self, arn: &CscArn) -> Option<&Csc> {
        let mut configurations = self.configurations.iter();
        configurations.find(|csc| csc.arn() == Some(arn))
    }

    /// The configurations that the stack names, and those of functions of its scope.
    pub(super) fn cscs_in_use(&self, settings: &SweepSettings) -> Vec<Csc> {
        let of_functions = self
            .cscs
            .iter()
            .filter(|(name, _)| is_in_scope(settings, name))
            .map(|(_, (arn, _))| arn);
        let used: BTreeSet<&CscArn> = settings.cscs.iter().chain(of_functions).collect();
        let used = used.into_iter().filter_map(|arn| self.csc(arn));
        used.cloned().collect()
    }

    /// The functions of the stack's scope that have no configuration, in order.
    pub(super) fn without_csc(&self, settings: &SweepSettings) -> BTreeSet<String> {
        let names = self.functions.iter().map(|function| &function.name);
        names
            .filter(|name| !self.has_csc(name) && is_in_scope(settings, name))
            .cloned()
            .collect()
    }

    pub(super) fn into_posture(self) -> (Vec<FunctionPosture>, Vec<CscPosture>) {
        let Self {
            functions,
            cscs,
            configurations,
            lifecycle: _,
        } = self;
        let posture_of = |function: ListedFunction| {
            let csc = cscs.get(&function.name);
            FunctionPosture {
                code_signing_config: csc.map(|(arn, _)| arn.to_string()),
                policy: csc.map(|(_, policy)| *policy),
                name: function.name,
                code_sha256: function.code.sha256,
                package_type: Some(function.package_type),
                signing_job: function.code.job_arn,
                signing_profile_version: function.code.profile_version_arn,
            }
        };
        let csc_posture_of = |csc: Csc| {
            Some(CscPosture {
                arn: csc.arn()?.to_string(),
                policy: csc.policy(),
                publishers: csc.publishers().map(str::to_owned).collect(),
                since: None,
                earlier: Vec::new(),
            })
        };
        (
            functions.into_iter().map(posture_of).collect(),
            configurations
                .into_iter()
                .filter_map(csc_posture_of)
                .collect(),
        )
    }
}

/// Whether the gate may deploy to this function.
fn is_in_scope(settings: &SweepSettings, name: &str) -> bool {
    let is_gate = FunctionName::parse(name).is_ok_and(|name| settings.stack.owns(&name));
    !is_gate && settings.scope.functions.matches(name)
}

/// What each page of a listing needs.
struct Listing<'a, W> {
    world: &'a W,
    rate_limits: &'a RateLimits,
    work_until: Timestamp,
}

impl<W: SweepWorld> Listing<'_, W> {
    /// Whether there is another page; waits before it.
    async fn has_next(&self, pages: &Pages) -> Result<bool, RetryableError> {
        if !pages.has_next() {
            return Ok(false);
        }
        self.rate_limits.control_plane(self.world).await;
        if self.world.now() >= self.work_until {
            return Err(RetryableError::TimeUp {
                what: "the sweep was listing the account's functions and configurations".to_owned(),
            });
        }
        Ok(true)
    }
}
