//! The report for people.

use std::{fmt::Write as _, path::Path};

use super::report::{EntryReport, PackageReport, Report, SignatureReport};
use crate::io::{
    count::counted,
    escape::escape,
    input::shown,
    moment::utc,
    style::{BOLD, DIM, ERROR, WARN, style},
};

/// The report as text. Writing to a String cannot fail; the results are dropped for that reason.
pub(super) fn render(report: &Report, path: &Path) -> String {
    let mut text = String::new();
    let note = "as it describes itself; nothing here is verified";
    let _ = writeln!(
        text,
        "{} {}",
        escape(&shown(path)),
        style(DIM, format_args!("({note})"))
    );
    if let Some(package) = &report.package {
        render_package(&mut text, package);
    }
    match (&report.signature, &report.signature_error) {
        (Some(signature), _) => render_signature(&mut text, signature),
        (None, Some(error)) => {
            let _ = writeln!(
                text,
                "\n{} {error}",
                style(ERROR, "the signature cannot be read:")
            );
        }
        (None, None) => {
            let _ = writeln!(
                text,
                "\n{}",
                style(WARN, "there is no signature that can be shown")
            );
        }
    }
    text
}

fn render_package(text: &mut String, package: &PackageReport) {
    let heading = format!(
        "{} in {}",
        counted(package.entries.len(), "entry"),
        counted(package.bytes, "byte")
    );
    let _ = writeln!(text, "\n{}", style(BOLD, heading));
    let widest = |column: fn(&EntryReport) -> u64| {
        let longest = package.entries.iter().map(column).max().unwrap_or(0);
        longest.to_string().len()
    };
    let (size, packed) = (
        widest(|entry| entry.size),
        widest(|entry| entry.compressed_size),
    );
    for entry in &package.entries {
        let _ = writeln!(
            text,
            "  {:<9}  {:>6}  {:>size$}  {:<8}  {:>packed$}  {}  {}",
            entry.kind,
            entry.mode.as_deref().unwrap_or("-"),
            entry.size,
            entry.method,
            entry.compressed_size,
            entry.crc32,
            escape(&entry.name),
        );
    }
    if let Some(error) = &package.contents_error {
        let _ = writeln!(
            text,
            "  {} {error}",
            style(ERROR, "the contents cannot be read:")
        );
    }
}

fn render_signature(text: &mut String, signature: &SignatureReport) {
    let _ = writeln!(text, "\n{}", style(BOLD, "signature"));
    for (label, value) in [
        ("profile", &signature.profile_version_arn),
        ("job", &signature.job_arn),
        ("signed at", &utc(signature.signed_at)),
        ("expires at", &utc(signature.expires_at)),
        ("digest", &signature.digest_algorithm),
        ("algorithm", &signature.signature_algorithm),
    ] {
        let _ = writeln!(text, "  {label:<12}{value}");
    }
    let _ = writeln!(text, "\n{}", style(BOLD, "signed attributes"));
    for attribute in &signature.attributes {
        let name = attribute.name.unwrap_or(&attribute.oid);
        let _ = writeln!(text, "  {name:<24}{}", attribute.value);
    }
    let _ = writeln!(text, "\n{}", style(BOLD, "certificates"));
    for certificate in &signature.certificates {
        let role = if certificate.is_signer {
            " (the signer's)"
        } else {
            ""
        };
        let _ = writeln!(
            text,
            "  {}{role}\n    issued by {}\n    valid from {} to {}\n    SHA-256 {}",
            certificate.subject,
            certificate.issuer,
            utc(certificate.not_before),
            utc(certificate.not_after),
            certificate.sha256,
        );
    }
}
