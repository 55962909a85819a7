//! The file given with `--csc`: what `aws lambda get-code-signing-config` prints.

use std::path::Path;

use countersign_gate::domain::{Csc, CscArn, CscPolicy};
use serde::{
    Deserialize, Deserializer,
    de::{Error as _, IgnoredAny},
};

use crate::io::{error::CliError, input};

/// Reads the configuration in this file.
pub(super) fn read_csc(path: &Path) -> Result<Csc, CliError> {
    let json = input::read_or_standard_input(path, "the code signing configuration")?;
    parse_csc(&json).map_err(|error| {
        CliError::new(
            format!("cannot use {}: {error}", input::shown(path)),
            error.fix(),
        )
    })
}

/// What is wrong with a configuration given as JSON.
#[derive(Debug, thiserror::Error)]
enum CscError {
    /// It does not have the fields of one; the field and its place are in the message.
    #[error("this is not what `aws lambda get-code-signing-config` prints: {0}")]
    Json(#[from] serde_json::Error),
    /// Windows `PowerShell` 5 writes such files when its output is redirected.
    #[error("this is UTF-16; JSON is UTF-8")]
    Utf16,
    /// The output of another command, which tells the ARN of the configuration and nothing that is in it.
    #[error(
        "this is what `aws lambda get-function-code-signing-config` prints: it names the \
         configuration {arn}, and does not hold it"
    )]
    OfFunction {
        /// The configuration.
        arn: String,
    },
}

impl CscError {
    fn fix(&self) -> String {
        match self {
            Self::OfFunction { arn } => format!(
                "save the output of `aws lambda get-code-signing-config \
                 --code-signing-config-arn {arn}`"
            ),
            Self::Utf16 => "save it as UTF-8; in PowerShell 5 with `| Out-File -Encoding utf8 \
                            csc.json`"
                .to_owned(),
            Self::Json(_) => "save the output of `aws lambda get-code-signing-config \
                              --code-signing-config-arn ARN` as it is"
                .to_owned(),
        }
    }
}

/// Reads what `aws lambda get-code-signing-config` prints, with or without the outer
/// `CodeSigningConfig`. An unknown policy is an error, not a default. A byte order mark of UTF-8, which
/// `PowerShell` writes, is passed over.
fn parse_csc(json: &[u8]) -> Result<Csc, CscError> {
    if json.starts_with(&[0xff, 0xfe]) || json.starts_with(&[0xfe, 0xff]) {
        return Err(CscError::Utf16);
    }
    let json = json.strip_prefix(b"\xef\xbb\xbf").unwrap_or(json);
    let outline: Outline = serde_json::from_slice(json)?;
    let config = match outline {
        Outline {
            code_signing_config: Some(_),
            ..
        } => serde_json::from_slice::<Document>(json)?.code_signing_config,
        Outline {
            function_name: Some(_),
            code_signing_config_arn: Some(arn),
            ..
        } => return Err(CscError::OfFunction { arn }),
        _ => serde_json::from_slice(json)?,
    };
    Ok(Csc::new(
        config.code_signing_config_arn,
        config
            .code_signing_policies
            .untrusted_artifact_on_deployment,
        config.allowed_publishers.signing_profile_version_arns,
    ))
}

