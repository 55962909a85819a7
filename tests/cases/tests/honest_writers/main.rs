//! Packages from programs that people use, run for real where they are installed: the core accepts
//! them, reads what other programs read, and, signed, proves their origin.
//!
//! What the machine has is in `matrix.rs`, what `cargo xtask writers` installs from the registries in
//! `pinned.rs`. Go, 7-Zip, Node's libraries, `cargo lambda` and macOS are emulated in the table as well
//! (`src/honest.rs`), for machines that have none of them. The `zip` crate, which `cargo lambda`
//! writes with, is used here directly.

#![expect(
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "a test stops at the first thing that is not as it should be; one that is skipped says so"
)]

mod matrix;
mod pinned;

use std::fs;
use std::io::{Cursor, Write};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::Command;

use countersign_cases::PKI;
use countersign_cases::readers::{Contents, core, python, zip_crate};
use countersign_package::{Archive, EntryKind, Limits, Package, TrustRoots, Warning, origin};
use countersign_testkit::package::sign;
use countersign_testkit::zip::{EntryForge, ZipForge};
use tempfile::TempDir;
use zip::write::SimpleFileOptions;

/// A folder with a function in it: text, binary, an empty file, something executable, a link.
fn project() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("project");
    fs::create_dir_all(root.join("lib/data")).unwrap();
    fs::create_dir(root.join("empty")).unwrap();
    let noise: Vec<u8> = (0..70_000_u32)
        .flat_map(|i| (i.wrapping_mul(2_654_435_761)).to_be_bytes())
        .collect();
    for (name, body) in [
        ("index.mjs", &b"export const handler = async () => 1;\n"[..]),
        ("lib/data/summer.json", b"{\"a\": [1, 2, 3]}\n"),
        ("lib/noise.bin", &noise),
        ("lib/zeros.bin", &vec![0; 100_000]),
        ("lib/nothing", b""),
        ("bootstrap", b"#!/bin/sh\nexec node index.mjs\n"),
    ] {
        fs::write(root.join(name), body).unwrap();
    }
    fs::set_permissions(root.join("bootstrap"), fs::Permissions::from_mode(0o755)).unwrap();
    symlink("index.mjs", root.join("latest.mjs")).unwrap();
    folder
}

/// Runs a shell command in the project; the package it leaves in `../package.zip`, or why it is
/// skipped.
fn packed(program: &str, script: &str) -> Option<Vec<u8>> {
    if Command::new(program).arg("--version").output().is_err() {
        eprintln!("skipped: {program} is not installed");
        return None;
    }
    let folder = project();
    let output = Command::new("sh")
        .args(["-ec", script])
        .current_dir(folder.path().join("project"))
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{script}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    Some(fs::read(folder.path().join("package.zip")).unwrap())
}

/// The core accepts `package`, sees what the others see, and proves its origin once it is signed.
fn is_honest(what: &str, package: &[u8]) {
    let read = Package::read(package, &Limits::default())
        .unwrap_or_else(|error| panic!("{what}: {error}"));
    let ours = core(package).unwrap();
    assert!(ours.len() >= 2, "{what}: {} entries", ours.len());
    assert_eq!(
        Ok(&ours),
        zip_crate(package).as_ref(),
        "{what}: the zip crate"
    );
    let folder = tempfile::tempdir().unwrap();
    match python(&[package.to_vec()], folder.path()) {
        Some(seen) => assert_eq!(seen, [Ok(ours.clone())], "{what}: Python"),
        None => eprintln!("skipped: python3 is not installed"),
    }
    let signed = sign(&like(read.archive(), &ours), &PKI).build();
    let signed = Package::read(&signed, &Limits::default()).unwrap();
    let roots = TrustRoots::from_pem(PKI.root_pem().as_bytes()).unwrap();
    signed
        .verify(&roots)
        .unwrap_or_else(|error| panic!("{what}, signed: {error}"));
    origin::prove(&signed, read.archive())
        .unwrap_or_else(|error| panic!("{what}, signed: {error}"));
}

/// The same entries in the forge's own records: Signer writes packages anew, too.
fn like(archive: &Archive<'_>, contents: &Contents) -> ZipForge {
    let entries = archive
        .entries()
        .iter()
        .zip(contents)
        .map(|(entry, (name, body))| {
            let forged = match entry.kind() {
                EntryKind::File => EntryForge::file(name, body),
                EntryKind::Directory => EntryForge::directory(name),
                EntryKind::Symlink => EntryForge::symlink(name, body),
            };
            let mut forged = forged.mode(u16::try_from(entry.mode().unwrap_or(0)).unwrap());
            if entry.mode().is_none() {
                let central = forged.central();
                (central.version_made_by, central.external) = (20, central.external & 0xFFFF);
            }
            forged
        });
    ZipForge::new(entries)
}

