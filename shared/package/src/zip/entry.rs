//! One entry of an archive, with what both of its headers say.

use std::ops::Range;

use super::entry_name::path;
use crate::numbers::widen;

/// Unix among the systems that an entry may be made on (APPNOTE 4.4.2.2).
pub(super) const UNIX: u8 = 3;

/// Darwin among them.
pub(super) const DARWIN: u8 = 19;

/// Which readers apply the mode of an entry, by the system that it was made on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ModeReaders {
    /// All.
    All,
    /// Those that know Darwin's.
    WithDarwin,
    /// Those that do not ask for the system.
    OfAnySystem,
}

/// What an entry unpacks to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EntryKind {
    /// A plain file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link, whose body is its target.
    Symlink,
}

/// How a body is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method {
    /// As it is (method 0).
    Stored,
    /// DEFLATE (method 8, RFC 1951).
    Deflated,
}

/// One entry of an archive. Its headers agree; whether its body is what they declare, only reading
/// it tells.
#[derive(Debug, Clone)]
pub struct Entry<'a> {
    pub(super) name: &'a str,
    pub(super) kind: EntryKind,
    /// The system that it was made on (APPNOTE 4.4.2).
    pub(super) system: u8,
    /// The upper half of the external attributes, where writers put a Unix mode.
    pub(super) mode: u16,
    /// Whether flag 11 marks the name as UTF-8.
    pub(super) is_marked_utf8: bool,
    pub(super) method: Method,
    pub(super) size: u64,
    pub(super) crc32: u32,
    /// Where the packed body starts in the file.
    pub(super) body_offset: u64,
    pub(super) packed: &'a [u8],
}

impl<'a> Entry<'a> {
    /// The name as it stands in the archive: a relative path of plain components, with a trailing
    /// slash for a directory. It may start with `./`.
    #[must_use]
    pub fn name(&self) -> &'a str {
        self.name
    }

    /// The path that it unpacks to: the name without `./` in front and without a slash at the end.
    /// Empty for `./`, the directory that everything is unpacked to.
    #[must_use]
    pub fn path(&self) -> &'a str {
        path(self.name)
    }

    /// What it unpacks to.
    #[must_use]
    pub fn kind(&self) -> EntryKind {
        self.kind
    }

    /// The Unix mode with its type bits, where the writer recorded one.
    #[must_use]
    pub fn mode(&self) -> Option<u32> {
        (self.system == UNIX).then_some(u32::from(self.mode))
    }

    /// The mode that at least some readers apply, with the readers that do: those of Unix modes,
    /// Go's on Darwin's, Node's libraries on those of every system. A mode of 0 counts on Unix and
    /// Darwin only.
    pub(crate) fn applied_mode(&self) -> (ModeReaders, Option<u32>) {
        let mode = u32::from(self.mode);
        match self.system {
            UNIX => (ModeReaders::All, Some(mode)),
            DARWIN => (ModeReaders::WithDarwin, Some(mode)),
            _ => (ModeReaders::OfAnySystem, (mode != 0).then_some(mode)),
        }
    }

    /// Where the packed body stands in the file.
    pub(super) fn body_range(&self) -> Range<u64> {
        let end = self.body_offset.saturating_add(self.compressed_size());
        self.body_offset..end
    }

    /// The system that it was made on (APPNOTE 4.4.2): 0 for FAT, 3 for Unix.
    pub(super) fn system(&self) -> u8 {
        self.system
    }

    /// Whether flag 11 marks the name as UTF-8.
    pub(super) fn is_marked_utf8(&self) -> bool {
        self.is_marked_utf8
    }

    /// How the body is packed.
    #[must_use]
    pub fn method(&self) -> Method {
        self.method
    }

    /// Bytes of the body, as declared.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Bytes of the packed body.
    #[must_use]
    pub fn compressed_size(&self) -> u64 {
        widen(self.packed.len())
    }

    /// CRC-32 of the body, as declared.
    #[must_use]
    pub fn crc32(&self) -> u32 {
        self.crc32
    }

    /// The body as it stands in the file.
    #[must_use]
    pub fn packed(&self) -> &'a [u8] {
        self.packed
    }
}
