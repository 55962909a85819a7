//! Every writer that is installed here packs every fixture; what becomes of each package stands in a table.
//! A writer that is not here is skipped, and said to be. Those from the registries are in `pinned.rs`.

use std::{
    fs,
    io::Write as _,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::{Path, PathBuf},
    process::Command,
};

use countersign_cases::readers::{core, zip_crate};
use countersign_package::{Limits, Package};
use tempfile::TempDir;
use zip::{ZipWriter, write::SimpleFileOptions};

use super::{is_honest, pinned};

/// What becomes of a package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// It is accepted, read by others in the same way, and, signed, verified with its source.
    Admitted,
    /// The same, with a warning that some programs show names otherwise.
    Warned,
    /// It is refused, by the variant of the error.
    Refused(&'static str),
}

use Verdict::{Admitted, Refused, Warned};

/// A program, and the script that leaves `../package.zip`.
pub(super) struct Writer {
    name: &'static str,
    pub(super) program: &'static str,
    script: &'static str,
    /// Whether it packs links as links; others pack what they lead to.
    keeps_links: bool,
    /// Whether it leaves names in UTF-8 without the mark for it. Info-ZIP does, whatever `LC_ALL` says, where the
    /// locale en_US.UTF-8 is not installed: here it is kept from finding any.
    unmarked_names: bool,
    /// Which error all its packages are refused with, by the variant.
    refused: Option<&'static str>,
    /// The fixtures that it packs.
    packs: Packs,
}

/// Which fixtures a writer packs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Packs {
    All,
    /// Those that take no time: another row of the same library has the rest.
    Small,
    /// The plain one: it makes something of the folder that does not depend on the rest.
    Plain,
}

pub(super) const fn writer(
    name: &'static str,
    program: &'static str,
    script: &'static str,
) -> Writer {
    Writer {
        name,
        program,
        script,
        keeps_links: false,
        unmarked_names: false,
        refused: None,
        packs: Packs::All,
    }
}

pub(super) const fn with_links(mut writer: Writer) -> Writer {
    writer.keeps_links = true;
    writer
}

const fn with_unmarked_names(mut writer: Writer) -> Writer {
    writer.unmarked_names = true;
    writer
}

/// Not with the fixtures that take long.
pub(super) const fn small(mut writer: Writer) -> Writer {
    writer.packs = Packs::Small;
    writer
}

/// With the plain fixture alone.
pub(super) const fn plain_only(mut writer: Writer) -> Writer {
    writer.packs = Packs::Plain;
    writer
}

pub(super) const fn refused(mut writer: Writer, variant: &'static str) -> Writer {
    writer.refused = Some(variant);
    writer
}

static WRITERS: [Writer; 14] = [
    with_unmarked_names(writer(
        "zip",
        "zip",
        "LOCPATH=/nowhere zip -q -r ../package.zip .",
    )),
    with_links(with_unmarked_names(writer(
        "zip -y",
        "zip",
        "LOCPATH=/nowhere zip -q -r -y ../package.zip .",
    ))),
    with_unmarked_names(writer(
        "zip to a pipe",
        "zip",
        "LOCPATH=/nowhere zip -q -r - . | cat > ../package.zip",
    )),
    with_unmarked_names(writer(
        "zip -X -D -9",
        "zip",
        "LOCPATH=/nowhere zip -q -r -X -D -9 ../package.zip .",
    )),
    writer(
        "Python's shutil",
        "python3",
        "python3 -c \"import shutil; shutil.make_archive('../package', 'zip', '.')\"",
    ),
    writer(
        "Python's zipfile",
        "python3",
        "python3 -m zipfile -c ../package.zip .",
    ),
    writer("jar", "jar", "jar -c -f ../package.zip ."),
    writer("jar -M -0", "jar", "jar -c -M -0 -f ../package.zip ."),
    // Whether it follows links by itself depends on its version.
    plain_only(writer(
        "7-Zip",
        "7z",
        "7z a -bd -bso0 -tzip ../package.zip .",
    )),
    with_links(writer(
        "7-Zip with links",
        "7z",
        "7z a -bd -bso0 -tzip -snl ../package.zip .",
    )),
    with_links(writer("bsdtar", "bsdtar", "bsdtar -a -cf ../package.zip .")),
    with_links(writer(
        "bsdtar to a pipe",
        "bsdtar",
        "bsdtar -c --format zip . | cat > ../package.zip",
    )),
    with_links(writer("Go", "go", GO)),
    with_links(writer("git archive", "git", GIT)),
];

