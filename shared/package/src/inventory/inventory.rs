//! The entries of a package by the paths that they unpack to.

use std::collections::BTreeMap;

use crate::{package::Package, zip::EntryKind};

/// Links that are followed one after another, as on Linux (`MAXSYMLINKS`).
const MAX_LINKS: usize = 40;

/// What others put beside a project without asking: the Finder, and Signer.
const BYSTANDERS: [&str; 3] = ["__MACOSX", ".DS_Store", "META_INF"];

/// The entries of a package by their paths. It outlives the package's bytes.
#[derive(Debug, Clone)]
pub struct Inventory {
    /// Sorted by path.
    entries: Vec<InventoryEntry>,
    /// The targets of the links, by path.
    links: BTreeMap<String, String>,
}

/// What there is to say of an entry without its body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InventoryEntry {
    path: Box<str>,
    kind: EntryKind,
    mode: Option<u32>,
    is_without_mode: bool,
}

impl InventoryEntry {
    /// The path that it unpacks to; empty for the root.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// What it unpacks to.
    #[must_use]
    pub fn kind(&self) -> EntryKind {
        self.kind
    }

    /// The permissions (`0o777` at most), where the writer recorded any. A mode of another kind, as
    /// Maven gives directories that of a file, is none: readers differ in what they make of it.
    #[must_use]
    pub fn permissions(&self) -> Option<u32> {
        let mode = self.mode?;
        let kind = match self.kind {
            EntryKind::File => 0o100_000,
            EntryKind::Directory => 0o040_000,
            EntryKind::Symlink => 0o120_000,
        };
        let is_of_kind = [0, kind].contains(&(mode & 0o170_000));
        Some(mode & 0o777).filter(|permissions| is_of_kind && *permissions != 0)
    }

    /// The permissions as the writer recorded them, on Unix and of whatever kind: none at all (0) and those of a pipe, as
    /// Info-ZIP records what it read from one, are kept.
    #[must_use]
    pub fn recorded_permissions(&self) -> Option<u32> {
        self.mode.map(|mode| mode & 0o777)
    }

    /// Whether the writer recorded no mode, of whatever system: as those of Windows do.
    #[must_use]
    pub fn is_without_mode(&self) -> bool {
        self.is_without_mode
    }
}

/// What is found at a path once links have been followed.
#[derive(Debug, Clone)]
pub enum Lookup<'i> {
    /// A file, or a directory that is listed.
    Entry(&'i InventoryEntry),
    /// A directory that is not listed, or the root.
    Directory,
    /// A link leads to this path below `/opt/`, into a layer that is not at hand.
    Layer(String),
    /// Nothing, or links that lead nowhere.
    Nothing,
}

impl Inventory {
    /// Sorts the entries of a package.
    #[must_use]
    pub fn of(package: &Package<'_>) -> Self {
        let entries = package.archive().entries().iter();
        let mut entries: Vec<InventoryEntry> = entries
            .map(|entry| InventoryEntry {
                path: entry.path().into(),
                kind: entry.kind(),
                mode: entry.mode(),
                is_without_mode: entry.applied_mode().1.is_none(),
            })
            .collect();
        entries.sort_by(|one, other| one.path.cmp(&other.path));
        let links = package.links().iter();
        Self {
            entries,
            links: links
                .map(|link| (link.path().to_owned(), link.target().into_owned()))
                .collect(),
        }
    }

    /// The entry with exactly this path, without a slash at its end. Links are not followed.
    #[must_use]
    pub fn find(&self, path: &str) -> Option<&InventoryEntry> {
        let position = self
            .entries
            .binary_search_by_key(&path, InventoryEntry::path);
        position.ok().and_then(|at| self.entries.get(at))
    }

    /// The entries below a directory, at any depth, in the order of their paths. All of them for
    /// the empty path.
    pub fn below(&self, directory: &str) -> impl Iterator<Item = &InventoryEntry> {
        let prefix = match directory {
            "" => String::new(),
            directory => format!("{directory}/"),
        };
        let start = self
            .entries
            .partition_point(|entry| entry.path() < prefix.as_str());
        let rest = self.entries.get(start..).unwrap_or_default();
        rest.iter()
            .take_while(move |entry| entry.path().starts_with(&prefix))
            .filter(|entry| !entry.path().is_empty())
    }

