//! A verdict for people.

use std::fmt::Write as _;

use clap::builder::styling::Style;
use countersign_gate::{
    domain::ReasonCode,
    verdict::{Action, Check, Decision, Finding, PackageReport, SignatureReport, Status, Verdict},
};

use super::args::Arguments;
use crate::io::{
    count::counted,
    escape::escape,
    input::shown,
    moment::utc,
    style::{BOLD, DIM, ERROR, OK, WARN, style},
};

/// The verdict for people.
pub(super) fn render(verdict: &Verdict, arguments: &Arguments) -> String {
    let mut text = String::new();
    let (colour, headline) = match verdict.decision {
        Decision::Accept => (OK, "would be deployed"),
        Decision::AcceptWithWarnings => (WARN, "would be deployed with warnings"),
        Decision::Reject => (ERROR, rejected(verdict)),
        Decision::Inconclusive => (WARN, "cannot be judged"),
    };
    let path = escape(&shown(&arguments.package));
    // Writing to a String cannot fail; the results are dropped for that reason.
    let _ = match reservation(verdict) {
        Some(reservation) => {
            let reservation = style(DIM, format_args!("{reservation}."));
            writeln!(text, "{path} {} {reservation}\n", style(colour, headline))
        }
        None => writeln!(text, "{path} {}\n", style(colour, format!("{headline}."))),
    };
    let mut told = Vec::new();
    for finding in &verdict.findings {
        render_finding(&mut text, finding, &mut told);
        if let Some(how) = how_to_judge(finding, arguments) {
            let _ = writeln!(text, "{INDENT}{how}");
        }
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

/// What stands left of each line below a finding's first.
const INDENT: &str = "                              ";

/// How a refusal begins. Whoever has an unsigned package has most often not uploaded it yet, and so the wrong command. What Lambda
/// would do is told as well: under Warn that is another thing.
fn rejected(verdict: &Verdict) -> &'static str {
    let publisher = verdict.finding(Check::Publisher);
    let unsigned = publisher.filter(|finding| finding.code == Some(ReasonCode::Unsigned));
    match unsigned.map(|finding| finding.action) {
        Some(Action::Warn) => {
            "is not signed; ask `countersign check` whether the gate would have it signed. As it stands, Lambda would take \
             it under Warn, and the gate never deploys it"
        }
        Some(Action::Block) => {
            "is not signed; ask `countersign check` whether the gate would have it signed. As it stands, it would be \
             rejected"
        }
        None => "would be rejected",
    }
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
        Check::Startable => {
            Some("before the upload: `countersign check SOURCE.zip --function NAME`")
        }
        Check::Claims | Check::Revocation => Some("only the gate can judge it: it asks AWS"),
        _ => None,
    }
}

/// A finding. What its code means and how to mend it is told once, however many checks found it.
fn render_finding<'f>(
    text: &mut String,
    finding: &'f Finding,
    told: &mut Vec<(Option<ReasonCode>, Option<&'f str>)>,
) {
    let (colour, result) = result(finding);
    let name = check_name(finding.check);
    let result = style(colour, format_args!("{result:<12}"));
    let _ = writeln!(text, "  {result}  {name:<14}{}", escape(&finding.message));
    let meaning = (finding.code, finding.fix.as_deref());
    if told.contains(&meaning) {
        return;
    }
    told.push(meaning);
    if let Some(code) = finding.code {
        let _ = writeln!(
            text,
            "{INDENT}{} {}",
            style(BOLD, code.as_str()),
            code.about().meaning
        );
    }
    if let Some(fix) = &finding.fix {
        let _ = writeln!(text, "{INDENT}fix: {fix}");
    }
}

fn result(finding: &Finding) -> (Style, &'static str) {
    match (finding.status, finding.action) {
        (Status::Pass, _) => (OK, "pass"),
        (Status::Fail, Action::Block) => (ERROR, "FAIL"),
        (Status::Fail, Action::Warn) => (WARN, "warning"),
        (Status::NotJudged, _) => (DIM, "not judged"),
        (Status::Inconclusive, _) => (WARN, "inconclusive"),
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
        Check::Provenance => "provenance",
        Check::Startable => "startable",
        Check::Approval => "approval",
        Check::Freeze => "freeze",
        Check::BreakGlass => "break-glass",
        Check::SecondOpinion => "second opinion",
    }
}

fn render_signature(text: &mut String, signature: &SignatureReport, is_proven: bool) {
    let heading = if is_proven {
        style(BOLD, "signature")
    } else {
        style(
            WARN,
            "signature, as it describes itself; none of it is proven",
        )
    };
    let _ = writeln!(text, "\n{heading}");
    for (label, value) in [
        ("profile", signature.profile_version_arn.clone()),
        ("job", signature.job_arn.clone()),
        ("signed at", utc(signature.signed_at)),
        ("expires at", utc(signature.expires_at)),
    ] {
        let _ = writeln!(text, "  {label:<12}{value}");
    }
}

fn render_package(text: &mut String, package: &PackageReport) {
    let _ = writeln!(text, "\n{}", style(BOLD, "package"));
    let _ = writeln!(text, "  {:<12}{}", "CodeSha256", package.sha256);
    let _ = writeln!(text, "  {:<12}{}", "size", counted(package.bytes, "byte"));
    if let (Some(entries), Some(unpacked)) = (package.entries, package.unpacked_bytes) {
        let _ = writeln!(
            text,
            "  {:<12}{}",
            "contents",
            format_args!(
                "{}, unpacked {}",
                counted(entries, "entry"),
                counted(unpacked, "byte")
            )
        );
    }
}
