//! Rows about names, kinds of entries, and symbolic links.

use countersign_package::{LinkFault, NameFault, StructureError as S};
use countersign_testkit::zip::{EntryForge, FLAG_UTF8, extra};

use crate::{Case, Expected, accept, refuse, signed, structure};

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = refused_names();
    cases.extend(accepted_names());
    cases.extend(encodings());
    cases.extend(collisions());
    cases.extend(kinds());
    cases.extend(links());
    cases
}

/// Expects a fault of a name.
macro_rules! name {
    ($fault:pat) => {
        structure!(S::Name { fault: $fault, .. })
    };
}

/// Expects a fault of a link.
macro_rules! link {
    ($fault:pat) => {
        structure!(S::Link { fault: $fault, .. })
    };
}

/// The sample with a file of this name in front, signed.
fn named(what: &str, name: impl Into<Vec<u8>>, expected: Expected) -> Case {
    with_entries(what, vec![EntryForge::file(name.into(), "body")], expected)
}

/// The sample with these entries in front, signed.
fn with_entries(what: &str, entries: Vec<EntryForge>, expected: Expected) -> Case {
    refuse(what, expected, move || {
        signed(|zip| drop(zip.entries.splice(0..0, entries.clone())))
    })
}

/// Like [`with_entries`], but to be accepted.
fn accepted(what: &str, entries: Vec<EntryForge>) -> Case {
    accept(what, move || {
        signed(|zip| drop(zip.entries.splice(0..0, entries.clone())))
    })
}

fn refused_names() -> Vec<Case> {
    let too_long = "a/".repeat(2_000) + "b";
    vec![
        named("a name of no bytes", "", name!(NameFault::Empty)),
        named(
            "an absolute name",
            "/etc/passwd",
            name!(NameFault::Absolute),
        ),
        named(
            "a name that starts with two slashes",
            "//host/share",
            name!(NameFault::Absolute | NameFault::EmptyComponent),
        ),
        named("a slash by itself", "/", name!(_)),
        named(
            "a name with a drive letter",
            "C:/evil.mjs",
            name!(NameFault::Drive),
        ),
        named(
            "a name relative to a drive",
            "c:evil.mjs",
            name!(NameFault::Drive),
        ),
        named(
            "a name that climbs out",
            "../evil.mjs",
            name!(NameFault::Climbs),
        ),
        named(
            "a name that climbs and returns",
            "lib/../evil.mjs",
            name!(NameFault::Climbs),
        ),
        named(
            "a name that ends by climbing",
            "lib/..",
            name!(NameFault::Climbs),
        ),
        named(
            "a file in a folder whose name ends in two dots (jar)",
            "lib../index.mjs",
            name!(NameFault::DotsAtEnd),
        ),
        named(
            "a folder of three dots (jar)",
            ".../",
            name!(NameFault::DotsAtEnd),
        ),
        named("a name that is two dots", "..", name!(NameFault::Climbs)),
        named(
            "a name with a dot component inside",
            "lib/./evil.mjs",
            name!(NameFault::Dot),
        ),
        named(
            "a name with an empty component",
            "lib//evil.mjs",
            name!(NameFault::EmptyComponent),
        ),
        named(
            "a name with a backslash",
            "lib\\evil.mjs",
            name!(NameFault::Backslash),
        ),
        named(
            "a name that climbs with backslashes",
            "..\\evil.mjs",
            name!(NameFault::Backslash | NameFault::Climbs),
        ),
        named("a name with NUL", "evil.mjs\0.txt", name!(NameFault::Nul)),
        named(
            "a name with a line break",
            "evil\n.mjs",
            name!(NameFault::Control),
        ),
        named(
            "a name with an escape sequence",
            "evil\x1b[2K.mjs",
            name!(NameFault::Control),
        ),
        named("a name with DEL", "evil\x7f.mjs", name!(NameFault::Control)),
        named(
            "a name with a C1 control character",
            "evil\u{9b}2K.mjs",
            name!(NameFault::Control),
        ),
        named(
            "a name that is too long",
            too_long,
            name!(NameFault::TooLong),
        ),
        named(
            "a component that is too long",
            "c".repeat(256),
            name!(NameFault::TooLong),
        ),
    ]
}

