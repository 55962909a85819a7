//! Lambda's functions, their versions and aliases, and their code signing configurations.

use std::collections::HashMap;

use aws_sdk_lambda::{
    operation::{
        get_function::GetFunctionOutput,
        list_functions::ListFunctionsOutput,
        update_function_code::{
            UpdateFunctionCodeOutput, builders::UpdateFunctionCodeFluentBuilder,
        },
    },
    types::{
        AliasRoutingConfiguration, CodeSigningConfig, CodeSigningPolicy, EnvironmentResponse,
        FunctionCodeLocation, FunctionConfiguration as LambdaConfiguration,
        FunctionVersionLatestPublished, LastUpdateStatus, PackageType, ResolvedS3Object,
        S3ObjectStorageMode, State, StateReasonCode,
    },
};
use countersign_gate::{
    domain::{
        AliasName, Architecture, AttachedLayer, CodeIdentity, CodeStorage, Csc, CscArn, CscPolicy,
        EXEC_WRAPPER, ExecWrapper, FunctionConfiguration, FunctionName, ReferencedObject,
        RevisionId, SignedObject, Target, VersionId,
    },
    ports::{
        Alias, AliasMove, CodeUpdate, Function, FunctionCsc, Functions, PortError, Publication,
        UpdateOptions, UpdateStatus, UpdatedCode, Version, VersionPublish, VersionRequest,
        VersionState,
    },
    verdict::Approved,
};

use crate::{
    connection::Connection,
    error::{
        code, could_not_reach, not_made, port_error, port_error_inside, refusal, required,
        unreadable,
    },
};

pub(super) const NOT_FOUND: &str = "ResourceNotFoundException";
pub(super) const CONFLICT: &str = "ResourceConflictException";
const PRECONDITION: &str = "PreconditionFailedException";
pub(super) const INVALID: &str = "InvalidParameterValueException";
pub(super) const STORAGE: &str = "CodeStorageExceededException";

pub(super) const GET_FUNCTION: &str = "lambda:GetFunction";
pub(super) const LIST_FUNCTIONS: &str = "lambda:ListFunctions";
const UPDATE_CODE: &str = "lambda:UpdateFunctionCode";

/// The six ports that Lambda answers, in the connection's account and region; the table of this room names them.
#[derive(Debug, Clone)]
pub struct LambdaApi {
    pub(super) connection: Connection,
}

impl LambdaApi {
    /// Lambda as the connection reaches it.
    #[must_use]
    pub fn new(connection: Connection) -> Self {
        Self { connection }
    }
}

impl Functions for LambdaApi {
    async fn function(&self, name: &FunctionName) -> Result<Option<Function>, PortError> {
        let Some(answer) = self.get_function(name, None).await? else {
            return Ok(None);
        };
        function_of(answer).map(Some)
    }

    async fn function_csc(&self, name: &FunctionName) -> Result<FunctionCsc, PortError> {
        const CALL: &str = "lambda:GetFunctionCodeSigningConfig";
        let request = self.connection.lambda().get_function_code_signing_config();
        match request.function_name(name.as_str()).send().await {
            // Without a configuration the answer has no ARN, which the SDK reads as an empty one.
            Ok(answer) if answer.code_signing_config_arn.is_empty() => {
                Ok(FunctionCsc::NoneAttached)
            }
            Ok(answer) => CscArn::parse(answer.code_signing_config_arn)
                .map(FunctionCsc::Attached)
                .map_err(|error| unreadable(CALL, "CodeSigningConfigArn", &error)),
            Err(error) if code(&error) == NOT_FOUND => Ok(FunctionCsc::NoFunction),
            Err(error) => Err(port_error(CALL, error)),
        }
    }

    async fn csc(&self, arn: &CscArn) -> Result<Option<Csc>, PortError> {
        const CALL: &str = "lambda:GetCodeSigningConfig";
        let request = self.connection.lambda().get_code_signing_config();
        let answer = match request.code_signing_config_arn(arn.as_str()).send().await {
            Ok(answer) => answer,
            Err(error) if code(&error) == NOT_FOUND => return Ok(None),
            Err(error) => return Err(port_error(CALL, error)),
        };
        let config = required(CALL, "CodeSigningConfig", answer.code_signing_config)?;
        csc_of(CALL, config).map(Some)
    }

