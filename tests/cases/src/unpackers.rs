//! What programs leave on the disk of one zip, beside what the core says that it unpacks to.
//!
//! A program that does not open a file has no second reading of it. One that opens it must leave
//! the same tree. What each is known to do otherwise, to honest packages as well, is in its row.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use countersign_package::{Archive, EntryKind, Limits};
use countersign_testkit::checkout;
use unicode_normalization::UnicodeNormalization as _;

/// What is at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Node {
    /// A directory, listed or implied.
    Directory,
    /// A file with this body.
    File(Vec<u8>),
    /// A link to this.
    Link(Vec<u8>),
}

/// What is in a folder, by path.
pub type Tree = BTreeMap<Vec<u8>, Node>;

/// What a program is known to do otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Habit {
    /// It makes a file with the target in it of a link.
    WritesLinksAsFiles,
    /// It composes names, as libarchive does.
    ComposesNames,
    /// It has absolute links lead to the same path below the folder.
    MovesAbsoluteLinks,
    /// It takes names that are not marked for another encoding, or those made on FAT: such zips are
    /// left out. The core warns of the first, and the second are known to remain.
    SpellsNamesOtherwise,
    /// It knows no zip64: at an entry whose offset is in such a field, it stops, and says nothing.
    StopsAtZip64,
}

use Habit::{
    ComposesNames, MovesAbsoluteLinks, SpellsNamesOtherwise, StopsAtZip64, WritesLinksAsFiles,
};

/// A program that unpacks.
pub struct Unpacker {
    /// As people call it.
    pub name: &'static str,
    /// What it is asked by whether it is here.
    program: &'static str,
    /// Unpacks `../package.zip` into the current folder.
    script: &'static str,
    habits: &'static [Habit],
}

const fn unpacker(
    name: &'static str,
    program: &'static str,
    script: &'static str,
    habits: &'static [Habit],
) -> Unpacker {
    Unpacker {
        name,
        program,
        script,
        habits,
    }
}

/// Those that are tried.
pub static UNPACKERS: [Unpacker; 7] = [
    unpacker(
        "Info-ZIP",
        "unzip",
        "unzip -qq -o ../package.zip",
        &[SpellsNamesOtherwise],
    ),
    unpacker(
        "bsdtar",
        "bsdtar",
        "bsdtar -xf ../package.zip",
        &[ComposesNames, SpellsNamesOtherwise],
    ),
    // Kinds are in the directory at the end, which it comes to when all is written.
    unpacker(
        "bsdtar from a pipe",
        "bsdtar",
        "cat ../package.zip | bsdtar -xf -",
        &[ComposesNames, SpellsNamesOtherwise, WritesLinksAsFiles],
    ),
    unpacker(
        "7-Zip",
        "7z",
        "7z x -bd -bso0 -y -snld ../package.zip",
        &[MovesAbsoluteLinks, SpellsNamesOtherwise],
    ),
    unpacker(
        "busybox",
        "busybox",
        "busybox unzip -q -o ../package.zip",
        &[SpellsNamesOtherwise, StopsAtZip64],
    ),
    unpacker(
        "jar",
        "jar",
        "jar -x -f ../package.zip",
        &[WritesLinksAsFiles],
    ),
    unpacker(
        "Python",
        "python3",
        "python3 -m zipfile -e ../package.zip .",
        &[SpellsNamesOtherwise, WritesLinksAsFiles],
    ),
];

impl Unpacker {
    fn has(&self, habit: Habit) -> bool {
        self.habits.contains(&habit)
    }

    /// Whether it is installed.
    #[must_use]
    pub fn is_here(&self) -> bool {
        let mut ask = Command::new(self.program);
        ask.arg("--version").stdin(Stdio::null());
        ask.output().is_ok()
    }

