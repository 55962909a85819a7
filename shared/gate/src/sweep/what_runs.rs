//! A target as Lambda has it, beside its records.
//!
//! CloudTrail tells of calls as they are made, where there is a trail and its events arrive. This asks what
//! is so, whoever made it so and however.

use super::{
    inventory::Inventory,
    last_deployment::{LastDeployment, last_deployment},
    rate_limits::RateLimits,
    settings::{SweepSettings, SweepWorld},
    signatures::Signatures,
};
use crate::{
    domain::{CodeIdentity, FunctionName, LayerName, Target, Upload},
    outcome::RetryableError,
    ports::{Function, FunctionCsc, LATEST_PUBLISHED, ListedAlias, Pages, UpdateStatus},
    records::{
        self, Deployed, Drift, DriftKind, Outcome, TargetPosture, UploadState, history, live,
    },
    verdict::MissingCscPolicy,
};

/// The kinds of drift that are looked for here.
pub(super) const TARGET_DRIFT_KINDS: [DriftKind; 16] = [
    DriftKind::OtherCodeRuns,
    DriftKind::OtherLayerVersion,
    DriftKind::CscMissing,
    DriftKind::SignatureRevoked,
    DriftKind::SignatureExpires,
    DriftKind::TargetGone,
    DriftKind::OtherVersionCurrent,
    DriftKind::LiveRecordBehind,
    DriftKind::PackageBehind,
    DriftKind::PackageExpires,
    DriftKind::ConfigurationChanged,
    DriftKind::LayerNotTrusted,
    DriftKind::LayerRevoked,
    DriftKind::OtherCsc,
    DriftKind::BreakGlassInUse,
    DriftKind::BreakGlassRunsOn,
];

/// How many uploads are compared with code that was not deployed last, the newest first.
const MAX_UPLOADS_COMPARED: usize = 20;

/// What a look at a target found.
pub(super) struct ComparisonResult {
    /// Without its drift.
    pub(super) posture: TargetPosture,
    /// What differs.
    pub(super) drift: Vec<Drift>,
    /// Not while a deployment is at work, which may explain all of it.
    pub(super) is_certain: bool,
    /// What there was nothing to judge by: it stays as it is on record.
    pub(super) not_judged: Vec<DriftKind>,
    /// What could not be looked at beside what runs.
    pub(super) troubles: Vec<RetryableError>,
}

/// One way in which what runs differs from what was deployed last.
struct Difference {
    message: String,
    expected: Option<String>,
    found: Option<String>,
}

/// What each comparison of a run has in common.
pub(super) struct SweepContext<'a, W> {
    pub(super) world: &'a W,
    pub(super) settings: &'a SweepSettings,
    pub(super) inventory: &'a Inventory,
    pub(super) rate_limits: &'a RateLimits,
}

/// A target while it is looked at.
pub(super) struct TargetComparison<'a, W> {
    pub(super) world: &'a W,
    pub(super) settings: &'a SweepSettings,
    pub(super) inventory: &'a Inventory,
    pub(super) signatures: &'a mut Signatures,
    pub(super) rate_limits: &'a RateLimits,
    target: &'a Target,
    /// Nothing was deployed to it yet, and a package was prepared for it.
    is_prepared: bool,
    pub(super) posture: TargetPosture,
    drift: Vec<Drift>,
    pub(super) not_judged: Vec<DriftKind>,
    troubles: Vec<RetryableError>,
}

