//! A folder as a package: everything in it, in the order of the names.

use std::{
    fs::{self, Metadata},
    path::{Component, Path},
};

use crate::{
    builds::zip::{TooLarge, Writer},
    io::{error::CliError, escape::escape_path, input},
};

/// Lambda takes 250 MB unzipped; what is much larger would only fill the memory.
const MAX_FOLDER_BYTES: u64 = 1 << 30;

const FOLDER_MODE: u32 = 0o040_755;
const LINK_MODE: u32 = 0o120_777;
const PROGRAM_MODE: u32 = 0o100_755;
const FILE_MODE: u32 = 0o100_644;

/// The folder as a zip. Modes become 755 where somebody may execute the file and 644 elsewhere, because the user
/// that Lambda runs functions as is another one than the builder.
pub(crate) fn zip(folder: &Path) -> Result<Vec<u8>, CliError> {
    let mut walk = Walk {
        folder,
        zip: Writer::default(),
        bytes: 0,
    };
    walk.add(Path::new(""))?;
    let finished = walk.zip.finish();
    finished.map_err(|limit| too_large(folder, limit))
}

struct Walk<'a> {
    folder: &'a Path,
    zip: Writer,
    bytes: u64,
}

impl Walk<'_> {
    /// Adds what a folder holds; folders are entries of their own only where they are empty.
    fn add(&mut self, inside: &Path) -> Result<(), CliError> {
        let folder = self.folder.join(inside);
        let mut names = Vec::new();
        for entry in fs::read_dir(&folder).map_err(|error| unreadable(&folder, &error))? {
            names.push(
                entry
                    .map_err(|error| unreadable(&folder, &error))?
                    .file_name(),
            );
        }
        names.sort();
        if names.is_empty() && !inside.as_os_str().is_empty() {
            let name = format!("{}/", name(inside)?);
            self.put(&name, FOLDER_MODE, b"")?;
        }
        for file_name in names {
            let inside = inside.join(file_name);
            let path = self.folder.join(&inside);
            let metadata =
                fs::symlink_metadata(&path).map_err(|error| unreadable(&path, &error))?;
            if metadata.is_dir() {
                self.add(&inside)?;
            } else if metadata.is_symlink() {
                let to = fs::read_link(&path).map_err(|error| unreadable(&path, &error))?;
                let to = link_target(&inside, &to)?;
                self.put(&name(&inside)?, LINK_MODE, to.as_bytes())?;
            } else if metadata.is_file() {
                self.bytes = self.bytes.saturating_add(metadata.len());
                if self.bytes > MAX_FOLDER_BYTES {
                    return Err(too_large(self.folder, TooLarge::Bytes));
                }
                let body = input::read(&path, "the file")?;
                self.put(&name(&inside)?, mode(&metadata), &body)?;
            } else {
                return Err(CliError::new(
                    format!("{} is neither a file nor a folder", escape_path(&path)),
                    "take it out of the folder, and build again",
                ));
            }
        }
        Ok(())
    }

    fn put(&mut self, name: &str, mode: u32, body: &[u8]) -> Result<(), CliError> {
        let added = self.zip.add(name, mode, body);
        added.map_err(|limit| too_large(self.folder, limit))
    }
}

#[cfg(unix)]
fn mode(metadata: &Metadata) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    if metadata.permissions().mode() & 0o111 == 0 {
        FILE_MODE
    } else {
        PROGRAM_MODE
    }
}

/// Where nobody knows, everything may be executed.
#[cfg(not(unix))]
fn mode(_: &Metadata) -> u32 {
    PROGRAM_MODE
}

/// A path in the folder as a name in the zip.
fn name(inside: &Path) -> Result<String, CliError> {
    let parts: Option<Vec<&str>> = inside.iter().map(|part| part.to_str()).collect();
    parts.map(|parts| parts.join("/")).ok_or_else(|| {
        CliError::new(
            format!("the name {} is not UTF-8", escape_path(inside)),
            "rename the file; zips are read by others, who would guess",
        )
    })
}

/// What a link points at, which has to be in the folder: elsewhere, there is nothing in Lambda.
fn link_target(inside: &Path, to: &Path) -> Result<String, CliError> {
    let mut depth = inside.components().count().saturating_sub(1);
    for part in to.components() {
        let next = match part {
            Component::Normal(_) => depth.checked_add(1),
            Component::CurDir => Some(depth),
            Component::ParentDir => depth.checked_sub(1),
            Component::RootDir | Component::Prefix(_) => None,
        };
        depth = next.ok_or_else(|| leads_out(inside, to))?;
    }
    match to.to_str() {
        Some(text) => Ok(text.to_owned()),
        None => Err(leads_out(inside, to)),
    }
}

fn leads_out(inside: &Path, to: &Path) -> CliError {
    CliError::new(
        format!(
            "the link {} leads out of the folder, to {}",
            escape_path(inside),
            escape_path(to)
        ),
        "let the build copy files instead of linking them, or make the zip yourself",
    )
}

fn unreadable(path: &Path, error: &std::io::Error) -> CliError {
    CliError::new(
        format!("cannot read {}: {error}", escape_path(path)),
        "give a folder that exists and that you may read",
    )
}

fn too_large(folder: &Path, limit: TooLarge) -> CliError {
    let folder = escape_path(folder);
    match limit {
        TooLarge::Bytes => CliError::new(
            format!("the folder {folder} is too large for a package"),
            "Lambda takes packages of at most 250 MB unzipped; check that this is the right folder",
        ),
        TooLarge::Entries => CliError::new(
            format!("the folder {folder} holds too many files for a package"),
            "a package holds at most 65,534 files here; check that this is the right folder",
        ),
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        fs::create_dir_all(path.join("bin")).unwrap();
        fs::create_dir_all(path.join("empty")).unwrap();
        fs::write(path.join("bin/run"), "#!").unwrap();
        fs::write(path.join("app.py"), "x").unwrap();
        for (file, mode) in [("bin/run", 0o700), ("app.py", 0o600)] {
            fs::set_permissions(path.join(file), fs::Permissions::from_mode(mode)).unwrap();
        }
        symlink("bin/run", path.join("run")).unwrap();
        folder
    }

    #[test]
    fn same_files_make_the_same_zip() {
        let (one, other) = (folder(), folder());
        let zipped = zip(one.path()).unwrap();
        assert_eq!(zipped, zip(other.path()).unwrap());
        let package =
            countersign_package::Package::read(&zipped, &countersign_package::Limits::default())
                .unwrap();
        let modes: Vec<String> = package
            .archive()
            .entries()
            .iter()
            .map(|entry| format!("{} {:o}", entry.name(), entry.mode().unwrap_or(0)))
            .collect();
        assert_eq!(
            modes,
            [
                "app.py 100644",
                "bin/run 100755",
                "empty/ 40755",
                "run 120777"
            ]
        );
    }

    #[test]
    fn links_stay_inside() {
        for to in ["/etc/passwd", "../x", "bin/../../x"] {
            let folder = folder();
            symlink(to, folder.path().join("out")).unwrap();
            let error = zip(folder.path()).unwrap_err();
            assert!(error.what.contains("leads out"), "{}", error.what);
        }
    }
}