    /// Whether there is a directory at this path, listed or not. Links are not followed.
    #[must_use]
    pub fn has_directory(&self, path: &str) -> bool {
        let is_listed = |entry: &InventoryEntry| entry.kind == EntryKind::Directory;
        path.is_empty()
            || self.find(path).is_some_and(is_listed)
            || self.below(path).next().is_some()
    }

    /// What is found at a path by a program that opens it: links are followed, `.` and `..`
    /// understood.
    #[must_use]
    pub fn look_up(&self, path: &str) -> Lookup<'_> {
        let mut todo: Vec<String> = reversed(path);
        let mut found: Vec<String> = Vec::new();
        let mut followed = 0_usize;
        while let Some(component) = todo.pop() {
            if component == ".." {
                if found.pop().is_none() {
                    return Lookup::Nothing;
                }
                continue;
            }
            found.push(component);
            let Some(target) = self.links.get(found.join("/").as_str()) else {
                continue;
            };
            followed = followed.saturating_add(1);
            if followed > MAX_LINKS {
                return Lookup::Nothing;
            }
            if target.starts_with('/') {
                let rest = todo.into_iter().rev();
                let whole = [target.trim_end_matches('/').to_owned()]
                    .into_iter()
                    .chain(rest);
                return Lookup::Layer(whole.collect::<Vec<_>>().join("/"));
            }
            found.pop();
            todo.extend(reversed(target));
        }
        let path = found.join("/");
        match self.find(&path) {
            Some(entry) => Lookup::Entry(entry),
            None if self.has_directory(&path) => Lookup::Directory,
            None => Lookup::Nothing,
        }
    }

    /// What is at the root, with its kind: entries, and directories that are not listed.
    #[must_use]
    pub fn root(&self) -> BTreeMap<&str, EntryKind> {
        let mut root = BTreeMap::new();
        for entry in self.below("") {
            match entry.path().split_once('/') {
                Some((directory, _)) => root.insert(directory, EntryKind::Directory),
                None => root.insert(entry.path(), entry.kind),
            };
        }
        root
    }

    /// The one folder that holds everything: most likely a project was packed as a whole, where its
    /// content should have been. What the Finder and Signer add beside it does not count.
    #[must_use]
    pub fn top_folder(&self) -> Option<&str> {
        let mut root = self.root().into_iter();
        let mut own = root.by_ref().filter(|(name, _)| !BYSTANDERS.contains(name));
        match (own.next(), own.next()) {
            (Some((name, EntryKind::Directory)), None) => Some(name),
            _ => None,
        }
    }
}