/// What is committed, and nothing of whoever runs this.
const GIT: &str = "export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1
git init -q . && git add -A -f . && git -c user.name=t -c user.email=t@example.com -c core.quotePath=off commit -q -m t
git archive --format=zip -o ../package.zip HEAD && rm -rf .git";

/// `archive/zip` as tools use it: a header from the file's own information.
const GO: &str = "cat > ../pack.go <<'END'
package main

import (
\t\"archive/zip\"
\t\"io/fs\"
\t\"os\"
\t\"path/filepath\"
)

func add(writer *zip.Writer, path string, entry fs.DirEntry) error {
\tif entry.IsDir() {
\t\treturn nil
\t}
\tinfo, err := os.Lstat(path)
\tif err != nil {
\t\treturn err
\t}
\theader, err := zip.FileInfoHeader(info)
\tif err != nil {
\t\treturn err
\t}
\theader.Name = filepath.ToSlash(path)
\theader.Method = zip.Deflate
\tinto, err := writer.CreateHeader(header)
\tif err != nil {
\t\treturn err
\t}
\tvar bytes []byte
\tif info.Mode()&fs.ModeSymlink != 0 {
\t\tvar target string
\t\ttarget, err = os.Readlink(path)
\t\tbytes = []byte(target)
\t} else {
\t\tbytes, err = os.ReadFile(path)
\t}
\tif err != nil {
\t\treturn err
\t}
\t_, err = into.Write(bytes)
\treturn err
}

func main() {
\tfile, err := os.Create(\"../package.zip\")
\tif err != nil {
\t\tpanic(err)
\t}
\twriter := zip.NewWriter(file)
\terr = filepath.WalkDir(\".\", func(path string, entry fs.DirEntry, err error) error {
\t\tif err != nil {
\t\t\treturn err
\t\t}
\t\treturn add(writer, path, entry)
\t})
\tif err != nil {
\t\tpanic(err)
\t}
\tif err := writer.Close(); err != nil {
\t\tpanic(err)
\t}
}
END
GO111MODULE=off GOCACHE=$PWD/../cache go run ../pack.go";

/// A fixture: what is in the folder that is packed.
struct Fixture {
    name: &'static str,
    fill: fn(&Path),
    /// What becomes of it, packed by this writer.
    expected: fn(&Writer) -> Verdict,
    /// Too many entries to sign them all in a test that is not optimised.
    is_only_read: bool,
}

static FIXTURES: [Fixture; 7] = [
    Fixture {
        name: "plain",
        fill: plain,
        expected: |_| Admitted,
        is_only_read: false,
    },
    Fixture {
        name: "links",
        fill: links,
        expected: |_| Admitted,
        is_only_read: false,
    },
    Fixture {
        name: "links that lead out",
        fill: links_out,
        expected: |writer| {
            if writer.keeps_links {
                Refused("Link")
            } else {
                Admitted
            }
        },
        is_only_read: false,
    },
    Fixture {
        name: "modes",
        fill: modes,
        expected: |_| Admitted,
        is_only_read: false,
    },
    Fixture {
        name: "UTF-8",
        fill: names,
        expected: |writer| {
            if writer.unmarked_names {
                Warned
            } else {
                Admitted
            }
        },
        is_only_read: false,
    },
    Fixture {
        name: "large",
        fill: large,
        expected: |_| Admitted,
        is_only_read: true,
    },
    Fixture {
        name: "20,000 files",
        fill: many,
        expected: |_| Admitted,
        is_only_read: true,
    },
];