#[test]
fn writer_info_zip() {
    for script in [
        "zip -q -r ../package.zip .",
        "zip -q -r -y ../package.zip .",
        "zip -q -r -0 ../package.zip .",
        "zip -q -r -9 -X ../package.zip .",
        "zip -q -r -D ../package.zip .",
        "zip -q -r - . | cat > ../package.zip",
        "zip -q -r -fz ../package.zip .",
        "zip -q ../package.zip index.mjs; zip -q -r -u ../package.zip lib; zip -q -d ../package.zip index.mjs",
        "zip -q -r ../package.zip .; cat index.mjs | zip -q ../package.zip -",
        "zip -q -r ../package.zip .; echo 'built by make' | zip -q -z ../package.zip",
    ] {
        let Some(package) = packed("zip", script) else {
            return;
        };
        is_honest(script, &package);
    }
}

/// Info-ZIP does not mark names as UTF-8 where the locale en_US.UTF-8 is not installed, whatever `LC_ALL` says, and
/// some programs show them differently. Here it is kept from finding any.
#[test]
fn writer_info_zip_without_a_utf8_locale() {
    let script = "mv index.mjs été.mjs; LOCPATH=/nowhere zip -q -r ../package.zip .";
    let Some(package) = packed("zip", script) else {
        return;
    };
    is_honest(script, &package);
    let archive = Archive::parse(&package, &Limits::default()).unwrap();
    let [Warning::UnmarkedNames { count: 1, name, .. }] = archive.warnings() else {
        panic!("{:?}", archive.warnings());
    };
    assert_eq!(name, "été.mjs");
}

#[test]
fn writer_bsdtar() {
    for script in [
        "bsdtar -a -cf ../package.zip .",
        "bsdtar -c --format zip index.mjs lib latest.mjs | cat > ../package.zip",
        "bsdtar -c --format zip . | cat > ../package.zip",
    ] {
        let Some(package) = packed("bsdtar", script) else {
            return;
        };
        is_honest(script, &package);
    }
}

#[test]
fn writer_python_zipfile() {
    for script in [
        "import shutil; shutil.make_archive('../package', 'zip', '.')",
        "import zipfile as z; a = z.ZipFile('../package.zip', 'w', z.ZIP_DEFLATED); a.write('index.mjs'); a.write('lib'); a.write('lib/zeros.bin'); a.close()",
        "import zipfile as z; a = z.ZipFile('../package.zip', 'w'); a.writestr('index.py', 'pass'); a.writestr(z.ZipInfo('bé.py'), b''); a.close()",
        "import zipfile as z; a = z.ZipFile('../package.zip', 'w'); f = a.open('big', 'w', force_zip64=True); f.write(b'x' * 9); f.close(); a.writestr('é', 'x'); a.close()",
        // An output that cannot seek: descriptors.
        "import os, zipfile as z; r = open('../package.zip', 'wb'); r.seek = r.tell = None; \
         a = z.ZipFile(type('Pipe', (), {'write': r.write, 'flush': r.flush})(), 'w', z.ZIP_DEFLATED); \
         a.write('index.mjs'); a.write('lib/zeros.bin'); a.close(); r.close()",
    ] {
        let Some(package) = packed("python3", &format!("python3 -c \"{script}\"")) else {
            return;
        };
        is_honest(script, &package);
    }
}

#[test]
fn writer_java_jar() {
    for script in [
        "jar -c -f ../package.zip .",
        "jar -c -M -f ../package.zip .",
        "mv lib/data lib/données; jar -c -0 -f ../package.zip .",
    ] {
        let Some(package) = packed("jar", script) else {
            return;
        };
        is_honest(script, &package);
    }
}

#[test]
fn writer_zip_crate_as_cargo_lambda_uses_it() {
    let options = SimpleFileOptions::default();
    for (what, options) in [
        ("deflated", options.unix_permissions(0o755)),
        (
            "stored",
            options.compression_method(zip::CompressionMethod::Stored),
        ),
        ("large", options.large_file(true)),
    ] {
        let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
        writer.start_file("bootstrap", options).unwrap();
        writer.write_all(&vec![0x7F; 50_000]).unwrap();
        writer.add_directory("lib", options).unwrap();
        writer.add_symlink("latest", "bootstrap", options).unwrap();
        writer.start_file("lib/été.txt", options).unwrap();
        writer.write_all(b"summer").unwrap();
        is_honest(what, &writer.finish().unwrap().into_inner());
    }
}

#[test]
fn writer_zip_crate_writing_to_a_pipe() {
    let mut bytes = Vec::new();
    let mut writer = zip::ZipWriter::new_stream(&mut bytes);
    writer
        .start_file("index.mjs", SimpleFileOptions::default())
        .unwrap();
    writer.write_all(b"export const handler = 1;\n").unwrap();
    writer
        .start_file("b.mjs", SimpleFileOptions::default())
        .unwrap();
    writer.finish().unwrap();
    is_honest("a stream", &bytes);
}