    async fn dry_run_update(
        &self,
        name: &FunctionName,
        signed: &SignedObject,
        seen: &Function,
        options: UpdateOptions,
    ) -> Result<CodeUpdate<()>, PortError> {
        let request = self.code_request(name, signed, seen, options).dry_run(true);
        let config = Connection::lambda_package_call();
        update(request, config).await?.try_map(|_| Ok(()))
    }

    async fn update_code(
        &self,
        name: &FunctionName,
        approved: &Approved,
        seen: &Function,
        options: UpdateOptions,
    ) -> Result<CodeUpdate<UpdatedCode>, PortError> {
        if *approved.verified().target() != Target::Function(name.clone()) {
            let target = approved.verified().target();
            let problem = format!("what was approved is for {target}, not for functions/{name}");
            return Err(not_made(UPDATE_CODE, problem));
        }
        let request = self.code_request(name, approved.verified().signed(), seen, options);
        // Only what has to be compared is asked of this answer: state and revision are read from
        // the function, which is looked at until the update is done.
        let config = Connection::lambda_package_change();
        update(request, config).await?.try_map(|answer| {
            let is_done = answer.last_update_status == Some(LastUpdateStatus::Successful);
            let code = CodeIdentity {
                sha256: required(UPDATE_CODE, "CodeSha256", answer.code_sha256)?,
                job_arn: answer.signing_job_arn,
                profile_version_arn: answer.signing_profile_version_arn,
            };
            Ok(UpdatedCode { code, is_done })
        })
    }

    async fn publish_version(&self, request: &VersionRequest) -> Result<VersionPublish, PortError> {
        const CALL: &str = "lambda:PublishVersion";
        let publish_to = match request.publication {
            Publication::Version => None,
            Publication::LatestPublished => Some(FunctionVersionLatestPublished::LatestPublished),
        };
        let answer = self
            .connection
            .lambda()
            .publish_version()
            .function_name(request.function.as_str())
            .code_sha256(&request.code_sha256)
            .description(&request.description)
            .set_publish_to(publish_to)
            .send()
            .await;
        let error = match answer {
            Ok(answer) => {
                return required(CALL, "Version", answer.version).map(VersionPublish::Version);
            }
            Err(error) => error,
        };
        match code(&error) {
            CONFLICT => Ok(VersionPublish::Busy),
            NOT_FOUND => Ok(VersionPublish::Gone),
            INVALID if is_about_code_sha256(&refusal(&error).message) => {
                Ok(VersionPublish::CodeChanged)
            }
            INVALID | STORAGE => Ok(VersionPublish::Refused(refusal(&error))),
            _ => Err(port_error(CALL, error)),
        }
    }

    async fn version(
        &self,
        function: &FunctionName,
        version: &str,
    ) -> Result<Option<Version>, PortError> {
        let Some(answer) = self.get_function(function, Some(version)).await? else {
            return Ok(None);
        };
        let found = required(GET_FUNCTION, "Configuration", answer.configuration)?;
        let configuration = configuration(&found, answer.code.as_ref())?;
        let state = required(GET_FUNCTION, "State", found.state)?;
        Ok(Some(Version {
            configuration,
            code: CodeIdentity {
                sha256: required(GET_FUNCTION, "CodeSha256", found.code_sha256)?,
                job_arn: found.signing_job_arn,
                profile_version_arn: found.signing_profile_version_arn,
            },
            state: version_state(&state, found.state_reason_code.as_ref(), found.state_reason),
        }))
    }