fn write(root: &Path, name: &str, body: &[u8]) -> PathBuf {
    let path = root.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, body).unwrap();
    path
}

/// Bytes that do not compress.
fn noise(length: u32) -> Vec<u8> {
    let words = (0..length / 4).map(|at| at.wrapping_mul(2_654_435_761).rotate_left(at % 32));
    words.flat_map(u32::to_be_bytes).collect()
}

fn plain(root: &Path) {
    write(
        root,
        "index.mjs",
        b"export const handler = async () => 1;\n",
    );
    write(root, "lib/data/summer.json", b"{\"a\": [1, 2, 3]}\n");
    write(root, "lib/noise.bin", &noise(70_000));
    write(root, "lib/zeros.bin", &vec![0; 100_000]);
    write(root, "lib/nothing", b"");
    fs::create_dir(root.join("empty")).unwrap();
}

fn links(root: &Path) {
    write(root, "packages/tool/cli.js", b"1");
    fs::create_dir_all(root.join("node_modules/.bin")).unwrap();
    symlink("../packages/tool", root.join("node_modules/tool")).unwrap();
    symlink("../tool/cli.js", root.join("node_modules/.bin/tool")).unwrap();
    symlink("packages/tool/cli.js", root.join("latest")).unwrap();
}

fn links_out(root: &Path) {
    write(root, "index.mjs", b"1");
    write(root, "../outside.txt", b"outside");
    symlink("../outside.txt", root.join("inside.txt")).unwrap();
}

fn modes(root: &Path) {
    for (name, mode) in [
        ("private", 0o600),
        ("plain", 0o644),
        ("program", 0o755),
        ("open", 0o777),
        ("read-only", 0o444),
    ] {
        let path = write(root, name, name.as_bytes());
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }
    write(root, "closed/file", b"1");
    fs::set_permissions(root.join("closed"), fs::Permissions::from_mode(0o700)).unwrap();
}

fn names(root: &Path) {
    for name in [
        "été.mjs",
        "größe/данные.json",
        "日本語.txt",
        "plain.txt",
        "a b (c).txt",
    ] {
        write(root, name, name.as_bytes());
    }
}

fn large(root: &Path) {
    write(root, "noise.bin", &noise(20_000_000));
    write(root, "zeros.bin", &vec![0; 5_000_000]);
}

fn many(root: &Path) {
    for folder in 0..100 {
        for file in 0..200 {
            write(root, &format!("node_modules/{folder}/{file}.js"), b"1\n");
        }
    }
}

impl Writer {
    /// What has to become of a fixture, `None` if it is not packed.
    fn expected(&self, fixture: &Fixture) -> Option<Verdict> {
        let is_packed = match self.packs {
            Packs::All => true,
            Packs::Small => !fixture.is_only_read,
            Packs::Plain => fixture.name == "plain",
        };
        let verdict = || match self.refused {
            Some(variant) => Refused(variant),
            None => (fixture.expected)(self),
        };
        is_packed.then(verdict)
    }
}

/// A folder `project` with this in it.
fn project(fixture: &Fixture) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("project");
    fs::create_dir(&root).unwrap();
    (fixture.fill)(&root);
    folder
}

/// What the writer leaves, or why it left nothing.
fn pack(writer: &Writer, folder: &Path) -> Result<Vec<u8>, String> {
    let output = Command::new("sh")
        .args(["-ec", writer.script])
        .current_dir(folder.join("project"))
        .envs(pinned::environment())
        .output()
        .map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    fs::read(folder.join("package.zip")).map_err(|error| error.to_string())
}

/// The variants that packages of the matrix are refused with.
const REFUSED: [&str; 4] = ["Link", "Prefix", "Descriptor", "HeadersDisagree"];