/// What tells apart the documents that may be meant.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Outline {
    code_signing_config: Option<IgnoredAny>,
    code_signing_config_arn: Option<String>,
    function_name: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Document {
    code_signing_config: Config,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Config {
    #[serde(default, deserialize_with = "arn")]
    code_signing_config_arn: Option<CscArn>,
    allowed_publishers: Publishers,
    code_signing_policies: Policies,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Publishers {
    #[serde(deserialize_with = "publishers")]
    signing_profile_version_arns: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Policies {
    #[serde(deserialize_with = "policy")]
    untrusted_artifact_on_deployment: CscPolicy,
}

fn arn<'de, D: Deserializer<'de>>(value: D) -> Result<Option<CscArn>, D::Error> {
    field("CodeSigningConfigArn", value)
}

fn publishers<'de, D: Deserializer<'de>>(value: D) -> Result<Vec<String>, D::Error> {
    field("SigningProfileVersionArns", value)
}

fn policy<'de, D: Deserializer<'de>>(value: D) -> Result<CscPolicy, D::Error> {
    field("UntrustedArtifactOnDeployment", value)
}

/// Reads a field, and names it when that fails: serde tells the cause and the place alone.
fn field<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    name: &str,
    value: D,
) -> Result<T, D::Error> {
    T::deserialize(value).map_err(|cause| D::Error::custom(format!("{name}: {cause}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRINTED: &str = r#"{"CodeSigningConfig":{"CodeSigningConfigId":"csc-1",
        "CodeSigningConfigArn":"arn:aws:lambda:eu-west-1:111122223333:code-signing-config:csc-1",
        "Description":"","AllowedPublishers":{"SigningProfileVersionArns":
        ["arn:aws:signer:eu-west-1:111122223333:/signing-profiles/team/AbCdEfGh12"]},
        "CodeSigningPolicies":{"UntrustedArtifactOnDeployment":"Enforce"},
        "LastModified":"2026-11-21T21:44:00.000+0000"}}"#;

    #[test]
    fn aws_output_is_parsed() {
        let csc = parse_csc(PRINTED.as_bytes()).unwrap();
        assert_eq!(csc.policy(), CscPolicy::Enforce);
        assert_eq!(csc.publishers().count(), 1);
        assert!(csc.arn().is_some());
    }

    #[test]
    fn bare_object_and_byte_order_mark_are_accepted() {
        let bare = PRINTED
            .strip_prefix("{\"CodeSigningConfig\":")
            .and_then(|rest| rest.strip_suffix('}'))
            .unwrap();
        let marked = format!("\u{feff}{PRINTED}");
        let whole = parse_csc(PRINTED.as_bytes()).unwrap();
        for text in [bare, &marked] {
            assert_eq!(parse_csc(text.as_bytes()).unwrap(), whole);
        }
    }

    #[test]
    fn errors_name_field_and_cause() {
        let arn = "arn:aws:lambda:eu-west-1:111122223333:code-signing-config:csc-1";
        let cases = [
            // A policy that is not known is no policy.
            (
                PRINTED.replace("Enforce", "enforce"),
                "UntrustedArtifactOnDeployment: unknown variant `enforce`",
            ),
            (
                PRINTED.replace("lambda:eu-west-1", "lambada:eu-west-1"),
                "CodeSigningConfigArn: ",
            ),
            (
                PRINTED.replace("[\"arn:aws:signer", "[7, \"arn:aws:signer"),
                "SigningProfileVersionArns: invalid type: integer `7`",
            ),
            (
                PRINTED.replace("AllowedPublishers", "Publishers"),
                "missing field `AllowedPublishers`",
            ),
            (
                PRINTED.replace(
                    "\"Description\":\"\",",
                    "\"AllowedPublishers\":{\"SigningProfileVersionArns\":[]},",
                ),
                "duplicate field `AllowedPublishers`",
            ),
            ("{}".to_owned(), "missing field `AllowedPublishers`"),
            (String::new(), "line 1 column 0"),
            (PRINTED.replace("Code", "\u{0}Code"), "control character"),
            (
                format!("{{\"CodeSigningConfigArn\":\"{arn}\",\"FunctionName\":\"shop\"}}"),
                "get-function-code-signing-config",
            ),
        ];
        for (json, expected) in cases {
            let error = parse_csc(json.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(expected), "{json}: {error}");
        }
        let utf16: Vec<u8> = format!("\u{feff}{PRINTED}")
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        let error = parse_csc(&utf16).unwrap_err();
        assert!(matches!(error, CscError::Utf16), "{error}");
    }
}
