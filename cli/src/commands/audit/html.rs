//! An audit as one page: pictures first, then tables. Styles and script are in the page and named in its policy
//! by their hashes, so that nothing else can run in it, whatever the account calls its functions.

use std::fmt::Write as _;

use countersign_gate::{
    client::audit::{Audit, AuditFinding, AuditSeverity, CodeStanding, Protection, Subject},
    domain::sha256_base64,
};

use super::{
    charts::{Part, Point, bar, ranking, trend},
    markup::escaped,
    text::STALE_NOTICE,
};
use crate::io::moment::{age, utc};

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// Signers that are drawn; the tables have all.
const MAX_SIGNERS: usize = 12;

/// The page. Writing to a String cannot fail; the results are dropped for that reason.
pub(super) fn render(audit: &Audit) -> String {
    let (style, script) = (
        sha256_base64(STYLE.as_bytes()),
        sha256_base64(SCRIPT.as_bytes()),
    );
    let stack = escaped(&audit.stack);
    let mut page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-{style}'; \
         script-src 'sha256-{script}'; base-uri 'none'; form-action 'none'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n\
         <title>Code signing of {stack}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
    );
    let _ = write!(
        page,
        "<header><h1>Code signing of <bdi>{stack}</bdi></h1><p>As the last sweep saw it, {}, {} before this page \
         was made.</p></header>\n<main>\n",
        utc(audit.swept_at),
        age(audit.age_seconds)
    );
    if audit.is_old {
        let _ = writeln!(
            page,
            "<p class=\"banner\" role=\"alert\">Old: {STALE_NOTICE}.</p>"
        );
    }
    for trouble in &audit.not_looked_at {
        let trouble = escaped(trouble);
        let _ = writeln!(
            page,
            "<p class=\"banner\">Not looked at: <bdi>{trouble}</bdi></p>"
        );
    }
    tiles(&mut page, audit);
    charts(&mut page, audit);
    findings(&mut page, audit);
    subjects(&mut page, audit);
    configurations(&mut page, audit);
    let _ = write!(
        page,
        "</main>\n<footer>Made by countersign {} from posture.json. CIS: CIS AWS Compute Services Benchmark; NIST: \
         SP 800-53, revision 5.</footer>\n<script>{SCRIPT}</script>\n</body>\n</html>\n",
        env!("CARGO_PKG_VERSION")
    );
    page
}

fn tiles(page: &mut String, audit: &Audit) {
    let summary = &audit.summary;
    let of = |severity| summary.findings.get(&severity).copied().unwrap_or(0);
    let code = |standing| summary.code.get(&standing).copied().unwrap_or(0);
    let signed = code(CodeStanding::Gated).saturating_add(code(CodeStanding::Signed));
    let all = [
        CodeStanding::Gated,
        CodeStanding::Signed,
        CodeStanding::Unsigned,
        CodeStanding::NotKnown,
    ];
    let total: usize = all.into_iter().map(code).sum();
    let percent = signed.saturating_mul(100).checked_div(total);
    let percent = percent.map_or_else(|| "–".to_owned(), |percent| format!("{percent} %"));
    let _ = writeln!(page, "<section class=\"tiles\" aria-label=\"In numbers\">");
    let mut tile = |class: &str, number: String, label: &str| {
        let _ = writeln!(
            page,
            "<p class=\"tile {class}\"><b>{number}</b> {label}</p>"
        );
    };
    tile(
        "plain",
        percent,
        &format!("of {total} functions run signed code"),
    );
    for (severity, class) in [
        (AuditSeverity::Critical, "bad"),
        (AuditSeverity::Warning, "warn"),
        (AuditSeverity::Note, "plain"),
    ] {
        let count = of(severity);
        let class = if count == 0 { "good" } else { class };
        let plural = if count == 1 { "" } else { "s" };
        let word = match severity {
            AuditSeverity::Critical => "critical finding",
            AuditSeverity::Warning => "warning",
            AuditSeverity::Note => "note",
        };
        tile(class, count.to_string(), &format!("{word}{plural}"));
    }
    let _ = writeln!(page, "</section>");
}