    async fn alias(
        &self,
        function: &FunctionName,
        alias: &AliasName,
    ) -> Result<Option<Alias>, PortError> {
        const CALL: &str = "lambda:GetAlias";
        let request = self
            .connection
            .lambda()
            .get_alias()
            .function_name(function.as_str());
        match request.name(alias.as_str()).send().await {
            Ok(answer) => Ok(Some(Alias {
                weights: answer
                    .routing_config
                    .and_then(|routing| routing.additional_version_weights)
                    .unwrap_or_default()
                    .into_iter()
                    .map(|(version, weight)| (version, weight.to_string()))
                    .collect(),
                version: required(CALL, "FunctionVersion", answer.function_version)?,
                revision: revision(CALL, answer.revision_id)?,
            })),
            Err(error) if code(&error) == NOT_FOUND => Ok(None),
            Err(error) => Err(port_error(CALL, error)),
        }
    }

    async fn move_alias(
        &self,
        function: &FunctionName,
        alias: &AliasName,
        version: &str,
        revision: &RevisionId,
    ) -> Result<AliasMove, PortError> {
        // Weights that are left out would stay, and some of the traffic with them.
        let all_traffic = AliasRoutingConfiguration::builder()
            .set_additional_version_weights(Some(HashMap::new()))
            .build();
        let answer = self
            .connection
            .lambda()
            .update_alias()
            .function_name(function.as_str())
            .name(alias.as_str())
            .function_version(version)
            .routing_config(all_traffic)
            .revision_id(revision.as_str())
            .send()
            .await;
        let Err(error) = answer else {
            return Ok(AliasMove::Moved);
        };
        match code(&error) {
            PRECONDITION => Ok(AliasMove::RevisionChanged),
            CONFLICT => Ok(AliasMove::Busy),
            NOT_FOUND => Ok(AliasMove::Gone),
            INVALID => Ok(AliasMove::Refused(refusal(&error))),
            _ => Err(port_error("lambda:UpdateAlias", error)),
        }
    }
}

/// A function as `GetFunction` tells it.
pub(super) fn function_of(answer: GetFunctionOutput) -> Result<Function, PortError> {
    // Lambda leaves the tags out when they are denied. Their absence would mean defaults.
    if let Some(error) = answer.tags_error {
        return Err(port_error_inside(
            "lambda:ListTags",
            &error.error_code,
            &error.message,
        ));
    }
    let function = required(GET_FUNCTION, "Configuration", answer.configuration)?;
    let is_image = match &function.package_type {
        Some(PackageType::Image) => true,
        Some(PackageType::Zip) | None => false,
        Some(unknown) => return Err(unreadable(GET_FUNCTION, "PackageType", &unknown.as_str())),
    };
    let code = answer.code.as_ref();
    let resolved = code.and_then(|code| code.resolved_s3_object.clone());
    Ok(Function {
        referenced: referenced(GET_FUNCTION, resolved)?,
        configuration: configuration(&function, answer.code.as_ref())?,
        arn: required(GET_FUNCTION, "FunctionArn", function.function_arn.clone())?,
        is_image,
        code: CodeIdentity {
            sha256: required(GET_FUNCTION, "CodeSha256", function.code_sha256)?,
            job_arn: function.signing_job_arn,
            profile_version_arn: function.signing_profile_version_arn,
        },
        is_on_managed_instances: function.capacity_provider_config.is_some(),
        // An image has none, and what it has there may not be ours to see.
        kms_key_arn: match answer.code {
            Some(location) if !is_image => kms_key_arn(location)?,
            _ => None,
        },
        revision: revision(GET_FUNCTION, function.revision_id)?,
        update: update_status(
            GET_FUNCTION,
            function.state,
            function.state_reason,
            function.last_update_status,
            function.last_update_status_reason,
        )?,
        tags: answer.tags.into_iter().flatten().collect(),
    })
}

