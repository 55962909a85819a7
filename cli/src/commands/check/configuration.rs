//! What a function is configured to start, from what `aws lambda get-function-configuration` prints.

use std::{collections::BTreeMap, path::Path};

use countersign_gate::verdict::{Architecture, LaunchSettings};
use serde::{Deserialize, de::IgnoredAny};

use super::args::Arguments;
use crate::io::{error::CliError, input};

/// The variable by which something else is started than the runtime would start.
const EXEC_WRAPPER: &str = "AWS_LAMBDA_EXEC_WRAPPER";

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct FunctionConfiguration {
    function_name: String,
    runtime: Option<String>,
    handler: Option<String>,
    #[serde(default)]
    architectures: Vec<String>,
    #[serde(default)]
    layers: Vec<IgnoredAny>,
    environment: Option<Environment>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Environment {
    #[serde(default)]
    variables: BTreeMap<String, String>,
}

/// `get-function` prints the configuration as one of several members.
#[derive(Deserialize)]
#[serde(untagged)]
enum Printed {
    Function {
        #[serde(rename = "Configuration")]
        configuration: FunctionConfiguration,
    },
    Configuration(FunctionConfiguration),
}

/// What the file says, and what the options say instead.
pub(super) fn launch_settings(arguments: &Arguments) -> Result<LaunchSettings, CliError> {
    let mut launch = match &arguments.configuration {
        Some(path) => read(path)?,
        None => LaunchSettings::default(),
    };
    let given = |option: &Option<String>, place: &mut Option<String>| {
        if option.is_some() {
            place.clone_from(option);
        }
    };
    given(&arguments.runtime, &mut launch.runtime);
    given(&arguments.handler, &mut launch.handler);
    if let Some(architecture) = &arguments.architecture {
        launch.architecture = Architecture::parse(architecture);
    }
    Ok(launch)
}

fn read(path: &Path) -> Result<LaunchSettings, CliError> {
    let json = input::read(path, "the function's configuration")?;
    let printed: Printed = serde_json::from_slice(&json).map_err(|_| {
        CliError::new(
            format!(
                "cannot use {}: this is not what `aws lambda get-function-configuration` prints",
                path.display()
            ),
            "save its output as it is, as JSON in UTF-8",
        )
    })?;
    let (Printed::Function { configuration } | Printed::Configuration(configuration)) = printed;
    if configuration.function_name.is_empty() {
        return Err(CliError::new(
            format!("cannot use {}: it names no function", path.display()),
            "save the output of `aws lambda get-function-configuration` as it is",
        ));
    }
    let variables = configuration.environment.map(|found| found.variables);
    // Lambda's default for what was created before there was a choice (its API reference, grade B).
    let architecture = configuration.architectures.first();
    let architecture = architecture.map_or("x86_64", String::as_str);
    Ok(LaunchSettings {
        runtime: configuration.runtime,
        handler: configuration.handler,
        architecture: Architecture::parse(architecture),
        has_layers: !configuration.layers.is_empty(),
        has_wrapper: variables.is_some_and(|all| all.contains_key(EXEC_WRAPPER)),
    })
}
