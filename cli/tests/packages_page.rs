//! docs/packages.md is true: each tool in its table has rows among the cases, or is judged here, with the
//! outcome that the page promises.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test stops at the first thing that is not as it should be"
)]

use std::{fs, process::Command};

use countersign_cases::{Expected, Fault, PKI, table};
use countersign_gate::{domain::ReasonCode, verdict::reasons};
use countersign_testkit::{
    checkout,
    package::{sample, sign},
    zip::{EntryForge, ZipForge},
};

const PAGE: &str = include_str!("../../docs/packages.md");

/// Which cases stand for a row of the page, in its order. The row of a signed package is judged below.
const ROWS: [(&str, &[&str]); 39] = [
    ("`zip` (Info-ZIP)", &["a package of Info-ZIP on Linux"]),
    (
        "`zip` without a UTF-8 locale",
        &["names in UTF-8 that are not marked as such (zip without a UTF-8 locale)"],
    ),
    (
        "`zip -r - .` into a pipe",
        &[
            "a package of Info-ZIP writing to a pipe",
            "a file whose mode says pipe (zip -)",
        ],
    ),
    (
        "`zip -` from a socket",
        &["a file whose mode says socket (bsdtar, zip.js)"],
    ),
    (
        "`tar -a -cf package.zip .`",
        &[
            "names with `./` in front, and `./` itself (tar -a -cf x.zip .)",
            "zeros up to a block of 10 KiB (bsdtar)",
        ],
    ),
    ("`Compress-Archive`", &["a name with a backslash"]),
    ("7-Zip on Linux", &["a package of 7-Zip on Linux"]),
    ("7-Zip on Windows", &["a package of 7-Zip on Windows"]),
    (
        "7-Zip with BZip2",
        &[
            "a body that is bzip2, method 12",
            "a body that is zstd, method 93",
        ],
    ),
    (
        "any tool with a password",
        &["an encrypted entry", "strong encryption"],
    ),
    (
        "the Finder",
        &[
            "a package of macOS's Archive Utility",
            "the Finder's files for the icon of a folder",
        ],
    ),
    (
        "Python `zipfile`",
        &["a package of a provided.al2023 bootstrap from Python's zipfile"],
    ),
    (
        "Python `stream-zip`",
        &[
            "sizes, offset and disk in a zip64 field, all of them asked for (stream-zip)",
            "open disk numbers in the end record (stream-zip)",
        ],
    ),
    (
        "`pex`, `shiv`",
        &["a script before the first entry, offsets adjusted"],
    ),
    (
        "`mvn package`",
        &[
            "version needed 10 before the body and 20 in the directory (Maven)",
            "a directory by name whose mode says file (Maven)",
            "a directory by name whose mode has all bits (plexus-archiver)",
        ],
    ),
    ("Gradle |", &["one directory twice (Gradle)"]),
    (
        "Gradle that packs one file twice",
        &["one file twice, with the same content (Gradle)"],
    ),
    (
        "`jar`, the JDK's zip file system",
        &[
            "a package of Java's jar",
            "version needed 20 before the body and 10 in the directory (JDK's zip file system)",
        ],
    ),
    (
        "Commons Compress",
        &["sizes in a zip64 field that nothing asks for"],
    ),
    (
        "Perl `Archive::Zip`",
        &["a level of deflation in the directory alone (Archive::Zip)"],
    ),
    ("Node `archiver`", &["a package of Node's archiver"]),
    ("Node `yazl`", &["a package of Node's yazl"]),
    (
        "Node `jszip`, `fflate`, `adm-zip`",
        &["a package of Node's jszip", "a package of Node's fflate"],
    ),
    (
        "Node `zip.js`",
        &["a folder as Node's zip.js writes it, with an unsigned descriptor"],
    ),
    (
        "`cdk deploy`",
        &["a package of Node's archiver from contents (cdk-assets, serverless)"],
    ),
    (
        "`chalice package`",
        &["a package of a provided.al2023 bootstrap from Python's zipfile"],
    ),
    ("`cargo lambda`", &["a package of cargo lambda"]),
    (
        "Go `archive/zip`",
        &[
            "a package of Go's archive/zip",
            "a package of Go's archive/zip with modes and times",
        ],
    ),
    ("`git archive", &["a package of git archive"]),
    (
        "GitLab CI `artifacts`",
        &["an extended timestamp twice (GitLab)"],
    ),
    (
        "npm workspaces",
        &["a link through a link (npm workspaces)"],
    ),
    (
        "`pnpm deploy`",
        &["a link that leads nowhere (pnpm deploy)"],
    ),
    (
        "`zip -ry` onto an old zip",
        &["an entry below a link to a layer"],
    ),
    (
        "a link that goes up (`..`) behind another link",
        &["a link that goes up behind several links"],
    ),
    (
        "a zip within, stored as it is by a tool that writes to a stream",
        &[
            "a stored body with a descriptor that fits nothing, and a header behind it (unzipper, fflate)",
        ],
    ),
    (
        "a zip whose ends of lines were converted",
        &["a zip whose ends of lines were converted"],
    ),
    (
        "a link that leads out of the package",
        &[
            "a link that leads nowhere and out of the package (pnpm deploy)",
            "a link out of the layers",
        ],
    ),
    ("a link into a layer", &["a link to the modules of a layer"]),
    ("a package downloaded from Lambda and edited", &[]),
];