/// Looks at a target. `current` is the upload that is current, `is_settled` whether each of its uploads has
/// come to its end.
pub(super) async fn compare_target<W: SweepWorld>(
    context: SweepContext<'_, W>,
    signatures: &mut Signatures,
    target: &Target,
    current: Option<&Upload>,
    is_settled: bool,
) -> Result<ComparisonResult, RetryableError> {
    let SweepContext {
        world,
        settings,
        inventory,
        rate_limits,
    } = context;
    let mut look = TargetComparison {
        world,
        settings,
        inventory,
        signatures,
        rate_limits,
        target,
        is_prepared: false,
        posture: TargetPosture {
            target: target.clone(),
            current: current.map(Upload::label),
            state: None,
            deployed: None,
            version: None,
            runs: None,
            signing_job: None,
            signing_profile_version: None,
            drift: Vec::new(),
            layers: Vec::new(),
        },
        drift: Vec::new(),
        not_judged: Vec::new(),
        troubles: Vec::new(),
    };
    let outcome: Option<Outcome> = match current {
        Some(upload) => records::read(world, &upload.folder()).await?,
        None => None,
    };
    look.posture.state = outcome.as_ref().map(|outcome| outcome.state);
    let recorded = live(world, target).await?;
    let found = last_deployment(world, rate_limits, target, recorded.as_ref(), current).await?;
    let Some(deployed) = found.last else {
        if let (Target::Function(name), Some(upload)) = (target, current)
            && look.posture.state == Some(UploadState::Prepared)
        {
            look.is_prepared = true;
            // Verified under the stack's configuration, for a function that somebody creates: under which, and from what?
            look.other_csc(name, upload).await?;
            look.created(name, upload, outcome.as_ref()).await?;
            let looked = look.prepared_package_behind(upload).await;
            look.beside(DriftKind::PackageBehind, looked);
        }
        return Ok(look.found(is_settled));
    };
    look.posture.deployed = Some(deployed.upload.label());
    look.posture.version.clone_from(&deployed.deployed.version);
    if let Some(why) = found.live_is_behind {
        let (kind, upload) = (DriftKind::LiveRecordBehind, &deployed.upload);
        let of = recorded.as_ref().map(|live| live.upload.label());
        look.add(
            look.drift_of(kind, upload, why)
                .with_values(Some(&upload.label()), of.as_deref()),
        );
    }
    let is_as_recorded = match target {
        Target::Function(name) => look.compare_function(name, &deployed).await?,
        Target::Layer(name) => look.compare_layer(name, &deployed).await?,
    };
    // Of what is gone, nothing runs on.
    let is_gone = |drift: &Drift| drift.kind == DriftKind::TargetGone;
    if !look.drift.iter().any(is_gone) {
        look.break_glass(&deployed);
    }
    if let (Some(upload), Some(outcome)) = (current, &outcome) {
        look.current_version(upload, outcome, &deployed);
    }
    let source = deployed.source_sha256.as_str();
    let looked = look.package_behind(&deployed.upload, Some(source)).await;
    look.beside(DriftKind::PackageBehind, looked);
    // A deployment that ended meanwhile is another one to compare with.
    let is_same = live(world, target).await? == recorded;
    // Whoever deletes the key says that there is nothing to deploy any more; that the function is gone, too, is
    // as it should be, and nothing is to be created. While it is there, deleting the key must not hide what runs.
    if current.is_none() {
        let is_wanted =
            |drift: &Drift| !matches!(drift.kind, DriftKind::TargetGone | DriftKind::PackageBehind);
        look.drift.retain(is_wanted);
    }
    Ok(look.found(is_as_recorded && is_same && is_settled))
}

/// Whether a deployment that failed may be why something else runs than what was deployed last. One of an upload before that
/// was overtaken: what it left behind comes back only if somebody brings it back.
fn explains(outcome: &Outcome, last: &LastDeployment) -> bool {
    outcome.state == UploadState::Failed && outcome.upload.at >= last.upload.at
}

