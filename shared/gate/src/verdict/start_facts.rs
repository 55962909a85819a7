//! What of a package decides whether it can start: taken from its bytes once, and kept when they are not.

use std::sync::Arc;

use countersign_package::{
    ElfHeader, ElfMachine, ElfSystem, Entry, EntryKind, Inventory, Libc, Lookup, Package,
    SIGNATURE_DIRECTORY, Shebang,
};

/// The program that a custom runtime starts.
pub(super) const BOOTSTRAP: &str = "bootstrap";

/// What of a package decides whether it can start. Copies share what is known.
#[derive(Clone, Debug)]
pub struct StartFacts(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    inventory: Inventory,
    bootstrap: Option<Program>,
    libraries: Vec<Library>,
    unpacked_bytes: u64,
}

/// What the first bytes of a program tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Program {
    Elf(ElfHeader),
    Script(Shebang),
    Other,
}

/// A native library.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Library {
    pub(super) path: String,
    pub(super) made_for: MadeFor,
    /// It is linked against musl, which Amazon Linux does not have.
    pub(super) needs_musl: bool,
}

/// What a native library was built for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MadeFor {
    /// Linux, on this processor.
    Linux(ElfMachine),
    /// Another system that has the same format.
    Other(ElfSystem),
    /// macOS.
    MacOs,
    /// Windows.
    Windows,
}

impl StartFacts {
    /// Looks at a package.
    #[must_use]
    pub fn of(package: &Package<'_>) -> Self {
        let inventory = Inventory::of(package);
        let entries = package.archive().entries();
        let bootstrap = match inventory.look_up(BOOTSTRAP) {
            Lookup::Entry(found) if found.kind() == EntryKind::File => entries
                .iter()
                .find(|entry| entry.path() == found.path())
                .and_then(Program::of),
            _ => None,
        };
        let libraries = entries.iter().filter_map(Library::of).collect();
        Self(Arc::new(Inner {
            bootstrap,
            libraries,
            inventory,
            unpacked_bytes: package.unpacked_bytes(),
        }))
    }

    pub(super) fn inventory(&self) -> &Inventory {
        &self.0.inventory
    }

    /// What `bootstrap` is; `None` where it is no file, or links lead out of the package.
    pub(super) fn bootstrap(&self) -> Option<&Program> {
        self.0.bootstrap.as_ref()
    }

    pub(super) fn libraries(&self) -> &[Library] {
        &self.0.libraries
    }

    pub(super) fn unpacked_bytes(&self) -> u64 {
        self.0.unpacked_bytes
    }

    /// The files and folders that a user who is neither their owner nor of their group cannot use. The
    /// signature is for Lambda alone to read.
    pub(super) fn closed(&self) -> Vec<&str> {
        let is_closed = |entry: &&countersign_package::InventoryEntry| {
            let Some(permissions) = entry.permissions() else {
                return false;
            };
            let needed = match entry.kind() {
                EntryKind::File => 0o004,
                // One that not even its owner can enter was never on a disk: some build tools write such modes.
                EntryKind::Directory if permissions & 0o100 == 0 => 0,
                EntryKind::Directory => 0o005,
                EntryKind::Symlink => 0,
            };
            permissions & needed != needed
        };
        let is_of_signer = |path: &str| {
            let directory = SIGNATURE_DIRECTORY.trim_end_matches('/');
            path == directory || path.starts_with(SIGNATURE_DIRECTORY)
        };
        let entries = self.inventory().below("").filter(is_closed);
        let paths = entries.map(countersign_package::InventoryEntry::path);
        paths.filter(|path| !is_of_signer(path)).collect()
    }
}

impl Program {
    fn of(entry: &Entry<'_>) -> Option<Self> {
        let head = entry.head(ElfHeader::HEAD_BYTES).ok()?;
        let elf = || ElfHeader::parse(&head).map(Self::Elf);
        let script = || Shebang::parse(&head).map(Self::Script);
        Some(elf().or_else(script).unwrap_or(Self::Other))
    }
}

impl Library {
    /// Libraries that Python and Node.js load themselves, and those of Linux. What .NET and Java choose from by name for
    /// other systems (`.dll`, `.dylib`) is none.
    fn of(entry: &Entry<'_>) -> Option<Self> {
        let path = entry.path();
        let name = path.rsplit('/').next().unwrap_or_default();
        let is_library = has_extension(name, &["so", "node", "pyd"]) || name.contains(".so.");
        if entry.kind() != EntryKind::File || !is_library {
            return None;
        }
        let made_for = MadeFor::of(&entry.head(ElfHeader::HEAD_BYTES).ok()?)?;
        let is_of_linux = matches!(made_for, MadeFor::Linux(_));
        Some(Self {
            path: path.to_owned(),
            made_for,
            needs_musl: is_of_linux && Libc::of_library(entry.contents()) == Some(Libc::Musl),
        })
    }
}

impl MadeFor {
    /// By the first bytes of a library.
    fn of(head: &[u8]) -> Option<Self> {
        /// Mach-O of 64 bits, and a file with a Mach-O for each of several processors.
        const MACH_O: [&[u8]; 2] = [b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe"];
        /// What every program of Windows begins with.
        const MZ: &[u8] = b"MZ";
        if let Some(header) = ElfHeader::parse(head) {
            return Some(match header.system() {
                ElfSystem::Linux => Self::Linux(header.machine()),
                other => Self::Other(other),
            });
        }
        if MACH_O.iter().any(|magic| head.starts_with(magic)) {
            return Some(Self::MacOs);
        }
        head.starts_with(MZ).then_some(Self::Windows)
    }
}

/// Whether a name ends in one of these, after a dot.
pub(super) fn has_extension(name: &str, extensions: &[&str]) -> bool {
    let extension = name.rsplit_once('.').map(|(_, extension)| extension);
    extension.is_some_and(|found| extensions.contains(&found))
}
