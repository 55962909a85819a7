//! The command line of `countersign explain`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use countersign_gate::domain::{CscArn, NamePattern, ProfileName};

use crate::io::output::Format;

const EXAMPLES: &str = "\
Examples:
  countersign explain event.json
  aws cloudtrail lookup-events > event.json
  countersign explain event.json --target-functions 'shop-*' --format json
  countersign explain event.json --as ocsf
  countersign explain --lookup 100ba0dc-1c06-5574-9d46-799a4f9b5b50

--lookup takes cloudtrail:LookupEvents, and finds what CloudTrail recorded in the account and region in the last \
90 days; it takes up to a quarter of an hour to get there. Calls of IAM are recorded in us-east-1.

Without --own-role, calls of the gate itself look like anybody's: give each of the roles in the stack's output \
GateRoles.

Exit status: 0 it was explained, also when nobody would be paged, or that cannot be told here; 2 the events cannot \
be used, or there is no such event.";

/// Show what the gate would page for calls in CloudTrail
///
/// Runs the detections of the alert function on saved events: a record of CloudTrail, one of its log files,
/// what `aws cloudtrail lookup-events` prints, an event of EventBridge, or a batch of these as Lambda
/// gets it. With --lookup, CloudTrail is asked for one; nothing else is asked of AWS, so that what only the records
/// know (whether code was ever uploaded) is left out.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The events, as JSON; - is standard input
    #[arg(value_name = "EVENT.json", required_unless_present = "lookup")]
    pub(super) file: Option<PathBuf>,
    /// The id of an event that CloudTrail is to be asked for; a page names it
    #[arg(long, value_name = "EVENT_ID", conflicts_with = "file", value_parser = event_id)]
    pub(super) lookup: Option<String>,
    /// The name of the stack that is to explain them
    #[arg(long, value_name = "NAME", default_value = "countersign")]
    pub(super) stack: String,
    /// The stack's parameter `TargetFunctions`
    #[arg(long, value_name = "PATTERN", default_value = "*", value_parser = pattern)]
    pub(super) target_functions: NamePattern,
    /// The stack's parameter `TargetLayers`
    #[arg(long, value_name = "PATTERN", default_value = "*", value_parser = pattern)]
    pub(super) target_layers: NamePattern,
    /// The stack's signing profile [default: any]
    #[arg(long, value_name = "NAME", value_parser = profile)]
    pub(super) signing_profile: Option<ProfileName>,
    /// The stack's parameter `TaggedProfiles` [default: none]
    #[arg(long, value_name = "PATTERN", value_parser = pattern)]
    pub(super) tagged_profiles: Option<NamePattern>,
    /// The stack's code signing configuration (output `CodeSigningConfig`) [default: none is the stack's]
    #[arg(long, value_name = "ARN", value_parser = csc)]
    pub(super) code_signing_config: Option<CscArn>,
    /// The stack's key [default: none is the stack's]
    #[arg(long, value_name = "ARN", value_parser = key)]
    pub(super) key: Option<String>,
    /// A role of the stack's functions, whose calls are the gate's own; may be repeated, and may be a list with
    /// commas, as an output of the stack has it
    #[arg(long = "own-role", value_name = "ARN")]
    pub(super) own_roles: Vec<String>,
    /// The stack's parameter `UntrustedCode`
    #[arg(long, value_name = "POLICY", default_value = "Enforce", value_parser = ["Enforce", "Warn"])]
    pub(super) untrusted_code: String,
    /// Print the pages alone, as one of their readers gets them
    #[arg(long = "as", value_name = "READER", conflicts_with = "format")]
    pub(super) reader: Option<Reader>,
    /// How to print
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(super) format: Format,
}

/// Who gets a page, each in a form of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Reader {
    /// E-mail
    Text,
    /// A telephone
    Sms,
    /// Amazon Q Developer, for Slack and Teams
    Chat,
    /// Programs: docs/pages.md
    Json,
    /// `PagerDuty`'s Events API, a part of the document for programs
    Pagerduty,
    /// OCSF, a part of the document for programs
    Ocsf,
    /// Security Hub, a part of the document for programs
    Asff,
    /// All of them, each under its name
    All,
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

fn key(text: &str) -> Result<String, String> {
    let is_key = text.starts_with("arn:") && text.contains(":kms:") && text.contains(":key/");
    is_key
        .then(|| text.to_owned())
        .ok_or_else(|| "this is not the ARN of a KMS key".to_owned())
}

/// CloudTrail's ids are those of RFC 9562: 36 characters.
fn event_id(text: &str) -> Result<String, String> {
    let is_part = |c: char| c.is_ascii_hexdigit() || c == '-';
    if text.len() == 36 && text.chars().all(is_part) {
        Ok(text.to_ascii_lowercase())
    } else {
        Err("this is no id of an event, such as 100ba0dc-1c06-5574-9d46-799a4f9b5b50".to_owned())
    }
}
