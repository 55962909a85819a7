//! Why a package was refused: one enum for each stage, a sentence for each variant, the offending value
//! inside. Names of entries and subjects come from hostile input; they are carried escaped where they
//! are not known to be printable.

use jiff::Timestamp;
use thiserror::Error;

use crate::arn::ArnError;
use crate::digest::ContentDigest;

/// The zip can be read in two ways, breaks a limit, or would not unpack safely.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum StructureError {
    /// The file is larger than [`crate::Limits::package_bytes`].
    #[error("the package has {bytes} bytes; at most {limit} are allowed")]
    PackageTooLarge {
        /// Size of the file.
        bytes: u64,
        /// The limit it broke.
        limit: u64,
    },
    /// There is no end record whose comment reaches exactly to the end of the file.
    #[error(
        "the file does not end in a zip end record; it is not a zip, is cut short, or has bytes after its end"
    )]
    NoEndRecord,
    /// Bytes after the end record belong to no record.
    #[error("{bytes} bytes after the end record belong to no record")]
    Trailing {
        /// How many.
        bytes: u64,
    },
    /// A second end record could be found by a reader that searches differently.
    #[error("a second end record at offset {offset} could be read instead of the last one")]
    SecondEndRecord {
        /// Where the other end record starts.
        offset: u64,
    },
    /// The archive is spread over several disks.
    #[error("the archive claims to be one part of several")]
    MultiDisk,
    /// A zip64 record is missing, superfluous, or disagrees with what it extends.
    #[error("the zip64 records are not sound: {fault}")]
    Zip64 {
        /// What is wrong with them.
        fault: &'static str,
    },
    /// A record runs past the space it has.
    #[error("the {record} at offset {offset} is cut short")]
    Truncated {
        /// Which kind of record.
        record: &'static str,
        /// Where it starts.
        offset: u64,
    },
    /// Another kind of record was expected.
    #[error("there is no {record} at offset {offset}")]
    RecordExpected {
        /// Which kind of record.
        record: &'static str,
        /// Where it should start.
        offset: u64,
    },
    /// Bytes before the first entry belong to no record.
    #[error("{bytes} bytes stand before the first entry and belong to no record")]
    Prefix {
        /// How many.
        bytes: u64,
    },
    /// Bytes between records belong to no record.
    #[error("{bytes} bytes at offset {offset} belong to no record")]
    Unclaimed {
        /// Where they start.
        offset: u64,
        /// How many.
        bytes: u64,
    },
    /// Two records share bytes, or entries are listed in another order than they are stored.
    #[error("the record at offset {offset} overlaps another one or is out of order")]
    Overlap {
        /// Where the second of them starts.
        offset: u64,
    },
    /// The end record counts other entries than the directory holds.
    #[error("the end record counts {declared} entries; the central directory holds {found}")]
    EntryCount {
        /// As the end record has it.
        declared: u64,
        /// As counted.
        found: u64,
    },
    /// More entries than [`crate::Limits::entries`].
    #[error("the package has {entries} entries; at most {limit} are allowed")]
    TooManyEntries {
        /// How many it has.
        entries: u64,
        /// The limit it broke.
        limit: u64,
    },
    /// The bodies sum up to more than [`crate::Limits::unpacked_bytes`].
    #[error("the package unpacks to {bytes} bytes or more; at most {limit} are allowed")]
    UnpackedTooLarge {
        /// How many, as far as counted.
        bytes: u64,
        /// The limit it broke.
        limit: u64,
    },
    /// A body claims to inflate further than DEFLATE can.
    #[error("`{name}` claims to unpack to {size} bytes from {compressed}, more than {limit} times")]
    Ratio {
        /// The entry.
        name: String,
        /// Its declared size.
        size: u64,
        /// Its compressed size.
        compressed: u64,
        /// The limit it broke.
        limit: u64,
    },
    /// A name is not one that every reader and every file system takes for the same relative path.
    #[error("the name `{name}` is refused: {fault}")]
    Name {
        /// The name, escaped.
        name: String,
        /// What is wrong with it.
        fault: NameFault,
    },
    /// A comment, of the archive or of an entry, keeps some readers from reading the archive.
    #[error("a comment is refused: {fault}")]
    Comment {
        /// What is wrong with it.
        fault: &'static str,
    },
    /// Two entries unpack to the same path.
    #[error("`{name}` and `{other}` unpack to the same path")]
    Duplicate {
        /// The later entry.
        name: String,
        /// The earlier entry.
        other: String,
    },
    /// A path is a file for one entry and a directory for another.
    #[error("`{name}` is a file, and a directory for `{other}`")]
    FileAndDirectory {
        /// The file.
        name: String,
        /// The entry below it.
        other: String,
    },
    /// The local header and the central directory tell different things of one entry.
    #[error("local and central header of `{name}` disagree on its {field}")]
    HeadersDisagree {
        /// The entry.
        name: String,
        /// What they disagree on.
        field: &'static str,
    },
    /// The data descriptor after a body is missing, or disagrees with the directory.
    #[error("the data descriptor of `{name}` is not sound: {fault}")]
    Descriptor {
        /// The entry.
        name: String,
        /// What is wrong with it.
        fault: &'static str,
    },
    /// The entry is encrypted, or its headers are masked.
    #[error("`{name}` is encrypted")]
    Encrypted {
        /// The entry.
        name: String,
    },
    /// A general purpose flag that nobody needs and that changes how an entry is read.
    #[error("`{name}` sets the general purpose flags {flags:#06x}, which are not understood")]
    Flags {
        /// The entry.
        name: String,
        /// The flags that are not understood.
        flags: u16,
    },
    /// Neither stored nor deflated.
    #[error(
        "`{name}` uses compression method {method}; only stored (0) and deflated (8) are allowed"
    )]
    Method {
        /// The entry.
        name: String,
        /// Its method.
        method: u16,
    },
    /// The entry needs a zip feature that this reader refuses.
    #[error("`{name}` needs version {version} of the zip format, which is not understood")]
    VersionNeeded {
        /// The entry.
        name: String,
        /// Ten times the version.
        version: u16,
    },
    /// An extra field is malformed, or means something that this reader refuses.
    #[error("extra field {id:#06x} of `{name}` is refused: {fault}")]
    ExtraField {
        /// The entry.
        name: String,
        /// The field's header ID.
        id: u16,
        /// What is wrong with it.
        fault: &'static str,
    },
    /// The kind of the entry is told in two ways, or is neither file, directory nor link.
    #[error(
        "`{name}` is neither plain file, directory nor symbolic link, or contradicts itself: {fault}"
    )]
    Kind {
        /// The entry.
        name: String,
        /// What is wrong with it.
        fault: &'static str,
    },
    /// A directory entry with a body.
    #[error("the directory `{name}` has content")]
    DirectoryContent {
        /// The entry.
        name: String,
    },
    /// A symbolic link that leads out of the package, or cannot be followed safely.
    #[error("the symbolic link `{name}` is refused: {fault}")]
    Link {
        /// The entry.
        name: String,
        /// What is wrong with it.
        fault: LinkFault,
    },
    /// A body has another size than declared.
    #[error("`{name}` does not unpack to the {declared} bytes that it declares")]
    Size {
        /// The entry.
        name: String,
        /// Size in the headers.
        declared: u64,
    },
    /// A body has another CRC-32 than declared.
    #[error("`{name}` has CRC-32 {found:08x}; {declared:08x} is declared")]
    Crc {
        /// The entry.
        name: String,
        /// CRC in the headers.
        declared: u32,
        /// CRC of the body.
        found: u32,
    },
    /// The compressed data is not exactly one DEFLATE stream.
    #[error("`{name}` is not exactly one sound deflate stream: {fault}")]
    Deflate {
        /// The entry.
        name: String,
        /// What is wrong with it.
        fault: &'static str,
    },
    /// A stored body holds what a reader without the directory would take for its end.
    #[error("the stored body of `{name}` holds a data descriptor of its own at offset {offset}")]
    EmbeddedDescriptor {
        /// The entry.
        name: String,
        /// Where the false end stands in the file.
        offset: u64,
    },
    /// The signature entry is not a plain file of a sensible size.
    #[error("the signature entry is refused: {fault}")]
    SignatureEntry {
        /// What is wrong with it.
        fault: &'static str,
    },
}

