//! Trust roots that the user names, and why one cannot be used.

use std::path::PathBuf;

use countersign_package::{TrustRootError, TrustRoots};

use crate::io::{error::CliError, input};

const BEGIN: &str = "-----BEGIN ";

/// The roots in these files, or those that are built in if there are none.
pub(crate) fn read_trust_roots(paths: &[PathBuf]) -> Result<TrustRoots, CliError> {
    if paths.is_empty() {
        return Ok(TrustRoots::aws());
    }
    let mut all = Vec::new();
    for path in paths {
        let pem = input::read(path, "the trust root")?;
        TrustRoots::from_pem(&pem).map_err(|error| {
            let shown = path.display();
            let (why, fix) = diagnose(&pem, &error, &shown.to_string());
            CliError::new(format!("cannot use {shown}: {why}"), fix)
        })?;
        all.extend(pem);
        all.push(b'\n');
    }
    TrustRoots::from_pem(&all).map_err(|error| {
        let (why, fix) = diagnose(&[], &error, "");
        CliError::new(format!("cannot use the trust roots together: {why}"), fix)
    })
}

/// Why a file cannot be used, and what to do: the core's reason, or what the file seems to be
/// instead.
fn diagnose(bytes: &[u8], error: &TrustRootError, path: &str) -> (String, String) {
    let fix = "give a PEM file of P-384 CA certificates (-----BEGIN CERTIFICATE-----)";
    let text = String::from_utf8_lossy(bytes);
    let labels: Vec<&str> = text
        .match_indices(BEGIN)
        .filter_map(|(at, _)| text.get(at..)?.strip_prefix(BEGIN)?.split("-----").next())
        .collect();
    if labels.iter().any(|label| label.ends_with("PRIVATE KEY")) {
        return (
            "there is a private key in it".to_owned(),
            "give a file of certificates alone, and keep the key where nobody hands it around"
                .to_owned(),
        );
    }
    if let Some(label) = labels.iter().find(|label| **label != "CERTIFICATE") {
        return (
            format!("there is a {label} in it, which is no certificate"),
            fix.to_owned(),
        );
    }
    // A SEQUENCE of more than 255 bytes, as every certificate of P-384 is.
    if labels.is_empty() && bytes.starts_with(&[0x30, 0x82]) {
        return (
            "it is DER, not PEM".to_owned(),
            format!("convert it: openssl x509 -inform der -in '{path}' -out root.pem"),
        );
    }
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return (
            "it is UTF-16; PEM is ASCII".to_owned(),
            "save it as ASCII or UTF-8".to_owned(),
        );
    }
    match error {
        TrustRootError::Certificate { index, fault } => (
            format!(
                "certificate {} is refused: {fault}",
                index.saturating_add(1)
            ),
            fix.to_owned(),
        ),
        TrustRootError::Pem { .. } => match line_with_blanks(&text) {
            Some(line) => (
                format!("line {line} begins or ends with a blank"),
                "take the blanks away; PEM has none at the edges of its lines".to_owned(),
            ),
            None => (error.to_string(), fix.to_owned()),
        },
    }
}

/// The first line inside a block, counted from 1, that has a blank at one of its edges.
fn line_with_blanks(text: &str) -> Option<usize> {
    let mut is_inside = false;
    for (index, line) in text.lines().enumerate() {
        is_inside |= line.trim_start().starts_with(BEGIN);
        if is_inside && line != line.trim() {
            return index.checked_add(1);
        }
        is_inside &= !line.starts_with("-----END ");
    }
    None
}
