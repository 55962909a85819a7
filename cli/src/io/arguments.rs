//! Parsers of arguments that several commands take.

use std::{path::PathBuf, time::Duration};

use clap::Args;

use countersign_gate::domain::{CscArn, KeyError, Target, VersionId};

use crate::io::{error::CliError, escape::escape};

/// Which stack is meant.
#[derive(Args)]
pub(crate) struct StackArgument {
    /// The stack
    #[arg(
        long = "stack",
        value_name = "NAME",
        env = "COUNTERSIGN_STACK",
        default_value = "countersign",
        hide_env_values = true
    )]
    pub(crate) name: String,
}

/// The code signing configuration that is meant.
#[derive(Args)]
pub(crate) struct CscArgument {
    /// The code signing configuration: the stack's output `CodeSigningConfig`
    #[arg(
        long = "csc",
        value_name = "ARN",
        env = "COUNTERSIGN_CSC_ARN",
        hide_env_values = true,
        value_parser = parse_csc_or_none
    )]
    arn: Option<GivenCsc>,
}

/// An ARN, or a variable that is set to nothing, which is meant to be unset.
#[derive(Clone)]
struct GivenCsc(Option<CscArn>);

fn parse_csc_or_none(text: &str) -> Result<GivenCsc, String> {
    if text.is_empty() {
        return Ok(GivenCsc(None));
    }
    parse_csc(text).map(|arn| GivenCsc(Some(arn)))
}

impl CscArgument {
    /// The configuration's ARN.
    pub(crate) fn arn(&self) -> Result<&CscArn, CliError> {
        let given = self.arn.as_ref().and_then(|given| given.0.as_ref());
        given.ok_or_else(|| {
            CliError::new(
                "it is not known which code signing configuration is meant",
                "the configuration is the output CodeSigningConfig of the stack: `sam list stack-outputs --stack-name \
                 STACK --output json`; give it with --csc or in COUNTERSIGN_CSC_ARN",
            )
        })
    }
}

/// Reads TARGET. A bare name is not guessed at: a function and a layer may share it.
pub(crate) fn parse_target(text: &str) -> Result<Target, String> {
    let why = |error| match error {
        KeyError::Prefix { .. } if !text.contains('/') && !text.is_empty() => {
            // Of shop.zip, shop is the name.
            let name = text.strip_suffix(".zip").filter(|name| !name.is_empty());
            let name = name.unwrap_or(text);
            format!("write functions/{name} for the function, or layers/{name} for the layer")
        }
        KeyError::Name { .. } if Target::from_key(text).is_ok() => {
            "give the target, not the key: leave .zip away".to_owned()
        }
        KeyError::Name { source, .. } => source.to_string(),
        _ => "write functions/NAME or layers/NAME".to_owned(),
    };
    Target::try_from(text.to_owned()).map_err(|error| escape(&why(error)))
}

/// Reads the version id of an upload.
pub(crate) fn parse_version_id(text: &str) -> Result<VersionId, String> {
    VersionId::parse(text).map_err(|error| escape(&error.to_string()))
}

/// A package on the command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PackageArgument {
    /// A path, and what it is for.
    For { target: Target, path: PathBuf },
    /// A path that tells by itself, or a target of countersign.toml.
    Alone(String),
}

/// Reads TARGET=PATH, or what stands alone.
pub(crate) fn parse_package(text: &str) -> Result<PackageArgument, String> {
    if let Some((target, path)) = text.split_once('=')
        && (target.starts_with("functions/") || target.starts_with("layers/"))
    {
        if path.is_empty() {
            return Err("there is no path behind the =".to_owned());
        }
        return Ok(PackageArgument::For {
            target: parse_target(target)?,
            path: PathBuf::from(path),
        });
    }
    if text.is_empty() {
        return Err("there is no path".to_owned());
    }
    Ok(PackageArgument::Alone(text.to_owned()))
}

