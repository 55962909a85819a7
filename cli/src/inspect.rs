//! `countersign inspect`: what a package or a signature entry holds, without a judgement.

use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::Args;
use countersign_package::{
    Archive, Certificate, Entry, EntryKind, Limits, Method, Package, SIGNATURE_ENTRY, Signature,
};
use jiff::Timestamp;
use serde::Serialize;

use crate::{
    input::{self, Unusable},
    output::{self, Format},
    paint::{BAD, DOUBTFUL, QUIET, STRONG, paint},
    plain::{self, plain},
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
const LONGEST_HEADER: usize = 6 + SIGNED_DATA.len();

const EXAMPLES: &str = "\
Examples:
  countersign inspect signed.zip
  countersign inspect aws_signer_signature_v1.0.SF --format json

Exit status: 0 it was shown, 2 it cannot be read. Nothing here is a judgement: use verify for that.";

/// Show what is inside a package or a signature, without judging it
///
/// Prints the entries with their kinds and modes, and the signature with its attributes, claims and
/// certificates, as they describe themselves. Nothing is verified.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// A zip file, or the signature entry (.SF) taken out of one
    #[arg(value_name = "PACKAGE.zip|x.SF")]
    file: PathBuf,
    /// How to print
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

/// Reads and prints.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, Unusable> {
    let bytes = input::read(&arguments.file, "the file")?;
    let report = if bytes.starts_with(ARMOUR) {
        signature_alone(&bytes, &arguments.file)?
    } else if let Some(unusable) = changed_signature(&bytes, &arguments.file) {
        return Err(unusable);
    } else {
        package(&bytes, &arguments.file)?
    };
    match arguments.format {
        Format::Json => output::print_json(&report)?,
        Format::Text => output::print(&render(&report, &arguments.file))?,
    }
    Ok(ExitCode::SUCCESS)
}

/// What is inside; documented in docs/cli.md.
#[derive(Serialize)]
struct Report {
    package: Option<PackageReport>,
    signature: Option<SignatureReport>,
    /// Why there is a signature entry and no `signature`.
    signature_error: Option<String>,
}

#[derive(Serialize)]
struct PackageReport {
    bytes: usize,
    entries: Vec<EntryReport>,
    /// Why a body cannot be read, or is not what its headers say.
    contents_error: Option<String>,
}

#[derive(Serialize)]
struct EntryReport {
    name: String,
    kind: &'static str,
    /// Octal, as `ls` and `chmod` have it, with the bits of the kind; null where none is recorded.
    mode: Option<String>,
    method: &'static str,
    size: u64,
    compressed_size: u64,
    crc32: String,
}

#[derive(Serialize)]
struct SignatureReport {
    profile_version_arn: String,
    job_arn: String,
    signed_at: Timestamp,
    expires_at: Timestamp,
    digest_algorithm: String,
    signature_algorithm: String,
    attributes: Vec<AttributeReport>,
    certificates: Vec<CertificateReport>,
}

#[derive(Serialize)]
struct AttributeReport {
    oid: String,
    name: Option<&'static str>,
    value: String,
}

#[derive(Serialize)]
struct CertificateReport {
    /// Whether the signer names this one as its own.
    is_signer: bool,
    subject: String,
    issuer: String,
    not_before: Timestamp,
    not_after: Timestamp,
    sha256: String,
}

