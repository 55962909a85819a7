//! Lambda's lists: all functions of the account and region, all code signing configurations.

use aws_sdk_lambda::types::PackageType as SdkPackageType;
use countersign_gate::{
    domain::{CodeIdentity, Csc, CscArn, PackageType},
    ports::{FunctionInventory, ListedFunction, ListingPage, PortError},
};

use super::lambda_api::{LIST_FUNCTIONS, LambdaApi, NOT_FOUND, csc_of};
use crate::error::{code, port_error, required, unreadable};

impl FunctionInventory for LambdaApi {
    async fn list_functions(
        &self,
        marker: Option<&str>,
    ) -> Result<ListingPage<ListedFunction>, PortError> {
        let page = self.functions_page(marker).await?;
        let functions = page.functions.into_iter().flatten().map(|function| {
            Ok(ListedFunction {
                name: required(LIST_FUNCTIONS, "FunctionName", function.function_name)?,
                code: CodeIdentity {
                    sha256: required(LIST_FUNCTIONS, "CodeSha256", function.code_sha256)?,
                    job_arn: function.signing_job_arn,
                    profile_version_arn: function.signing_profile_version_arn,
                },
                package_type: match function.package_type {
                    Some(SdkPackageType::Image) => PackageType::Image,
                    // One kind that is new must not hide the others: `GetFunction` of it tells.
                    _ => PackageType::Zip,
                },
            })
        });
        Ok(ListingPage {
            items: functions.collect::<Result<_, PortError>>()?,
            next: page.next_marker,
        })
    }

    async fn list_cscs(&self, marker: Option<&str>) -> Result<ListingPage<Csc>, PortError> {
        const CALL: &str = "lambda:ListCodeSigningConfigs";
        let request = self.connection.lambda().list_code_signing_configs();
        let request = request.set_marker(marker.map(str::to_owned));
        let page = request
            .send()
            .await
            .map_err(|error| port_error(CALL, error))?;
        let configurations = page.code_signing_configs.into_iter().flatten();
        let items = configurations.map(|configuration| csc_of(CALL, configuration));
        Ok(ListingPage {
            items: items.collect::<Result<_, PortError>>()?,
            next: page.next_marker,
        })
    }

    async fn functions_of_csc(
        &self,
        csc: &CscArn,
        marker: Option<&str>,
    ) -> Result<ListingPage<String>, PortError> {
        const CALL: &str = "lambda:ListFunctionsByCodeSigningConfig";
        let request = self
            .connection
            .lambda()
            .list_functions_by_code_signing_config();
        let request = request
            .code_signing_config_arn(csc.as_str())
            .set_marker(marker.map(str::to_owned));
        let page = match request.send().await {
            Ok(page) => page,
            Err(error) if code(&error) == NOT_FOUND => {
                return Ok(ListingPage {
                    items: Vec::new(),
                    next: None,
                });
            }
            Err(error) => return Err(port_error(CALL, error)),
        };
        // arn:aws:lambda:<region>:<account>:function:<name>
        let names = page.function_arns.into_iter().flatten();
        let names = names.map(|arn| {
            let name = arn.split(':').nth(6).filter(|name| !name.is_empty());
            // Left out, the function would look as if it had no configuration.
            let name = name.map(str::to_owned);
            name.ok_or_else(|| unreadable(CALL, "FunctionArns", &format!("{arn:?}")))
        });
        Ok(ListingPage {
            items: names.collect::<Result<_, PortError>>()?,
            next: page.next_marker,
        })
    }
}