fn accepted_names() -> Vec<Case> {
    let names = [
        (
            "a name with two dots that do not climb",
            "lib/..hidden/a..b",
        ),
        ("a hidden file", ".env"),
        ("a name with spaces", "a file with spaces.txt"),
        (
            "a name with shell characters",
            "node_modules/@types/node/$i;&|*?'\"`.d.ts",
        ),
        ("a name with a colon further on", "zoneinfo:Europe"),
        ("a name in another script", "обработчик.py"),
        ("a name with an emoji", "assets/🚀.svg"),
        ("a name in composed form", "caf\u{e9}.txt"),
        ("a name in decomposed form", "cafe\u{301}.txt"),
    ];
    let longest = format!("{}/{}", "d".repeat(255), "f".repeat(255));
    let mut cases: Vec<Case> = names
        .into_iter()
        .map(|(what, name)| accepted(what, vec![EntryForge::file(name, "body")]))
        .collect();
    cases.push(accepted(
        "components as long as Linux allows",
        vec![EntryForge::file(longest, "body")],
    ));
    cases
}

fn encodings() -> Vec<Case> {
    let unflagged =
        |name: &[u8]| EntryForge::file(name, "body").both(|header| header.flags &= !FLAG_UTF8);
    let not_utf8 =
        |name: &[u8]| EntryForge::file(name, "body").both(|header| header.flags |= FLAG_UTF8);
    let unicode_path = |crc32: u32, name: &str| {
        extra(
            0x7075,
            &[&[1][..], &crc32.to_le_bytes(), name.as_bytes()].concat(),
        )
    };
    let plain = crc32fast::hash(b"plain.mjs");
    let accented = crc32fast::hash("caf\u{e9}.txt".as_bytes());
    vec![
        with_entries(
            "a name in an old code page",
            vec![unflagged(b"caf\x82.txt")],
            name!(NameFault::NotUtf8),
        ),
        with_entries(
            "a name flagged as UTF-8 that is not",
            vec![not_utf8(b"caf\x82.txt")],
            name!(NameFault::NotUtf8),
        ),
        with_entries(
            "a slash in an overlong encoding",
            vec![not_utf8(b"..\xc0\xaf..\xc0\xafevil")],
            name!(NameFault::NotUtf8),
        ),
        with_entries(
            "a lone surrogate",
            vec![not_utf8(b"\xed\xa0\x80.txt")],
            name!(NameFault::NotUtf8),
        ),
        accepted(
            "a name in UTF-8 that only a Unicode path field marks as such",
            vec![unflagged("caf\u{e9}.txt".as_bytes()).extras(
                &unicode_path(accented, "caf\u{e9}.txt"),
                &unicode_path(accented, "caf\u{e9}.txt"),
            )],
        ),
        with_entries(
            "a Unicode path field with another name",
            vec![EntryForge::file("plain.mjs", "body").extras(
                &unicode_path(plain, "evil.mjs"),
                &unicode_path(plain, "evil.mjs"),
            )],
            structure!(S::ExtraField { .. }),
        ),
        with_entries(
            "a Unicode path field with another name in the local record alone",
            vec![
                EntryForge::file("plain.mjs", "body").extras(&unicode_path(plain, "evil.mjs"), &[]),
            ],
            structure!(S::ExtraField { .. }),
        ),
    ]
}

fn collisions() -> Vec<Case> {
    let file = |name: &str| EntryForge::file(name, "body");
    vec![
        with_entries(
            "two entries of one name (Master Key)",
            vec![file("index.mjs")],
            structure!(S::Duplicate { .. }),
        ),
        with_entries(
            "two entries of one name side by side",
            vec![file("twice.txt"), file("twice.txt")],
            structure!(S::Duplicate { .. }),
        ),
        with_entries(
            "two names that differ in their Unicode form only",
            vec![file("caf\u{e9}.txt"), file("cafe\u{301}.txt")],
            structure!(S::Duplicate { .. }),
        ),
        with_entries(
            "two directories that differ in their Unicode form only",
            vec![file("caf\u{e9}/a.txt"), file("cafe\u{301}/a.txt")],
            structure!(S::Duplicate { .. }),
        ),
        accepted(
            "five thousand names in decomposed form",
            (0..5_000)
                .map(|n| file(&format!("Bu\u{308}ro/ta\u{308}glich/Men\u{fc} {n}.txt")))
                .collect(),
        ),
        // Three times as long when it is composed: what is held to compare names has a budget.
        with_entries(
            "names that together grow beyond all measure when they are composed",
            (0..200)
                .map(|n| {
                    file(&format!(
                        "{}{n}",
                        format!("{}/", "\u{1d160}".repeat(60)).repeat(16)
                    ))
                })
                .collect(),
            structure!(S::Name {
                fault: NameFault::Budget,
                ..
            }),
        ),
        with_entries(
            "a file that is a listed directory",
            vec![file("lib")],
            structure!(S::FileAndDirectory { .. } | S::Duplicate { .. }),
        ),
        with_entries(
            "a file with another below it",
            vec![file("tool"), file("tool/run.sh")],
            structure!(S::FileAndDirectory { .. }),
        ),
        with_entries(
            "a file with another below it, the other one first",
            vec![file("tool/run/now.sh"), file("tool")],
            structure!(S::FileAndDirectory { .. }),
        ),
        with_entries(
            "a file and a directory that differ in their Unicode form only",
            vec![file("caf\u{e9}"), file("cafe\u{301}/menu.txt")],
            structure!(S::FileAndDirectory { .. } | S::Duplicate { .. }),
        ),
        accepted(
            "a directory listed after what it holds",
            vec![file("d/file.txt"), EntryForge::directory("d/")],
        ),
        accepted(
            "directories that are not listed",
            vec![file("deep/er/still/file.txt")],
        ),
        accepted(
            "two names of which one begins the other",
            vec![file("lib.mjs"), file("lib-extra/a.mjs")],
        ),
    ]
}

