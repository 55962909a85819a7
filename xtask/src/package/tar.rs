//! A tar.gz in which nothing of the moment or of the machine is. Written here because a format of fixed fields is
//! smaller than a dependency.

use std::io::{self, Write as _};

use flate2::{Compression, GzBuilder};

/// A block of a tar.
const BLOCK: usize = 512;
/// The longest name that a header holds without extensions.
const MAX_NAME: usize = 100;
/// 1980-01-01, as in the zips: some readers warn of 1970.
const MODIFIED: u64 = 315_532_800;

/// A file of the archive.
pub(super) struct TarFile {
    pub(super) name: String,
    /// For whom: 0o755 or 0o644.
    pub(super) mode: u64,
    pub(super) bytes: Vec<u8>,
}

/// The archive with these files, in this order.
pub(super) fn tar_gz(files: &[TarFile]) -> io::Result<Vec<u8>> {
    let mut tar = Vec::new();
    for file in files {
        tar.extend(header(file)?);
        tar.extend_from_slice(&file.bytes);
        let past = file.bytes.len().checked_rem(BLOCK).unwrap_or(0);
        if past > 0 {
            tar.extend(std::iter::repeat_n(0, BLOCK.saturating_sub(past)));
        }
    }
    // Two empty blocks end it.
    tar.extend([0; BLOCK]);
    tar.extend([0; BLOCK]);
    // Without a time, a name and a system in its header.
    let mut gzip = GzBuilder::new()
        .mtime(0)
        .operating_system(255)
        .write(Vec::new(), Compression::best());
    gzip.write_all(&tar)?;
    gzip.finish()
}

/// The header of a file (POSIX.1-1988, "ustar"). Owner and group are those of root, by number alone.
fn header(file: &TarFile) -> io::Result<Vec<u8>> {
    let too_long = || io::Error::other(format!("the name {} is too long for a tar", file.name));
    if file.name.len() > MAX_NAME {
        return Err(too_long());
    }
    let size = u64::try_from(file.bytes.len()).map_err(io::Error::other)?;
    let mut before = padded(file.name.as_bytes(), MAX_NAME);
    before.extend(octal(file.mode, 8));
    before.extend(octal(0, 8));
    before.extend(octal(0, 8));
    before.extend(octal(size, 12));
    before.extend(octal(MODIFIED, 12));
    // An ordinary file, which links to nothing; no names of owners, no devices, no prefix.
    let mut after = b"0".to_vec();
    after.extend([0; 100]);
    after.extend(b"ustar\x0000");
    after.extend([0; 64]);
    after.extend(octal(0, 8));
    after.extend(octal(0, 8));
    after.extend([0; 167]);
    // The sum is taken as if its own field held blanks.
    let bytes = before.iter().chain(b"        ").chain(&after);
    let sum: u64 = bytes.map(|byte| u64::from(*byte)).sum();
    before.extend(format!("{sum:06o}\0 ").into_bytes());
    before.extend(after);
    Ok(before)
}

/// Digits of base eight that fill a field but for its last byte.
fn octal(number: u64, bytes: usize) -> Vec<u8> {
    let digits = bytes.saturating_sub(1);
    padded(format!("{number:0digits$o}").as_bytes(), bytes)
}

fn padded(text: &[u8], bytes: usize) -> Vec<u8> {
    let mut field = text.to_vec();
    field.resize(bytes, 0);
    field
}

#[cfg(test)]
mod tests {
    use std::{os::unix::fs::PermissionsExt as _, process::Command};

    use super::*;

    fn files() -> [TarFile; 3] {
        let file = |name: &str, mode, bytes: &[u8]| TarFile {
            name: name.to_owned(),
            mode,
            bytes: bytes.to_vec(),
        };
        [
            file("a/program", 0o755, &[7; 1_000]),
            file("a/block", 0o644, &[8; BLOCK]),
            file("a/man/man1/x.1", 0o644, b"text\n"),
        ]
    }

    #[test]
    fn same_files_give_same_bytes() {
        let first = tar_gz(&files()).unwrap();
        std::thread::sleep(std::time::Duration::from_millis(1_100));
        assert!(first == tar_gz(&files()).unwrap());
    }

    #[test]
    fn tar_of_the_system_reads_it() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("x.tar.gz"), tar_gz(&files()).unwrap()).unwrap();
        let output = Command::new("tar")
            .args(["-xzpf", "x.tar.gz"])
            .current_dir(folder.path())
            .output()
            .unwrap();
        let words = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && words.is_empty(), "{words}");
        for file in files() {
            let path = folder.path().join(&file.name);
            assert_eq!(std::fs::read(&path).unwrap(), file.bytes);
            let mode = std::fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(u64::from(mode & 0o777), file.mode, "{}", file.name);
        }
    }

    #[test]
    fn long_name_is_refused() {
        let mut file = files().into_iter().next().unwrap();
        file.name = "a".repeat(MAX_NAME + 1);
        assert!(tar_gz(&[file]).is_err());
    }
}