fn charts(page: &mut String, audit: &Audit) {
    let summary = &audit.summary;
    let code: Vec<Part<'_>> = CodeStanding::ALL
        .iter()
        .map(|standing| Part {
            label: standing.label(),
            count: summary.code.get(standing).copied().unwrap_or(0),
            class: match standing {
                CodeStanding::Gated => "good",
                CodeStanding::Signed => "fair",
                CodeStanding::Unsigned => "bad",
                CodeStanding::Image => "image",
                CodeStanding::Gate => "gate",
                CodeStanding::Absent | CodeStanding::NotKnown => "unknown",
            },
        })
        .collect();
    let protection: Vec<Part<'_>> = Protection::ALL
        .iter()
        .map(|of| Part {
            label: of.label(),
            count: summary.protection.get(of).copied().unwrap_or(0),
            class: match of {
                Protection::Enforce => "good",
                Protection::Warn => "warn",
                Protection::None => "bad",
                Protection::NotApplicable => "unknown",
            },
        })
        .collect();
    let mut signers: Vec<(String, usize)> = summary
        .signers
        .iter()
        .map(|(signer, count)| (signer.clone(), *count))
        .collect();
    signers.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    signers.truncate(MAX_SIGNERS);
    let _ = writeln!(page, "<section class=\"charts\" aria-label=\"Pictures\">");
    page.push_str(&bar("What functions run", &code));
    page.push_str(&bar(
        "What Lambda does with code that nobody it trusts has signed",
        &protection,
    ));
    page.push_str(&ranking("Who signed what runs", &signers));
    let points: Vec<Point> = audit
        .trend
        .iter()
        .map(|point| Point {
            at: point.at.as_second(),
            day: point.at.strftime("%Y-%m-%d").to_string(),
            part: point.signed,
            whole: point.functions,
        })
        .collect();
    let _ = writeln!(page, "</section>");
    let trend = trend(
        "Functions that run signed code, day by day",
        "Signed",
        &points,
    );
    if !trend.is_empty() {
        // A line over a month is read across the whole page, and a wall screen is wide.
        let _ = write!(page, "<section aria-label=\"Trend\">\n{trend}</section>\n");
    }
}

/// The beginning of a section with a table that the script sorts and filters.
fn table(page: &mut String, title: &str, headings: &[&str]) {
    let cells: Vec<String> = headings
        .iter()
        .map(|heading| format!("<th scope=\"col\">{heading}</th>"))
        .collect();
    let _ = writeln!(
        page,
        "<section><h2>{title}</h2><div class=\"wide\" role=\"region\" aria-label=\"{title}\" tabindex=\"0\"><table><thead><tr>{}</tr></thead><tbody>",
        cells.concat()
    );
}

fn end_table(page: &mut String) {
    let _ = writeln!(page, "</tbody></table></div></section>");
}

fn findings(page: &mut String, audit: &Audit) {
    let headings = ["Severity", "Subject", "Finding", "What to do", "Controls"];
    table(page, "Findings", &headings);
    for finding in &audit.findings {
        finding_row(page, finding);
    }
    if audit.findings.is_empty() {
        let _ = writeln!(page, "<tr><td colspan=\"5\">Nothing found.</td></tr>");
    }
    end_table(page);
}