impl<W: SweepWorld> TargetComparison<'_, W> {
    fn found(self, is_certain: bool) -> ComparisonResult {
        ComparisonResult {
            posture: self.posture,
            drift: self.drift,
            is_certain,
            not_judged: self.not_judged,
            troubles: self.troubles,
        }
    }

    /// A look at something beside what runs: trouble with it hides nothing that was found of that.
    fn beside(&mut self, kind: DriftKind, looked: Result<(), RetryableError>) {
        if let Err(error) = looked {
            self.not_judged.push(kind);
            self.troubles.push(error);
        }
    }

    /// What is found of this target, beside this upload.
    pub(super) fn drift_of(&self, kind: DriftKind, upload: &Upload, message: String) -> Drift {
        let (subject, now) = (self.target.to_string(), self.world.now());
        Drift {
            target: Some(self.target.clone()),
            upload: Some(upload.clone()),
            of_prepared: self.is_prepared,
            ..Drift::new(kind, subject, message, now)
        }
    }

    pub(super) fn add(&mut self, drift: Drift) {
        self.drift.push(drift);
    }

    /// What was deployed last passed over a policy. What is found changes every hour while that lasts, and every day after its
    /// end, so that it is told as often.
    fn break_glass(&mut self, last: &LastDeployment) {
        let Some(used) = &last.break_glass else {
            return;
        };
        let now = self.world.now();
        let about = format!(
            "{} passed over a policy by {}, put there by {}: {:?}",
            last.upload.label(),
            used.key,
            used.by,
            used.justification
        );
        let left = used.until.duration_since(now).as_secs();
        if left > 0 {
            // Whole hours, rounded up.
            let hours = left.saturating_add(3599) / 3600;
            let found = format!("at most {hours} h before {}", used.until);
            let message = format!("{about}; it ends at {}", used.until);
            let kind = DriftKind::BreakGlassInUse;
            self.add(
                self.drift_of(kind, &last.upload, message)
                    .with_values(None, Some(&found)),
            );
        } else {
            let days = left.saturating_neg() / 86_400;
            let found = format!("{days} days after {}", used.until);
            let message = format!("{about}; it ended at {}", used.until);
            let kind = DriftKind::BreakGlassRunsOn;
            self.add(
                self.drift_of(kind, &last.upload, message)
                    .with_values(None, Some(&found)),
            );
        }
    }

    pub(super) fn note_code(&mut self, code: &CodeIdentity) {
        self.posture.runs = Some(code.sha256.clone());
        self.posture.signing_job.clone_from(&code.job_arn);
        self.posture
            .signing_profile_version
            .clone_from(&code.profile_version_arn);
    }

    /// Answers whether the function is at rest.
    async fn compare_function(
        &mut self,
        name: &FunctionName,
        last: &LastDeployment,
    ) -> Result<bool, RetryableError> {
        self.rate_limits.get_function(self.world).await;
        let Some(function) = self.world.function(name).await? else {
            let message = format!("there is no function {name}");
            self.add(
                self.drift_of(DriftKind::TargetGone, &last.upload, message)
                    .with_values(Some(name.as_str()), None),
            );
            return Ok(true);
        };
        self.note_code(&function.code);
        let mut differences = Vec::new();
        if function.code.sha256 != last.deployed.code_sha256 {
            let what = format!("$LATEST of {name}");
            let code = self.other_code(&what, last, &function.code.sha256).await?;
            differences.extend(code);
        }
        differences.extend(self.latest_published(name, &function, last).await?);
        let aliases = self.aliases(name).await?;
        // $LATEST says nothing about an alias: who moves both is told of both.
        if let Some(alias) = &last.deployed.alias {
            differences.extend(self.alias(name, alias, &aliases, last).await?);
        }
        self.other_code_runs(&differences, last);
        self.signatures_of_function(name, &function.code, &aliases, last)
            .await?;
        let looked = self
            .package_expires(function.referenced.as_ref(), &last.upload)
            .await;
        self.beside(DriftKind::PackageExpires, looked);
        self.configuration(name, &function, last).await?;
        self.layers(&function, &last.upload).await?;
        self.other_csc(name, &last.upload).await?;
        if self.settings.without_csc == MissingCscPolicy::Reject
            && !self.inventory.has_csc(name.as_str())
        {
            // It may have got one since all were listed.
            self.rate_limits.control_plane(self.world).await;
            if self.world.function_csc(name).await? == FunctionCsc::NoneAttached {
                let message = format!("the function {name} has no code signing configuration");
                self.add(self.drift_of(DriftKind::CscMissing, &last.upload, message));
            }
        }
        Ok(function.update != UpdateStatus::InProgress)
    }

    /// What runs beside what was deployed last, in one: there is one document of each kind.
    fn other_code_runs(&mut self, differences: &[Difference], last: &LastDeployment) {
        if differences.is_empty() {
            return;
        }
        let joined = |part: fn(&Difference) -> Option<&str>| {
            let parts: Vec<&str> = differences.iter().filter_map(part).collect();
            (!parts.is_empty()).then(|| parts.join("; "))
        };
        let message = joined(|it| Some(it.message.as_str())).unwrap_or_default();
        let expected = joined(|it| it.expected.as_deref());
        let found = joined(|it| it.found.as_deref());
        self.add(
            self.drift_of(DriftKind::OtherCodeRuns, &last.upload, message)
                .with_values(expected.as_deref(), found.as_deref()),
        );
    }

    /// What calls without a qualifier run on Managed Instances, if it is not what was deployed last: `$LATEST`
    /// says nothing about it.
    async fn latest_published(
        &self,
        name: &FunctionName,
        function: &Function,
        last: &LastDeployment,
    ) -> Result<Option<Difference>, RetryableError> {
        if !function.is_on_managed_instances {
            return Ok(None);
        }
        self.rate_limits.get_function(self.world).await;
        let Some(found) = self.world.version(name, LATEST_PUBLISHED).await? else {
            return Ok(Some(Difference {
                message: format!("nothing is published to {LATEST_PUBLISHED} of {name}"),
                expected: Some(last.deployed.code_sha256.clone()),
                found: None,
            }));
        };
        if found.code.sha256 == last.deployed.code_sha256 {
            return Ok(None);
        }
        let what = format!("{LATEST_PUBLISHED} of {name}");
        self.other_code(&what, last, &found.code.sha256).await
    }

    /// All aliases of a function.
    async fn aliases(&self, name: &FunctionName) -> Result<Vec<ListedAlias>, RetryableError> {
        let mut aliases = Vec::new();
        let mut pages = Pages::of("lambda:ListAliases");
        while pages.has_next() {
            self.rate_limits.control_plane(self.world).await;
            let listed = self.world.list_aliases(name, pages.marker()).await?;
            aliases.extend(pages.take_items(listed)?);
        }
        Ok(aliases)
    }

    /// Where the alias points, if not at what was deployed last.
    async fn alias(
        &self,
        name: &FunctionName,
        alias: &str,
        aliases: &[ListedAlias],
        last: &LastDeployment,
    ) -> Result<Option<Difference>, RetryableError> {
        let found = aliases.iter().find(|listed| listed.name == alias);
        let expected = last.deployed.version.clone();
        let Some(found) = found else {
            return Ok(Some(Difference {
                message: format!("the function {name} has no alias {alias}"),
                expected,
                found: None,
            }));
        };
        // What a deployment that failed left behind is known; weights beside it are nobody's.
        if Some(&found.version) != expected.as_ref()
            && !self.is_of_a_failure(&found.version, last).await?
        {
            let wanted = expected.as_deref().unwrap_or("the one that was deployed");
            return Ok(Some(Difference {
                message: format!(
                    "the alias {alias} of {name} points at version {}, and not at {wanted}",
                    found.version
                ),
                expected,
                found: Some(found.version.clone()),
            }));
        }
        if found.is_canary() {
            let weights: Vec<String> = found
                .weights
                .iter()
                .map(|(version, weight)| format!("version {version} gets {weight}"))
                .collect();
            let weights = weights.join(", ");
            return Ok(Some(Difference {
                message: format!("the alias {alias} of {name} splits its traffic: {weights}"),
                expected,
                found: Some(weights),
            }));
        }
        Ok(None)
    }

    /// Answers whether the layer is at rest.
    async fn compare_layer(
        &mut self,
        name: &LayerName,
        last: &LastDeployment,
    ) -> Result<bool, RetryableError> {
        self.rate_limits.control_plane(self.world).await;
        let newest = self.world.layer_versions(name, 1).await?.into_iter().next();
        let number = |text: &Option<String>| text.as_ref()?.parse::<i64>().ok();
        let (expected, upload) = (number(&last.deployed.version), &last.upload);
        let version = last.deployed.version.as_deref();
        let newest_number = newest.as_ref().map(|newest| newest.version);
        if newest_number < expected || newest_number.is_none() {
            let message = format!(
                "the layer {name} has no version {} any more",
                version.unwrap_or("that was deployed")
            );
            self.add(
                self.drift_of(DriftKind::TargetGone, upload, message)
                    .with_values(version, None),
            );
            return Ok(true);
        }
        let Some(newest) = newest else {
            return Ok(true);
        };
        self.rate_limits.control_plane(self.world).await;
        let Some(content) = self.world.layer_content(name, newest.version).await? else {
            return Ok(false);
        };
        self.note_code(&content.code);
        self.signature_of_layer(&content.code, last).await?;
        let looked = self
            .package_expires(content.referenced.as_ref(), upload)
            .await;
        self.beside(DriftKind::PackageExpires, looked);
        if newest_number > expected {
            let found = newest.version.to_string();
            if !self.was_told(&content.code.sha256, last).await? {
                let message = format!(
                    "version {found} of the layer {name} was not published by the gate, which published version {}",
                    version.unwrap_or_default()
                );
                self.add(
                    self.drift_of(DriftKind::OtherLayerVersion, upload, message)
                        .with_values(version, Some(&found)),
                );
            }
        }
        Ok(true)
    }

    /// Code that is not what was deployed last: whose is it?
    async fn other_code(
        &self,
        what: &str,
        last: &LastDeployment,
        found: &str,
    ) -> Result<Option<Difference>, RetryableError> {
        let uploads = history(self.world, self.target, MAX_UPLOADS_COMPARED).await?;
        let of = uploads.iter().find(|upload| {
            let outcome = upload.outcome.as_ref();
            let deployed = outcome.and_then(|outcome| outcome.deployed.as_ref());
            deployed.is_some_and(|deployed| deployed.code_sha256 == found)
        });
        // The page of a failed deployment said how far it came.
        if of
            .and_then(|upload| upload.outcome.as_ref())
            .is_some_and(|outcome| explains(outcome, last))
        {
            return Ok(None);
        }
        let whose = match of {
            Some(upload) => format!("that of the upload {}, {}", upload.label, upload.status()),
            None => format!(
                "that of none of the {} newest uploads on record",
                uploads.len()
            ),
        };
        let expected = last.deployed.code_sha256.as_str();
        let message = format!(
            "{what} has the code {found}, {whose}; deployed last was {expected}, of the upload {}",
            last.upload.label()
        );
        Ok(Some(Difference {
            message,
            expected: Some(expected.to_owned()),
            found: Some(found.to_owned()),
        }))
    }

    /// Whether this code is of a deployment that failed: its page said how far it came.
    async fn was_told(
        &self,
        code_sha256: &str,
        last: &LastDeployment,
    ) -> Result<bool, RetryableError> {
        self.has_failed(last, |deployed| deployed.code_sha256 == code_sha256)
            .await
    }

    /// Whether a deployment that failed published this version: it may have moved the alias before it failed,
    /// and its page said so.
    async fn is_of_a_failure(
        &self,
        version: &str,
        last: &LastDeployment,
    ) -> Result<bool, RetryableError> {
        self.has_failed(last, |deployed| {
            deployed.version.as_deref() == Some(version)
        })
        .await
    }

    async fn has_failed(
        &self,
        last: &LastDeployment,
        is_this: impl Fn(&Deployed) -> bool + Send,
    ) -> Result<bool, RetryableError> {
        let uploads = history(self.world, self.target, MAX_UPLOADS_COMPARED).await?;
        let outcomes = uploads.iter().filter_map(|upload| upload.outcome.as_ref());
        let mut failures = outcomes.filter(|outcome| explains(outcome, last));
        Ok(failures.any(|outcome| outcome.deployed.as_ref().is_some_and(&is_this)))
    }

    /// Whether the current version of the key is what was deployed last. One that was refused or failed was
    /// told as that; one that had its turn before will not be deployed by itself.
    fn current_version(&mut self, current: &Upload, outcome: &Outcome, last: &LastDeployment) {
        let had_its_turn = matches!(
            outcome.state,
            UploadState::Deployed | UploadState::Superseded
        );
        let deployed = outcome.deployed.as_ref();
        let is_same_code =
            deployed.is_some_and(|deployed| deployed.code_sha256 == last.deployed.code_sha256);
        if !had_its_turn || last.upload == *current || is_same_code {
            return;
        }
        let (current, last) = (current.label(), &last.upload);
        let message = format!(
            "{current} is the current version of {}, and was {}; {} is what was deployed last",
            self.target.key(),
            outcome.state.as_str(),
            last.label()
        );
        self.add(
            self.drift_of(DriftKind::OtherVersionCurrent, last, message)
                .with_values(Some(&current), Some(&last.label())),
        );
    }
}
