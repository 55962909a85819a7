//! The ports to Lambda, as one caller has them.

use std::collections::BTreeMap;

use countersign_gate::{
    deployment::ALIAS_TAG,
    domain::{Csc, *},
    ports::{PortError, *},
    verdict::Approved,
};
use serde_json::json;

use super::{
    AliasState, FunctionState, LayerState, Mistake, PublishedVersion,
    invariants::{CANARY_ENDED, NOT_READY},
    packages::{ACCOUNT, PROFILE_VERSION, job_arn},
    simulated_ports::{SimulatedPorts, upload_key},
};

fn revision(number: u64) -> RevisionId {
    RevisionId::parse(format!("r{number}")).unwrap()
}

pub(super) fn code_of(function: &FunctionState) -> CodeIdentity {
    CodeIdentity {
        sha256: function.code_sha256.clone(),
        job_arn: function.job_arn.clone(),
        profile_version_arn: function.profile_version_arn.clone(),
    }
}

impl Functions for SimulatedPorts {
    async fn function(&self, name: &FunctionName) -> Result<Option<Function>, PortError> {
        self.head_early(Mistake::HeadBeforeFunction, name).await?;
        self.call("lambda:GetFunction", |state| {
            let mut seen = self.seen.lock().unwrap();
            state.note_function_read(&mut seen, name);
            let mut function = state.functions.get(name.as_str())?.clone();
            state.confirm(&function.code_sha256);
            // As if the tag were only read after the update.
            if state.mistake == Some(Mistake::AliasTagJudgedLate) && !seen.has_updated {
                function.tags.remove(ALIAS_TAG);
            }
            if state.mistake == Some(Mistake::StartNotJudged) {
                function.configuration = FunctionConfiguration::default();
            }
            // As if it had been asked first whether the upload is current.
            if state.mistake == Some(Mistake::CurrentBeforeApplied)
                && let Some(current) = state.current_put(&upload_key(name))
                && state.puts[current]
                    .slot
                    .is_none_or(|slot| state.packages[slot].code_sha256 != function.code_sha256)
            {
                "not looked at".clone_into(&mut function.code_sha256);
            }
            Some(Function {
                arn: format!("arn:aws:lambda:us-east-1:{ACCOUNT}:function:{name}"),
                is_image: function.is_image,
                code: code_of(&function),
                configuration: function.configuration,
                kms_key_arn: None,
                referenced: state.referenced.get(&format!("functions/{name}")).cloned(),
                is_on_managed_instances: function.is_on_managed_instances,
                revision: revision(function.revision),
                update: function.update,
                tags: function.tags,
            })
        })
        .await
    }

    async fn function_csc(&self, name: &FunctionName) -> Result<FunctionCsc, PortError> {
        self.call("lambda:GetFunctionCodeSigningConfig", |state| {
            let Some(function) = state.functions.get(name.as_str()) else {
                return FunctionCsc::NoFunction;
            };
            let arn = function.csc.clone();
            arn.map_or(FunctionCsc::NoneAttached, FunctionCsc::Attached)
        })
        .await
    }

    async fn csc(&self, arn: &CscArn) -> Result<Option<Csc>, PortError> {
        self.call("lambda:GetCodeSigningConfig", |state| {
            state.cscs.get(arn.as_str()).cloned()
        })
        .await
    }

    async fn dry_run_update(
        &self,
        name: &FunctionName,
        _: &SignedObject,
        seen: &Function,
        _: UpdateOptions,
    ) -> Result<CodeUpdate<()>, PortError> {
        self.call("lambda:UpdateFunctionCode DryRun", |state| {
            let Some(function) = state.functions.get(name.as_str()) else {
                return CodeUpdate::Gone;
            };
            if revision(function.revision) != seen.revision {
                return CodeUpdate::RevisionChanged;
            }
            match &state.dry_run_refuses {
                Some(refusal) => CodeUpdate::Refused(refusal.clone()),
                None => CodeUpdate::Accepted(()),
            }
        })
        .await
    }

