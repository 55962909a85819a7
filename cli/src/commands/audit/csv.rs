//! An audit as a table for spreadsheets (RFC 4180).

use countersign_gate::client::audit::{Audit, Subject};

use crate::io::escape::escape;

const HEADINGS: [&str; 16] = [
    "severity",
    "kind",
    "subject",
    "message",
    "fix",
    "command",
    "controls",
    "found_at",
    "code",
    "protection",
    "code_signing_config",
    "signing_profile_version",
    "signing_job",
    "code_sha256",
    "deployed",
    "swept_at",
];

/// A line for each finding, and one with the severity `none` for each target without a finding.
pub(super) fn render(audit: &Audit) -> String {
    let mut table = line(HEADINGS.map(str::to_owned));
    let swept_at = audit.swept_at.to_string();
    for finding in &audit.findings {
        let subject = audit
            .subjects
            .iter()
            .find(|of| of.subject == finding.subject);
        let found = [
            finding.severity.as_str().to_owned(),
            finding.kind.as_str().to_owned(),
            finding.subject.clone(),
            finding.message.clone(),
            finding.fix.to_owned(),
            finding.command.clone().unwrap_or_default(),
            finding.controls.join("; "),
            finding
                .found_at
                .map(|at| at.to_string())
                .unwrap_or_default(),
        ];
        table.push_str(&row(found, subject, &swept_at));
    }
    for subject in audit.subjects.iter().filter(|of| of.findings == 0) {
        let mut found: [String; 8] = Default::default();
        let [severity, _, name, ..] = &mut found;
        "none".clone_into(severity);
        name.clone_from(&subject.subject);
        table.push_str(&row(found, Some(subject), &swept_at));
    }
    table
}

fn row(found: [String; 8], subject: Option<&Subject>, swept_at: &str) -> String {
    let text = |of: fn(&Subject) -> &Option<String>| {
        subject
            .and_then(|subject| of(subject).clone())
            .unwrap_or_default()
    };
    let code = subject.map(|subject| subject.code.label());
    let protection = subject.map(|subject| subject.protection.label());
    let about = [
        code.unwrap_or_default().to_owned(),
        protection.unwrap_or_default().to_owned(),
        text(|of| &of.code_signing_config),
        text(|of| &of.signing_profile_version),
        text(|of| &of.signing_job),
        text(|of| &of.code_sha256),
        text(|of| &of.deployed),
        swept_at.to_owned(),
    ];
    line(found.into_iter().chain(about))
}

fn line(cells: impl IntoIterator<Item = String>) -> String {
    let cells: Vec<String> = cells.into_iter().map(|text| cell(&text)).collect();
    cells.join(",") + "\r\n"
}

/// A cell in quotes, in which no spreadsheet sees a formula. What it takes for one begins with one of these, a
/// tab or a line break: the apostrophe makes it text (OWASP, CSV injection).
fn cell(text: &str) -> String {
    let text = escape(text);
    let is_formula = text.starts_with(['=', '+', '-', '@', '|', '%']);
    let guard = if is_formula { "'" } else { "" };
    format!("\"{guard}{}\"", text.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_text() {
        for (text, expected) in [
            ("=cmd|' /C calc'!A0", "\"'=cmd|' /C calc'!A0\""),
            ("@SUM(A1)", "\"'@SUM(A1)\""),
            ("+1", "\"'+1\""),
            ("-1", "\"'-1\""),
            ("\t=1", "\"\\t=1\""),
            ("a\"b,\nc", "\"a\"\"b,\\nc\""),
            ("\u{202e}evil", "\"\\u{202e}evil\""),
            ("plain", "\"plain\""),
        ] {
            assert_eq!(cell(text), expected);
        }
    }
}
