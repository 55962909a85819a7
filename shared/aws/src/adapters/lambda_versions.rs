//! The published versions of a function, and the deletion of one.

use std::collections::BTreeMap;

use countersign_gate::{
    domain::{FunctionName, VersionNumber},
    ports::{
        FunctionAliases, FunctionVersions, ListedAlias, ListedFunctionVersion, ListingPage,
        PortError, VersionDeletion,
    },
};

use super::lambda_api::{CONFLICT, LambdaApi, NOT_FOUND};
use crate::error::{code, or_absent, port_error, refusal, required, unreadable};

/// What `ListVersionsByFunction` calls the version that is none.
const LATEST: &str = "$LATEST";

impl FunctionAliases for LambdaApi {
    async fn list_aliases(
        &self,
        function: &FunctionName,
        marker: Option<&str>,
    ) -> Result<ListingPage<ListedAlias>, PortError> {
        const CALL: &str = "lambda:ListAliases";
        let request = self.connection.lambda().list_aliases();
        let request = request
            .function_name(function.as_str())
            .set_marker(marker.map(str::to_owned));
        let Some(page) = or_absent(CALL, &[NOT_FOUND], request.send().await)? else {
            return Ok(nothing());
        };
        let mut items = Vec::new();
        for listed in page.aliases.into_iter().flatten() {
            let name = required(CALL, "Name", listed.name)?;
            let version = required(CALL, "FunctionVersion", listed.function_version)?;
            let routing = listed.routing_config;
            let weights = routing.and_then(|routing| routing.additional_version_weights);
            let weights = weights.unwrap_or_default().into_iter();
            let weights: BTreeMap<String, String> = weights
                .map(|(version, weight)| (version, weight.to_string()))
                .collect();
            let named = weights.keys().chain([&version]);
            let published = named.filter(|version| !version.starts_with(LATEST));
            let versions = published
                .map(|version| number_of(CALL, "FunctionVersion", version))
                .collect::<Result<_, _>>()?;
            items.push(ListedAlias {
                name,
                versions,
                version,
                weights,
            });
        }
        Ok(ListingPage {
            items,
            next: page.next_marker,
        })
    }
}

impl FunctionVersions for LambdaApi {
    async fn list_function_versions(
        &self,
        function: &FunctionName,
        marker: Option<&str>,
    ) -> Result<ListingPage<ListedFunctionVersion>, PortError> {
        const CALL: &str = "lambda:ListVersionsByFunction";
        let request = self.connection.lambda().list_versions_by_function();
        let request = request
            .function_name(function.as_str())
            .set_marker(marker.map(str::to_owned));
        let Some(page) = or_absent(CALL, &[NOT_FOUND], request.send().await)? else {
            return Ok(nothing());
        };
        let mut items = Vec::new();
        for version in page.versions.into_iter().flatten() {
            let number = required(CALL, "Version", version.version)?;
            if number.starts_with(LATEST) {
                continue;
            }
            items.push(ListedFunctionVersion {
                number: number_of(CALL, "Version", &number)?,
                description: version.description.unwrap_or_default(),
            });
        }
        Ok(ListingPage {
            items,
            next: page.next_marker,
        })
    }

    async fn list_provisioned_versions(
        &self,
        function: &FunctionName,
        marker: Option<&str>,
    ) -> Result<ListingPage<VersionNumber>, PortError> {
        const CALL: &str = "lambda:ListProvisionedConcurrencyConfigs";
        let request = self
            .connection
            .lambda()
            .list_provisioned_concurrency_configs();
        let request = request
            .function_name(function.as_str())
            .set_marker(marker.map(str::to_owned));
        let Some(page) = or_absent(CALL, &[NOT_FOUND], request.send().await)? else {
            return Ok(nothing());
        };
        let mut items = Vec::new();
        for config in page.provisioned_concurrency_configs.into_iter().flatten() {
            let arn = required(CALL, "FunctionArn", config.function_arn)?;
            // arn:aws:lambda:<region>:<account>:function:<name>:<version or alias>
            let qualifier = arn.split(':').nth(7);
            let qualifier =
                qualifier.ok_or_else(|| unreadable(CALL, "FunctionArn", &format!("{arn:?}")))?;
            // The version behind an alias is known from the alias.
            items.extend(VersionNumber::parse(qualifier));
        }
        Ok(ListingPage {
            items,
            next: page.next_marker,
        })
    }

    async fn delete_version(
        &self,
        function: &FunctionName,
        version: VersionNumber,
    ) -> Result<VersionDeletion, PortError> {
        let request = self.connection.lambda().delete_function();
        let request = request
            .function_name(function.as_str())
            .qualifier(version.to_string());
        match request.send().await {
            Ok(_) => Ok(VersionDeletion::Deleted),
            Err(error) if code(&error) == NOT_FOUND => Ok(VersionDeletion::Deleted),
            Err(error) if code(&error) == CONFLICT => Ok(VersionDeletion::InUse(refusal(&error))),
            Err(error) => Err(port_error("lambda:DeleteFunction", error)),
        }
    }
}

fn nothing<T>() -> ListingPage<T> {
    ListingPage {
        items: Vec::new(),
        next: None,
    }
}

fn number_of(
    call: &'static str,
    field: &'static str,
    text: &str,
) -> Result<VersionNumber, PortError> {
    VersionNumber::parse(text).map_err(|error| unreadable(call, field, &error))
}
