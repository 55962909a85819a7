//! `countersign inspect`: what a package or a signature entry holds, without a judgement.

use std::path::Path;

use countersign_package::{Archive, Limits, Package, SIGNATURE_ENTRY, Signature};

use super::{
    args::Arguments,
    report::{EntryReport, PackageReport, Report, SignatureReport},
    text,
};
use crate::io::{
    error::CliError,
    exit_status::ExitStatus,
    input,
    output::{self, Format},
};

/// What a bare signature entry starts with.
const ARMOUR: &[u8] = b"-----BEGIN";
/// What some editors put before a text in UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
/// The tag that CMS starts with.
const SEQUENCE: u8 = 0x30;
/// The object identifier signedData (RFC 5652 §5.1) in DER, which comes next.
const SIGNED_DATA: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02";
/// A tag, a length of at most five bytes, and the identifier.
const MAX_HEADER_BYTES: usize = 6 + SIGNED_DATA.len();

/// Reads and prints.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitStatus, CliError> {
    let bytes = input::read_or_standard_input(&arguments.file, "the file")?;
    let report = if bytes.starts_with(ARMOUR) {
        signature_alone(&bytes, &arguments.file)?
    } else if let Some(unusable) = changed_signature(&bytes, &arguments.file) {
        return Err(unusable);
    } else {
        package(&bytes, &arguments.file)?
    };
    match arguments.format {
        Format::Json => output::print_json(&report)?,
        Format::Text => output::print(&text::render(&report, &arguments.file))?,
    }
    Ok(ExitStatus::Success)
}

fn signature_alone(bytes: &[u8], path: &Path) -> Result<Report, CliError> {
    let signature = Signature::parse(bytes).map_err(|error| {
        CliError::new(
            format!("cannot read the signature {}: {error}", input::shown(path)),
            "give the entry META_INF/aws_signer_signature_v1.0.SF as Signer wrote it",
        )
    })?;
    Ok(Report {
        package: None,
        signature: Some(SignatureReport::of(&signature)),
        signature_error: None,
    })
}

/// What to say of a signature that is not as it stands in a package. It is not shown: `verify` would refuse
/// the entry, and what is shown here should be what is judged there.
fn changed_signature(bytes: &[u8], path: &Path) -> Option<CliError> {
    let shown = input::shown(path);
    let file = if input::is_standard_input(path) {
        "x.der".to_owned()
    } else {
        path.display().to_string()
    };
    let armoured = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
    let armoured = armoured.trim_ascii_start();
    if armoured.starts_with(ARMOUR) {
        return Some(CliError::new(
            format!(
                "{shown} is a signature with something before its first line, which Signer does not write"
            ),
            format!(
                "take the entry out of the package as it is: unzip -p PACKAGE.zip {SIGNATURE_ENTRY} > x.SF"
            ),
        ));
    }
    let start = bytes.get(..MAX_HEADER_BYTES).unwrap_or(bytes);
    let is_signed_data = start
        .windows(SIGNED_DATA.len())
        .any(|window| window == SIGNED_DATA);
    (start.first() == Some(&SEQUENCE) && is_signed_data).then(|| {
        CliError::new(
            format!("{shown} is a signature without its armour, in DER or BER"),
            format!(
                "put it on: (echo '-----BEGIN PKCS7-----'; openssl base64 -in '{file}'; echo \
                 '-----END PKCS7-----') > x.SF"
            ),
        )
    })
}

fn package(bytes: &[u8], path: &Path) -> Result<Report, CliError> {
    let limits = Limits::default();
    let archive = Archive::parse(bytes, &limits).map_err(|error| {
        CliError::new(
            format!("cannot read the package {}: {error}", input::shown(path)),
            "run `countersign verify` on it for the reason code and how to fix it",
        )
    })?;
    let read = Package::read(bytes, &limits);
    let parsed = read
        .as_ref()
        .ok()
        .and_then(Package::signature_entry)
        .map(Signature::parse);
    let (signature, signature_error) = match parsed {
        Some(Ok(signature)) => (Some(SignatureReport::of(&signature)), None),
        Some(Err(error)) => (None, Some(error.to_string())),
        None => (None, None),
    };
    Ok(Report {
        package: Some(PackageReport {
            bytes: bytes.len(),
            entries: archive.entries().iter().map(EntryReport::of).collect(),
            contents_error: read.err().map(|error| error.to_string()),
        }),
        signature,
        signature_error,
    })
}
