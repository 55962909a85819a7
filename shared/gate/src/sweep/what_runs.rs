//! A target as Lambda has it, beside its records.
//!
//! CloudTrail tells of calls as they are made, where there is a trail and its events arrive. This asks what
//! is so, whoever made it so and however.

use jiff::SignedDuration;

use super::{
    inventory::{Inventory, pace_control_plane, pace_get_function, pace_signer},
    settings::{SweepSettings, SweepWorld},
    signatures::Signatures,
};
use crate::{
    domain::{AliasName, CodeIdentity, FunctionName, LayerName, SigningJobId, Target, Upload},
    outcome::RetryableError,
    ports::{FunctionCsc, UpdateStatus},
    records::{
        self, Drift, DriftKind, Live, Outcome, Schema, TargetPosture, UploadState, history, live,
    },
    verdict::WithoutCsc,
};

/// The kinds of drift that are looked for here.
pub(super) const TARGET_DRIFT_KINDS: [DriftKind; 11] = [
    DriftKind::OtherCodeRuns,
    DriftKind::OtherLayerVersion,
    DriftKind::CscMissing,
    DriftKind::SignatureRevoked,
    DriftKind::SignatureExpires,
    DriftKind::TargetGone,
    DriftKind::OtherVersionCurrent,
    DriftKind::ConfigurationChanged,
    DriftKind::LayerNotTrusted,
    DriftKind::LayerRevoked,
    DriftKind::OtherCsc,
];

/// How many uploads are compared with code that was not deployed last, the newest first.
const MAX_UPLOADS_COMPARED: usize = 20;

/// An expiry is told when so many days are left, and again at each smaller number.
const DAYS_BEFORE_EXPIRY: [i64; 3] = [7, 30, 90];

/// What a look at a target found.
pub(super) struct Look {
    pub(super) posture: TargetPosture,
    /// `None` when it cannot be said: a deployment is at work.
    pub(super) drift: Option<Vec<Drift>>,
}

/// A target while it is looked at.
pub(super) struct TargetComparison<'a, W> {
    pub(super) world: &'a W,
    pub(super) settings: &'a SweepSettings,
    pub(super) inventory: &'a Inventory,
    pub(super) signatures: &'a mut Signatures,
    target: &'a Target,
    pub(super) posture: TargetPosture,
    drift: Vec<Drift>,
}

/// Looks at a target. `current` is the upload that is current, `is_settled` whether each of its uploads has
/// come to its end.
pub(super) async fn compare_target<W: SweepWorld>(
    world: &W,
    settings: &SweepSettings,
    inventory: &Inventory,
    signatures: &mut Signatures,
    target: &Target,
    current: Option<&Upload>,
    is_settled: bool,
) -> Result<Look, RetryableError> {
    let mut look = TargetComparison {
        world,
        settings,
        inventory,
        signatures,
        target,
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
    };
    let outcome: Option<Outcome> = match current {
        Some(upload) => records::read(world, &upload.folder()).await?,
        None => None,
    };
    look.posture.state = outcome.as_ref().map(|outcome| outcome.state);
    let Some(deployed) = live(world, target).await? else {
        return Ok(look.found(true));
    };
    look.posture.deployed = Some(deployed.upload.label());
    look.posture.version.clone_from(&deployed.deployed.version);
    let is_as_recorded = match target {
        Target::Function(name) => look.function(name, &deployed).await?,
        Target::Layer(name) => look.layer(name, &deployed).await?,
    };
    if let (Some(upload), Some(outcome)) = (current, &outcome) {
        look.current_version(upload, outcome, &deployed);
    }
    // A deployment that ended meanwhile is another one to compare with.
    let is_same = live(world, target).await?.as_ref() == Some(&deployed);
    // Whoever deletes the key says that there is nothing to deploy any more; that the function is gone, too, is
    // as it should be. While it is there, deleting the key must not hide what runs.
    if current.is_none() {
        look.drift
            .retain(|drift| drift.kind != DriftKind::TargetGone);
    }
    Ok(look.found(is_as_recorded && is_same && is_settled))
}

