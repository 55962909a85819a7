//! Skeleton.
use std::io::{self, Read};

use crate::error::StructureError;
use crate::limits::Limits;

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

/// One entry of an archive.
#[derive(Debug, Clone)]
pub struct Entry<'a> {
    pub(crate) name: &'a str,
    pub(crate) kind: EntryKind,
    pub(crate) mode: Option<u32>,
    pub(crate) method: Method,
    pub(crate) size: u64,
    pub(crate) crc32: u32,
    pub(crate) data: &'a [u8],
}

impl<'a> Entry<'a> {
    /// The name: a relative path of safe components, with a trailing slash for a directory.
    #[must_use]
    pub fn name(&self) -> &'a str {
        self.name
    }
    /// What it unpacks to.
    #[must_use]
    pub fn kind(&self) -> EntryKind {
        self.kind
    }
    /// Unix mode with its type bits, where the writer recorded one.
    #[must_use]
    pub fn mode(&self) -> Option<u32> {
        self.mode
    }
    /// How the body is packed.
    #[must_use]
    pub fn method(&self) -> Method {
        self.method
    }
    /// Bytes of the body.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }
    /// Bytes of the packed body.
    #[must_use]
    pub fn compressed_size(&self) -> u64 {
        u64::try_from(self.data.len()).unwrap_or(u64::MAX)
    }
    /// CRC-32 of the body, as declared.
    #[must_use]
    pub fn crc32(&self) -> u32 {
        self.crc32
    }
    /// Reads the body.
    pub fn contents(&self) -> impl Read + use<'a> {
        io::Cursor::new(self.data)
    }
}

/// A zip whose layout is proven.
#[derive(Debug, Clone)]
pub struct Archive<'a> {
    entries: Vec<Entry<'a>>,
    comment: &'a [u8],
}

impl<'a> Archive<'a> {
    /// Proves the layout.
    pub fn parse(_bytes: &'a [u8], _limits: &Limits) -> Result<Self, StructureError> {
        Err(StructureError::NoEndRecord)
    }
    /// The entries in archive order.
    #[must_use]
    pub fn entries(&self) -> &[Entry<'a>] {
        &self.entries
    }
    /// The archive comment.
    #[must_use]
    pub fn comment(&self) -> &'a [u8] {
        self.comment
    }
}
