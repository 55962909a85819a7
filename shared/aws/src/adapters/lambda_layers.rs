//! Lambda's layers.

use aws_sdk_lambda::types::{
    Architecture, LayerVersionContentInput, LayerVersionContentOutput, Runtime,
};
use countersign_gate::{
    domain::{CodeIdentity, LayerName, Target},
    ports::{LayerContent, LayerPublish, LayerRequest, LayerVersion, Layers, PortError},
    verdict::Approved,
};

use super::lambda_api::{
    INVALID, LambdaApi, NOT_FOUND, STORAGE, is_about_fetching, referenced, storage_mode, storage_of,
};
use crate::{
    connection::Connection,
    error::{code, could_not_reach, not_made, port_error, refusal, required},
};

impl Layers for LambdaApi {
    async fn layer_versions(
        &self,
        layer: &LayerName,
        max: u8,
    ) -> Result<Vec<LayerVersion>, PortError> {
        const CALL: &str = "lambda:ListLayerVersions";
        let request = self
            .connection
            .lambda()
            .list_layer_versions()
            .layer_name(layer.as_str());
        // The API takes 1 to 50 at a time and begins with the newest.
        let answer = match request.max_items(i32::from(max.clamp(1, 50))).send().await {
            Ok(answer) => answer,
            Err(error) if code(&error) == NOT_FOUND => return Ok(Vec::new()),
            Err(error) => return Err(port_error(CALL, error)),
        };
        let versions = answer.layer_versions.into_iter().flatten().map(|item| {
            Ok(LayerVersion {
                version: item.version,
                arn: required(CALL, "LayerVersionArn", item.layer_version_arn)?,
                description: item.description.unwrap_or_default(),
            })
        });
        let mut versions: Vec<LayerVersion> = versions.collect::<Result<_, PortError>>()?;
        versions.sort_by_key(|version| std::cmp::Reverse(version.version));
        versions.truncate(usize::from(max));
        Ok(versions)
    }

    async fn layer_content(
        &self,
        layer: &LayerName,
        version: i64,
    ) -> Result<Option<LayerContent>, PortError> {
        const CALL: &str = "lambda:GetLayerVersion";
        let request = self
            .connection
            .lambda()
            .get_layer_version()
            .layer_name(layer.as_str());
        match request.version_number(version).send().await {
            Ok(answer) => {
                let version = LayerVersion {
                    version: answer.version,
                    arn: required(CALL, "LayerVersionArn", answer.layer_version_arn)?,
                    description: answer.description.unwrap_or_default(),
                };
                content(CALL, version, answer.content).map(Some)
            }
            Err(error) if code(&error) == NOT_FOUND => Ok(None),
            Err(error) => Err(port_error(CALL, error)),
        }
    }

    async fn publish_layer(
        &self,
        request: &LayerRequest,
        approved: &Approved,
    ) -> Result<LayerPublish, PortError> {
        const CALL: &str = "lambda:PublishLayerVersion";
        if *approved.verified().target() != Target::Layer(request.layer.clone()) {
            let problem = format!("what was approved is for {}", approved.verified().target());
            return Err(not_made(CALL, problem));
        }
        let signed = approved.verified().signed();
        let package = LayerVersionContentInput::builder()
            .s3_bucket(&signed.bucket)
            .s3_key(&signed.key)
            .s3_object_version(signed.version.as_str())
            .set_s3_object_storage_mode(storage_mode(request.storage))
            .build();
        let runtimes = request
            .runtimes
            .iter()
            .map(|name| Runtime::from(name.as_str()));
        let architectures = request
            .architectures
            .iter()
            .map(|name| Architecture::from(name.as_str()));
        let answer = self
            .connection
            .lambda()
            .publish_layer_version()
            .layer_name(request.layer.as_str())
            .description(&request.description)
            .content(package)
            .set_compatible_runtimes(said(runtimes.collect()))
            .set_compatible_architectures(said(architectures.collect()))
            .customize()
            .config_override(Connection::lambda_package_change())
            .send()
            .await;
        match answer {
            Ok(answer) => {
                let version = LayerVersion {
                    version: answer.version,
                    arn: required(CALL, "LayerVersionArn", answer.layer_version_arn)?,
                    description: answer.description.unwrap_or_default(),
                };
                content(CALL, version, answer.content).map(LayerPublish::Published)
            }
            Err(error) => {
                let refusal = refusal(&error);
                match refusal.exception.as_str() {
                    INVALID if is_about_fetching(&refusal.message) => {
                        Err(could_not_reach(CALL, error))
                    }
                    INVALID | STORAGE => Ok(LayerPublish::Refused(refusal)),
                    _ => Err(port_error(CALL, error)),
                }
            }
        }
    }
}

/// An empty list means that it is not said, which is another thing than a list of nothing.
fn said<T>(list: Vec<T>) -> Option<Vec<T>> {
    (!list.is_empty()).then_some(list)
}

fn content(
    call: &'static str,
    version: LayerVersion,
    content: Option<LayerVersionContentOutput>,
) -> Result<LayerContent, PortError> {
    let content = required(call, "Content", content)?;
    Ok(LayerContent {
        version,
        storage: storage_of(content.resolved_s3_object.as_ref()),
        referenced: referenced(call, content.resolved_s3_object)?,
        code: CodeIdentity {
            sha256: required(call, "CodeSha256", content.code_sha256)?,
            job_arn: content.signing_job_arn,
            profile_version_arn: content.signing_profile_version_arn,
        },
    })
}
