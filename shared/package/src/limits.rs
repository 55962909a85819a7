//! What a package may cost to read. Every quantity that its author controls has a ceiling here.

/// Ceilings for one package. [`Limits::default`] is what AWS Lambda and AWS Signer allow, rounded
/// up to a fixed budget where they document nothing; tighter or wider values are the caller's
/// policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the zip file itself. Signer takes packages of at most 250 MB (AWS documentation).
    pub package_bytes: u64,
    /// Sum of all bodies after inflation, in bytes. Lambda allows 250 MB unzipped (AWS Lambda
    /// quotas), which its own refusals spell out as 262,144,000 bytes.
    pub unpacked_bytes: u64,
    /// Entries, directories included. Not documented by AWS: 65,535 is all a zip without zip64 can
    /// hold, and twice that leaves room for the largest `node_modules`. Listing them takes up to
    /// 200 bytes of memory each, so that this many stay below 32 MiB.
    pub entries: u64,
    /// Bytes of one entry's name. `PATH_MAX` on Linux is 4,096 with the terminating NUL, and Lambda
    /// unpacks below `/var/task/` or `/opt/`.
    pub name_bytes: usize,
    /// Bytes of one component of a name: `NAME_MAX` on Linux.
    pub component_bytes: usize,
    /// Sum of the composed spellings of names that are not composed already, in bytes, which are
    /// held in memory to be compared. Room for twenty thousand names as macOS writes them, every
    /// one with an accent; more would break the bound on memory.
    pub composed_bytes: usize,
    /// Sum of the other spellings of names outside of ASCII, in bytes, which are held in memory to
    /// be compared for readers that take another encoding for granted. Room for twenty thousand
    /// names of a hundred bytes, each twice as long as it was.
    pub respelt_bytes: usize,
    /// How many times its compressed size one body may inflate to. DEFLATE cannot exceed 1,032 (a
    /// 258-byte match for two bits), so that this refuses only sizes that are lies; the absolute
    /// ceiling is [`Limits::unpacked_bytes`].
    pub ratio: u64,
    /// Bytes of the signature entry, which is held in memory: both genuine ones have 5.2 kB.
    pub signature_bytes: u64,
    /// Bytes of a symbolic link's target, which is held in memory: `PATH_MAX` again.
    pub link_bytes: u64,
    /// Sum of the targets of all symbolic links, in bytes, which are held in memory until all are
    /// known. Room for ten thousand of them, far beyond any package seen.
    pub all_links_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            package_bytes: 262_144_000,
            unpacked_bytes: 262_144_000,
            entries: 131_072,
            name_bytes: 4_000,
            component_bytes: 255,
            composed_bytes: 2 << 20,
            respelt_bytes: 4 << 20,
            ratio: 1_032,
            signature_bytes: 65_536,
            link_bytes: 4_095,
            all_links_bytes: 1 << 20,
        }
    }
}
