//! Which packages the arguments mean: zip files, the zips below folders, and TARGET=PATH as `push` takes it.

use std::{
    fs::{self, File},
    io::Read as _,
    path::{Path, PathBuf},
    sync::atomic::{AtomicUsize, Ordering},
};

use countersign_gate::domain::Target;

use crate::{
    builds::{find::package_at, path::tidy},
    io::{
        arguments::{PackageArgument, misspelt_target, parse_package},
        error::CliError,
        escape::{escape, escape_path},
        input::{self, is_standard_input},
    },
};

/// What a zip begins with: a local header, or the end record of an empty one.
const BEGINNINGS: [&[u8; 4]; 2] = [b"PK\x03\x04", b"PK\x05\x06"];

/// The endings of names that are taken for packages whatever they begin with.
const ENDINGS: [&str; 4] = ["zip", "jar", "war", "whl"];

/// A package that is meant.
pub(super) struct Subject {
    /// As it was given or found.
    pub(super) shown: String,
    /// It is uploaded for a layer, of which nothing is started.
    pub(super) is_layer: bool,
    place: Place,
}

enum Place {
    Zip(PathBuf),
    /// A zip, a folder, or a package of a build.
    OfTarget(PathBuf),
}

impl Subject {
    /// The bytes of the zip.
    pub(super) fn read(&self) -> Result<Vec<u8>, CliError> {
        match &self.place {
            Place::Zip(path) => input::read_or_standard_input(path, "the package"),
            Place::OfTarget(path) => package_at(&tidy(path))?.0.read(),
        }
    }

    fn zip(path: PathBuf) -> Self {
        Self {
            shown: path.display().to_string(),
            is_layer: false,
            place: Place::Zip(path),
        }
    }
}

/// What the arguments mean. Each means something: what is left out in silence would be taken for sound.
/// `count` follows how many were found.
pub(super) fn subjects(
    arguments: &[PathBuf],
    count: &AtomicUsize,
) -> Result<Vec<Subject>, CliError> {
    let mut found = Vec::new();
    for argument in arguments {
        if is_standard_input(argument) {
            found.push(Subject::zip(argument.clone()));
        } else if argument.is_dir() {
            let mut zips = Vec::new();
            find(argument, &mut zips, count)?;
            if zips.is_empty() {
                return Err(no_zips(argument));
            }
            found.extend(zips.into_iter().map(Subject::zip));
        } else if argument.exists() {
            found.push(Subject::zip(argument.clone()));
        } else {
            found.push(of_target(argument)?);
        }
    }
    found.sort_by(|one, other| one.shown.cmp(&other.shown));
    found.dedup_by(|one, other| one.shown == other.shown);
    Ok(found)
}

/// TARGET=PATH; or nothing that is there.
fn of_target(argument: &Path) -> Result<Subject, CliError> {
    let Some(text) = argument.to_str() else {
        return Ok(Subject::zip(argument.to_owned()));
    };
    let package = parse_package(text).map_err(|why| {
        CliError::new(
            format!("cannot use {}: {why}", escape(text)),
            "give a zip, a folder, or functions/NAME=PATH",
        )
    })?;
    match package {
        PackageArgument::For { target, path } => Ok(Subject {
            shown: text.to_owned(),
            is_layer: matches!(target, Target::Layer(_)),
            place: Place::OfTarget(path),
        }),
        // Reading it says that it is not there.
        PackageArgument::Alone(_) => {
            misspelt_target(text).map_or_else(|| Ok(Subject::zip(argument.to_owned())), Err)
        }
    }
}

fn no_zips(folder: &Path) -> CliError {
    let shown = escape_path(folder);
    CliError::new(
        format!("there is no zip below {shown}"),
        format!(
            "give a folder that has some, or the files themselves; to have the folder itself zipped as `push` does, \
             write functions/NAME={shown}"
        ),
    )
}

/// The zips below a folder. Links are not followed: they may lead in a circle.
fn find(folder: &Path, files: &mut Vec<PathBuf>, count: &AtomicUsize) -> Result<(), CliError> {
    let failed = |error: std::io::Error| {
        CliError::new(
            format!("cannot list {}: {error}", folder.display()),
            "give a folder that you may read, with all that is in it",
        )
    };
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let kind = entry.file_type().map_err(failed)?;
        let path = entry.path();
        if kind.is_dir() {
            find(&path, files, count)?;
        } else if kind.is_file() && is_package(&path) {
            files.push(path);
            count.fetch_add(1, Ordering::Relaxed);
        }
    }
    Ok(())
}

fn is_package(path: &Path) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str());
    if ending.is_some_and(|ending| {
        ENDINGS
            .iter()
            .any(|known| ending.eq_ignore_ascii_case(known))
    }) {
        return true;
    }
    let mut beginning = [0; 4];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut beginning));
    read.is_ok() && BEGINNINGS.contains(&&beginning)
}