/// What to say of `function/shop=shop.zip`, where there is no file of this name: the target is misspelt.
pub(crate) fn misspelt_target(text: &str) -> Option<CliError> {
    let (target, path) = text.split_once('=')?;
    let name = target.rsplit('/').next().unwrap_or_default();
    let kind = target.split('/').next().unwrap_or_default();
    let kind = kind.to_ascii_lowercase();
    let written = |folder: &str| format!("{folder}/{name}={path}");
    let fix = match (target.contains('/'), kind.as_str()) {
        (true, kind) if kind.starts_with("layer") => written("layers"),
        (true, kind) if kind.starts_with("func") || kind.starts_with("lambda") => {
            written("functions")
        }
        _ => format!("{} or {}", written("functions"), written("layers")),
    };
    Some(CliError::new(
        format!("{:?} is no target", escape(target)),
        format!("write {}", escape(&fix)),
    ))
}

/// Reads the ARN of a code signing configuration.
pub(crate) fn parse_csc(text: &str) -> Result<CscArn, String> {
    CscArn::parse(text).map_err(|error| escape(&error.to_string()))
}

/// Reads DURATION: a number with `s`, `m` or `h`.
pub(crate) fn parse_duration(text: &str) -> Result<Duration, &'static str> {
    const FIX: &str = "write a number of seconds, minutes or hours, such as 90s, 15m or 1h";
    let (number, seconds) = match text.strip_suffix(['s', 'm', 'h']) {
        Some(number) if text.ends_with('s') => (number, 1),
        Some(number) if text.ends_with('m') => (number, 60),
        Some(number) => (number, 3600),
        None => return Err(FIX),
    };
    let number: u64 = number.parse().map_err(|_| FIX)?;
    number
        .checked_mul(seconds)
        .filter(|total| *total <= MAX_DURATION_SECONDS)
        .map(Duration::from_secs)
        .ok_or("give at most 24h")
}

/// Whether S3 can hold this as metadata of an object, and everybody can read it.
pub(crate) fn check_metadata(name: &str, value: &str) -> Result<(), &'static str> {
    let is_token = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    if name.is_empty() || !name.chars().all(is_token) {
        return Err("a name has lower-case letters, digits, - and _ only");
    }
    if !value.chars().all(|c| c.is_ascii_graphic() || c == ' ') {
        return Err("a value has printable ASCII characters only");
    }
    Ok(())
}

/// A day: longer than any upload takes, records say so.
const MAX_DURATION_SECONDS: u64 = 24 * 60 * 60;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn package_names_its_target() {
        for (text, target, path) in [
            ("functions/shop=dist/a.zip", "functions/shop", "dist/a.zip"),
            ("layers/tls=a=b.zip", "layers/tls", "a=b.zip"),
        ] {
            let PackageArgument::For {
                target: of,
                path: at,
            } = parse_package(text).unwrap()
            else {
                unreachable!("{text}")
            };
            assert_eq!(of.to_string(), target, "{text}");
            assert_eq!(at, PathBuf::from(path), "{text}");
        }
        let alone = PackageArgument::Alone("cdk.out".to_owned());
        assert_eq!(parse_package("cdk.out"), Ok(alone));
        for text in ["", "functions/shop=", "functions/a b=x.zip"] {
            assert!(parse_package(text).is_err(), "{text}");
        }
    }

    #[test]
    fn misspelt_target_is_written_right() {
        for (text, written) in [
            ("function/shop=a.zip", "write functions/shop=a.zip"),
            ("Functions/shop=a.zip", "write functions/shop=a.zip"),
            ("layer/tls=b.zip", "write layers/tls=b.zip"),
            (
                "shop=a.zip",
                "write functions/shop=a.zip or layers/shop=a.zip",
            ),
        ] {
            assert_eq!(misspelt_target(text).unwrap().fix, written);
        }
        assert!(misspelt_target("shop.zip").is_none());
    }

    #[test]
    fn bare_name_is_written_as_a_target_that_is_taken() {
        for text in ["shop", "shop.zip"] {
            let told = parse_target(text).unwrap_err();
            assert!(told.starts_with("write functions/shop for"), "{told}");
        }
    }

    #[test]
    fn durations_have_a_unit() {
        for (text, seconds) in [("90s", 90), ("15m", 900), ("1h", 3600), ("0s", 0)] {
            assert_eq!(parse_duration(text), Ok(Duration::from_secs(seconds)));
        }
        for text in ["90", "", "m", "-1s", "1.5h", "25h", "99999999999999999999h"] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
    }
}
