//! What a signing job or profile signed, as it is printed.

use std::fmt::Write as _;

use countersign_gate::client::audit::{Audit, Impact};
use jiff::Timestamp;
use serde::Serialize;

use super::text::STALE_NOTICE;
use crate::io::{
    escape::escape,
    moment::moment,
    style::{BOLD, DIM, OK, WARN, style},
};

/// What is never known from a sweep.
const LIMITS: &str = "looked at: $LATEST of each function, the newest version of each layer; not older versions \
     that an alias points at, nor layers that are no targets";

/// Documented in docs/cli.md.
#[derive(Serialize)]
pub(super) struct Report {
    #[serde(flatten)]
    impact: Impact,
    swept_at: Timestamp,
    age_seconds: i64,
    is_old: bool,
    not_looked_at: Vec<String>,
}

impl Report {
    pub(super) fn new(audit: &Audit, impact: Impact) -> Self {
        Self {
            impact,
            swept_at: audit.swept_at,
            age_seconds: audit.age_seconds,
            is_old: audit.is_old,
            not_looked_at: audit.not_looked_at.clone(),
        }
    }

    /// Whether something runs that it signed.
    pub(super) fn runs_anywhere(&self) -> bool {
        !self.impact.runs.is_empty()
    }
}

/// For people. Writing to a String cannot fail; the results are dropped for that reason.
pub(super) fn render(report: &Report, now: Timestamp) -> String {
    let mut text = String::new();
    let impact = &report.impact;
    let swept = format!("(swept {})", moment(report.swept_at, now));
    let signer = style(BOLD, escape(&impact.signer));
    let _ = writeln!(text, "{signer} {}", style(DIM, swept));
    if report.is_old {
        let _ = writeln!(text, "{}", style(WARN, STALE_NOTICE));
    }
    if impact.runs.is_empty() {
        let _ = writeln!(text, "{}", style(OK, "nothing runs that it signed"));
    }
    for runs in &impact.runs {
        let version = runs
            .version
            .as_deref()
            .map(|version| format!(", version {version}"));
        let _ = writeln!(
            text,
            "{}{}",
            style(BOLD, escape(&runs.subject)),
            escape(&version.unwrap_or_default())
        );
        let mut line = |label: &str, value: &Option<String>| {
            if let Some(value) = value {
                let _ = writeln!(text, "  {label:<11}{}", escape(value));
            }
        };
        line("CodeSha256", &runs.code_sha256);
        line("profile", &runs.signing_profile_version);
        line("job", &runs.signing_job);
        line("upload", &runs.deployed);
    }
    for csc in &impact.trusted_by {
        let _ = writeln!(text, "trusted by {}", escape(csc));
    }
    for trouble in &report.not_looked_at {
        let told = style(WARN, "not looked at:");
        let _ = writeln!(text, "{told} {}", escape(trouble));
    }
    let _ = writeln!(text, "{}", style(DIM, LIMITS));
    text
}
