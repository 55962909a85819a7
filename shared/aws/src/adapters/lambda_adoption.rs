//! Lambda for whoever brings functions under the gate: the command line.

use std::{collections::BTreeSet, time::Duration};

use aws_config::BehaviorVersion;
use aws_sdk_lambda::{
    operation::get_function::GetFunctionOutput,
    types::{AllowedPublishers, FunctionConfiguration},
};
use aws_smithy_runtime::client::orchestrator::operation::Operation;
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse, OrchestratorError};
use aws_smithy_types::body::SdkBody;
use countersign_gate::{
    domain::{
        AttachedLayer, CodeIdentity, CscArn, FunctionName, LayerVersionArn,
        variables as gate_variables,
    },
    ports::{
        Adoption, AdoptionCandidate, CodeLocation, CscAttachment, GateEnvironment, LayerCandidate,
        LayerUser, ListingPage, PortError, PublishersChange,
    },
};

use super::lambda_api::{
    CONFLICT, GET_FUNCTION, LIST_FUNCTIONS, LambdaApi, NOT_FOUND, attached_layers, csc_of,
    function_of,
};
use crate::{
    connection::timeouts,
    error::{broken_off, code, not_made, port_error, port_error_of_answer, required, unreadable},
};

const DOWNLOAD: &str = "lambda:GetFunction (Code.Location)";

/// For 250 MB over a line of 2 Mbit/s.
const DOWNLOAD_TIMEOUT: Duration = Duration::from_mins(17);

impl Adoption for LambdaApi {
    async fn candidate(&self, name: &FunctionName) -> Result<Option<AdoptionCandidate>, PortError> {
        let Some(answer) = self.get_function(name, None).await? else {
            return Ok(None);
        };
        let configuration = answer.configuration.as_ref();
        let configuration = required(GET_FUNCTION, "Configuration", configuration)?;
        let (unsigned_layers, gate) = (unsigned_layers(configuration), gate(configuration));
        let (is_referenced, location) = code_location(&answer);
        Ok(Some(AdoptionCandidate {
            function: function_of(answer)?,
            unsigned_layers,
            is_referenced,
            location,
            gate,
        }))
    }

    async fn layer_candidate(
        &self,
        arn: &LayerVersionArn,
    ) -> Result<Option<LayerCandidate>, PortError> {
        const CALL: &str = "lambda:GetLayerVersionByArn";
        let request = self.connection.lambda().get_layer_version_by_arn();
        let answer = match request.arn(arn.as_str()).send().await {
            Ok(answer) => answer,
            Err(error) if code(&error) == NOT_FOUND => return Ok(None),
            Err(error) => return Err(port_error(CALL, error)),
        };
        let runtimes = answer.compatible_runtimes().iter();
        let runtimes = runtimes.map(|name| name.as_str().to_owned()).collect();
        let architectures = answer.compatible_architectures().iter();
        let architectures = architectures.map(|name| name.as_str().to_owned()).collect();
        let content = required(CALL, "Content", answer.content)?;
        Ok(Some(LayerCandidate {
            code: CodeIdentity {
                sha256: required(CALL, "CodeSha256", content.code_sha256)?,
                job_arn: content.signing_job_arn,
                profile_version_arn: content.signing_profile_version_arn,
            },
            runtimes,
            architectures,
            location: content.location.map(CodeLocation::new),
        }))
    }

    async fn list_layer_users(
        &self,
        marker: Option<&str>,
    ) -> Result<ListingPage<LayerUser>, PortError> {
        let page = self.functions_page(marker).await?;
        let functions = page.functions.into_iter().flatten().map(|function| {
            let layers: Vec<AttachedLayer> = attached_layers(LIST_FUNCTIONS, &function)?;
            Ok(LayerUser {
                function: required(LIST_FUNCTIONS, "FunctionName", function.function_name)?,
                layers,
            })
        });
        Ok(ListingPage {
            items: functions.collect::<Result<_, PortError>>()?,
            next: page.next_marker,
        })
    }

    async fn download(&self, location: &CodeLocation) -> Result<Vec<u8>, PortError> {
        let (endpoint, path) =
            split(location.url()).ok_or_else(|| unreadable(DOWNLOAD, "Location", &"no address"))?;
        let download = Operation::builder()
            .service_name("lambda")
            .operation_name("Code.Location")
            .behavior_version(BehaviorVersion::v2026_01_12())
            .endpoint_url(endpoint)
            // The address itself is what gives access; another login beside it is refused.
            .no_auth()
            .no_retry()
            .timeout_config(timeouts(DOWNLOAD_TIMEOUT, DOWNLOAD_TIMEOUT))
            .serializer(|path: String| {
                let mut request = HttpRequest::new(SdkBody::empty());
                request.set_uri(path)?;
                Ok(request)
            })
            .deserializer(read)
            .build();
        let answer = download.invoke(path.to_owned()).await;
        let (status, body) = answer.map_err(|error| broken_off(DOWNLOAD, error))?;
        if status == 200 {
            return Ok(body);
        }
        let message = "the package is not handed out at its address";
        Err(port_error_of_answer(DOWNLOAD, status, "-", message))
    }