/// What is wrong with an entry's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum NameFault {
    /// No bytes at all.
    #[error("it is empty")]
    Empty,
    /// Longer than [`crate::Limits::name_bytes`], or a component longer than
    /// [`crate::Limits::component_bytes`].
    #[error("it is too long to be unpacked on Linux")]
    TooLong,
    /// Starts with a slash.
    #[error("it is absolute")]
    Absolute,
    /// Starts with a drive letter and a colon.
    #[error("it starts with a drive letter")]
    Drive,
    /// Has a `..` component.
    #[error("it climbs out of its directory with `..`")]
    Climbs,
    /// Has a `.` component.
    #[error("it has a `.` component")]
    Dot,
    /// Has two slashes in a row.
    #[error("it has an empty component")]
    EmptyComponent,
    /// Holds a backslash, which some readers turn into a slash.
    #[error("it holds a backslash")]
    Backslash,
    /// Holds NUL, where some readers cut the name.
    #[error("it holds a NUL byte")]
    Nul,
    /// Holds a control character.
    #[error("it holds a control character")]
    Control,
    /// Starts with a byte order mark, which some readers drop.
    #[error("it starts with a byte order mark")]
    ByteOrderMark,
    /// Ends in a semicolon and digits, which Info-ZIP takes for a version on VMS and drops.
    #[error("it ends in a version number as on VMS")]
    Version,
    /// Not UTF-8, whatever the flag says: readers guess the code page.
    #[error("it is not UTF-8, so that readers would guess its encoding")]
    NotUtf8,
    /// Not ASCII, and not marked as UTF-8 by flag 11.
    #[error("it is not ASCII and not marked as UTF-8, so that readers would guess its encoding")]
    Unmarked,
    /// With it, the names that are not in composed form have more than [`crate::Limits::composed_bytes`].
    #[error("the package has more names in decomposed Unicode than can be compared")]
    Budget,
}

