//! A central header: what the directory at the end of a zip says of an entry (APPNOTE 4.3.12).

use super::{
    common_header::{CommonHeader, HAS_DESCRIPTOR, UTF8},
    entry::{DARWIN, EntryKind, Method, UNIX},
    entry_name,
    error::StructureError,
    extra_field::ExtraFields,
    le_reader::LeReader,
    zip64_field::{Extended, zip64_fault},
};
use crate::limits::Limits;

/// What a central header starts with.
pub(super) const CENTRAL_SIGNATURE: u32 = 0x0201_4b50;

/// A header in the central directory, checked by itself.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CentralHeader<'a> {
    pub(super) common: CommonHeader,
    pub(crate) name: &'a str,
    pub(crate) method: Method,
    pub(crate) kind: EntryKind,
    /// The system that the entry was made on.
    pub(super) system: u8,
    /// The upper half of the external attributes.
    pub(super) mode: u16,
    /// Offset of the local header.
    pub(crate) offset: u64,
}

impl<'a> CentralHeader<'a> {
    /// Reads one header from the front of `fields`, which are those of the directory from `offset`.
    pub(crate) fn read(
        fields: &mut LeReader<'a>,
        offset: u64,
        limits: &Limits,
    ) -> Result<Self, StructureError> {
        const RECORD: &str = "central header";
        fields
            .signature(CENTRAL_SIGNATURE)
            .ok_or(StructureError::RecordExpected {
                record: RECORD,
                offset,
            })?;
        let mut raw = || {
            let made_by = fields.u16()?;
            let [_, system] = made_by.to_le_bytes();
            let common = CommonHeader::read(fields)?;
            let comment_bytes = fields.u16()?;
            let disk = fields.u16()?;
            let internal = fields.u16()?;
            let dos = fields.u16()?;
            let mode = fields.u16()?;
            let local_offset = fields.u32()?;
            let name = fields.take(common.name_bytes.into())?;
            let extra = fields.take(common.extra_bytes.into())?;
            let comment = fields.take(comment_bytes.into())?;
            let attributes = Attributes {
                system,
                internal,
                dos,
                mode,
            };
            Some((common, disk, attributes, local_offset, name, extra, comment))
        };
        let (mut common, disk, attributes, local_offset, name, extra, comment) =
            raw().ok_or(StructureError::Truncated {
                record: RECORD,
                offset,
            })?;
        let name = entry_name::validate(name, limits)?;
        let extra = ExtraFields::parse(name, extra)?;
        let method = common.check(name)?;
        let extended = Extended::read(&common, local_offset, disk, extra.zip64)
            .ok_or_else(|| zip64_fault(name))?;
        if !extended.is_on_first_disk() {
            return Err(StructureError::MultiDisk);
        }
        (common.size, common.compressed) = (extended.size, extended.compressed);
        if str::from_utf8(comment).is_err() {
            return Err(StructureError::Comment {
                owner: format!("`{name}`"),
                fault: "it is not UTF-8",
            });
        }
        let Attributes { system, mode, .. } = attributes;
        let kind = attributes.kind(name)?;
        Ok(Self {
            common,
            name,
            method,
            kind,
            system,
            mode,
            offset: extended.offset,
        })
    }

    pub(crate) fn crc32(&self) -> u32 {
        self.common.crc32
    }

    pub(crate) fn size(&self) -> u64 {
        self.common.size
    }

    pub(crate) fn compressed_size(&self) -> u64 {
        self.common.compressed
    }

    pub(crate) fn has_descriptor(&self) -> bool {
        self.common.flags & HAS_DESCRIPTOR != 0
    }

    pub(super) fn is_marked_utf8(&self) -> bool {
        self.common.flags & UTF8 != 0
    }
}

