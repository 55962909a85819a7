//! What beside its own code decides which code runs in a function: its configuration, its layers, and whom its
//! code signing configuration trusts.
//!
//! A published version never changes, its configuration included: what the gate published last is what was so
//! when it deployed.

use std::collections::BTreeSet;

use countersign_package::SigningJobArn;

use super::{last_deployment::LastDeployment, settings::SweepWorld, what_runs::TargetComparison};
use crate::{
    domain::{
        Arn, AttachedLayer, Csc, CscArn, CscPolicy, EXEC_WRAPPER, ExecWrapper, FunctionName,
        SigningJobId, Upload,
    },
    outcome::RetryableError,
    ports::{Function, FunctionCsc},
    records::{DriftKind, LayerPosture, Outcome},
};

impl<W: SweepWorld> TargetComparison<'_, W> {
    /// The configuration of `$LATEST` beside that of the version that was deployed last.
    pub(super) async fn configuration(
        &mut self,
        name: &FunctionName,
        function: &Function,
        last: &LastDeployment,
    ) -> Result<(), RetryableError> {
        let Some(number) = &last.deployed.version else {
            return Ok(());
        };
        self.rate_limits.get_function(self.world).await;
        let version = self.world.version(name, number).await?;
        // Of a function that was created anew since, the number means another version.
        let deployed = &last.deployed.code_sha256;
        let Some(version) = version.filter(|version| version.code.sha256 == *deployed) else {
            // The gate deletes no version that it deployed last: somebody did, or created the function anew.
            let message = format!(
                "version {number} of {name}, which was deployed last, is not there any more, so that nobody can say whether \
                 the configuration of now is the one that was deployed"
            );
            self.add(
                self.drift_of(DriftKind::ConfigurationChanged, &last.upload, message)
                    .with_values(
                        Some(&format!("the configuration of version {number}")),
                        Some("the version is gone"),
                    ),
            );
            return Ok(());
        };
        let changes = function
            .configuration
            .changes_since(&version.configuration)
            .join("; ");
        if !changes.is_empty() {
            let message = format!("of {name}, since version {number} was published: {changes}");
            self.add(
                self.drift_of(DriftKind::ConfigurationChanged, &last.upload, message)
                    .with_values(
                        Some(&format!("the configuration of version {number}")),
                        Some(&changes),
                    ),
            );
        }
        Ok(())
    }

    /// A function that somebody created since its package was prepared: from that package, and without anything beside it
    /// that brings code? Whoever creates it chooses both, and the gate compares with nothing before its first deployment.
    pub(super) async fn created(
        &mut self,
        name: &FunctionName,
        upload: &Upload,
        prepared: Option<&Outcome>,
    ) -> Result<(), RetryableError> {
        self.rate_limits.get_function(self.world).await;
        let Some(function) = self.world.function(name).await? else {
            return Ok(());
        };
        self.note_code(&function.code);
        let job_of = |arn: &str| arn.rsplit('/').next().unwrap_or_default().to_owned();
        let found = function.code.job_arn.as_deref().map(job_of);
        let expected = prepared.and_then(|outcome| outcome.job.as_ref());
        let expected = expected.map(SigningJobId::as_str);
        if found.as_deref() != expected {
            let signed_by = found.as_deref().map_or_else(
                || "which no signing job signed".to_owned(),
                |job| format!("which the job {job} signed"),
            );
            let message = format!(
                "{name} was created with the code {}, {signed_by}, and not with the package that was prepared for it",
                function.code.sha256
            );
            let found = found.unwrap_or_else(|| function.code.sha256.clone());
            let kind = DriftKind::OtherCodeRuns;
            self.add(
                self.drift_of(kind, upload, message)
                    .with_values(expected, Some(&found)),
            );
        }
        if let ExecWrapper::Set(wrapper) = &function.configuration.exec_wrapper {
            let message = format!(
                "{name} was created with the variable {EXEC_WRAPPER}, which starts {wrapper} before its code"
            );
            let kind = DriftKind::ConfigurationChanged;
            self.add(
                self.drift_of(kind, upload, message)
                    .with_values(Some("no exec wrapper"), Some(wrapper)),
            );
        }
        self.package_expires(function.referenced.as_ref(), upload)
            .await?;
        self.layers(&function, upload).await
    }

    /// Who signed the layers that the function uses, and whether that still counts. `upload` is what was deployed last,
    /// or prepared for the function.
    pub(super) async fn layers(
        &mut self,
        function: &Function,
        upload: &Upload,
    ) -> Result<(), RetryableError> {
        let csc = self.inventory.csc_of(self.posture.target.name()).cloned();
        if csc.is_none() {
            self.not_judged.push(DriftKind::LayerNotTrusted);
        }
        let (mut doubts, mut doubted) = (Vec::new(), Vec::new());
        let (mut revocations, mut revoked) = (Vec::new(), Vec::new());
        for layer in &function.configuration.layers {
            let doubt = csc.as_ref().and_then(|csc| layer.doubt_under(csc));
            let is_revoked = self.layer_revoked(&function.arn, layer).await?;
            self.posture.layers.push(LayerPosture {
                arn: layer.arn.clone(),
                signing_job: layer.job_arn.clone(),
                signing_profile_version: layer.profile_version_arn.clone(),
                trusted: csc.as_ref().map(|_| doubt.is_none()),
                revoked: is_revoked,
            });
            if let Some(doubt) = doubt {
                doubts.push(format!(
                    "{}{} {doubt}",
                    layer.arn,
                    foreign_account_note(function, layer)
                ));
                doubted.push(layer.arn.as_str());
            }
            if is_revoked == Some(true) {
                let job = layer.job_arn.as_deref().unwrap_or_default();
                revocations.push(format!(
                    "{} was signed by {job}, which counts no more",
                    layer.arn
                ));
                revoked.push(layer.arn.as_str());
            }
        }
        for (kind, messages, found) in [
            (DriftKind::LayerNotTrusted, doubts, doubted),
            (DriftKind::LayerRevoked, revocations, revoked),
        ] {
            if !found.is_empty() {
                let found = Some(found.join(" "));
                self.add(
                    self.drift_of(kind, upload, messages.join("; "))
                        .with_values(None, found.as_deref()),
                );
            }
        }
        Ok(())
    }

    /// `None` when nobody here can know. Signer tells of jobs of this account and region alone.
    async fn layer_revoked(
        &mut self,
        function_arn: &str,
        layer: &AttachedLayer,
    ) -> Result<Option<bool>, RetryableError> {
        let job = layer.job_arn.as_deref();
        let Some(job) = job.and_then(|arn| SigningJobArn::parse(arn).ok()) else {
            return Ok(None);
        };
        let place = Arn::parse(function_arn).map(|arn| (arn.region, arn.account));
        if place != Some((job.region(), job.account())) {
            return Ok(None);
        }
        let Ok(id) = SigningJobId::parse(job.job_id()) else {
            return Ok(None);
        };
        self.signatures
            .layer_revoked(self.world, self.rate_limits, &id)
            .await
    }

    /// Whether the function has a configuration that trusts others than the stack's. `upload` is what was
    /// deployed last, or prepared for the function.
    pub(super) async fn other_csc(
        &mut self,
        name: &FunctionName,
        upload: &Upload,
    ) -> Result<(), RetryableError> {
        let own: Vec<&Csc> = self
            .settings
            .cscs
            .iter()
            .filter_map(|arn| self.inventory.csc(arn))
            .collect();
        let Some(csc) = self.inventory.csc_of(name.as_str()) else {
            return Ok(());
        };
        // Without the stack's there is nothing to compare with.
        if own.is_empty() || own.iter().any(|own| own.arn() == csc.arn()) {
            return Ok(());
        }
        let trusted: BTreeSet<&str> = own.iter().flat_map(|own| own.publishers()).collect();
        let others = csc.publishers().filter(|arn| !trusted.contains(arn));
        let others: Vec<&str> = others.collect();
        let mut weaker = Vec::new();
        if !others.is_empty() {
            weaker.push(format!("trusts {}", others.join(", ")));
        }
        let enforces = |csc: &&Csc| csc.policy() == CscPolicy::Enforce;
        if !enforces(&csc) && own.iter().all(enforces) {
            weaker.push("only warns of code that nobody it trusts signed".to_owned());
        }
        let (Some(arn), false) = (csc.arn(), weaker.is_empty()) else {
            return Ok(());
        };
        // It may have got another one since all were listed.
        self.rate_limits.control_plane(self.world).await;
        if self.world.function_csc(name).await? != FunctionCsc::Attached(arn.clone()) {
            return Ok(());
        }
        let found = format!("{arn}, which {}", weaker.join(" and "));
        let message = format!("the function {name} has {found}");
        let expected = own.iter().filter_map(|own| own.arn());
        let expected: Vec<&str> = expected.map(CscArn::as_str).collect();
        let expected = expected.join(" or ");
        self.add(
            self.drift_of(DriftKind::OtherCsc, upload, message)
                .with_values(Some(&expected), Some(&found)),
        );
        Ok(())
    }
}

/// Says it when the layer is of another account than the function.
fn foreign_account_note(function: &Function, layer: &AttachedLayer) -> String {
    match layer.account() {
        Some(account) if Arn::parse(&function.arn).map(|arn| arn.account) != Some(account) => {
            format!(" (of the account {account})")
        }
        _ => String::new(),
    }
}
