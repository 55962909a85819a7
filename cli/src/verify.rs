//! `countersign verify`: the verdict that the gate would reach, without AWS.

use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{Args, builder::styling::Style};
use countersign_gate::{
    domain::{Csc, CscError},
    verdict::{
        Action, Check, Decision, Evidence, Fact, Finding, Governance, PackageReport, Policy,
        SecondOpinion, SignatureReport, Source, Status, Verdict, decide, examine,
    },
};
use countersign_package::Limits;
use jiff::Timestamp;

use crate::{
    input::{self, Unusable},
    output::{self, Format},
    paint::{BAD, DOUBTFUL, GOOD, QUIET, STRONG, paint},
    plain::{self, plain},
    roots,
};

const EXAMPLES: &str = "\
Examples:
  countersign verify signed.zip
  countersign verify signed.zip --source upload.zip
  aws lambda get-code-signing-config --code-signing-config-arn ARN > csc.json
  countersign verify signed.zip --csc csc.json --format json

Exit status:
  0  it would be deployed, perhaps with warnings
  1  it would be rejected
  2  the command line or an input cannot be used
  3  it cannot be said";

/// Say whether a package would be deployed, and why not
///
/// Runs the checks of the gate's deploy function on a package and prints every finding. Structure,
/// integrity and origin always block; expiry, publisher and an unsigned package follow the code
/// signing configuration. Revocation is known to AWS alone and is not judged here.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The zip file to judge
    #[arg(value_name = "PACKAGE.zip")]
    package: PathBuf,
    /// The unsigned zip that it was made from; proves that nothing but the signature was added
    #[arg(long, value_name = "SOURCE.zip")]
    source: Option<PathBuf>,
    /// What `aws lambda get-code-signing-config` prints; without it publishers are not judged
    #[arg(long, value_name = "CSC.json")]
    csc: Option<PathBuf>,
    /// Trust the certificates in this PEM file instead of the root of AWS Signer; may be repeated
    #[arg(long = "trust-root", value_name = "ROOT.pem")]
    trust_roots: Vec<PathBuf>,
    /// Judge as if it were this moment, such as 2026-11-21T22:00:00Z [default: now]
    #[arg(long, value_name = "RFC3339", value_parser = moment)]
    at: Option<Timestamp>,
    /// How to print the verdict
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

/// Reads RFC3339. There is no default for an offset: the same words would be another moment elsewhere.
fn moment(text: &str) -> Result<Timestamp, &'static str> {
    text.parse()
        .map_err(|_| "write date, time and offset from UTC, such as 2026-11-21T22:00:00Z")
}

/// Reads, judges, prints.
pub(crate) fn run(arguments: &Arguments, now: Timestamp) -> Result<ExitCode, Unusable> {
    let package = input::read(&arguments.package, "the package")?;
    let source = match &arguments.source {
        Some(path) => Some(input::read(path, "the source")?),
        None => None,
    };
    let source = source.as_deref().map_or(Source::NotAsked, Source::Present);
    let roots = roots::read(&arguments.trust_roots)?;
    let evidence = Evidence {
        package: examine(&package, source, &Limits::default(), &roots),
        now: arguments.at.unwrap_or(now),
        governance: governance(arguments.csc.as_deref())?,
        job: Fact::NotAsked,
        profile: Fact::NotAsked,
        second_opinion: SecondOpinion::NotAsked,
        policy: Policy::default(),
    };
    let verdict = decide(&evidence);
    match arguments.format {
        Format::Json => output::print_json(&verdict)?,
        Format::Text => output::print(&render(&verdict, arguments))?,
    }
    Ok(ExitCode::from(exit_status(verdict.decision)))
}

/// 2 is left to input that cannot be used.
fn exit_status(decision: Decision) -> u8 {
    match decision {
        Decision::Accept | Decision::AcceptWithWarnings => 0,
        Decision::Reject => 1,
        Decision::Inconclusive => 3,
    }
}

fn governance(csc: Option<&Path>) -> Result<Governance, Unusable> {
    let Some(path) = csc else {
        return Ok(Governance::NotAsked);
    };
    let json = input::read(path, "the code signing configuration")?;
    Csc::from_aws_json(&json)
        .map(Governance::Csc)
        .map_err(|error| {
            let fix = match &error {
                CscError::OfFunction { arn } => format!(
                    "save the output of `aws lambda get-code-signing-config \
                     --code-signing-config-arn {arn}`"
                ),
                CscError::Utf16 => {
                    "save it as UTF-8; in PowerShell 5 with `| Out-File -Encoding utf8 \
                                    csc.json`"
                        .to_owned()
                }
                _ => "save the output of `aws lambda get-code-signing-config \
                      --code-signing-config-arn ARN` as it is"
                    .to_owned(),
            };
            Unusable::new(format!("cannot use {}: {error}", path.display()), fix)
        })
}