/// What is wrong with a symbolic link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum LinkFault {
    /// No target.
    #[error("its target is empty")]
    Empty,
    /// Target longer than [`crate::Limits::link_bytes`].
    #[error("its target is too long")]
    TooLong,
    /// Target starts with a slash.
    #[error("its target is absolute")]
    Absolute,
    /// Target leads above the root of the package.
    #[error("its target climbs out of the package")]
    Climbs,
    /// Target holds NUL, backslash, control characters, or is not UTF-8.
    #[error("its target is not a portable path")]
    NotPortable,
    /// Following all links would take more work than honest packages need.
    #[error("the package's links take too much work to follow")]
    Budget,
    /// An entry is written below a link, or the target passes through another link.
    #[error("a path leads through it")]
    Through,
}

/// The signature entry is malformed, or does not verify. Judged in the order of the variants' groups:
/// envelope, signer, attributes, claims, chain, signature value; the first failure is reported, because later
/// ones follow from earlier ones.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SignatureError {
    /// The armour is not one strict PEM block with the label `PKCS7`.
    #[error("the signature is not one strict PEM block labelled PKCS7: {fault}")]
    Pem {
        /// What is wrong with it.
        fault: &'static str,
    },
    /// The encoding inside is not sound BER, or not the structure that CMS prescribes.
    #[error("the signature's encoding is not sound at byte {offset} ({field}): {fault}")]
    Encoding {
        /// Offset into the decoded bytes.
        offset: usize,
        /// Which field was being read.
        field: &'static str,
        /// What is wrong with it.
        fault: &'static str,
    },
    /// The content is not CMS `SignedData`.
    #[error("the content type {oid} is not SignedData")]
    NotSignedData {
        /// What it is.
        oid: String,
    },
    /// A version number other than 1.
    #[error("the {field} has version {version}, not 1")]
    Version {
        /// Which structure.
        field: &'static str,
        /// Its version.
        version: u64,
    },
    /// The signature carries its own content.
    #[error("the signature carries its own content instead of the package's digest")]
    NotDetached,
    /// The signed content is not id-data.
    #[error("the signed content type is {oid}, not id-data")]
    ContentType {
        /// What it is.
        oid: String,
    },
    /// Other than exactly one signer.
    #[error("there are {count} signers, not exactly one")]
    SignerCount {
        /// How many.
        count: usize,
    },
    /// Revocation lists are not part of the format.
    #[error("the signature carries revocation lists, which the format does not have")]
    RevocationLists,
    /// Unsigned attributes are not part of the format.
    #[error("the signer has unsigned attributes, which the format does not have")]
    UnsignedAttributes,
    /// Without signed attributes a signature over content can be replayed as one over attributes.
    #[error("the signer has no signed attributes")]
    NoSignedAttributes,
    /// An algorithm other than those of the platform AWSLambda-SHA384-ECDSA.
    #[error("the {field} algorithm is {oid}, not {expected}")]
    Algorithm {
        /// Where it stands.
        field: &'static str,
        /// What it is.
        oid: String,
        /// What it should be.
        expected: &'static str,
    },
    /// More certificates than can be needed.
    #[error("there are {count} certificates; at most {limit} are allowed")]
    TooManyCertificates {
        /// How many.
        count: usize,
        /// The limit.
        limit: usize,
    },
    /// A certificate cannot be read.
    #[error("certificate {index} cannot be read ({field}): {fault}")]
    Certificate {
        /// Position in the certificate set, from 0.
        index: usize,
        /// Which field was being read.
        field: &'static str,
        /// What is wrong with it.
        fault: &'static str,
    },
    /// The attributes are not in the DER SET order.
    #[error("the signed attributes are not in DER order")]
    AttributeOrder,
    /// An attribute appears twice, or has other than one value.
    #[error("the signed attribute {oid} is given twice, or has not exactly one value")]
    DuplicateAttribute {
        /// Which one.
        oid: String,
    },
    /// An attribute that the format does not have.
    #[error("the signed attribute {oid} is not understood")]
    UnknownAttribute {
        /// Which one.
        oid: String,
    },
    /// An attribute that the format always has is missing.
    #[error("the signed attribute {name} is missing")]
    MissingAttribute {
        /// Which one.
        name: &'static str,
    },
    /// An attribute's value is not what the format has.
    #[error("the signed attribute {name} is malformed: {fault}")]
    AttributeValue {
        /// Which one.
        name: &'static str,
        /// What is wrong with it.
        fault: &'static str,
    },
    /// The algorithms under protection of the signature are not those beside it (RFC 6211).
    #[error("the protected algorithms are not those that the signer names")]
    AlgorithmProtection,
    /// An ARN in the signed attributes is malformed.
    #[error("the signed attribute {name} is not an ARN of its kind: {source}")]
    Claim {
        /// Which one.
        name: &'static str,
        /// What is wrong with it.
        source: ArnError,
    },
    /// Expired before it was signed.
    #[error("the signature expires at {expires_at}, not after it was made at {signed_at}")]
    ExpiresBeforeSigned {
        /// signingTime.
        signed_at: Timestamp,
        /// Signature expiry.
        expires_at: Timestamp,
    },
    /// The signer names a certificate that the package does not hold.
    #[error("the signer's certificate is not in the package")]
    NoSignerCertificate,
    /// The signer's certificate is a CA.
    #[error("the signer's certificate `{subject}` is a CA")]
    SignerIsCa {
        /// Whose certificate.
        subject: String,
    },
    /// The signer's certificate may not sign data.
    #[error("the signer's certificate `{subject}` may not be used for digital signatures")]
    SignerKeyUsage {
        /// Whose certificate.
        subject: String,
    },
    /// The signer's certificate may not sign code, or an issuer's purposes leave that out.
    #[error("the certificate `{subject}` is not for code signing")]
    SignerPurpose {
        /// Whose certificate.
        subject: String,
    },
    /// A critical extension that is not understood.
    #[error(
        "the certificate `{subject}` has the critical extension {oid}, which is not understood"
    )]
    CriticalExtension {
        /// Whose certificate.
        subject: String,
        /// Which extension.
        oid: String,
    },
    /// A certificate was not yet valid at signing time.
    #[error(
        "the certificate `{subject}` was valid from {not_before}, after the signing at {signed_at}"
    )]
    NotYetValid {
        /// Whose certificate.
        subject: String,
        /// Start of its validity.
        not_before: Timestamp,
        /// signingTime.
        signed_at: Timestamp,
    },
    /// A certificate was no longer valid at signing time.
    #[error(
        "the certificate `{subject}` was valid until {not_after}, before the signing at {signed_at}"
    )]
    Expired {
        /// Whose certificate.
        subject: String,
        /// End of its validity.
        not_after: Timestamp,
        /// signingTime.
        signed_at: Timestamp,
    },
    /// An issuer is not a CA, or may not sign certificates.
    #[error("`{subject}` issued a certificate, but is not a CA that may")]
    IssuerNotCa {
        /// Whose certificate.
        subject: String,
    },
    /// More CAs below an issuer than its path length allows.
    #[error("the chain below `{subject}` is longer than its path length of {limit}")]
    PathLength {
        /// Whose certificate.
        subject: String,
        /// Its pathLenConstraint.
        limit: u64,
    },
    /// A certificate's own signature does not verify with its issuer's key.
    #[error("the signature on the certificate `{subject}` does not verify")]
    CertificateSignature {
        /// Whose certificate.
        subject: String,
    },
    /// No chain leads to a pinned root.
    #[error(
        "no chain leads from the signer to a trusted root; `{issuer}` is not known or not trusted"
    )]
    UntrustedIssuer {
        /// The issuer that was looked for last.
        issuer: String,
    },
    /// A certificate that is no part of the chain: nothing vouches for it, and nothing explains it.
    #[error("the certificate `{subject}` in the package is no part of the signer's chain")]
    SurplusCertificate {
        /// Whose certificate.
        subject: String,
    },
    /// Path building cost more than its budget.
    #[error("building the certificate chain took more than its budget")]
    ChainBudget,
    /// The ECDSA value is not strict DER.
    #[error("the signature value is not a strictly encoded ECDSA signature")]
    EcdsaEncoding,
    /// r or s is zero, or not below the order of P-384.
    #[error("the signature value is out of the range of P-384")]
    EcdsaRange,
    /// The signed attributes were not signed by this key.
    #[error(
        "the signature does not verify: its attributes, its value or its certificate were changed"
    )]
    SignatureMismatch,
}

