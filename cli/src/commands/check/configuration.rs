//! What a function is configured to start: from AWS, from what `aws lambda get-function-configuration`
//! prints, and from options.

use std::{collections::BTreeMap, path::Path};

use countersign_gate::{
    domain::{
        Architecture, AttachedLayer, Csc, EXEC_WRAPPER, ExecWrapper, FunctionConfiguration,
        FunctionName,
    },
    ports::{FunctionCsc, Functions as _},
};
use serde::Deserialize;

use super::args::Arguments;
use crate::{
    aws::session::{Session, ask},
    io::{error::CliError, input},
};

/// What is known of the function that a package is for.
#[derive(Default)]
pub(super) struct KnownFunction {
    pub(super) configuration: FunctionConfiguration,
    /// It is a container image, which no zip can be deployed to.
    pub(super) is_image: bool,
    /// Its code signing configuration, if AWS was asked and it has one.
    pub(super) csc: Option<Csc>,
    /// AWS was asked for that.
    pub(super) is_csc_known: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Printed {
    function_name: String,
    package_type: Option<String>,
    runtime: Option<String>,
    handler: Option<String>,
    #[serde(default)]
    architectures: Vec<String>,
    #[serde(default)]
    layers: Vec<PrintedLayer>,
    environment: Option<Environment>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PrintedLayer {
    #[serde(default)]
    arn: String,
    code_size: Option<u64>,
    signing_job_arn: Option<String>,
    signing_profile_version_arn: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Environment {
    #[serde(default)]
    variables: BTreeMap<String, String>,
    /// Lambda could not decrypt the variables for whoever asked.
    error: Option<serde::de::IgnoredAny>,
}

/// `get-function` prints the configuration as one of several members.
#[derive(Deserialize)]
#[serde(untagged)]
enum File {
    Function {
        #[serde(rename = "Configuration")]
        configuration: Printed,
    },
    Configuration(Printed),
}

/// What AWS or the file says, and what the options say instead.
pub(super) fn known_function(arguments: &Arguments) -> Result<KnownFunction, CliError> {
    let mut known = match (&arguments.function, &arguments.configuration) {
        (Some(name), _) => ask(
            &format!("reading the configuration of the function {name}"),
            of_aws(name),
        )?,
        (None, Some(path)) => read(path)?,
        (None, None) => KnownFunction::default(),
    };
    let given = |option: &Option<String>, place: &mut Option<String>| {
        if option.is_some() {
            place.clone_from(option);
        }
    };
    given(&arguments.runtime, &mut known.configuration.runtime);
    given(&arguments.handler, &mut known.configuration.handler);
    if let Some(architecture) = &arguments.architecture {
        known.configuration.architecture = Architecture::parse(architecture);
    }
    Ok(known)
}

/// What AWS says. Layers are held against the code signing configuration, which is only then asked for.
async fn of_aws(name: &FunctionName) -> Result<KnownFunction, CliError> {
    let session = Session::connect().await?;
    let failed = |what: &str, action: &str, error| {
        session.failed_lambda_call(&format!("{what} of {name}"), action, &error)
    };
    let reading = |error| {
        let action = "lambda:GetFunction and lambda:ListTags on the function";
        failed("read the configuration", action, error)
    };
    let Some(function) = session.lambda.function(name).await.map_err(reading)? else {
        return Err(CliError::new(
            format!("there is no function {name} in this account and region"),
            "correct the name, AWS_REGION or AWS_PROFILE; for a function that is yet to be created, give \
             --runtime, --handler and --architecture instead",
        ));
    };
    let mut known = KnownFunction {
        is_image: function.is_image,
        configuration: function.configuration,
        csc: None,
        is_csc_known: true,
    };
    if known.configuration.layers.is_empty() {
        return Ok(known);
    }
    let reading = |error| {
        let actions = "lambda:GetFunctionCodeSigningConfig on the function and \
                       lambda:GetCodeSigningConfig on its configuration";
        failed("read the code signing configuration", actions, error)
    };
    let attached = session.lambda.function_csc(name).await;
    if let FunctionCsc::Attached(arn) = attached.map_err(reading)? {
        known.csc = session.lambda.csc(&arn).await.map_err(reading)?;
    }
    Ok(known)
}

fn read(path: &Path) -> Result<KnownFunction, CliError> {
    let json = input::read_or_standard_input(path, "the function's configuration")?;
    let file: File = serde_json::from_slice(&json).map_err(|_| {
        CliError::new(
            format!(
                "cannot use {}: this is not what `aws lambda get-function-configuration` prints",
                input::shown(path)
            ),
            "save its output as it is, as JSON in UTF-8",
        )
    })?;
    let (File::Function { configuration } | File::Configuration(configuration)) = file;
    if configuration.function_name.is_empty() {
        return Err(CliError::new(
            format!("cannot use {}: it names no function", input::shown(path)),
            "save the output of `aws lambda get-function-configuration` as it is",
        ));
    }
    // Lambda's default for what was created before there was a choice (its API reference, grade B).
    let architecture = configuration.architectures.first();
    let architecture = architecture.map_or("x86_64", String::as_str);
    let layers = configuration.layers.into_iter().map(|layer| AttachedLayer {
        arn: layer.arn,
        zip_bytes: layer.code_size,
        job_arn: layer.signing_job_arn,
        profile_version_arn: layer.signing_profile_version_arn,
    });
    Ok(KnownFunction {
        is_image: configuration.package_type.as_deref() == Some("Image"),
        configuration: FunctionConfiguration {
            runtime: configuration.runtime,
            handler: configuration.handler,
            architecture: Architecture::parse(architecture),
            layers: layers.collect(),
            exec_wrapper: configuration
                .environment
                .map_or(ExecWrapper::NotSet, |environment| wrapper(&environment)),
            ..FunctionConfiguration::default()
        },
        csc: None,
        is_csc_known: false,
    })
}

fn wrapper(environment: &Environment) -> ExecWrapper {
    match environment.variables.get(EXEC_WRAPPER) {
        Some(path) => ExecWrapper::Set(path.clone()),
        None if environment.error.is_some() => ExecWrapper::Unknown,
        None => ExecWrapper::NotSet,
    }
}
