//! From the core's errors to reason codes, in one place.
//!
//! The core's enums are non-exhaustive, so the compiler cannot demand that each variant be here; a
//! test reads their source and does.

use crate::domain::{KeyError, ReasonCode};
use countersign_package::{IntegrityError, OriginError, SignatureError, StructureError};

/// The code for a key that names no target.
#[must_use]
pub fn of_key(error: &KeyError) -> ReasonCode {
    match error {
        KeyError::Prefix { .. } => ReasonCode::KeyPrefix,
        KeyError::Nested { .. } => ReasonCode::KeyNested,
        KeyError::Suffix { .. } => ReasonCode::KeySuffix,
        KeyError::Name { .. } => ReasonCode::KeyName,
    }
}

/// The code for a zip that is not sound.
#[must_use]
pub fn of_structure(error: &StructureError) -> ReasonCode {
    use StructureError as E;
    match error {
        E::PackageTooLarge { .. } => ReasonCode::PackageTooLarge,
        E::UnpackedTooLarge { .. } | E::Ratio { .. } => ReasonCode::UnpackedTooLarge,
        E::TooManyEntries { .. } => ReasonCode::TooManyEntries,
        E::NoEndRecord => ReasonCode::NotAZip,
        E::Truncated { .. } | E::RecordExpected { .. } => ReasonCode::ZipTruncated,
        E::SecondEndRecord { .. }
        | E::MultiDisk
        | E::Zip64 { .. }
        | E::Prefix { .. }
        | E::Trailing { .. }
        | E::Unclaimed { .. }
        | E::Overlap { .. }
        | E::EntryCount { .. }
        | E::HeadersDisagree { .. }
        | E::Descriptor { .. }
        | E::ExtraField { .. }
        | E::Comment { .. }
        | E::EmbeddedDescriptor { .. } => ReasonCode::ZipAmbiguous,
        E::Name { .. } => ReasonCode::EntryName,
        E::Duplicate { .. } | E::FileAndDirectory { .. } => ReasonCode::EntryDuplicate,
        E::Encrypted { .. } | E::Flags { .. } | E::Method { .. } | E::VersionNeeded { .. } => {
            ReasonCode::EntryUnsupported
        }
        E::Kind { .. } | E::DirectoryContent { .. } => ReasonCode::EntryKind,
        E::Link { .. } => ReasonCode::LinkUnsafe,
        E::Size { .. } | E::Crc { .. } | E::Deflate { .. } => ReasonCode::EntryDamaged,
        E::SignatureEntry { .. } => ReasonCode::SignatureEntry,
        _ => ReasonCode::StructureUnsound,
    }
}

/// The code for a signature that is not sound.
#[must_use]
pub fn of_signature(error: &SignatureError) -> ReasonCode {
    use SignatureError as E;
    match error {
        E::Pem { .. } | E::Encoding { .. } | E::Certificate { .. } => ReasonCode::SignatureMalformed,
        E::NotSignedData { .. }
        | E::Version { .. }
        | E::NotDetached
        | E::ContentType { .. }
        | E::SignerCount { .. }
        | E::RevocationLists
        | E::UnsignedAttributes
        | E::Algorithm { .. }
        | E::TooManyCertificates { .. }
        // Nothing that the chain rests on: it may have been put there, or be a novelty of AWS's.
        | E::SurplusCertificate { .. } => ReasonCode::SignatureFormat,
        E::NoSignedAttributes
        | E::AttributeOrder
        | E::DuplicateAttribute { .. }
        | E::UnknownAttribute { .. }
        | E::MissingAttribute { .. }
        | E::AttributeValue { .. }
        | E::AlgorithmProtection
        | E::Claim { .. }
        | E::ExpiresBeforeSigned { .. } => ReasonCode::SignatureAttributes,
        E::NoSignerCertificate
        | E::SignerIsCa { .. }
        | E::SignerKeyUsage { .. }
        | E::SignerPurpose { .. } => ReasonCode::SignerCertificate,
        E::CriticalExtension { .. }
        | E::NotYetValid { .. }
        | E::Expired { .. }
        | E::IssuerNotCa { .. }
        | E::PathLength { .. }
        | E::CertificateSignature { .. }
        | E::ChainBudget => ReasonCode::ChainInvalid,
        E::UntrustedIssuer { .. } => ReasonCode::ChainUntrusted,
        E::EcdsaEncoding | E::EcdsaRange | E::SignatureMismatch => ReasonCode::SignatureInvalid,
        _ => ReasonCode::IntegrityUnsound,
    }
}

/// The code for a package that is not what a publisher signed.
#[must_use]
pub fn of_integrity(error: &IntegrityError) -> ReasonCode {
    match error {
        IntegrityError::Unsigned => ReasonCode::Unsigned,
        IntegrityError::Signature(error) => of_signature(error),
        IntegrityError::DigestMismatch { .. } => ReasonCode::ContentChanged,
        _ => ReasonCode::IntegrityUnsound,
    }
}

/// The code for a signed package that is not its source plus a signature.
#[must_use]
#[expect(
    clippy::match_same_arms,
    reason = "a variant that is not known yet is a mismatch, too; the known ones stay named"
)]
pub fn of_origin(error: &OriginError) -> ReasonCode {
    use OriginError as E;
    match error {
        E::SourceSigned { .. } => ReasonCode::SourceSigned,
        E::Source(_) => ReasonCode::SourceUnreadable,
        E::Signed(error) => of_structure(error),
        E::NotAppended
        | E::Name { .. }
        | E::Count { .. }
        | E::Body { .. }
        | E::Kind { .. }
        | E::Mode { .. } => ReasonCode::OriginMismatch,
        _ => ReasonCode::OriginMismatch,
    }
}

#[cfg(test)]
mod tests {
    /// The names of an enum's variants, read off its source.
    fn variants<'a>(source: &'a str, name: &str) -> Vec<&'a str> {
        let start = source
            .find(&format!("pub enum {name} {{"))
            .expect("the enum is there");
        let body = &source[start..];
        let body = &body[..body.find("\n}").expect("the enum ends")];
        body.lines()
            .filter(|line| line.starts_with("    ") && !line.starts_with("     "))
            .filter_map(|line| {
                let line = line.trim();
                let word = line.split(|c: char| !c.is_alphanumeric()).next()?;
                word.starts_with(|c: char| c.is_ascii_uppercase())
                    .then_some(word)
            })
            .collect()
    }

    #[test]
    fn every_error_of_the_core_is_mapped_by_name() {
        let errors = concat!(
            include_str!("../../../package/src/error.rs"),
            include_str!("../../../package/src/error/structure.rs"),
            include_str!("../../../package/src/error/signature.rs"),
        );
        let here = include_str!("reasons.rs");
        for name in [
            "StructureError",
            "SignatureError",
            "IntegrityError",
            "OriginError",
        ] {
            let found = variants(errors, name);
            assert!(found.len() >= 3, "{name}: {found:?}");
            let alias = if name == "IntegrityError" { name } else { "E" };
            for variant in found {
                let spelt = format!("{alias}::{variant}");
                let is_there = here
                    .match_indices(&spelt)
                    .any(|(at, text)| here[at + text.len()..].starts_with([' ', '(', '\n', '{']));
                assert!(is_there, "{name}::{variant} has no code");
            }
        }
    }

    #[test]
    fn the_reader_of_variants_reads() {
        assert_eq!(
            variants(
                "pub enum X {\n    /// A.\n    A,\n    #[b]\n    B {\n        c: u8,\n    },\n}",
                "X"
            ),
            ["A", "B"]
        );
    }
}
