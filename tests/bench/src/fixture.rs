//! The packages that are verified: generated, signed by the forge, and the same content as a jar.

use std::{
    fs,
    path::{Path, PathBuf},
};

use countersign_testkit::{
    package::sign,
    pki::Pki,
    zip::{EntryForge, ZipForge},
};
use flate2::Crc;

use crate::{Outcome, content::Kind, measure::count};

/// A file that is in each package, stored, for [`tamper`] to change.
const MARKER: &str = "VERSION.txt";
const MARKER_BODY: &[u8] = b"countersign bench, version 1\n";
const TAMPERED_BODY: &[u8] = b"countersign bench, version 2\n";

/// The shape of a package.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    pub kind: Kind,
    /// Megabytes of 1,000,000 bytes, unpacked.
    pub megabytes: usize,
    /// Besides the marker and the signature.
    pub entries: usize,
}

/// A package in all its forms, as files that live as long as the directory they were written to.
#[derive(Debug)]
pub(crate) struct Fixture {
    pub unpacked_bytes: u64,
    pub packed_bytes: u64,
    pub source: PathBuf,
    pub signed: PathBuf,
    pub tampered: PathBuf,
    /// The root's certificate, in PEM.
    pub root: PathBuf,
}

impl Fixture {
    pub(crate) fn write(shape: Shape, directory: &Path) -> Outcome<Self> {
        let pki = Pki::new();
        let source = package(shape);
        let fixture = Self {
            unpacked_bytes: source.entries.iter().map(|e| count(e.body.len())).sum(),
            packed_bytes: 0,
            source: directory.join("source.zip"),
            signed: directory.join("signed.zip"),
            tampered: directory.join("tampered.zip"),
            root: directory.join("root.pem"),
        };
        fs::write(&fixture.root, pki.root_pem())?;
        fs::write(&fixture.source, source.build())?;
        let signed = sign(&source, &pki);
        drop(source);
        let mut bytes = signed.build();
        drop(signed);
        fs::write(&fixture.signed, &bytes)?;
        tamper(&mut bytes)?;
        fs::write(&fixture.tampered, &bytes)?;
        let packed_bytes = count(bytes.len());
        Ok(Self {
            packed_bytes,
            ..fixture
        })
    }
}

fn package(shape: Shape) -> ZipForge {
    let marker = EntryForge::file(MARKER, MARKER_BODY).stored();
    let total = shape.megabytes.saturating_mul(1_000_000);
    let each = total.checked_div(shape.entries).unwrap_or(total);
    let files = (0..shape.entries).map(|index| {
        let name = format!("lib/part{:03}/module{index:05}.js", index % 200);
        EntryForge::file(name, shape.kind.bytes(each, count(index)))
    });
    ZipForge::new(std::iter::once(marker).chain(files))
}

/// Changes one file of a zip and makes its checksums agree, so that only who checks the signature
/// can tell.
pub(crate) fn tamper(zip: &mut [u8]) -> Outcome<()> {
    let mut crc = Crc::new();
    crc.update(TAMPERED_BODY);
    let crc = crc.sum().to_le_bytes();
    // Offsets of the checksum and of the name in the two kinds of header (APPNOTE 4.3.7, 4.3.12).
    let headers = [(b"PK\x03\x04", 14, 30), (b"PK\x01\x02", 16, 46)];
    for (signature, crc_at, name_at) in headers {
        let found = zip.windows(4).enumerate().find_map(|(start, window)| {
            let name = zip.get(start.checked_add(name_at)?..)?;
            (window == signature && name.starts_with(MARKER.as_bytes())).then_some(start)
        });
        let start = found.ok_or("the file to tamper with is not in the zip")?;
        let field = zip
            .get_mut(start..)
            .and_then(|header| header.get_mut(crc_at..))
            .and_then(|field| field.get_mut(..crc.len()))
            .ok_or("a header of the zip is cut short")?;
        field.copy_from_slice(&crc);
    }
    let body = zip
        .windows(MARKER_BODY.len())
        .position(|window| window == MARKER_BODY)
        .and_then(|start| zip.get_mut(start..)?.get_mut(..TAMPERED_BODY.len()))
        .ok_or("the bytes to tamper with are not in the zip")?;
    body.copy_from_slice(TAMPERED_BODY);
    Ok(())
}

#[cfg(test)]
mod tests {
    use countersign_package::{Archive, Limits, Package};

    use super::*;

    #[test]
    fn tampered_package_is_a_sound_zip_with_another_content() {
        let directory = tempfile::tempdir().unwrap();
        let shape = Shape {
            kind: Kind::Text,
            megabytes: 1,
            entries: 8,
        };
        let fixture = Fixture::write(shape, directory.path()).unwrap();
        let digest = |path: &Path| {
            let bytes = fs::read(path).unwrap();
            let package = Package::read(&bytes, &Limits::default()).unwrap();
            assert!(package.is_signed());
            package.content_digest()
        };
        assert_ne!(digest(&fixture.signed), digest(&fixture.tampered));
        let source = fs::read(&fixture.source).unwrap();
        let source = Archive::parse(&source, &Limits::default()).unwrap();
        assert_eq!(source.entries().len(), 9);
        assert_eq!(fixture.unpacked_bytes, 1_000_000 + 29);
    }
}