fn signature_alone(bytes: &[u8], path: &Path) -> Result<Report, Unusable> {
    let signature = Signature::parse(bytes).map_err(|error| {
        Unusable::new(
            format!("cannot read the signature {}: {error}", path.display()),
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
fn changed_signature(bytes: &[u8], path: &Path) -> Option<Unusable> {
    let shown = path.display();
    let armoured = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
    let armoured = armoured.trim_ascii_start();
    if armoured.starts_with(ARMOUR) {
        return Some(Unusable::new(
            format!(
                "{shown} is a signature with something before its first line, which Signer does not write"
            ),
            format!(
                "take the entry out of the package as it is: unzip -p PACKAGE.zip {SIGNATURE_ENTRY} > x.SF"
            ),
        ));
    }
    let start = bytes.get(..LONGEST_HEADER).unwrap_or(bytes);
    let is_signed_data = start
        .windows(SIGNED_DATA.len())
        .any(|window| window == SIGNED_DATA);
    (start.first() == Some(&SEQUENCE) && is_signed_data).then(|| {
        Unusable::new(
            format!("{shown} is a signature without its armour, in DER or BER"),
            format!(
                "put it on: (echo '-----BEGIN PKCS7-----'; openssl base64 -in '{shown}'; echo \
                 '-----END PKCS7-----') > x.SF"
            ),
        )
    })
}

fn package(bytes: &[u8], path: &Path) -> Result<Report, Unusable> {
    let limits = Limits::default();
    let archive = Archive::parse(bytes, &limits).map_err(|error| {
        Unusable::new(
            format!("cannot read the package {}: {error}", path.display()),
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

impl EntryReport {
    fn of(entry: &Entry<'_>) -> Self {
        Self {
            name: entry.name().to_owned(),
            kind: match entry.kind() {
                EntryKind::File => "file",
                EntryKind::Directory => "directory",
                EntryKind::Symlink => "symlink",
            },
            mode: entry.mode().map(|mode| format!("{mode:06o}")),
            method: match entry.method() {
                Method::Stored => "stored",
                Method::Deflated => "deflated",
            },
            size: entry.size(),
            compressed_size: entry.compressed_size(),
            crc32: format!("{:08x}", entry.crc32()),
        }
    }
}

impl SignatureReport {
    fn of(signature: &Signature) -> Self {
        let claims = signature.claims();
        let certificates = signature.certificates().iter().enumerate();
        Self {
            profile_version_arn: claims.profile_version().to_string(),
            job_arn: claims.job().to_string(),
            signed_at: claims.signed_at(),
            expires_at: claims.expires_at(),
            digest_algorithm: signature.digest_algorithm(),
            signature_algorithm: signature.signature_algorithm(),
            attributes: signature
                .attributes()
                .iter()
                .map(|attribute| AttributeReport {
                    oid: attribute.oid(),
                    name: attribute.name(),
                    value: attribute.display_value(),
                })
                .collect(),
            certificates: certificates
                .map(|(index, certificate)| {
                    CertificateReport::of(certificate, signature.signer() == Some(index))
                })
                .collect(),
        }
    }
}

impl CertificateReport {
    fn of(certificate: &Certificate, is_signer: bool) -> Self {
        Self {
            is_signer,
            subject: certificate.subject().to_owned(),
            issuer: certificate.issuer().to_owned(),
            not_before: certificate.not_before(),
            not_after: certificate.not_after(),
            sha256: certificate.sha256_hex(),
        }
    }
}

/// The report for people. Writing to a String cannot fail; the results are dropped for that reason.
fn render(report: &Report, path: &Path) -> String {
    let mut text = String::new();
    let note = "as it describes itself; nothing here is verified";
    let _ = writeln!(
        text,
        "{} {}",
        plain::path(path),
        paint(QUIET, format_args!("({note})"))
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
                paint(BAD, "the signature cannot be read:")
            );
        }
        (None, None) => {
            let _ = writeln!(
                text,
                "\n{}",
                paint(DOUBTFUL, "there is no signature that can be shown")
            );
        }
    }
    text
}

fn render_package(text: &mut String, package: &PackageReport) {
    let count = package.entries.len();
    let entries = if count == 1 { "entry" } else { "entries" };
    let heading = format!("{count} {entries} in {} bytes", package.bytes);
    let _ = writeln!(text, "\n{}", paint(STRONG, heading));
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
            plain(&entry.name),
        );
    }
    if let Some(error) = &package.contents_error {
        let _ = writeln!(
            text,
            "  {} {error}",
            paint(BAD, "the contents cannot be read:")
        );
    }
}

fn render_signature(text: &mut String, signature: &SignatureReport) {
    let _ = writeln!(text, "\n{}", paint(STRONG, "signature"));
    for (label, value) in [
        ("profile", &signature.profile_version_arn),
        ("job", &signature.job_arn),
        ("signed at", &signature.signed_at.to_string()),
        ("expires at", &signature.expires_at.to_string()),
        ("digest", &signature.digest_algorithm),
        ("algorithm", &signature.signature_algorithm),
    ] {
        let _ = writeln!(text, "  {label:<12}{value}");
    }
    let _ = writeln!(text, "\n{}", paint(STRONG, "signed attributes"));
    for attribute in &signature.attributes {
        let name = attribute.name.unwrap_or(&attribute.oid);
        let _ = writeln!(text, "  {name:<24}{}", attribute.value);
    }
    let _ = writeln!(text, "\n{}", paint(STRONG, "certificates"));
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
            certificate.not_before,
            certificate.not_after,
            certificate.sha256,
        );
    }
}