/// A code signing configuration as Lambda tells it.
pub(super) fn csc_of(call: &'static str, config: CodeSigningConfig) -> Result<Csc, PortError> {
    let arn = CscArn::parse(config.code_signing_config_arn)
        .map_err(|error| unreadable(call, "CodeSigningConfigArn", &error))?;
    let policies = required(call, "CodeSigningPolicies", config.code_signing_policies)?;
    let policy = policies.untrusted_artifact_on_deployment;
    let policy = match required(call, "UntrustedArtifactOnDeployment", policy)? {
        CodeSigningPolicy::Enforce => CscPolicy::Enforce,
        CodeSigningPolicy::Warn => CscPolicy::Warn,
        unknown => return Err(unreadable(call, "UntrustedArtifactOnDeployment", &unknown)),
    };
    let publishers = required(call, "AllowedPublishers", config.allowed_publishers)?;
    Ok(Csc::new(
        Some(arn),
        policy,
        publishers.signing_profile_version_arns,
    ))
}

impl LambdaApi {
    /// A page of the account's functions, which begins at `marker`.
    pub(super) async fn functions_page(
        &self,
        marker: Option<&str>,
    ) -> Result<ListFunctionsOutput, PortError> {
        let request = self.connection.lambda().list_functions();
        let request = request.set_marker(marker.map(str::to_owned));
        let page = request.send().await;
        page.map_err(|error| port_error(LIST_FUNCTIONS, error))
    }

    /// `GetFunction` of `$LATEST`, or of a version; `None` when there is none.
    pub(super) async fn get_function(
        &self,
        name: &FunctionName,
        version: Option<&str>,
    ) -> Result<Option<GetFunctionOutput>, PortError> {
        let request = self.connection.lambda().get_function();
        let request = request.function_name(name.as_str());
        let answer = request
            .set_qualifier(version.map(str::to_owned))
            .send()
            .await;
        match answer {
            Ok(answer) => Ok(Some(answer)),
            Err(error) if code(&error) == NOT_FOUND => Ok(None),
            Err(error) => Err(port_error(GET_FUNCTION, error)),
        }
    }

    /// `UpdateFunctionCode` of exactly one object version, upon exactly one revision, under the key
    /// that the code has now, kept as the options say.
    fn code_request(
        &self,
        name: &FunctionName,
        signed: &SignedObject,
        seen: &Function,
        options: UpdateOptions,
    ) -> UpdateFunctionCodeFluentBuilder {
        self.connection
            .lambda()
            .update_function_code()
            .function_name(name.as_str())
            .s3_bucket(&signed.bucket)
            .s3_key(&signed.key)
            .s3_object_version(signed.version.as_str())
            .revision_id(seen.revision.as_str())
            .set_source_kms_key_arn(seen.kms_key_arn.clone())
            .set_s3_object_storage_mode(storage_mode(options.storage))
            .set_architectures(options.architecture.map(|name| vec![name.as_str().into()]))
    }
}

/// `S3ObjectStorageMode`. Left out, it is COPY (grade B); so it is where Lambda does not know the mode yet.
pub(super) fn storage_mode(storage: CodeStorage) -> Option<S3ObjectStorageMode> {
    match storage {
        CodeStorage::Copied => None,
        CodeStorage::Referenced => Some(S3ObjectStorageMode::Reference),
    }
}

/// Where Lambda reads code from, by what it says of the place (`ResolvedS3Object`, grade A).
pub(super) fn storage_of<Place>(referenced: Option<&Place>) -> CodeStorage {
    match referenced {
        Some(_) => CodeStorage::Referenced,
        None => CodeStorage::Copied,
    }
}

/// The object that Lambda reads code from, as `call` told it.
pub(super) fn referenced(
    call: &'static str,
    resolved: Option<ResolvedS3Object>,
) -> Result<Option<ReferencedObject>, PortError> {
    let Some(resolved) = resolved else {
        return Ok(None);
    };
    // `null` is how the object of a bucket without versions is called.
    let version = resolved.s3_object_version.as_deref();
    let version = version
        .filter(|version| *version != "null")
        .map(VersionId::parse);
    Ok(Some(ReferencedObject {
        bucket: required(call, "ResolvedS3Object.S3Bucket", resolved.s3_bucket)?,
        key: required(call, "ResolvedS3Object.S3Key", resolved.s3_key)?,
        version: version
            .transpose()
            .map_err(|error| unreadable(call, "ResolvedS3Object.S3ObjectVersion", &error))?,
    }))
}