    async fn attach_csc(
        &self,
        name: &FunctionName,
        csc: &CscArn,
    ) -> Result<CscAttachment, PortError> {
        const CALL: &str = "lambda:PutFunctionCodeSigningConfig";
        let request = self.connection.lambda().put_function_code_signing_config();
        let request = request
            .function_name(name.as_str())
            .code_signing_config_arn(csc.as_str());
        let Err(error) = request.send().await else {
            return Ok(CscAttachment::Attached);
        };
        match code(&error) {
            NOT_FOUND => Ok(CscAttachment::NoFunction),
            "CodeSigningConfigNotFoundException" => Ok(CscAttachment::NoCsc),
            CONFLICT => Ok(CscAttachment::Busy),
            _ => Err(port_error(CALL, error)),
        }
    }

    async fn set_publishers(
        &self,
        csc: &CscArn,
        publishers: &BTreeSet<String>,
    ) -> Result<PublishersChange, PortError> {
        const CALL: &str = "lambda:UpdateCodeSigningConfig";
        let publishers = AllowedPublishers::builder()
            .set_signing_profile_version_arns(Some(publishers.iter().cloned().collect()))
            .build()
            .map_err(|error| not_made(CALL, error))?;
        let request = self.connection.lambda().update_code_signing_config();
        let request = request
            .code_signing_config_arn(csc.as_str())
            .allowed_publishers(publishers);
        match request.send().await {
            Ok(answer) => {
                let changed = required(CALL, "CodeSigningConfig", answer.code_signing_config)?;
                Ok(PublishersChange::Changed(csc_of(CALL, changed)?))
            }
            Err(error) if code(&error) == NOT_FOUND => Ok(PublishersChange::NoCsc),
            Err(error) => Err(port_error(CALL, error)),
        }
    }
}

/// The error of an operation that has none of its own.
#[derive(Debug, thiserror::Error)]
#[error("the body is not whole")]
struct NotWhole;

fn read(response: &HttpResponse) -> Result<(u16, Vec<u8>), OrchestratorError<NotWhole>> {
    let body = response.body().bytes();
    let body = body.ok_or_else(|| OrchestratorError::operation(NotWhole))?;
    Ok((response.status().as_u16(), body.to_vec()))
}

/// An address as scheme with host, and path with query.
fn split(url: &str) -> Option<(&str, &str)> {
    let host = url.find("://")?.checked_add(3)?;
    let path = url.get(host..)?.find('/')?.checked_add(host)?;
    Some((url.get(..path)?, url.get(path..)?))
}

/// Whether the package is in a bucket of the customer's, and where it can be had.
fn code_location(answer: &GetFunctionOutput) -> (bool, Option<CodeLocation>) {
    let Some(code) = &answer.code else {
        return (false, None);
    };
    let location = code.location.clone().map(CodeLocation::new);
    (code.resolved_s3_object.is_some(), location)
}

fn unsigned_layers(configuration: &FunctionConfiguration) -> Vec<String> {
    let layers = configuration.layers.iter().flatten();
    let unsigned = layers.filter(|layer| layer.signing_profile_version_arn.is_none());
    unsigned.filter_map(|layer| layer.arn.clone()).collect()
}

fn gate(configuration: &FunctionConfiguration) -> Option<GateEnvironment> {
    let variables = configuration.environment.as_ref()?.variables.as_ref()?;
    Some(GateEnvironment {
        stack: variables.get(gate_variables::STACK)?.clone(),
        target_functions: variables.get(gate_variables::TARGET_FUNCTIONS).cloned(),
        requires_managed_tag: variables
            .get(gate_variables::REQUIRE_MANAGED_TAG)
            .is_some_and(|value| value == "true"),
    })
}

#[cfg(test)]
mod tests {
    use countersign_testkit::{fake_aws::FakeAws, http::Response};

    use super::*;
    use crate::connection::tests::connection_to;

    #[tokio::test]
    async fn refused_download_is_classed_by_its_status() {
        let fake = FakeAws::start().unwrap();
        let lambda = LambdaApi::new(connection_to(&fake.endpoint()));
        let location = CodeLocation::new(format!("{}/code/shop.zip?x=1", fake.endpoint()));
        let class = |error: &PortError| match error {
            PortError::Throttled { .. } => "throttled",
            PortError::Denied { .. } => "denied",
            PortError::Unavailable { .. } => "unavailable",
            PortError::Unexpected { .. } => "unexpected",
            PortError::NotMade { .. } => "not made",
        };
        for (status, expected) in [
            (403, "denied"),
            (404, "unexpected"),
            (429, "throttled"),
            (500, "unavailable"),
            (503, "unavailable"),
        ] {
            fake.answers("s3:GetObject", Response::new(status, ""));
            let error = lambda.download(&location).await.unwrap_err();
            let text = error.error_chain();
            assert_eq!(class(&error), expected, "{text}");
            assert!(text.contains(&format!("(HTTP {status}")), "{text}");
        }
    }

    #[test]
    fn address_is_split_at_its_path() {
        let url = "https://host:1/a%20b/c?X-Amz-Signature=a%2Fb&x=/";
        assert_eq!(
            split(url),
            Some(("https://host:1", "/a%20b/c?X-Amz-Signature=a%2Fb&x=/"))
        );
        assert_eq!(split("host/a"), None);
        assert_eq!(split("https://host"), None);
    }
}
