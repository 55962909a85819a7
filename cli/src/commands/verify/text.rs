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
    escape::{escape, escape_path},
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
    let path = escape_path(&arguments.package);
    // Writing to a String cannot fail; the results are dropped for that reason.
    let _ = match reservation(verdict) {
        Some(reservation) => {
            let reservation = style(DIM, format_args!("{reservation}."));
            writeln!(text, "{path} {} {reservation}\n", style(colour, headline))
        }
        None => writeln!(text, "{path} {}\n", style(colour, format!("{headline}."))),
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

/// How a refusal begins. Of an unsigned package it is told what Lambda would do: under Warn that is another thing.
fn rejected(verdict: &Verdict) -> &'static str {
    let publisher = verdict.finding(Check::Publisher);
    let unsigned = publisher.filter(|finding| finding.code == Some(ReasonCode::Unsigned));
    match unsigned.map(|finding| finding.action) {
        Some(Action::Warn) => {
            "is not signed: Lambda would take it under Warn, and the gate never deploys it"
        }
        Some(Action::Block) => "is not signed, and would be rejected",
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

fn render_finding(text: &mut String, finding: &Finding, how_to_judge: Option<&str>) {
    let (colour, result) = result(finding);
    let name = check_name(finding.check);
    let result = style(colour, format_args!("{result:<12}"));
    let _ = writeln!(text, "  {result}  {name:<14}{}", escape(&finding.message));
    let indent = " ".repeat(30);
    if let Some(code) = finding.code {
        let _ = writeln!(
            text,
            "{indent}{} {}",
            style(BOLD, code.as_str()),
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
        ("signed at", signature.signed_at.to_string()),
        ("expires at", signature.expires_at.to_string()),
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
