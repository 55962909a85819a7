//! `target/lambda`, as cargo-lambda leaves it: a folder for each program, named as the function, with a `bootstrap`
//! or a zip of it. Other builds of programs for `provided` runtimes are laid out so, too.

use std::{fs, path::Path};

use crate::{
    builds::{
        build::{BuiltPackage, Contents, Kind},
        template::bad_name,
    },
    io::error::CliError,
};

const PROGRAM: &str = "bootstrap";
const ZIPPED: &str = "bootstrap.zip";

/// The packages of this folder; `None` when no folder in it has a program.
pub(super) fn open(root: &Path) -> Result<Option<Vec<BuiltPackage>>, CliError> {
    let Ok(entries) = fs::read_dir(root) else {
        return Ok(None);
    };
    let mut folders: Vec<_> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect();
    folders.sort();
    let mut packages = Vec::new();
    for folder in folders {
        let zipped = folder.join(ZIPPED);
        let contents = if zipped.is_file() {
            Contents::File(zipped)
        } else if folder.join(PROGRAM).is_file() {
            Contents::Folder(folder.clone())
        } else {
            continue;
        };
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        let target = Kind::Function
            .target(&name)
            .map_err(|error| bad_name(&root.display().to_string(), &name, &error))?;
        packages.push(BuiltPackage {
            names: vec![name.into_owned()],
            target: Some(target),
            kind: Kind::Function,
            contents,
            metadata: std::collections::BTreeMap::new(),
        });
    }
    Ok((!packages.is_empty()).then_some(packages))
}