async fn update(
    request: UpdateFunctionCodeFluentBuilder,
    config: aws_sdk_lambda::config::Builder,
) -> Result<CodeUpdate<UpdateFunctionCodeOutput>, PortError> {
    let request = request.customize().config_override(config);
    let error = match request.send().await {
        Ok(answer) => return Ok(CodeUpdate::Accepted(answer)),
        Err(error) => error,
    };
    match code(&error) {
        PRECONDITION => Ok(CodeUpdate::RevisionChanged),
        CONFLICT => Ok(CodeUpdate::Busy),
        NOT_FOUND => Ok(CodeUpdate::Gone),
        INVALID if is_about_fetching(&refusal(&error).message) => {
            Err(could_not_reach(UPDATE_CODE, error))
        }
        "CodeVerificationFailedException"
        | "InvalidCodeSignatureException"
        | "CodeSigningConfigNotFoundException"
        | INVALID
        | STORAGE => Ok(CodeUpdate::Refused(refusal(&error))),
        _ => Err(port_error(UPDATE_CODE, error)),
    }
}

/// Whether Lambda could not fetch the package from S3, for which it has no exception of its own
/// either: then nothing was said about the package. The wording is that of public reports (grade
/// C).
pub(super) fn is_about_fetching(message: &str) -> bool {
    message.contains("S3 Error Code")
}

/// Lambda has no exception of its own for "`$LATEST` has other code". The message names the
/// parameter, in one spelling or another (grade D).
fn is_about_code_sha256(message: &str) -> bool {
    message.to_ascii_lowercase().contains("codesha256")
}

/// The customer's key that the code is under. Where Lambda could not get at the code it says so in
/// this place (API reference, grade B). Whether it then tells the key is not recorded (grade D);
/// its absence must not pass for no key.
fn kms_key_arn(location: FunctionCodeLocation) -> Result<Option<String>, PortError> {
    match (location.source_kms_key_arn, location.error) {
        (None, Some(error)) => Err(port_error_inside(
            "lambda:GetFunction (Code)",
            error.error_code.as_deref().unwrap_or_default(),
            error.message.as_deref().unwrap_or_default(),
        )),
        (key, _) => Ok(key),
    }
}

/// The layers that a function uses, as `call` told them.
pub(super) fn attached_layers(
    call: &'static str,
    said: &LambdaConfiguration,
) -> Result<Vec<AttachedLayer>, PortError> {
    let layers = said.layers().iter().map(|layer| {
        Ok(AttachedLayer {
            arn: required(call, "Layers.Arn", layer.arn.clone())?,
            zip_bytes: u64::try_from(layer.code_size)
                .ok()
                .filter(|bytes| *bytes > 0),
            job_arn: layer.signing_job_arn.clone(),
            profile_version_arn: layer.signing_profile_version_arn.clone(),
        })
    });
    layers.collect()
}

/// What of a configuration decides which code runs. Of the variables only one is kept.
fn configuration(
    said: &LambdaConfiguration,
    code: Option<&FunctionCodeLocation>,
) -> Result<FunctionConfiguration, PortError> {
    Ok(FunctionConfiguration {
        runtime: said.runtime.as_ref().map(|name| name.as_str().to_owned()),
        handler: said.handler.clone(),
        architecture: said
            .architectures()
            .first()
            .and_then(|name| Architecture::parse(name.as_str())),
        layers: attached_layers(GET_FUNCTION, said)?,
        exec_wrapper: exec_wrapper(said.environment.as_ref()),
        storage: storage_of(code.and_then(|code| code.resolved_s3_object.as_ref())),
    })
}

fn exec_wrapper(environment: Option<&EnvironmentResponse>) -> ExecWrapper {
    let Some(environment) = environment else {
        return ExecWrapper::NotSet;
    };
    let variables = environment.variables.as_ref();
    match variables.and_then(|variables| variables.get(EXEC_WRAPPER)) {
        Some(path) => ExecWrapper::Set(path.clone()),
        None if environment.error.is_some() => ExecWrapper::Unknown,
        None => ExecWrapper::NotSet,
    }
}