impl<W: SweepWorld> TargetComparison<'_, W> {
    fn found(mut self, can_be_said: bool) -> Look {
        self.posture.drift = self.drift.iter().map(|drift| drift.kind).collect();
        Look {
            posture: self.posture,
            drift: can_be_said.then_some(self.drift),
        }
    }

    pub(super) fn add(
        &mut self,
        kind: DriftKind,
        upload: &Upload,
        message: String,
        expected: Option<&str>,
        found: Option<&str>,
    ) {
        self.drift.push(Drift {
            schema: Schema,
            kind,
            subject: self.target.to_string(),
            target: Some(self.target.clone()),
            message,
            expected: expected.map(str::to_owned),
            found: found.map(str::to_owned),
            upload: Some(upload.clone()),
            functions: Vec::new(),
            found_at: self.world.now(),
            closed_at: None,
            announced_at: None,
        });
    }

    fn note_code(&mut self, code: &CodeIdentity) {
        self.posture.runs = Some(code.sha256.clone());
        self.posture.signing_job.clone_from(&code.job_arn);
        self.posture
            .signing_profile_version
            .clone_from(&code.profile_version_arn);
    }

    /// Answers whether the function is at rest.
    async fn function(&mut self, name: &FunctionName, last: &Live) -> Result<bool, RetryableError> {
        pace_get_function(self.world).await;
        let Some(function) = self.world.function(name).await? else {
            let message = format!("there is no function {name}");
            self.add(
                DriftKind::TargetGone,
                &last.upload,
                message,
                Some(name.as_str()),
                None,
            );
            return Ok(true);
        };
        self.note_code(&function.code);
        let expected = &last.deployed.code_sha256;
        if function.code.sha256 != *expected {
            self.other_code(&format!("$LATEST of {name}"), last, &function.code.sha256)
                .await?;
        } else if let Some(alias) = &last.deployed.alias {
            self.alias(name, alias, last).await?;
        }
        self.signature(&function.code, last).await?;
        self.configuration(name, &function, last).await?;
        self.layers(&function, last).await?;
        self.other_csc(name, last).await?;
        if self.settings.without_csc == WithoutCsc::Reject && !self.inventory.has_csc(name.as_str())
        {
            // It may have got one since all were listed.
            pace_control_plane(self.world).await;
            if self.world.function_csc(name).await? == FunctionCsc::NoneAttached {
                let message = format!("the function {name} has no code signing configuration");
                self.add(DriftKind::CscMissing, &last.upload, message, None, None);
            }
        }
        Ok(function.update != UpdateStatus::InProgress)
    }

    async fn alias(
        &mut self,
        name: &FunctionName,
        alias: &str,
        last: &Live,
    ) -> Result<(), RetryableError> {
        let Ok(parsed) = AliasName::parse(alias) else {
            return Ok(());
        };
        pace_control_plane(self.world).await;
        let found = self.world.alias(name, &parsed).await?;
        let (expected, upload) = (last.deployed.version.as_deref(), &last.upload);
        let Some(found) = found else {
            let message = format!("the function {name} has no alias {alias}");
            self.add(DriftKind::OtherCodeRuns, upload, message, expected, None);
            return Ok(());
        };
        if Some(found.version.as_str()) != expected {
            let message = format!(
                "the alias {alias} of {name} points at version {}, and not at {}",
                found.version,
                expected.unwrap_or("the one that was deployed")
            );
            let version = Some(found.version.as_str());
            self.add(DriftKind::OtherCodeRuns, upload, message, expected, version);
        } else if found.is_canary() {
            let weights: Vec<String> = found
                .weights
                .iter()
                .map(|(version, weight)| format!("version {version} gets {weight}"))
                .collect();
            let weights = weights.join(", ");
            let message = format!("the alias {alias} of {name} splits its traffic: {weights}");
            self.add(
                DriftKind::OtherCodeRuns,
                upload,
                message,
                expected,
                Some(&weights),
            );
        }
        Ok(())
    }

    /// Whether the signature of what runs still counts. Lambda judges it only when code is deployed.
    async fn signature(&mut self, code: &CodeIdentity, last: &Live) -> Result<(), RetryableError> {
        let id = code
            .job_arn
            .as_deref()
            .and_then(|arn| arn.rsplit('/').next());
        let Some(id) = id.and_then(|id| SigningJobId::parse(id).ok()) else {
            return Ok(());
        };
        pace_signer(self.world).await;
        let Some(job) = self.world.describe_job(&id).await? else {
            return Ok(());
        };
        if let Some(message) = self.signatures.revoked(self.world, &job).await? {
            let found = Some(id.as_str());
            self.add(
                DriftKind::SignatureRevoked,
                &last.upload,
                message,
                None,
                found,
            );
            return Ok(());
        }
        let Some(expires_at) = job.expires_at else {
            return Ok(());
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
                DriftKind::SignatureExpires,
                &last.upload,
                message,
                expected,
                Some(&found),
            );
        }
        Ok(())
    }

    /// Answers whether the layer is at rest.
    async fn layer(&mut self, name: &LayerName, last: &Live) -> Result<bool, RetryableError> {
        pace_control_plane(self.world).await;
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
            self.add(DriftKind::TargetGone, upload, message, version, None);
            return Ok(true);
        }
        let Some(newest) = newest else {
            return Ok(true);
        };
        pace_control_plane(self.world).await;
        let Some(content) = self.world.layer_content(name, newest.version).await? else {
            return Ok(false);
        };
        self.note_code(&content.code);
        self.signature(&content.code, last).await?;
        if newest_number > expected {
            let found = newest.version.to_string();
            if !self.was_told(&content.code.sha256).await? {
                let message = format!(
                    "version {found} of the layer {name} was not published by the gate, which published version {}",
                    version.unwrap_or_default()
                );
                self.add(
                    DriftKind::OtherLayerVersion,
                    upload,
                    message,
                    version,
                    Some(&found),
                );
            }
        }
        Ok(true)
    }

    /// Code that is not what was deployed last: whose is it?
    async fn other_code(
        &mut self,
        what: &str,
        last: &Live,
        found: &str,
    ) -> Result<(), RetryableError> {
        let uploads = history(self.world, self.target, MAX_UPLOADS_COMPARED).await?;
        let of = uploads.iter().find(|upload| {
            let outcome = upload.outcome.as_ref();
            let deployed = outcome.and_then(|outcome| outcome.deployed.as_ref());
            deployed.is_some_and(|deployed| deployed.code_sha256 == found)
        });
        // The page of a failed deployment said how far it came.
        if of.is_some_and(|upload| upload.status() == UploadState::Failed.as_str()) {
            return Ok(());
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
        self.add(
            DriftKind::OtherCodeRuns,
            &last.upload,
            message,
            Some(expected),
            Some(found),
        );
        Ok(())
    }

    /// Whether this code is of a deployment that failed: its page said how far it came.
    async fn was_told(&self, code_sha256: &str) -> Result<bool, RetryableError> {
        let uploads = history(self.world, self.target, MAX_UPLOADS_COMPARED).await?;
        Ok(uploads.iter().any(|upload| {
            let outcome = upload.outcome.as_ref();
            outcome.is_some_and(|outcome| {
                let deployed = outcome.deployed.as_ref();
                outcome.state == UploadState::Failed
                    && deployed.is_some_and(|deployed| deployed.code_sha256 == code_sha256)
            })
        }))
    }

    /// Whether the current version of the key is what was deployed last. One that was refused or failed was
    /// told as that; one that had its turn before will not be deployed by itself.
    fn current_version(&mut self, current: &Upload, outcome: &Outcome, last: &Live) {
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
            DriftKind::OtherVersionCurrent,
            last,
            message,
            Some(&current),
            Some(&last.label()),
        );
    }
}
