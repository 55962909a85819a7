//! Rows that honest writers make, each emulated after what is known of the writer's records.
//!
//! These are emulations: the shape (versions, flags, attributes, extra fields, descriptors) is that
//! of the named program, the bytes are the forge's. Programs that can be had where the tests run
//! are run for real in `tests/honest_writers/` as well.

use countersign_testkit::package::sign;
use countersign_testkit::zip::{EntryForge, FLAG_UTF8, Header, ZipForge, extra};

use crate::{Case, PKI, accept};

/// Makes the entries of a package as one program would.
type Writer = fn() -> Vec<EntryForge>;

pub(crate) fn cases() -> Vec<Case> {
    let writers: [(&str, Writer); 16] = [
        ("Info-ZIP on Linux", info_zip),
        ("Info-ZIP writing to a pipe", info_zip_to_a_pipe),
        ("Go's archive/zip", go),
        ("Go's archive/zip with modes and times", go_with_modes),
        ("Java's jar", jar),
        ("Node's archiver", archiver),
        (
            "Node's archiver from contents (cdk-assets, serverless)",
            archiver_from_contents,
        ),
        ("Node's yazl", yazl),
        ("Node's jszip", jszip),
        ("Node's fflate", fflate),
        ("7-Zip on Linux", seven_zip_on_linux),
        ("7-Zip on Windows", seven_zip_on_windows),
        ("macOS's Archive Utility", archive_utility),
        ("cargo lambda", cargo_lambda),
        ("a provided.al2023 bootstrap from Python's zipfile", python),
        ("git archive", git_archive),
    ];
    let alone = writers.map(|(writer, entries)| {
        accept(format!("a package of {writer}"), move || {
            let source = ZipForge::new(entries());
            crate::Sample::from(sign(&source, &PKI)).with_source(&source)
        })
    });
    Vec::from(alone)
}

/// The same change in both records, and in the central record the writer's version.
fn made_by(entry: EntryForge, version: u16, needed: u16) -> EntryForge {
    let mut entry = entry.both(|header| header.version_needed = needed);
    entry.central().version_made_by = version;
    entry
}

fn handler() -> EntryForge {
    EntryForge::file("index.mjs", "export const handler = async () => 1;\n")
}

fn nested() -> EntryForge {
    EntryForge::file("lib/données.json", "{\"a\": [1, 2, 3]}\n")
}

/// Sets the DOS attributes, the lower half of the external ones.
fn dos(mut entry: EntryForge, attributes: u32) -> EntryForge {
    entry.central().external |= attributes;
    entry
}

/// Leaves the DOS attributes alone: the writer knows no Unix modes.
fn without_mode(mut entry: EntryForge, attributes: u32) -> EntryForge {
    entry.central().external = attributes;
    entry
}

/// Extended timestamp and Unix owner, shorter in the central record.
fn info_zip_extras(entry: EntryForge) -> EntryForge {
    let owner = extra(0x7875, &[1, 4, 0xE8, 3, 0, 0, 4, 0xE8, 3, 0, 0]);
    let local = extra(0x5455, &[3, 1, 2, 3, 100, 1, 2, 3, 100]);
    let central = extra(0x5455, &[3, 1, 2, 3, 100]);
    entry.extras(&[local, owner.clone()].concat(), &[central, owner].concat())
}

fn info_zip() -> Vec<EntryForge> {
    let directory = dos(EntryForge::directory("lib/"), 0x10);
    let binary = EntryForge::file("bin/tool", vec![0xFE; 64])
        .stored()
        .mode(0o100_755);
    let link = EntryForge::symlink("bin/alias", "tool");
    [handler(), directory, nested(), binary, link]
        .map(info_zip_extras)
        .into()
}

fn info_zip_to_a_pipe() -> Vec<EntryForge> {
    let directory = dos(EntryForge::directory("lib/"), 0x10);
    [handler().streamed(), directory, nested().streamed()]
        .map(info_zip_extras)
        .into()
}

fn go() -> Vec<EntryForge> {
    let plain = |entry: EntryForge| without_mode(made_by(entry.streamed(), 20, 20), 0);
    let directory = without_mode(made_by(EntryForge::directory("lib/"), 20, 20), 0);
    vec![plain(handler()), directory, plain(nested())]
}

fn go_with_modes() -> Vec<EntryForge> {
    let time = extra(0x5455, &[1, 1, 2, 3, 100]);
    let shape = |entry: EntryForge| made_by(entry, 0x0314, 20).extras(&time, &time);
    let directory = dos(EntryForge::directory("lib/"), 0x10);
    let bootstrap = EntryForge::file("bootstrap", vec![0x7F; 300]).mode(0o100_755);
    vec![
        shape(handler().streamed()),
        shape(directory),
        shape(bootstrap.streamed()),
    ]
}

/// Made on FAT, without a mode, but for what is executable and links.
fn git_archive() -> Vec<EntryForge> {
    let time = extra(0x5455, &[1, 1, 2, 3, 100]);
    let plain = |entry: EntryForge| without_mode(made_by(entry, 0, 10), 0);
    let directory = without_mode(made_by(EntryForge::directory("lib/"), 0, 10), 0x10);
    let bootstrap = EntryForge::file("bootstrap", vec![0x7F; 300]).mode(0o100_755);
    let link = EntryForge::symlink("latest", "lib/données.json");
    let on_unix = |entry: EntryForge| made_by(entry, 0x0317, 10);
    let utf8 = |header: &mut Header| header.flags |= FLAG_UTF8;
    [
        plain(handler()),
        directory,
        plain(nested().both(utf8)),
        on_unix(bootstrap),
        on_unix(link),
    ]
    .map(|entry| entry.extras(&time, &time))
    .into()
}