fn judge(what: &str, fixture: &Fixture, bytes: &[u8]) -> Verdict {
    let package = match Package::read(bytes, &Limits::default()) {
        Ok(package) => package,
        Err(error) => {
            let told = format!("{error:?}");
            let variant = told.split(|c: char| !c.is_alphanumeric()).next();
            let known = REFUSED.iter().find(|known| variant == Some(known));
            return match known {
                Some(variant) => Refused(variant),
                None => panic!("{what} is refused: {error}"),
            };
        }
    };
    if fixture.is_only_read {
        let (ours, theirs) = (core(bytes).unwrap(), zip_crate(bytes).unwrap());
        assert!(ours == theirs, "{what}: the zip crate reads it otherwise");
    } else {
        is_honest(what, bytes);
    }
    if package.warnings().is_empty() {
        Admitted
    } else {
        Warned
    }
}

/// Compares the row of one writer, and tells everything that is wrong with it.
pub(super) fn check(writer: &Writer) {
    if Command::new(writer.program)
        .arg("--version")
        .output()
        .is_err()
    {
        eprintln!("skipped: {} is not installed", writer.program);
        return;
    }
    let mut wrong = Vec::new();
    for fixture in &FIXTURES {
        let Some(expected) = writer.expected(fixture) else {
            continue;
        };
        let what = format!("{} of {}", fixture.name, writer.name);
        let folder = project(fixture);
        let bytes = pack(writer, folder.path()).unwrap_or_else(|why| panic!("{what}: {why}"));
        let found = judge(&what, fixture, &bytes);
        eprintln!("{what}: {found:?}");
        if found != expected {
            wrong.push(format!("{what}: {found:?}, and not {expected:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// One test for each program, so that they run side by side.
macro_rules! writers {
    ($($test:ident: $program:literal)+) => {$(
        #[test]
        fn $test() {
            let of_program = WRITERS.iter().filter(|writer| writer.program == $program);
            of_program.for_each(check);
        }
    )+

        #[test]
        fn every_writer_is_tried() {
            let tried = [$($program),+];
            assert!(WRITERS.iter().all(|writer| tried.contains(&writer.program)));
        }
    };
}

writers! {
    writer_info_zip_packs_every_fixture: "zip"
    writer_python_packs_every_fixture: "python3"
    writer_jar_packs_every_fixture: "jar"
    writer_seven_zip_packs_every_fixture: "7z"
    writer_bsdtar_packs_every_fixture: "bsdtar"
    writer_go_packs_every_fixture: "go"
    writer_git_packs_every_fixture: "git"
}

/// The `zip` crate, which is here wherever the tests are.
#[test]
fn writer_zip_crate_packs_every_fixture() {
    for fixture in &FIXTURES {
        let folder = project(fixture);
        let root = folder.path().join("project");
        let mut writer = ZipWriter::new(std::io::Cursor::new(Vec::new()));
        add(&mut writer, &root, &root);
        let bytes = writer.finish().unwrap().into_inner();
        let keeps_links = with_links(writer_of_crate());
        let what = format!("{} of the zip crate", fixture.name);
        let expected = (fixture.expected)(&keeps_links);
        assert_eq!(judge(&what, fixture, &bytes), expected, "{what}");
    }
}

fn writer_of_crate() -> Writer {
    writer("the zip crate", "", "")
}

/// Adds everything below a folder, in the order of the names, links as links.
fn add(writer: &mut ZipWriter<std::io::Cursor<Vec<u8>>>, root: &Path, folder: &Path) {
    let entries = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let mut paths: Vec<PathBuf> = entries.collect();
    paths.sort();
    for path in paths {
        let name = path.strip_prefix(root).unwrap().to_str().unwrap();
        let metadata = fs::symlink_metadata(&path).unwrap();
        let mode = metadata.permissions().mode() & 0o7777;
        let options = SimpleFileOptions::default().unix_permissions(mode);
        if metadata.is_symlink() {
            let target = fs::read_link(&path).unwrap();
            writer
                .add_symlink(name, target.to_str().unwrap(), options)
                .unwrap();
        } else if metadata.is_dir() {
            writer.add_directory(name, options).unwrap();
            add(writer, root, &path);
        } else {
            writer.start_file(name, options).unwrap();
            writer.write_all(&fs::read(&path).unwrap()).unwrap();
        }
    }
}