/// The rows of the table of tools.
fn rows() -> Vec<&'static str> {
    let (_, section) = PAGE.split_once("\n## Tools\n").expect("the section");
    let section = section.split("\n## ").next().unwrap();
    let lines = section.lines().filter(|line| line.starts_with("| "));
    lines.skip(1).collect()
}

#[test]
fn each_tool_has_cases_with_the_outcome_that_the_page_promises() {
    let found = rows();
    assert_eq!(found.len(), ROWS.len(), "{found:#?}");
    let table = table();
    for (row, (tool, cases)) in found.into_iter().zip(ROWS) {
        assert!(row[2..].starts_with(tool), "{row} is not {tool}");
        let promised = row.split(" | ").nth(1).expect("a second cell");
        for name in cases {
            let case = table.iter().find(|case| case.name == *name);
            let case = case.unwrap_or_else(|| panic!("there is no case {name:?}"));
            let outcome = case.build().judge();
            case.expected
                .compare(&outcome)
                .unwrap_or_else(|error| panic!("{name}: {error}"));
            match (case.expected, outcome) {
                (Expected::Accepted, _) => assert_eq!(promised, "works", "{name}"),
                (Expected::Refused { .. }, Err(Fault::Structure(error))) => {
                    let code = format!("`{}`", reasons::of_structure(&error));
                    assert!(
                        promised.starts_with(&code),
                        "{name}: {code}, not {promised}"
                    );
                }
                (_, outcome) => panic!("{name}: {outcome:?}"),
            }
        }
    }
}

/// What the gate says in its fixes that a tool needs, a person finds on the page.
#[test]
fn fixes_of_the_gate_stand_on_the_page() {
    for (code, words) in [
        (
            ReasonCode::EntryDuplicate,
            "duplicatesStrategy = DuplicatesStrategy.EXCLUDE",
        ),
        (ReasonCode::EntryName, "`tar.exe -a -cf ..\\package.zip .`"),
        (
            ReasonCode::EntryName,
            "`localedef -i en_US -f UTF-8 en_US.UTF-8`",
        ),
        (
            ReasonCode::ZipAmbiguous,
            "`pex3 venv create --layout flat-zipped`",
        ),
        (ReasonCode::LinkUnsafe, "without `-y`"),
        (
            ReasonCode::AlreadySigned,
            "`zip -d package.zip 'META_INF/*'`",
        ),
        (ReasonCode::FilesUnreadable, "`chmod -R u=rwX,go=rX .`"),
        (ReasonCode::BootstrapUnusable, "`chmod 755 bootstrap`"),
    ] {
        assert!(
            code.about().fix.contains(words),
            "{code} does not say {words}"
        );
        assert!(PAGE.contains(words), "the page does not say {words}");
        assert!(PAGE.contains(&format!("`{code}`")), "{code}");
    }
}

/// The outcome, and what is printed.
fn check(package: &[u8]) -> (i32, String) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("package.zip"), package).unwrap();
    let output = Command::new(checkout::program("countersign"))
        .args(["check", "package.zip"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    (output.status.code().unwrap(), text)
}

#[test]
fn signed_package_and_mode_of_writestr_are_as_the_page_says() {
    let (status, text) = check(&sign(&sample(), &PKI).build());
    assert_eq!(status, 1);
    assert!(text.contains("ALREADY_SIGNED"), "{text}");
    // What `writestr` records: a mode without the bits of a kind.
    let with_mode = |mode| ZipForge::new([EntryForge::file("app.py", "x").mode(mode)]).build();
    let (status, text) = check(&with_mode(0o600));
    assert_eq!(status, 0);
    assert!(text.contains("FILES_UNREADABLE"), "{text}");
    let (_, text) = check(&with_mode(0o644));
    assert!(!text.contains("FILES_UNREADABLE"), "{text}");
}
