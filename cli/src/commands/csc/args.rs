//! The command line of `countersign csc`.

use clap::{Args, Subcommand};
use countersign_gate::domain::CscArn;
use countersign_package::ProfileVersionArn;

use crate::{
    aws::buckets::RecordsBucket,
    io::{
        arguments::{CscArgument, parse_csc},
        escape::escape,
        output::Format,
    },
};

const EXAMPLES: &str = "\
Examples:
  countersign csc list
  countersign csc diff ARN OTHER_ARN
  countersign csc add PUBLISHER
  countersign csc remove PUBLISHER --yes
  countersign csc rotate --from PUBLISHER --to PUBLISHER

A publisher is the ARN of a version of a signing profile. Without --yes nothing is changed. It takes \
lambda:ListCodeSigningConfigs, lambda:GetCodeSigningConfig, lambda:ListFunctionsByCodeSigningConfig, \
lambda:ListFunctions and signer:GetSigningProfile; with --yes lambda:UpdateCodeSigningConfig, too. With a records \
bucket, layers are looked at as well, as the last hourly sweep saw them.

If the configuration is the gate's own, change the stack's parameters, too: the next update of the stack \
takes back what was changed by hand.

Exit status: 0 done, or it could be; 1 somebody would be locked out, or it cannot be changed so; 2 the \
command line cannot be used, or AWS does not answer; 3 the rotation waits for functions to be deployed.";

const LIST_EXAMPLES: &str = "\
Examples:
  countersign csc list
  countersign csc list --format json | jq '.configurations[].publishers'

Exit status: 0 it was shown; 2 the command line cannot be used, or AWS does not answer.";

const DIFF_EXAMPLES: &str = "\
Examples:
  countersign csc diff OLD_ARN NEW_ARN
  countersign csc diff OLD_ARN NEW_ARN --format json

Exit status: 0 it was shown, whoever would be locked out; 2 the command line cannot be used, or AWS does not answer.";

const ADD_EXAMPLES: &str = "\
Examples:
  countersign csc add PROFILE_VERSION_ARN
  countersign csc add PROFILE_VERSION_ARN --yes

Exit status: 0 done, or it could be; 1 it cannot be changed so; 2 the command line cannot be used, or AWS does not \
answer.";

const REMOVE_EXAMPLES: &str = "\
Examples:
  countersign csc remove PROFILE_VERSION_ARN
  countersign csc remove PROFILE_VERSION_ARN --yes

Exit status: 0 done, or it could be; 1 somebody would be locked out, or it cannot be changed so; 2 the command line \
cannot be used, or AWS does not answer.";

const ROTATE_EXAMPLES: &str = "\
Examples:
  countersign csc rotate --from OLD_PUBLISHER --to NEW_PUBLISHER
  countersign csc rotate --from OLD_PUBLISHER --to NEW_PUBLISHER --yes

Exit status: 0 done, or the next step could be; 1 it cannot be changed so; 2 the command line cannot be used, or AWS \
does not answer; 3 the rotation waits for functions to be deployed.";

/// Show and change who may sign for which functions
///
/// Says before each change what it would let in and whom it would lock out.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(super) question: Question,
}

/// What is asked for.
#[derive(Subcommand)]
pub(super) enum Question {
    List(ListArguments),
    Diff(DiffArguments),
    Add(ChangeArguments),
    Remove(RemoveArguments),
    Rotate(RotateArguments),
}

/// List the configurations of the account and region, their publishers and functions
#[derive(Args)]
#[command(after_help = LIST_EXAMPLES)]
pub(super) struct ListArguments {
    /// How to print
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(super) format: Format,
}

/// Compare two configurations, and say what the functions of the first would be under the second
#[derive(Args)]
#[command(after_help = DIFF_EXAMPLES)]
pub(super) struct DiffArguments {
    /// The configuration that functions have
    #[arg(value_name = "OLD_ARN", value_parser = parse_csc)]
    pub(super) old: CscArn,
    /// The one that they might have
    #[arg(value_name = "NEW_ARN", value_parser = parse_csc)]
    pub(super) new: CscArn,
    #[command(flatten)]
    pub(super) records_bucket: RecordsBucket,
    /// How to print
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(super) format: Format,
}

/// What all changes take.
#[derive(Args)]
pub(super) struct Common {
    #[command(flatten)]
    pub(super) csc: CscArgument,
    /// Apply the changes; without this they are only shown
    #[arg(long)]
    pub(super) yes: bool,
    #[command(flatten)]
    pub(super) records_bucket: RecordsBucket,
    /// How to print
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(super) format: Format,
}

/// Add a version of a signing profile to the publishers
#[derive(Args)]
#[command(after_help = ADD_EXAMPLES)]
pub(super) struct ChangeArguments {
    /// The ARN of the version of the signing profile
    #[arg(value_name = "PUBLISHER", value_parser = parse_publisher)]
    pub(super) publisher: ProfileVersionArn,
    #[command(flatten)]
    pub(super) common: Common,
}

/// Remove a version of a signing profile from the publishers
///
/// What it signed and runs goes on running. Under Enforce, Lambda does not take it again: not on a rollback, and not
/// when a function's layers are set.
#[derive(Args)]
#[command(after_help = REMOVE_EXAMPLES)]
pub(super) struct RemoveArguments {
    /// The ARN of the version of the signing profile
    #[arg(value_name = "PUBLISHER", value_parser = parse_publisher)]
    pub(super) publisher: ProfileVersionArn,
    /// Remove it although functions run what it signed
    #[arg(long)]
    pub(super) force: bool,
    #[command(flatten)]
    pub(super) common: Common,
}

/// Replace one publisher by another, step by step
///
/// First the new one is added. Then everything that the old one signed has to be deployed again, signed by the
/// new one. When nothing runs any more that the old one signed, it is removed. The step is found from how things
/// stand: run it again until it says that it is done.
#[derive(Args)]
#[command(after_help = ROTATE_EXAMPLES)]
pub(super) struct RotateArguments {
    /// The publisher to remove
    #[arg(long, value_name = "PUBLISHER", value_parser = parse_publisher)]
    pub(super) from: ProfileVersionArn,
    /// The publisher to add
    #[arg(long, value_name = "PUBLISHER", value_parser = parse_publisher)]
    pub(super) to: ProfileVersionArn,
    #[command(flatten)]
    pub(super) common: Common,
}

fn parse_publisher(text: &str) -> Result<ProfileVersionArn, String> {
    ProfileVersionArn::parse(text).map_err(|error| {
        let error = escape(&error.to_string());
        format!("{error}; write the ARN of a version of a signing profile")
    })
}
