//! From the core's errors to reason codes, in one place.
//!
//! The matches are exhaustive: the compiler demands that each variant of the core is here.

use crate::domain::ReasonCode;
use countersign_package::{
    ArnError, IntegrityError, LinkFault, NameFault, OriginError, SignatureError, StructureError,
};

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
        | E::Displaced { .. }
        | E::Trailing { .. }
        | E::Unclaimed { .. }
        | E::Overlap { .. }
        | E::EntryCount { .. }
        | E::HeadersDisagree { .. }
        | E::Descriptor { .. }
        | E::ExtraField { .. }
        | E::Comment { .. }
        | E::OtherFormat { .. }
        | E::EmbeddedDescriptor { .. } => ReasonCode::ZipAmbiguous,
        E::Name { .. } => ReasonCode::EntryName,
        E::Duplicate { .. } | E::FileAndDirectory { .. } | E::NamesCollide { .. } => {
            ReasonCode::EntryDuplicate
        }
        E::Encrypted { .. }
        | E::Flags { .. }
        | E::Method { .. }
        | E::VersionNeeded { .. }
        | E::SystemNeeded { .. } => ReasonCode::EntryUnsupported,
        E::Kind { .. } | E::DirectoryContent { .. } => ReasonCode::EntryKind,
        E::Link { .. } | E::BelowLink { .. } => ReasonCode::LinkUnsafe,
        E::Size { .. } | E::Crc { .. } | E::Deflate { .. } => ReasonCode::EntryDamaged,
        E::SignatureEntry { .. } => ReasonCode::SignatureEntry,
    }
}

/// What to do about a zip that is not sound: that of its code, or of its cause where a code has several.
#[must_use]
pub fn fix_of_structure(error: &StructureError) -> &'static str {
    use NameFault as N;
    let fault = match error {
        StructureError::Name { fault, .. } => fault,
        StructureError::BelowLink { .. } => {
            return "Delete the old zip before you pack: `zip` adds to one that is there, and keeps what was a folder and is a link \
             now. Or pack without the link.";
        }
        StructureError::Link {
            fault: LinkFault::Through,
            ..
        } => return "Point the link straight at what it is for, not through another link.",
        StructureError::Displaced { .. } => {
            return "Copy the zip as it is, byte for byte: with `*.zip binary` in .gitattributes, and in the binary mode of whatever \
             moves it. Then build it anew.";
        }
        _ => return of_structure(error).about().fix,
    };
    match fault {
        N::Absolute | N::Climbs | N::Dot | N::Empty | N::EmptyComponent => {
            "Pack with relative names, from inside the directory."
        }
        N::Drive => {
            "Rename the file or folder so that no colon follows its first letter, or pack with relative names where it is a drive."
        }
        N::Backslash => {
            "Pack with plain, relative names. Compress-Archive of Windows PowerShell writes backslashes: use `tar.exe -a \
             -cf ..\\package.zip .` there."
        }
        N::NotUtf8 => {
            "Info-ZIP's zip on Linux marks names as UTF-8 only where the locale en_US.UTF-8 is installed, whatever LC_ALL \
             says: `localedef -i en_US -f UTF-8 en_US.UTF-8` installs it."
        }
        N::TooLong | N::Nul | N::Control | N::ByteOrderMark | N::Version | N::DotsAtEnd => {
            "Rename the file, and pack it again."
        }
        N::Budget => "Rename files with names in ASCII, and pack them again.",
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
        E::Claim {
            source: ArnError::ProfileAlias,
            ..
        } => ReasonCode::ProfileAlias,
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
        | E::NameConstraints { .. }
        | E::NotYetValid { .. }
        | E::Expired { .. }
        | E::IssuerNotCa { .. }
        | E::PathLength { .. }
        | E::CertificateSignature { .. }
        | E::ChainBudget => ReasonCode::ChainInvalid,
        E::UntrustedIssuer { .. } => ReasonCode::ChainUntrusted,
        E::EcdsaEncoding | E::EcdsaRange | E::SignatureMismatch => ReasonCode::SignatureInvalid,
    }
}

/// The code for a package that is not what a publisher signed.
#[must_use]
pub fn of_integrity(error: &IntegrityError) -> ReasonCode {
    match error {
        IntegrityError::Unsigned => ReasonCode::Unsigned,
        IntegrityError::Signature(error) => of_signature(error),
        IntegrityError::DigestMismatch { .. } => ReasonCode::ContentChanged,
    }
}

/// The code for a signed package that is not its source plus a signature.
#[must_use]
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
        | E::NameReading { .. }
        | E::Kind { .. }
        | E::Mode { .. } => ReasonCode::OriginMismatch,
    }
}