fn revision(call: &'static str, id: Option<String>) -> Result<RevisionId, PortError> {
    let id = required(call, "RevisionId", id)?;
    RevisionId::parse(id).map_err(|error| unreadable(call, "RevisionId", &error))
}

/// How the last change stands, from `State` and `LastUpdateStatus` with their reasons.
///
/// The states that came with Managed Instances (that they exist is grade A, what they mean is not
/// documented): `$LATEST` of such a function is `ActiveNonInvocable` when it is settled, since
/// invocations run `$LATEST.PUBLISHED` (grade C). `Deactivating` and `Deleting` pass, and are waited
/// for; after `Deleting` there is no function (grade D). `Deactivated` is settled (grade D).
///
/// A value that the SDK does not know is told as what it is: it is no success, and no failure either.
fn update_status(
    call: &'static str,
    state: Option<State>,
    state_reason: Option<String>,
    last: Option<LastUpdateStatus>,
    last_reason: Option<String>,
) -> Result<UpdateStatus, PortError> {
    let is_settled = match required(call, "State", state)? {
        State::Failed => {
            return Ok(UpdateStatus::Failed {
                reason: state_reason.unwrap_or_default(),
            });
        }
        State::Pending | State::Deactivating | State::Deleting => false,
        State::Active | State::Inactive | State::ActiveNonInvocable | State::Deactivated => true,
        unknown => {
            return Ok(UpdateStatus::Unknown {
                what: format!("State is {unknown}"),
            });
        }
    };
    match required(call, "LastUpdateStatus", last)? {
        LastUpdateStatus::Failed => Ok(UpdateStatus::Failed {
            reason: last_reason.unwrap_or_default(),
        }),
        LastUpdateStatus::Successful if is_settled => Ok(UpdateStatus::Successful),
        LastUpdateStatus::Successful | LastUpdateStatus::InProgress => Ok(UpdateStatus::InProgress),
        unknown => Ok(UpdateStatus::Unknown {
            what: format!("LastUpdateStatus is {unknown}"),
        }),
    }
}

/// Whether a published version can be invoked. Not from `LastUpdateStatus`: a version is never
/// updated, and need not have one.
///
/// `Inactive` is the state of a version that was idle for long, which its next invocation wakes (grade B), and
/// of one whose package Lambda cannot read in its bucket (grade B). The reason tells them apart: `Idle` is one
/// of the service model's codes (grade A); which code the other has is not recorded (grade D), so that every
/// reason but idleness counts as one that waiting does not mend.
///
/// Of the states that came with Managed Instances, `Deactivating` and `Deleting` are waited for;
/// after `Deleting` there is no version. `Deactivated` and `ActiveNonInvocable` do not become
/// invocable by waiting: no alias is moved to such a version. All of this is grade D; that the states
/// exist is grade A.
fn version_state(
    state: &State,
    code: Option<&StateReasonCode>,
    reason: Option<String>,
) -> VersionState {
    // Empty as good as absent: nothing was said.
    let code = code.filter(|code| !code.as_str().is_empty());
    let reason = reason.filter(|reason| !reason.is_empty());
    match state {
        State::Active => VersionState::Ready,
        State::Inactive if code == Some(&StateReasonCode::Idle) => VersionState::Ready,
        State::Inactive if code.is_none() && reason.is_none() => VersionState::Ready,
        State::Pending | State::Deactivating | State::Deleting => VersionState::Pending,
        State::Failed => VersionState::Failed {
            reason: reason.unwrap_or_default(),
        },
        State::Inactive | State::Deactivated | State::ActiveNonInvocable => {
            let why = [code.map(|code| code.as_str().to_owned()), reason];
            let why: Vec<String> = why.into_iter().flatten().collect();
            let mut reason = format!("its state is {state}");
            if !why.is_empty() {
                reason = format!("{reason}: {}", why.join(", "));
            }
            VersionState::Failed { reason }
        }
        unknown => VersionState::Unknown {
            state: unknown.as_str().to_owned(),
        },
    }
}
