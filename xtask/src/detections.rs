//! `cargo xtask detections`: the detections of the gate as rules of Sigma, Panther or Elastic.

use std::{
    collections::BTreeSet,
    error::Error,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use clap::{Args, ValueEnum};
use countersign_gate::{
    alerts::{
        AlertSettings, HttpsPages, RoleList,
        detections::{RuleFormat, rules},
    },
    domain::{CscArn, NamePattern, ProfileName},
};
use sha1::{Digest, Sha1};

use crate::terminal::Terminal;

/// What the rules shall know of the stack. What is left out, they do not ask, and say so.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Whose rules
    #[arg(long)]
    format: Format,
    /// Where to write them [default: .local/detections/FORMAT]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// The name of the stack
    #[arg(long, value_name = "NAME", default_value = "countersign")]
    stack: String,
    /// The stack's parameter `TargetFunctions` [default: any function]
    #[arg(long, value_name = "PATTERN", value_parser = pattern)]
    target_functions: Option<NamePattern>,
    /// The stack's parameter `TargetLayers` [default: any layer]
    #[arg(long, value_name = "PATTERN", value_parser = pattern)]
    target_layers: Option<NamePattern>,
    /// The stack's signing profile [default: any]
    #[arg(long, value_name = "NAME", value_parser = profile)]
    signing_profile: Option<ProfileName>,
    /// The stack's parameter `TaggedProfiles` [default: none]
    #[arg(long, value_name = "PATTERN", value_parser = pattern)]
    tagged_profiles: Option<NamePattern>,
    /// The stack's code signing configuration [default: any counts as another]
    #[arg(long, value_name = "ARN", value_parser = csc)]
    csc: Option<CscArn>,
    /// The stack's key [default: not watched]
    #[arg(long, value_name = "ARN")]
    key: Option<String>,
    /// A role of the stack's functions, whose work is the gate's own; may be repeated
    #[arg(long = "own-role", value_name = "ARN")]
    own_roles: Vec<String>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    Sigma,
    Panther,
    Elastic,
}

fn pattern(text: &str) -> Result<NamePattern, String> {
    NamePattern::parse(text).map_err(|error| error.to_string())
}

fn profile(text: &str) -> Result<ProfileName, String> {
    ProfileName::parse(text).map_err(|error| error.to_string())
}

fn csc(text: &str) -> Result<CscArn, String> {
    CscArn::parse(text).map_err(|error| error.to_string())
}

/// Writes the rules; files of the same names are replaced, others are left.
pub(crate) fn run(
    root: &Path,
    options: &Options,
    terminal: &Terminal,
) -> Result<bool, Box<dyn Error>> {
    let (format, folder) = match options.format {
        Format::Sigma => (RuleFormat::Sigma, "sigma"),
        Format::Panther => (RuleFormat::Panther, "panther"),
        Format::Elastic => (RuleFormat::Elastic, "elastic"),
    };
    let out = options
        .out
        .clone()
        .unwrap_or_else(|| root.join(".local/detections").join(folder));
    fs::create_dir_all(&out)?;
    let files = rules(format, &settings(options)?, uuid);
    for file in &files {
        fs::write(out.join(&file.name), &file.text)?;
    }
    terminal.line(&format!("{} files in {}", files.len(), out.display()));
    Ok(true)
}

fn settings(options: &Options) -> Result<AlertSettings, Box<dyn Error>> {
    let own_roles = if options.own_roles.is_empty() {
        RoleList::none()
    } else {
        RoleList::parse(&options.own_roles.join(","))?
    };
    Ok(AlertSettings {
        stack: options.stack.clone(),
        records_bucket: String::new(),
        own_roles,
        peer_roles: RoleList::none(),
        functions: options.target_functions.clone(),
        under_own_csc: BTreeSet::new(),
        layers: options.target_layers.clone(),
        signing_profile: options.signing_profile.clone(),
        other_profiles: options.tagged_profiles.iter().cloned().collect(),
        csc: options.csc.clone(),
        key_arn: options.key.clone(),
        success_notices: false,
        repeat_interval: Duration::ZERO,
        only_warns: false,
        https_pages: HttpsPages::AmazonQ,
        runbook_url: None,
        place: None,
    })
}

/// The namespace of the rules' ids, a UUID drawn once. It never changes.
const NAMESPACE: [u8; 16] = [
    0x6f, 0x1c, 0x0b, 0x52, 0x3a, 0x9e, 0x4d, 0x07, 0x9b, 0x64, 0x2d, 0x81, 0xc5, 0x7e, 0x10, 0xa3,
];

/// The UUID of version 5 (RFC 9562, section 5.5) of a detection's id.
fn uuid(name: &str) -> String {
    uuid_in(NAMESPACE, name)
}

fn uuid_in(namespace: [u8; 16], name: &str) -> String {
    let digest = Sha1::new()
        .chain_update(namespace)
        .chain_update(name)
        .finalize();
    let mut text = String::new();
    for (at, byte) in digest.iter().take(16).enumerate() {
        if [4, 6, 8, 10].contains(&at) {
            text.push('-');
        }
        let byte = match at {
            6 => byte & 0x0f | 0x50,
            8 => byte & 0x3f | 0x80,
            _ => *byte,
        };
        // Writing to a String cannot fail; the result is dropped for that reason.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uuid_is_that_of_other_implementations() {
        // As Python's `uuid.uuid5(uuid.NAMESPACE_DNS, "www.example.com")`.
        let dns = [
            0x6b, 0xa7, 0xb8, 0x10, 0x9d, 0xad, 0x11, 0xd1, 0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4,
            0x30, 0xc8,
        ];
        assert_eq!(
            uuid_in(dns, "www.example.com"),
            "2ed6657d-e927-568b-95e1-2665a8aea6a2"
        );
    }
}