/// The verdict for people.
fn render(verdict: &Verdict, arguments: &Arguments) -> String {
    let mut text = String::new();
    let (style, headline) = match verdict.decision {
        Decision::Accept => (GOOD, "would be deployed"),
        Decision::AcceptWithWarnings => (DOUBTFUL, "would be deployed with warnings"),
        Decision::Reject => (BAD, "would be rejected"),
        Decision::Inconclusive => (DOUBTFUL, "cannot be judged"),
    };
    let path = plain::path(&arguments.package);
    // Writing to a String cannot fail; the results are dropped for that reason.
    let _ = match reservation(verdict) {
        Some(reservation) => {
            let reservation = paint(QUIET, format_args!("{reservation}."));
            writeln!(text, "{path} {} {reservation}\n", paint(style, headline))
        }
        None => writeln!(text, "{path} {}\n", paint(style, format!("{headline}."))),
    };
    for finding in &verdict.findings {
        render_finding(&mut text, finding, how_to_judge(finding, arguments));
    }
    let is_proven = verdict
        .finding(Check::Integrity)
        .is_some_and(|finding| finding.status == Status::Pass);
    if let Some(signature) = &verdict.signature {
        render_signature(&mut text, signature, is_proven);
    }
    render_package(&mut text, &verdict.package);
    text
}

/// What "would be deployed" leaves open: checks that a deployment needs and that could not be made.
fn reservation(verdict: &Verdict) -> Option<String> {
    if !verdict.decision.accepts() {
        return None;
    }
    let needed = [
        Check::Origin,
        Check::Claims,
        Check::Publisher,
        Check::Revocation,
    ];
    let open: Vec<&str> = needed
        .into_iter()
        .filter(|check| {
            verdict
                .finding(*check)
                .is_some_and(|finding| finding.status == Status::NotJudged)
        })
        .map(check_name)
        .collect();
    let (last, others) = open.split_last()?;
    Some(if others.is_empty() {
        format!("if {last} holds, which was not judged")
    } else {
        let others = others.join(", ");
        format!("if {others} and {last} hold, which were not judged")
    })
}

/// What would have a check judged that was not.
fn how_to_judge(finding: &Finding, arguments: &Arguments) -> Option<&'static str> {
    if finding.status != Status::NotJudged {
        return None;
    }
    match finding.check {
        Check::Origin if arguments.source.is_none() => {
            Some("give the unsigned zip that was signed: --source SOURCE.zip")
        }
        Check::Publisher if arguments.csc.is_none() => {
            Some("give the target's code signing configuration: --csc CSC.json")
        }
        Check::Claims | Check::Revocation => Some("only the gate can judge it: it asks AWS"),
        _ => None,
    }
}

fn render_finding(text: &mut String, finding: &Finding, how_to_judge: Option<&str>) {
    let (style, result) = result(finding);
    let name = check_name(finding.check);
    let result = paint(style, format_args!("{result:<12}"));
    let _ = writeln!(text, "  {result}  {name:<14}{}", plain(&finding.message));
    let indent = " ".repeat(30);
    if let Some(code) = finding.code {
        let _ = writeln!(
            text,
            "{indent}{} {}",
            paint(STRONG, code.as_str()),
            code.about().meaning
        );
    }
    if let Some(fix) = &finding.fix {
        let _ = writeln!(text, "{indent}fix: {fix}");
    }
    if let Some(how) = how_to_judge {
        let _ = writeln!(text, "{indent}{how}");
    }
}

fn result(finding: &Finding) -> (Style, &'static str) {
    match (finding.status, finding.action) {
        (Status::Pass, _) => (GOOD, "pass"),
        (Status::Fail, Action::Block) => (BAD, "FAIL"),
        (Status::Fail, Action::Warn) => (DOUBTFUL, "warning"),
        (Status::NotJudged, _) => (QUIET, "not judged"),
        (Status::Inconclusive, _) => (DOUBTFUL, "inconclusive"),
    }
}

fn check_name(check: Check) -> &'static str {
    match check {
        Check::Structure => "structure",
        Check::Integrity => "integrity",
        Check::Origin => "origin",
        Check::Claims => "claims",
        Check::Expiry => "expiry",
        Check::Publisher => "publisher",
        Check::Revocation => "revocation",
        Check::SecondOpinion => "second opinion",
    }
}

fn render_signature(text: &mut String, signature: &SignatureReport, is_proven: bool) {
    let heading = if is_proven {
        paint(STRONG, "signature")
    } else {
        paint(
            DOUBTFUL,
            "signature, as it describes itself; none of it is proven",
        )
    };
    let _ = writeln!(text, "\n{heading}");
    for (label, value) in [
        ("profile", signature.profile_version_arn.clone()),
        ("job", signature.job_arn.clone()),
        ("signed at", signature.signed_at.to_string()),
        ("expires at", signature.expires_at.to_string()),
    ] {
        let _ = writeln!(text, "  {label:<12}{value}");
    }
}

fn render_package(text: &mut String, package: &PackageReport) {
    let _ = writeln!(text, "\n{}", paint(STRONG, "package"));
    let _ = writeln!(text, "  {:<12}{}", "CodeSha256", package.sha256);
    let _ = writeln!(text, "  {:<12}{} bytes", "size", package.bytes);
    if let (Some(entries), Some(unpacked)) = (package.entries, package.unpacked_bytes) {
        let _ = writeln!(
            text,
            "  {:<12}{}",
            "contents",
            if entries == 1 {
                format!("1 entry that unpacks to {unpacked} bytes")
            } else {
                format!("{entries} entries that unpack to {unpacked} bytes")
            }
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_decision_has_its_exit_status() {
        let decisions = [
            (Decision::Accept, 0),
            (Decision::AcceptWithWarnings, 0),
            (Decision::Reject, 1),
            (Decision::Inconclusive, 3),
        ];
        for (decision, status) in decisions {
            assert_eq!(exit_status(decision), status);
        }
    }
}