fn jar() -> Vec<EntryForge> {
    let utf8 = |header: &mut Header| header.flags |= FLAG_UTF8;
    let marker = extra(0xCAFE, &[]);
    let meta = without_mode(made_by(EntryForge::directory("META-INF/"), 10, 10), 0);
    let manifest = EntryForge::file("META-INF/MANIFEST.MF", "Manifest-Version: 1.0\r\n\r\n");
    let class = EntryForge::file("com/example/Handler.class", b"\xCA\xFE\xBA\xBE\0\0\0\x41");
    let shape = |entry: EntryForge| without_mode(made_by(entry.streamed(), 20, 20), 0).both(utf8);
    vec![
        meta.both(utf8).extras(&marker, &marker),
        shape(manifest),
        shape(class),
    ]
}

fn archiver() -> Vec<EntryForge> {
    let utf8 = |header: &mut Header| header.flags |= FLAG_UTF8;
    let shape = |entry: EntryForge| dos(made_by(entry.streamed(), 0x032D, 20).both(utf8), 0x20);
    let directory = dos(made_by(EntryForge::directory("lib/"), 0x032D, 20), 0x10);
    vec![shape(handler()), directory, shape(nested())]
}

fn archiver_from_contents() -> Vec<EntryForge> {
    let utf8 = |header: &mut Header| header.flags |= FLAG_UTF8;
    let shape = |entry: EntryForge| dos(made_by(entry.streamed(), 0x032D, 20).both(utf8), 0x20);
    let bootstrap = EntryForge::file("bootstrap", "#!/bin/sh\n").mode(0o100_755);
    vec![shape(bootstrap), shape(handler()), shape(nested())]
}

fn jszip() -> Vec<EntryForge> {
    let file = |entry: EntryForge| without_mode(made_by(entry, 20, 10), 0);
    let directory = without_mode(made_by(EntryForge::directory("lib/"), 20, 10), 0x10);
    vec![file(handler()), directory, file(nested())]
}

fn fflate() -> Vec<EntryForge> {
    let bootstrap = EntryForge::file("bootstrap", "#!/bin/sh\n").mode(0o100_755);
    [bootstrap, handler(), nested()]
        .map(|entry| made_by(entry, 0x0314, 20))
        .into()
}

fn yazl() -> Vec<EntryForge> {
    let utf8 = |header: &mut Header| header.flags |= FLAG_UTF8;
    let buffer = made_by(nested(), 0x033F, 20).both(utf8);
    vec![made_by(handler().streamed(), 0x033F, 20).both(utf8), buffer]
}

/// Three times in 100 ns, in the central record alone.
fn ntfs_times(entry: EntryForge) -> EntryForge {
    let mut value = vec![0, 0, 0, 0, 1, 0, 24, 0];
    value.extend_from_slice(&[7; 24]);
    entry.extras(&[], &extra(0x000A, &value))
}

fn seven_zip_on_linux() -> Vec<EntryForge> {
    let shape = |entry: EntryForge| ntfs_times(dos(made_by(entry, 0x033F, 20), 0x8000));
    let directory = dos(EntryForge::directory("lib/"), 0x10);
    vec![
        shape(directory),
        shape(handler()),
        shape(nested()),
        shape(EntryForge::file("empty", "").stored()),
    ]
}

fn seven_zip_on_windows() -> Vec<EntryForge> {
    let file = |entry: EntryForge| ntfs_times(without_mode(made_by(entry, 0x003F, 20), 0x20));
    let directory = EntryForge::directory("lib/");
    vec![
        ntfs_times(without_mode(made_by(directory, 0x003F, 20), 0x10)),
        file(handler()),
        file(nested()),
    ]
}

fn archive_utility() -> Vec<EntryForge> {
    let unix = |entry: EntryForge| {
        let times = [1, 2, 3, 100, 1, 2, 3, 100];
        let owner = [0xF5, 1, 20, 0];
        entry.extras(
            &extra(0x5855, &[&times[..], &owner].concat()),
            &extra(0x5855, &times),
        )
    };
    let file = |entry: EntryForge| unix(made_by(entry.streamed(), 0x0315, 20));
    let directory = |name: &str| unix(made_by(EntryForge::directory(name), 0x0315, 10));
    let fork = EntryForge::file(
        "__MACOSX/._index.mjs",
        b"\0\x05\x16\x07\0\x02\0\0Mac OS X        ",
    );
    vec![
        file(handler()),
        directory("__MACOSX/"),
        file(fork),
        directory("lib/"),
        file(EntryForge::file("lib/data.json", "{}")),
    ]
}

fn cargo_lambda() -> Vec<EntryForge> {
    let bootstrap = EntryForge::file("bootstrap", vec![0x7F; 4_096]).mode(0o100_755);
    vec![made_by(bootstrap, 0x0314, 20)]
}

fn python() -> Vec<EntryForge> {
    let bootstrap = EntryForge::file("bootstrap", "#!/bin/sh\nexec python3 -m app\n");
    let restricted = EntryForge::file("app/__main__.py", "print('hello')\n").mode(0o600);
    vec![
        made_by(bootstrap.mode(0o100_755), 0x0314, 20),
        made_by(restricted, 0x0314, 20),
    ]
}