/// The components of a path, the last first.
fn reversed(path: &str) -> Vec<String> {
    let components = path.split('/').filter(|part| !matches!(*part, "" | "."));
    components.rev().map(ToOwned::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        limits::Limits,
        zip::sample::{Sample, file, zip},
    };

    fn directory(name: &str) -> Sample<'_> {
        Sample {
            name,
            body: b"",
            mode: 0o040_755,
            deflated: false,
        }
    }

    fn link<'a>(name: &'a str, target: &'a str) -> Sample<'a> {
        Sample {
            name,
            body: target.as_bytes(),
            mode: 0o120_777,
            deflated: false,
        }
    }

    fn with(entries: &[Sample<'_>], check: impl FnOnce(&Inventory)) {
        let bytes = zip(entries);
        let package = Package::read(&bytes, &Limits::default()).unwrap();
        check(&Inventory::of(&package));
    }

    #[test]
    fn entries_are_found_by_path() {
        let entries = [
            file("./app/main.py", b"1"),
            directory("lib/"),
            file("lib-extra/a.py", b"2"),
            file("lib/b.py", b"3"),
            file("a.py", b"4"),
        ];
        with(&entries, |inventory| {
            assert!(inventory.find("app/main.py").is_some());
            assert_eq!(inventory.find("lib").unwrap().kind(), EntryKind::Directory);
            assert!(inventory.find("app").is_none());
            assert!(inventory.has_directory("app") && inventory.has_directory("lib"));
            assert!(!inventory.has_directory("a.py") && !inventory.has_directory("ap"));
            let below =
                |path| -> Vec<_> { inventory.below(path).map(InventoryEntry::path).collect() };
            assert_eq!(below("lib"), ["lib/b.py"]);
            assert_eq!(below("").len(), 5);
            let root: Vec<_> = inventory.root().into_keys().collect();
            assert_eq!(root, ["a.py", "app", "lib", "lib-extra"]);
        });
    }

    #[test]
    fn permissions_are_those_of_a_mode_of_the_kind() {
        let with_mode = |name, mode| Sample {
            name,
            body: b"",
            mode,
            deflated: false,
        };
        let entries = [
            with_mode("plain", 0o100_640),
            with_mode("bare", 0o600),
            with_mode("none", 0),
            with_mode("pipe", 0o010_600),
            with_mode("maven/", 0o100_644),
            with_mode("closed/", 0o040_700),
        ];
        with(&entries, |inventory| {
            let of = |path| inventory.find(path).unwrap().permissions();
            assert_eq!(of("plain"), Some(0o640));
            assert_eq!(of("bare"), Some(0o600));
            assert_eq!((of("none"), of("maven")), (None, None));
            assert_eq!(of("closed"), Some(0o700));
            let recorded = |path| inventory.find(path).unwrap().recorded_permissions();
            assert_eq!((recorded("none"), recorded("pipe")), (Some(0), Some(0o600)));
        });
    }

    #[test]
    fn links_are_followed() {
        let entries = [
            file("packages/tool/cli.js", b"1"),
            link("node_modules/tool", "../packages/tool"),
            link("bin", "node_modules/tool/cli.js"),
            link("layer", "/opt/nodejs/"),
            link("gone", "nothing/there"),
            link("loop", "pool"),
            link("pool", "loop"),
        ];
        with(&entries, |inventory| {
            let file = |path| match inventory.look_up(path) {
                Lookup::Entry(entry) => entry.path().to_owned(),
                other => format!("{other:?}"),
            };
            for path in [
                "bin",
                "./bin",
                "node_modules/tool/cli.js",
                "packages/x/../tool/cli.js",
            ] {
                assert_eq!(file(path), "packages/tool/cli.js", "{path}");
            }
            assert!(matches!(
                inventory.look_up("node_modules/tool"),
                Lookup::Directory
            ));
            assert!(matches!(inventory.look_up(""), Lookup::Directory));
            for path in ["gone", "loop", "bin/x", "..", "missing"] {
                assert!(matches!(inventory.look_up(path), Lookup::Nothing), "{path}");
            }
            match inventory.look_up("layer/node_modules/x.js") {
                Lookup::Layer(path) => assert_eq!(path, "/opt/nodejs/node_modules/x.js"),
                other => panic!("{other:?}"),
            }
        });
    }

    #[test]
    fn top_folder_is_the_only_one() {
        let folder = |entries: &[Sample<'_>]| {
            let mut found = None;
            with(entries, |inventory| {
                found = inventory.top_folder().map(str::to_owned);
            });
            found
        };
        let project = [directory("project/"), file("project/index.mjs", b"")];
        assert_eq!(folder(&project).as_deref(), Some("project"));
        let finder = [
            file("project/index.mjs", b""),
            file("__MACOSX/project/._index.mjs", b""),
            file(".DS_Store", b""),
            directory("META_INF/"),
        ];
        assert_eq!(folder(&finder).as_deref(), Some("project"));
        assert_eq!(
            folder(&[file("project/index.mjs", b""), file("a.py", b"")]),
            None
        );
        assert_eq!(folder(&[file("index.mjs", b"")]), None);
        assert_eq!(folder(&[]), None);
    }
}
