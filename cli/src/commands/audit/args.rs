//! The command line of `countersign audit`.

use clap::{Args, Subcommand, ValueEnum};
use countersign_gate::client::audit::Signer;

use crate::{
    aws::buckets::RecordsBucket,
    io::{escape::escape, output::Format},
};

const EXAMPLES: &str = "\
Examples:
  countersign audit --records-bucket RECORDS_BUCKET
  countersign audit --format html > posture.html
  countersign audit --format sarif > posture.sarif
  countersign audit impact PROFILE_VERSION_ARN

It shows what the function sweep saw last, once an hour, and asks nothing else of AWS: s3:ListBucket \
and s3:GetObject on the records bucket are enough, with kms:Decrypt on the stack's key. The trend takes \
s3:ListBucketVersions and s3:GetObjectVersion, too, and --iam iam:GetAccountAuthorizationDetails.

Exit status: 0 no finding but notes, or nothing runs that it signed; 1 findings, or something runs; \
2 the command line cannot be used, or the records cannot be read; 3 not known: no sweep has come to \
its end, or nothing was found and the last one is old or could not look at everything.";

/// How far back the page looks.
const DEFAULT_TREND_DAYS: u16 = 30;

/// Show how the account's functions and layers stand
///
/// Tells of each function and layer whether what it runs is signed, by whom, whether its configuration lets
/// anything else run, and what is not as the gate's records say, with the command that mends it.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(super) question: Option<AuditCommand>,
    #[command(flatten)]
    pub(super) records_bucket: RecordsBucket,
    /// An account whose signing profiles may sign for this one; may be repeated
    #[arg(long, value_name = "ACCOUNT", value_parser = parse_account)]
    pub(super) trusted_account: Vec<String>,
    /// Also look in IAM for users, groups and roles that may change code signing configurations by a wildcard
    #[arg(long)]
    pub(super) iam: bool,
    /// Show how the functions stood on so many earlier days, 0 to 365 [default: 30 with html, otherwise 0]
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u16).range(0..=365))]
    pub(super) trend_days: Option<u16>,
    /// How to print
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(super) format: AuditFormat,
}

impl Arguments {
    /// How many days the trend goes back.
    pub(super) fn trend_days(&self) -> u16 {
        let default = if self.format == AuditFormat::Html {
            DEFAULT_TREND_DAYS
        } else {
            0
        };
        self.trend_days.unwrap_or(default)
    }
}

/// Another question about the same posture.
#[derive(Subcommand)]
pub(super) enum AuditCommand {
    Impact(ImpactArguments),
}

const IMPACT_EXAMPLES: &str = "\
Examples:
  countersign audit impact PROFILE_VERSION_ARN
  countersign audit impact SIGNING_JOB_ARN

Exit status: 0 nothing runs that it signed; 1 something does; 2 the command line cannot be used, or the records \
cannot be read; 3 not known: no sweep has come to its end, or the last one is old or could not look at everything.";

/// Show what runs that a signing job or a version of a signing profile signed
///
/// That is what a revocation of it concerns. What runs already runs on when it is revoked; under Enforce, Lambda
/// does not take it again.
#[derive(Args)]
#[command(after_help = IMPACT_EXAMPLES)]
pub(super) struct ImpactArguments {
    /// The ARN of the signing job, or of the version of the signing profile
    #[arg(value_name = "ARN", value_parser = parse_signer)]
    pub(super) signer: Signer,
    #[command(flatten)]
    pub(super) records_bucket: RecordsBucket,
    /// How to print
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(super) format: Format,
}

/// How an audit is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum AuditFormat {
    /// For people, in colour on a terminal
    Text,
    /// For programs; docs/schemas/audit.schema.json describes it
    Json,
    /// For spreadsheets: a line for each finding, and for each target without one
    Csv,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// OCSF 1.3.0: a list of Compliance Findings
    Ocsf,
    /// The AWS Security Finding Format: a list of findings for Security Hub
    Asff,
    /// One page with pictures, which needs nothing from elsewhere
    Html,
}

fn parse_account(text: &str) -> Result<String, &'static str> {
    let is_account = text.len() == 12 && text.chars().all(|c| c.is_ascii_digit());
    is_account
        .then(|| text.to_owned())
        .ok_or("an account is twelve digits")
}

fn parse_signer(text: &str) -> Result<Signer, String> {
    Signer::parse(text).map_err(|error| {
        let error = escape(&error.to_string());
        format!("{error}; write the ARN of a signing job or of a version of a signing profile")
    })
}