/// Why a package is not what a publisher signed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum IntegrityError {
    /// There is no signature entry.
    #[error(
        "the package is not signed: it has no entry {}",
        crate::SIGNATURE_ENTRY
    )]
    Unsigned,
    /// The signature itself is malformed or does not verify.
    #[error(transparent)]
    Signature(#[from] SignatureError),
    /// The signature is sound, but over other contents.
    #[error(
        "the contents are not those that were signed: their digest is {found}, the signed one {signed}"
    )]
    DigestMismatch {
        /// The messageDigest attribute, in hexadecimal.
        signed: String,
        /// SHA-384 of the package's content digest, in hexadecimal.
        found: String,
        /// The content digest itself.
        content: ContentDigest,
    },
}

/// Why a signed package is not its source plus a signature.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum OriginError {
    /// The source already holds a signature, or the directory for it.
    #[error("the source already holds `{name}`; it is signed already or imitates it")]
    SourceSigned {
        /// The entry.
        name: String,
    },
    /// The signed package does not end in the directory and the signature that Signer appends.
    #[error(
        "the signed package does not end in the two entries that Signer appends, exactly as Signer writes them"
    )]
    NotAppended,
    /// An entry of the source is missing in the signed package, or stands elsewhere.
    #[error(
        "entry {index} is `{source_name}` in the source and `{signed_name}` in the signed package"
    )]
    Name {
        /// Position in the directory, from 0.
        index: usize,
        /// Name in the source.
        source_name: String,
        /// Name in the signed package.
        signed_name: String,
    },
    /// The signed package has other than two entries more than the source.
    #[error(
        "the source has {source_entries} entries, the signed package {signed_entries}; Signer adds exactly two"
    )]
    Count {
        /// Entries of the source.
        source_entries: usize,
        /// Entries of the signed package.
        signed_entries: usize,
    },
    /// An entry has another body.
    #[error("`{name}` has another body than in the source")]
    Body {
        /// The entry.
        name: String,
    },
    /// An entry is of another kind.
    #[error("`{name}` is of another kind than in the source")]
    Kind {
        /// The entry.
        name: String,
    },
    /// An entry has another Unix mode.
    #[error("`{name}` has another mode than in the source")]
    Mode {
        /// The entry.
        name: String,
        /// Mode in the source.
        source_mode: Option<u32>,
        /// Mode in the signed package.
        signed_mode: Option<u32>,
    },
    /// The source's own bodies are not sound, so that nothing can be compared with them.
    #[error("the source cannot be read: {0}")]
    Source(#[source] StructureError),
    /// The signed package's bodies are not sound.
    #[error("the signed package cannot be read: {0}")]
    Signed(#[source] StructureError),
}

/// Why a set of trust roots was refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TrustRootError {
    /// Not PEM, or no certificate in it.
    #[error("the trust roots are not PEM certificates: {fault}")]
    Pem {
        /// What is wrong.
        fault: &'static str,
    },
    /// A certificate in it cannot be read, or cannot be a root.
    #[error("trust root {index} is refused: {fault}")]
    Certificate {
        /// Position in the file, from 0.
        index: usize,
        /// What is wrong with it.
        fault: &'static str,
    },
}