/// What a central header says of the kind of its entry, beside the name.
#[derive(Debug, Clone, Copy)]
struct Attributes {
    /// The system that made the entry.
    system: u8,
    /// The internal attributes.
    internal: u16,
    /// The MS-DOS attributes.
    dos: u16,
    /// The Unix mode.
    mode: u16,
}

impl Attributes {
    /// What an entry unpacks to.
    ///
    /// The trailing slash says it, the MS-DOS attributes and the Unix mode: whichever a reader
    /// asks, it must get the same answer. Two things are accepted because all readers that were
    /// tried agree on them:
    ///
    /// - A name that ends in a slash is a directory whatever else the mode says: Maven's
    ///   plexus-archiver writes file, or all bits. (Not where it says link: some of Node's
    ///   libraries ask for that first.)
    /// - Of a pipe readers make a file, as of no type at all: Info-ZIP records what it read its
    ///   standard input from. Of a device bsdtar makes one, of a socket a file of zeros, and zip.js a
    ///   directory.
    ///
    /// Types that no system has are refused for a file. The `zip` crate takes those for links that
    /// have the bits of a link among others.
    fn kind(self, name: &str) -> Result<EntryKind, StructureError> {
        /// FAT, Unix, NTFS by APPNOTE and by Info-ZIP, VFAT, Darwin: where writers put Unix modes.
        /// Elsewhere the same bits mean something else to some readers.
        const WITH_MODES: [u8; 6] = [0, UNIX, 10, 11, 14, DARWIN];
        /// Bit 0 says that the body is text. Bit 2 has Debian's unzip forget the mode.
        const TEXT: u16 = 1;
        const REPARSE_POINT: u16 = 0x400;
        const DIRECTORY: u16 = 0o040_000;
        const LINK: u16 = 0o120_000;
        const CHARACTER_DEVICE: u16 = 0o020_000;
        const BLOCK_DEVICE: u16 = 0o060_000;
        const PIPE: u16 = 0o010_000;
        const REGULAR: u16 = 0o100_000;
        const SOCKET: u16 = 0o140_000;
        let refuse = |fault| StructureError::Kind {
            name: name.to_owned(),
            fault,
        };
        let is_unix = self.system == UNIX;
        let ends_in_slash = name.ends_with('/');
        let kind = match self.mode & 0o170_000 {
            CHARACTER_DEVICE | BLOCK_DEVICE => return Err(refuse("its mode says device")),
            LINK if ends_in_slash => return Err(refuse("its mode says link, its name directory")),
            LINK if is_unix => EntryKind::Symlink,
            LINK => {
                return Err(refuse(
                    "it is a link on a system whose Unix modes most readers ignore",
                ));
            }
            _ if ends_in_slash => EntryKind::Directory,
            DIRECTORY => return Err(refuse("its mode says directory, its name does not")),
            // Go knows pipes on Darwin, too, and most readers know no modes there.
            PIPE if self.system == DARWIN => return Err(refuse("its mode says pipe")),
            0 | PIPE | REGULAR => EntryKind::File,
            SOCKET => {
                return Err(refuse(
                    "its mode says socket, for which some readers leave no content",
                ));
            }
            _ => return Err(refuse("its mode has a type that no system has")),
        };
        if self.dos & 0x08 != 0 {
            return Err(refuse("its attributes say volume label"));
        }
        if self.dos & 0x10 != 0 && kind != EntryKind::Directory {
            return Err(refuse("its attributes say directory, its name does not"));
        }
        // 7-Zip makes a link of a body that is a reparse point of NTFS, all others a file.
        if self.dos & REPARSE_POINT != 0 && !is_unix {
            return Err(refuse("its attributes say reparse point, a link of NTFS"));
        }
        if self.mode != 0 && !WITH_MODES.contains(&self.system) {
            return Err(refuse("it has a Unix mode on a system that has none"));
        }
        if self.internal & !TEXT != 0 {
            return Err(refuse("its internal attributes are not understood"));
        }
        Ok(kind)
    }
}