fn kinds() -> Vec<Case> {
    let file = |mode: u16| vec![EntryForge::file("strange", "body").mode(mode)];
    let mut with_content = EntryForge::file("content/", "body").mode(0o040_755);
    with_content.central().external |= 0x10;
    let mut dos_directory = EntryForge::file("strange", "").stored();
    dos_directory.central().external |= 0x10;
    let kind = || structure!(S::Kind { .. });
    vec![
        with_entries("a character device", file(0o020_644), kind()),
        with_entries("a block device", file(0o060_644), kind()),
        with_entries(
            "a directory by mode that is a file by name",
            file(0o040_755),
            kind(),
        ),
        with_entries(
            "a link by mode that is a directory by name",
            vec![EntryForge::directory("strange/").mode(0o120_777)],
            kind(),
        ),
        with_entries(
            "a directory by DOS attribute that is a file by name",
            vec![dos_directory],
            kind(),
        ),
        with_entries(
            "a directory with content",
            vec![with_content],
            structure!(S::DirectoryContent { .. }),
        ),
        accepted("a file without a mode", file(0)),
        accepted("a file with permissions but no type", file(0o755)),
    ]
}

fn links() -> Vec<Case> {
    let link = |name: &str, target: &str| EntryForge::symlink(name, target);
    let long = "d/".repeat(2_048);
    vec![
        accepted(
            "a link to a file beside it",
            vec![link("latest.mjs", "index.mjs")],
        ),
        accepted(
            "a link that climbs but stays inside",
            vec![link("lib/handler.mjs", "../index.mjs")],
        ),
        accepted(
            "a link that is deflated",
            vec![EntryForge::file("latest.mjs", "index.mjs").mode(0o120_777)],
        ),
        with_entries(
            "a link to an absolute path",
            vec![link("passwd", "/etc/passwd")],
            link!(LinkFault::Absolute),
        ),
        with_entries(
            "a link that leaves the package",
            vec![link("up", "..")],
            link!(LinkFault::Climbs),
        ),
        with_entries(
            "a link that leaves the package from below",
            vec![link("lib/up", "../../etc/passwd")],
            link!(LinkFault::Climbs),
        ),
        with_entries(
            "a link that leaves and returns",
            vec![link("lib/up", "../../task/index.mjs")],
            link!(LinkFault::Climbs),
        ),
        with_entries(
            "a link to nothing",
            vec![link("nowhere", "")],
            link!(LinkFault::Empty),
        ),
        with_entries(
            "a link with NUL in its target",
            vec![link("nul", "index.mjs\0/../..")],
            link!(LinkFault::NotPortable),
        ),
        with_entries(
            "a link with a backslash in its target",
            vec![link("back", "..\\..\\etc")],
            link!(LinkFault::NotPortable),
        ),
        with_entries(
            "a link whose target is not UTF-8",
            vec![EntryForge::symlink("bytes", b"\xff\xfe")],
            link!(LinkFault::NotPortable),
        ),
        with_entries(
            "a link whose target is too long",
            vec![link("long", &long)],
            link!(LinkFault::TooLong),
        ),
        with_entries(
            "an entry that is written through a link",
            vec![
                link("here", "lib"),
                EntryForge::file("here/evil.mjs", "body"),
            ],
            structure!(S::BelowLink { .. }),
        ),
        with_entries(
            "a link through a link, out of the package",
            vec![link("deep/er", "../lib"), link("out", "deep/er/../../etc")],
            link!(LinkFault::Through | LinkFault::Climbs),
        ),
    ]
}
