//! From the core's errors to reason codes, in one place.
//!
//! The core's enums are non-exhaustive, so the compiler cannot demand that each variant be here; a
//! test reads their source and does.

use countersign_package::{IntegrityError, OriginError, SignatureError, StructureError};

use crate::{code::Code, target::KeyError};

/// The code for a key that names no target.
#[must_use]
pub fn of_key(error: &KeyError) -> Code {
    match error {
        KeyError::Prefix { .. } => Code::KeyPrefix,
        KeyError::Nested { .. } => Code::KeyNested,
        KeyError::Suffix { .. } => Code::KeySuffix,
        KeyError::Name { .. } => Code::KeyName,
    }
}

/// The code for a zip that is not sound.
#[must_use]
pub fn of_structure(error: &StructureError) -> Code {
    use StructureError as E;
    match error {
        E::PackageTooLarge { .. } => Code::PackageTooLarge,
        E::UnpackedTooLarge { .. } | E::Ratio { .. } => Code::UnpackedTooLarge,
        E::TooManyEntries { .. } => Code::TooManyEntries,
        E::NoEndRecord => Code::NotAZip,
        E::Truncated { .. } | E::RecordExpected { .. } => Code::ZipTruncated,
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
        | E::EmbeddedDescriptor { .. } => Code::ZipAmbiguous,
        E::Name { .. } => Code::EntryName,
        E::Duplicate { .. } | E::FileAndDirectory { .. } => Code::EntryDuplicate,
        E::Encrypted { .. } | E::Flags { .. } | E::Method { .. } | E::VersionNeeded { .. } => {
            Code::EntryUnsupported
        }
        E::Kind { .. } | E::DirectoryContent { .. } => Code::EntryKind,
        E::Link { .. } => Code::LinkUnsafe,
        E::Size { .. } | E::Crc { .. } | E::Deflate { .. } => Code::EntryDamaged,
        E::SignatureEntry { .. } => Code::SignatureEntry,
        _ => Code::StructureUnsound,
    }
}

/// The code for a signature that is not sound.
#[must_use]
pub fn of_signature(error: &SignatureError) -> Code {
    use SignatureError as E;
    match error {
        E::Pem { .. } | E::Encoding { .. } | E::Certificate { .. } => Code::SignatureMalformed,
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
        | E::SurplusCertificate { .. } => Code::SignatureFormat,
        E::NoSignedAttributes
        | E::AttributeOrder
        | E::DuplicateAttribute { .. }
        | E::UnknownAttribute { .. }
        | E::MissingAttribute { .. }
        | E::AttributeValue { .. }
        | E::AlgorithmProtection
        | E::Claim { .. }
        | E::ExpiresBeforeSigned { .. } => Code::SignatureAttributes,
        E::NoSignerCertificate
        | E::SignerIsCa { .. }
        | E::SignerKeyUsage { .. }
        | E::SignerPurpose { .. } => Code::SignerCertificate,
        E::CriticalExtension { .. }
        | E::NotYetValid { .. }
        | E::Expired { .. }
        | E::IssuerNotCa { .. }
        | E::PathLength { .. }
        | E::CertificateSignature { .. }
        | E::ChainBudget => Code::ChainInvalid,
        E::UntrustedIssuer { .. } => Code::ChainUntrusted,
        E::EcdsaEncoding | E::EcdsaRange | E::SignatureMismatch => Code::SignatureInvalid,
        _ => Code::IntegrityUnsound,
    }
}

/// The code for a package that is not what a publisher signed.
#[must_use]
pub fn of_integrity(error: &IntegrityError) -> Code {
    match error {
        IntegrityError::Unsigned => Code::Unsigned,
        IntegrityError::Signature(error) => of_signature(error),
        IntegrityError::DigestMismatch { .. } => Code::ContentChanged,
        _ => Code::IntegrityUnsound,
    }
}

/// The code for a signed package that is not its source plus a signature.
#[must_use]
#[expect(
    clippy::match_same_arms,
    reason = "a variant that is not known yet is a mismatch, too; the known ones stay named"
)]
pub fn of_origin(error: &OriginError) -> Code {
    use OriginError as E;
    match error {
        E::SourceSigned { .. } => Code::SourceSigned,
        E::Source(_) => Code::SourceUnreadable,
        E::Signed(error) => of_structure(error),
        E::NotAppended
        | E::Name { .. }
        | E::Count { .. }
        | E::Body { .. }
        | E::Kind { .. }
        | E::Mode { .. } => Code::OriginMismatch,
        _ => Code::OriginMismatch,
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
            include_str!("../../package/src/error.rs"),
            include_str!("../../package/src/error/structure.rs"),
            include_str!("../../package/src/error/signature.rs"),
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