    async fn update_code(
        &self,
        name: &FunctionName,
        approved: &Approved,
        seen: &Function,
        options: UpdateOptions,
    ) -> Result<CodeUpdate<UpdatedCode>, PortError> {
        self.call("lambda:UpdateFunctionCode", |state| {
            let slot = state
                .slot_of_code(&approved.verified().code_sha256())
                .expect("it is of a slot");
            let is_blind = state.mistake == Some(Mistake::BlindUpdate);
            let Some(function) = state.functions.get_mut(name.as_str()) else {
                return CodeUpdate::Gone;
            };
            if revision(function.revision) != seen.revision && !is_blind {
                return CodeUpdate::RevisionChanged;
            }
            if function.update == UpdateStatus::InProgress {
                return CodeUpdate::Busy;
            }
            let before = function.code_sha256.clone();
            function.code_sha256 = approved.verified().code_sha256();
            function.job_arn = Some(if state.reports_another_job {
                "another".to_owned()
            } else {
                job_arn(slot)
            });
            function.profile_version_arn = Some(PROFILE_VERSION.to_owned());
            function.configuration.storage = options.storage;
            let target = format!("functions/{name}");
            reference(&mut state.referenced, target, options.storage, approved);
            if !state.keeps_architecture {
                let now = function.configuration.architecture;
                function.configuration.architecture = options.architecture.or(now);
            }
            function.revision += 1;
            function.update = UpdateStatus::InProgress;
            let code = code_of(function);
            let mut seen = self.seen.lock().unwrap();
            state.check_update(&mut seen, approved.verified(), &before);
            state.applied.push(slot);
            let request = json!({"functionName": name.as_str()});
            state.record_own_call("lambda", "UpdateFunctionCode20150331v2", &request);
            CodeUpdate::Accepted(UpdatedCode {
                code,
                is_done: false,
            })
        })
        .await
    }

    async fn publish_version(&self, request: &VersionRequest) -> Result<VersionPublish, PortError> {
        self.call("lambda:PublishVersion", |state| {
            let Some(function) = state.functions.get_mut(request.function.as_str()) else {
                return VersionPublish::Gone;
            };
            if function.update == UpdateStatus::InProgress {
                return VersionPublish::Busy;
            }
            if function.code_sha256 != request.code_sha256 {
                return VersionPublish::CodeChanged;
            }
            assert!(request.description.chars().count() <= 256);
            let published = PublishedVersion {
                code_sha256: request.code_sha256.clone(),
                job_arn: function.job_arn.clone(),
                config: function.config,
                configuration: function.configuration.clone(),
                description: request.description.clone(),
                is_deleted: false,
                deleted_at: 0,
            };
            if request.publication == Publication::LatestPublished {
                if !function.is_on_managed_instances {
                    return VersionPublish::Refused(Refusal {
                        exception: "InvalidParameterValueException".to_owned(),
                        message: "it has no capacity provider".to_owned(),
                    });
                }
                function.latest_published = Some(published);
                return VersionPublish::Version(LATEST_PUBLISHED.to_owned());
            }
            // As if a version of this code were enough, or one that is on record.
            let like = |version: &PublishedVersion| match state.mistake {
                Some(Mistake::ConfigurationNotCounted) => {
                    version.code_sha256 == published.code_sha256 && !version.is_deleted
                }
                Some(Mistake::DeletedVersionBelieved) => {
                    version.code_sha256 == published.code_sha256
                        && version.config == published.config
                }
                _ => false,
            };
            if let Some(at) = function.versions.iter().position(like) {
                return VersionPublish::Version((at + 1).to_string());
            }
            if !function
                .versions
                .last()
                .is_some_and(|last| last.is_like(&published))
            {
                function.versions.push(published);
                function.last_pends = state.versions_pend;
                function.revision += 1;
            }
            let version = function.versions.len().to_string();
            state.confirm(&request.code_sha256);
            let request = json!({"functionName": request.function.as_str()});
            state.record_own_call("lambda", "PublishVersion20150331", &request);
            VersionPublish::Version(version)
        })
        .await
    }

