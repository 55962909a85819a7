//! How an upload ended, for people.

use clap::builder::styling::Style;
use countersign_gate::records::Outcome;
use jiff::Timestamp;

use crate::io::{
    moment::moment,
    style::{DIM, ERROR, OK, WARN},
};

/// The lines of an outcome: each a label and what it says.
pub(crate) fn render_outcome(line: &mut impl FnMut(&str, &str), outcome: &Outcome, now: Timestamp) {
    match outcome.code {
        Some(code) => line("why", &format!("{code}: {}", outcome.message)),
        None => line("what", &outcome.message),
    }
    if let Some(fix) = &outcome.fix {
        line("fix", fix);
    }
    if let Some(deployed) = &outcome.deployed {
        line("CodeSha256", &deployed.code_sha256);
        if let Some(arn) = &deployed.layer_version_arn {
            line("layer", arn);
        }
        if let Some(alias) = &deployed.alias {
            line("alias", alias);
        }
    }
    // The reason for the outcome stands above; here is what else there was to say.
    for finding in &outcome.findings {
        if let Some(code) = finding.code
            && outcome.code != Some(code)
        {
            line("also", &format!("{code}: {}", finding.message));
        }
    }
    line(
        "decided",
        &format!(
            "{} ({})",
            moment(outcome.decided_at, now),
            took(outcome.took_ms)
        ),
    );
}

/// The colour of a state, or of how far an upload has come.
pub(crate) fn colour(standing: &str) -> Style {
    match standing {
        "deployed" | "prepared" => OK,
        "rejected" | "failed" => ERROR,
        "superseded" => DIM,
        // It is under way.
        _ => WARN,
    }
}

/// How long after the upload, from milliseconds.
fn took(milliseconds: i64) -> String {
    let tenths = milliseconds / 100;
    format!("{}.{} s after the upload", tenths / 10, tenths % 10)
}