fn finding_row(page: &mut String, finding: &AuditFinding) {
    let command = finding
        .command
        .as_deref()
        .map(|command| format!("<pre><code>{}</code></pre>", escaped(command)));
    let since = finding
        .found_at
        .map(|at| format!("<br><span class=\"dim\">since {at}</span>"));
    let controls = finding.controls.iter().map(|control| escaped(control));
    let controls: Vec<String> = controls.collect();
    let _ = writeln!(
        page,
        "<tr><td data-key=\"{}\"><span class=\"tag {}\">{}</span></td><td class=\"subject\"><bdi>{}</bdi></td><td \
         class=\"text\"><b>{}</b><br><bdi>{}</bdi>{}</td><td class=\"text\">{}{}</td><td class=\"controls\">{}</td></tr>",
        rank(finding.severity),
        class(finding.severity),
        finding.severity.as_str(),
        escaped(&finding.subject),
        finding.kind.as_str(),
        escaped(&finding.message),
        since.unwrap_or_default(),
        escaped(finding.fix),
        command.unwrap_or_default(),
        controls.join(",<br>"),
    );
}

fn subjects(page: &mut String, audit: &Audit) {
    let headings = [
        "Target",
        "Code",
        "Policy",
        "Findings",
        "Signed by",
        "Deployed as",
        "CodeSha256",
    ];
    table(page, "Functions and layers", &headings);
    for subject in &audit.subjects {
        subject_row(page, subject);
    }
    end_table(page);
}

fn subject_row(page: &mut String, subject: &Subject) {
    let text = |text: &Option<String>| escaped(text.as_deref().unwrap_or("–"));
    let _ = writeln!(
        page,
        "<tr><td class=\"subject\"><bdi>{}</bdi></td><td>{}</td><td>{}</td><td>{}</td><td class=\"id\">{}</td><td>{}</td><td \
         class=\"id\">{}</td></tr>",
        escaped(&subject.subject),
        subject.code.label(),
        subject.protection.label(),
        subject.findings,
        text(&subject.signing_profile_version),
        text(&subject.version),
        text(&subject.code_sha256),
    );
}

fn configurations(page: &mut String, audit: &Audit) {
    let headings = [
        "Configuration",
        "Policy",
        "Functions",
        "Findings",
        "Publishers",
    ];
    table(page, "Code signing configurations", &headings);
    for csc in &audit.configurations {
        let publishers: Vec<String> = csc
            .publishers
            .iter()
            .map(|publisher| format!("<div>{}</div>", escaped(publisher)))
            .collect();
        let _ = writeln!(
            page,
            "<tr><td class=\"id\">{}</td><td>{:?}</td><td>{}</td><td>{}</td><td class=\"id\">{}</td></tr>",
            escaped(&csc.arn),
            csc.policy,
            csc.functions,
            csc.findings,
            publishers.concat(),
        );
    }
    end_table(page);
}

/// Sorts as the severity does, the worst first.
fn rank(severity: AuditSeverity) -> u8 {
    match severity {
        AuditSeverity::Critical => 0,
        AuditSeverity::Warning => 1,
        AuditSeverity::Note => 2,
    }
}

fn class(severity: AuditSeverity) -> &'static str {
    match severity {
        AuditSeverity::Critical => "bad",
        AuditSeverity::Warning => "warn",
        AuditSeverity::Note => "plain",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_of_the_page_have_a_style() {
        let of_code = [
            include_str!("html.rs"),
            include_str!("charts.rs"),
            include_str!("page.js"),
        ];
        let mut seen = 0;
        for part in of_code.concat().split("class=\\\"").skip(1) {
            for class in part.split(['\\', '"']).next().unwrap().split(' ') {
                if !class.contains('{') && !class.is_empty() {
                    seen += 1;
                    assert!(STYLE.contains(&format!(".{class}")), "{class}");
                }
            }
        }
        assert!(seen > 10, "{seen}");
    }

    #[test]
    fn styles_and_script_can_stand_in_the_page() {
        // Their text must not end the element that they are in, and needs nothing from elsewhere.
        for text in [STYLE, SCRIPT] {
            assert!(!text.contains("</") && !text.contains("<!--"), "{text}");
            assert!(!text.contains("url(") && !text.contains("@import") && !text.contains("://"));
        }
    }
}