    async fn version(
        &self,
        function: &FunctionName,
        version: &str,
    ) -> Result<Option<Version>, PortError> {
        self.call("lambda:GetFunction version", |state| {
            let function = state.functions.get_mut(function.as_str())?;
            let number: usize = version.parse().unwrap_or(0);
            let published = if version == LATEST_PUBLISHED {
                function.latest_published.clone()?
            } else {
                function.versions.get(number - 1)?.clone()
            };
            if published.is_deleted && state.mistake != Some(Mistake::DeletedVersionBelieved) {
                return None;
            }
            let found = |state| Version {
                code: CodeIdentity {
                    sha256: published.code_sha256.clone(),
                    job_arn: published.job_arn.clone(),
                    profile_version_arn: None,
                },
                configuration: published.configuration.clone(),
                state,
            };
            if state.mistake == Some(Mistake::NoWait) {
                return Some(found(VersionState::Ready));
            }
            if version == LATEST_PUBLISHED && state.latest_published_pends > 0 {
                state.latest_published_pends -= 1;
                return Some(found(VersionState::Pending));
            }
            if version == LATEST_PUBLISHED
                && let Some(reason) = state.latest_published_fails.clone()
            {
                return Some(found(VersionState::Failed { reason }));
            }
            if number == function.versions.len() && function.last_pends > 0 {
                function.last_pends -= 1;
                return Some(found(VersionState::Pending));
            }
            if let Some(state) = state.versions_unknown.clone() {
                return Some(found(VersionState::Unknown { state }));
            }
            if let Some(reason) = state.versions_fail.clone() {
                return Some(found(VersionState::Failed { reason }));
            }
            function.ready.insert(version.to_owned());
            Some(found(VersionState::Ready))
        })
        .await
    }

    async fn alias(
        &self,
        function: &FunctionName,
        alias: &AliasName,
    ) -> Result<Option<Alias>, PortError> {
        self.head_early(Mistake::HeadBeforeAlias, function).await?;
        self.call("lambda:GetAlias", |state| {
            let function = state.functions.get(function.as_str())?;
            let found = function.aliases.get(alias.as_str())?.clone();
            state.confirm_alias(&found.version);
            let mut seen = self.seen.lock().unwrap();
            state.note_alias_read(&mut seen, alias, &found.version);
            Some(Alias {
                version: found.version,
                weights: match state.mistake {
                    Some(Mistake::CanaryNotSeen) => BTreeMap::new(),
                    _ => found.weights,
                },
                revision: revision(found.revision),
            })
        })
        .await
    }

    async fn move_alias(
        &self,
        function: &FunctionName,
        alias: &AliasName,
        version: &str,
        expected: &RevisionId,
    ) -> Result<AliasMove, PortError> {
        self.call("lambda:UpdateAlias", |state| {
            let name = function;
            let Some(function) = state.functions.get_mut(name.as_str()) else {
                return AliasMove::Gone;
            };
            let at = version.parse::<usize>().unwrap() - 1;
            let code = match function.versions.get(at) {
                Some(published) if !published.is_deleted => published.code_sha256.clone(),
                _ => return AliasMove::Gone,
            };
            assert!(function.ready.contains(version), "{NOT_READY}");
            if at + 1 == function.versions.len() && function.last_pends > 0 {
                return AliasMove::Busy;
            }
            let Some(found) = function.aliases.get_mut(alias.as_str()) else {
                return AliasMove::Gone;
            };
            let is_blind = state.mistake == Some(Mistake::BlindMove);
            if revision(found.revision) != *expected && !is_blind {
                return AliasMove::RevisionChanged;
            }
            if let Some(refusal) = state.alias_refuses.clone() {
                return AliasMove::Refused(refusal);
            }
            assert!(
                found.weights.is_empty() || !state.canaries_are_safe,
                "{CANARY_ENDED}"
            );
            *found = AliasState {
                revision: found.revision + 1,
                ..AliasState::at(version)
            };
            let slot = state
                .slot_of_code(&code)
                .expect("the gate moves aliases to its own code");
            let mut seen = self.seen.lock().unwrap();
            state.check_move(&seen, alias, slot);
            seen.note_pointed(alias, version);
            state.confirm_alias(version);
            AliasMove::Moved
        })
        .await
    }
}

