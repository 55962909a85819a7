//! One entry of an archive, with what both of its headers say.

use crate::numbers::widen;

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
    pub(super) mode: Option<u32>,
    pub(super) method: Method,
    pub(super) size: u64,
    pub(super) crc32: u32,
    pub(super) packed: &'a [u8],
}

impl<'a> Entry<'a> {
    /// The name: a relative path of plain components, with a trailing slash for a directory.
    #[must_use]
    pub fn name(&self) -> &'a str {
        self.name
    }

    /// What it unpacks to.
    #[must_use]
    pub fn kind(&self) -> EntryKind {
        self.kind
    }

    /// The Unix mode with its type bits, where the writer recorded one.
    #[must_use]
    pub fn mode(&self) -> Option<u32> {
        self.mode
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