    /// Compares what it leaves of a zip with what the core says. `None` where it does not open the
    /// file, or is known to name entries of this one otherwise.
    #[must_use]
    pub fn compare(&self, zip: &[u8], expected: &Tree) -> Option<Result<(), String>> {
        let has_odd_names = expected
            .keys()
            .any(|path| !path.iter().all(u8::is_ascii_graphic));
        if self.has(SpellsNamesOtherwise) && has_odd_names && names_have_readings(zip) {
            return None;
        }
        let folder = tempfile::tempdir().expect("there is room for a folder");
        let inside = folder.path().join("inside");
        fs::create_dir(&inside).expect("the folder is new");
        fs::write(folder.path().join("package.zip"), zip).expect("the folder is new");
        let output = Command::new("sh")
            .args(["-c", self.script])
            .current_dir(&inside)
            .env("LC_ALL", "C.UTF-8")
            .stdin(Stdio::null())
            .output()
            .expect("there is a shell");
        let beside = fs::read_dir(folder.path()).expect("the folder is there");
        if beside.count() != 2 {
            return Some(Err("it wrote beside its folder".to_owned()));
        }
        if !output.status.success() {
            return None;
        }
        let mut found = Tree::new();
        walk(&inside, b"", &mut found);
        let is_part = found
            .iter()
            .all(|(path, node)| expected.get(path) == Some(node));
        if is_part && self.has(StopsAtZip64) && zip.windows(4).any(|bytes| bytes == [0xff; 4]) {
            return None;
        }
        let (found, expected) = (
            self.as_it_writes(found),
            self.as_it_writes(expected.clone()),
        );
        Some(if found == expected {
            Ok(())
        } else {
            let differs = |one: &Tree, other: &Tree| -> Vec<String> {
                let differing = one
                    .iter()
                    .filter(|(path, node)| other.get(*path) != Some(*node));
                let shown = differing.map(|(path, node)| {
                    let text = format!("{}: {node:?}", String::from_utf8_lossy(path));
                    text.chars().take(120).collect()
                });
                shown.collect()
            };
            Err(format!(
                "it has {:?} and not {:?}",
                differs(&found, &expected),
                differs(&expected, &found)
            ))
        })
    }

    fn as_it_writes(&self, tree: Tree) -> Tree {
        let nodes = tree.into_iter().map(|(path, node)| {
            let path = match String::from_utf8(path) {
                Ok(path) if self.has(ComposesNames) => compose(&path).into_bytes(),
                Ok(path) => path.into_bytes(),
                Err(error) => error.into_bytes(),
            };
            let node = match node {
                Node::Link(target) if self.has(WritesLinksAsFiles) => Node::File(target),
                Node::Link(target) if self.has(MovesAbsoluteLinks) && target.starts_with(b"/") => {
                    Node::Link(b"/".to_vec())
                }
                other => other,
            };
            (path, node)
        });
        nodes.collect()
    }
}

fn compose(path: &str) -> String {
    path.replace('\u{212b}', "\u{e5}").nfc().collect()
}

/// Whether a name outside of ASCII is not marked, or was made on FAT, or has a control character.
fn names_have_readings(zip: &[u8]) -> bool {
    let limits = Limits::default();
    let archive = Archive::parse(zip, &limits).expect("it was accepted");
    let has_control = archive
        .entries()
        .iter()
        .any(|entry| entry.name().contains('\r'));
    has_control
        || !archive.warnings().is_empty()
        || archive
            .entries()
            .iter()
            .any(|entry| entry.mode().is_none() && !entry.name().is_ascii())
}

/// What the core says that a zip unpacks to.
///
/// # Panics
///
/// The core has accepted it.
#[must_use]
pub fn tree(zip: &[u8]) -> Tree {
    let limits = Limits::default();
    let archive = Archive::parse(zip, &limits).expect("it was accepted");
    let mut tree = Tree::new();
    for entry in archive.entries() {
        let mut body = Vec::new();
        std::io::Read::read_to_end(&mut entry.contents(), &mut body).expect("it was read before");
        let path = entry.path();
        for (at, _) in path.match_indices('/') {
            tree.entry(path.as_bytes()[..at].to_vec())
                .or_insert(Node::Directory);
        }
        if path.is_empty() {
            continue;
        }
        let node = match entry.kind() {
            EntryKind::Directory => Node::Directory,
            EntryKind::File => Node::File(body),
            EntryKind::Symlink => Node::Link(body),
        };
        tree.insert(path.as_bytes().to_vec(), node);
    }
    tree
}

fn walk(folder: &Path, prefix: &[u8], tree: &mut Tree) {
    for entry in fs::read_dir(folder).expect("a folder that was just written") {
        let entry = entry.expect("nobody else writes here");
        let path = [prefix, &entry.file_name().into_vec()].concat();
        let kind = entry.file_type().expect("nobody else writes here");
        let at = entry.path();
        if kind.is_symlink() {
            let target = fs::read_link(&at).expect("a link");
            tree.insert(path, Node::Link(OsString::from(target).into_vec()));
        } else if kind.is_dir() {
            walk(&at, &[&path[..], b"/"].concat(), tree);
            tree.insert(path, Node::Directory);
        } else {
            tree.insert(path, Node::File(fs::read(&at).expect("a file")));
        }
    }
}

/// Numbers of random zips that were once read in two ways, one a line after a word on what it was.
#[must_use]
pub fn seeds() -> Vec<u64> {
    let text = fs::read_to_string(checkout::path(SEEDS)).expect("the list is in the repository");
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let numbers = lines.filter_map(|line| line.split_whitespace().next());
    numbers
        .map(|number| number.parse().expect("a number first"))
        .collect()
}

/// Where they are kept, from the root of the checkout.
pub const SEEDS: &str = "tests/cases/src/random_seeds.txt";
