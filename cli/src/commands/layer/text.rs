//! The reports for people. Writing to a String cannot fail; the results are dropped for that reason.

use std::fmt::Write as _;

use clap::builder::styling::Style;

use super::report::{AdoptReport, EnforceAnswer, ListReport, State};
use crate::io::{
    escape::escape,
    style::{BOLD, DIM, ERROR, OK, WARN, style},
};

/// The functions and their layers.
pub(super) fn render_list(report: &ListReport) -> String {
    let mut text = String::new();
    for row in &report.functions {
        let name = style(BOLD, escape(&format!("functions/{}", row.function)));
        let under = match (&row.csc, row.policy, row.is_attached) {
            (Some(csc), Some(policy), true) => format!("{policy:?} by {csc}"),
            (Some(csc), ..) => format!("no configuration; held against {csc}"),
            (None, ..) => "no configuration".to_owned(),
        };
        let _ = writeln!(text, "{name}  {}", style(DIM, escape(&under)));
        for layer in &row.layers {
            let (colour, label) = match layer.enforce {
                EnforceAnswer::Takes => (OK, "takes"),
                EnforceAnswer::Refuses => (ERROR, "refuses"),
                EnforceAnswer::NoConfiguration => (DIM, "-"),
            };
            let label = style(colour, format_args!("{label:<8}"));
            let _ = writeln!(text, "  {label} {}", escape(&layer.arn));
            let signer = layer.signing_profile_version.as_deref();
            let signer = signer.map_or_else(|| "nobody".to_owned(), escape);
            let _ = writeln!(text, "           signed by {signer}");
        }
    }
    let (takes, refuses, unknown) = (
        report.count(EnforceAnswer::Takes),
        report.count(EnforceAnswer::Refuses),
        report.count(EnforceAnswer::NoConfiguration),
    );
    let _ = writeln!(
        text,
        "{}",
        style(
            BOLD,
            format_args!(
                "{} of {} functions use layers; Enforce takes {takes}, refuses {refuses}, {unknown} without a \
                 configuration",
                report.functions.len(),
                report.functions_total
            )
        )
    );
    if refuses > 0 {
        let fix = "fix: countersign layer adopt ARN, then give the function the version that the gate publishes";
        let _ = writeln!(text, "{}", style(DIM, fix));
    }
    text
}

/// A layer of a vendor.
pub(super) fn render_adopt(report: &AdoptReport) -> String {
    let mut text = String::new();
    let (colour, label) = label(report.state);
    let state = style(colour, format_args!("{label:<8}"));
    let _ = writeln!(text, "{state}  {}", style(BOLD, escape(&report.target)));
    let mut line = |label: &str, value: &str| {
        let _ = writeln!(text, "          {label:<9}  {}", escape(value));
    };
    line("from", &report.source);
    if let Some(signature) = &report.signature {
        line("signed by", &signature.sentence());
    }
    if let Some(bytes) = report.bytes {
        let stripped = if report.signature.is_some() {
            " without that signature; the rest is byte for byte the same"
        } else {
            ""
        };
        line("package", &format!("{bytes} bytes{stripped}"));
    }
    for warning in &report.warnings {
        line("warning", warning);
    }
    for (label, value) in [
        ("upload", &report.upload),
        ("use", &report.layer_version_arn),
        ("why", &report.message),
        ("fix", &report.fix),
    ] {
        if let Some(value) = value {
            line(label, value);
        }
    }
    if report.state == State::Planned {
        let _ = writeln!(
            text,
            "{}",
            style(DIM, "nothing was changed: do it with --apply")
        );
    }
    text
}

fn label(state: State) -> (Style, &'static str) {
    match state {
        State::Adopted => (OK, "adopted"),
        State::Planned => (BOLD, "planned"),
        State::Done => (OK, "done"),
        State::Refused => (ERROR, "refused"),
        State::Failed => (ERROR, "failed"),
        State::Pending => (WARN, "pending"),
    }
}
