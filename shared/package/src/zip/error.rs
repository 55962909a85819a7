//! What is wrong with a zip.

use thiserror::Error;

/// The zip can be read in two ways, breaks a limit, or would not unpack safely.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
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
    /// Bytes after the end record belong to no record. Zeros up to a block are accepted, but not
    /// where there are zip64 records.
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
    /// The directory stands further on than the end record says, and nothing was put before the archive: bytes came in
    /// between, as where something converted the ends of lines.
    #[error(
        "the records stand {bytes} bytes behind where the zip says, as if the ends of lines had been converted"
    )]
    Displaced {
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
    #[error("the comment of {owner} is refused: {fault}")]
    Comment {
        /// Whose comment: the archive's, or an entry's.
        owner: String,
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
        /// Whether both have the same size and CRC-32: then a build tool most likely packed one
        /// file twice.
        same_content: bool,
    },
    /// Two entries unpack to the same path for a program that reads names in another encoding.
    #[error("`{name}` and `{other}` unpack to the same path for a program that {reader}")]
    NamesCollide {
        /// The later entry.
        name: String,
        /// The earlier entry.
        other: String,
        /// What that program does.
        reader: &'static str,
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
        "`{name}` is packed with {}; only stored (0) and deflated (8) are allowed",
        method_name(*method)
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
    /// The entry asks for a system to be unpacked on, and some readers leave it out elsewhere.
    #[error("`{name}` asks to be unpacked on system {system}, so that some programs leave it out")]
    SystemNeeded {
        /// The entry.
        name: String,
        /// The system, as APPNOTE 4.4.2.2 counts them; 2 is `OpenVMS`.
        system: u8,
    },
    /// The file is another format, too, for programs that look for that one first.
    #[error("the file can be read as {format} as well, by its bytes at offset {offset}")]
    OtherFormat {
        /// Which format.
        format: &'static str,
        /// Where the bytes are that mark it.
        offset: u64,
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
    #[error("the symbolic link `{name}` to `{target}` is refused: {fault}")]
    Link {
        /// The entry.
        name: String,
        /// Its target, escaped; empty where it was not read.
        target: String,
        /// What is wrong with it.
        fault: LinkFault,
    },
    /// An entry would be written through a symbolic link.
    #[error("`{name}` would be unpacked through the symbolic link `{link}`")]
    BelowLink {
        /// The entry.
        name: String,
        /// The link that is one of its directories.
        link: String,
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

/// A compression method by the name that people know it by (APPNOTE.TXT 4.4.5).
fn method_name(method: u16) -> String {
    let name = match method {
        9 => "Deflate64",
        12 => "BZip2",
        14 => "LZMA",
        93 => "Zstandard",
        95 => "XZ",
        _ => return format!("compression method {method}"),
    };
    format!("{name} (compression method {method})")
}

/// What is wrong with an entry's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
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
    #[error("it starts with a letter and a colon, like a drive")]
    Drive,
    /// Has a `..` component.
    #[error("it climbs out of its directory with `..`")]
    Climbs,
    /// Has a `.` component.
    #[error("it has a `.` component")]
    Dot,
    /// Has a folder whose name ends in two dots: Java's `jar` cuts a name behind the last `../`.
    #[error(
        "it has a folder whose name ends in `..`, which some readers take for the folder above"
    )]
    DotsAtEnd,
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
    /// With it, the names that are compared in another spelling have more than
    /// [`crate::Limits::composed_bytes`] or [`crate::Limits::respelt_bytes`].
    #[error("the package has more names outside of ASCII than can be compared")]
    Budget,
}

/// What is wrong with a symbolic link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum LinkFault {
    /// No target.
    #[error("its target is empty")]
    Empty,
    /// Target longer than [`crate::Limits::link_bytes`].
    #[error("its target is too long")]
    TooLong,
    /// Target starts with a slash, and is not below `/opt/`, where layers are unpacked.
    #[error("its target is absolute, and not below /opt/")]
    Absolute,
    /// Target leads above the root of the package, or from `/opt/` to elsewhere.
    #[error("its target is outside of the package")]
    Climbs,
    /// Target holds NUL, backslash, control characters, or is not UTF-8.
    #[error("its target is not a portable path")]
    NotPortable,
    /// Following all links would take more work than honest packages need.
    #[error("the package's links take too much work to follow")]
    Budget,
    /// Target goes up again (`..`) behind another link, where that means another place.
    #[error("its target goes through another link and up again")]
    Through,
}