fn version_of(layer: &LayerName, at: usize, state: &LayerState) -> LayerVersion {
    let version = i64::try_from(at).unwrap() + 1;
    LayerVersion {
        version,
        arn: format!("arn:aws:lambda:us-east-1:{ACCOUNT}:layer:{layer}:{version}"),
        description: state.description.clone(),
    }
}

/// Notes from where Lambda reads what it took.
fn reference(
    referenced: &mut BTreeMap<String, ReferencedObject>,
    target: String,
    storage: CodeStorage,
    approved: &Approved,
) {
    let signed = approved.verified().signed();
    match storage {
        CodeStorage::Copied => referenced.remove(&target),
        CodeStorage::Referenced => referenced.insert(
            target,
            ReferencedObject {
                bucket: signed.bucket.clone(),
                key: signed.key.clone(),
                version: Some(signed.version.clone()),
            },
        ),
    };
}

fn content_of(
    layer: &LayerName,
    at: usize,
    state: &LayerState,
    referenced: Option<&ReferencedObject>,
) -> LayerContent {
    LayerContent {
        version: version_of(layer, at, state),
        storage: state.storage,
        referenced: referenced.cloned(),
        code: CodeIdentity {
            sha256: state.code_sha256.clone(),
            job_arn: Some(job_arn(state.slot)),
            profile_version_arn: Some(PROFILE_VERSION.to_owned()),
        },
    }
}

impl Layers for SimulatedPorts {
    async fn layer_versions(
        &self,
        layer: &LayerName,
        max: u8,
    ) -> Result<Vec<LayerVersion>, PortError> {
        self.call("lambda:ListLayerVersions", |state| {
            let versions = state
                .layers
                .get(layer.as_str())
                .map(Vec::as_slice)
                .unwrap_or_default();
            if state.mistake == Some(Mistake::MarkNotSought) {
                return Vec::new();
            }
            let newest = versions.iter().enumerate().rev().take(usize::from(max));
            newest
                .map(|(at, version)| version_of(layer, at, version))
                .collect()
        })
        .await
    }

    async fn layer_content(
        &self,
        layer: &LayerName,
        version: i64,
    ) -> Result<Option<LayerContent>, PortError> {
        self.call("lambda:GetLayerVersion", |state| {
            let at = usize::try_from(version - 1).ok()?;
            let version = state.layers.get(layer.as_str())?.get(at)?;
            let referenced = state.referenced.get(&format!("layers/{layer}"));
            Some(content_of(layer, at, version, referenced))
        })
        .await
    }

    async fn publish_layer(
        &self,
        request: &LayerRequest,
        approved: &Approved,
    ) -> Result<LayerPublish, PortError> {
        self.call("lambda:PublishLayerVersion", |state| {
            let slot = state
                .slot_of_code(&approved.verified().code_sha256())
                .expect("it is of a slot");
            state.check_publication(&self.seen.lock().unwrap(), approved.verified());
            let version = LayerState {
                description: request.description.clone(),
                code_sha256: approved.verified().code_sha256(),
                storage: request.storage,
                slot,
                runs_on: [request.runtimes.clone(), request.architectures.clone()],
            };
            let versions = state.layers.entry(request.layer.to_string()).or_default();
            versions.push(version.clone());
            let at = versions.len() - 1;
            let target = format!("layers/{}", request.layer);
            reference(&mut state.referenced, target, request.storage, approved);
            LayerPublish::Published(content_of(&request.layer, at, &version, None))
        })
        .await
    }
}
