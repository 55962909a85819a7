//! `.chalice`, as Chalice leaves it: one package for all functions, and what each stage deployed them as.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

use crate::{
    builds::{
        build::{BuiltPackage, Contents, Kind},
        document,
        template::{bad_name, text},
    },
    io::error::CliError,
};

/// Zips of dependencies that Chalice publishes as a layer begin with this.
const LAYER_PREFIX: &str = "managed-layer-";

/// The packages of this folder; `None` when it is none of Chalice.
pub(super) fn open(root: &Path) -> Result<Option<Vec<BuiltPackage>>, CliError> {
    let deployments = root.join("deployments");
    if !deployments.is_dir() {
        return Ok(None);
    }
    let zip = only_zip(&deployments)?;
    let mut packages = Vec::new();
    for path in files(&root.join("deployed"), "json") {
        let deployed = document::read(&path)?;
        let stage = path.file_stem().unwrap_or_default().to_string_lossy();
        let resources = deployed.get("resources").and_then(Value::as_array);
        for resource in resources.into_iter().flatten() {
            let is_function = text(resource, "/resource_type") == Some("lambda_function");
            let (Some(name), Some(arn), true) = (
                text(resource, "/name"),
                text(resource, "/lambda_arn"),
                is_function,
            ) else {
                continue;
            };
            let function = arn.rsplit(':').next().unwrap_or_default();
            let target = Kind::Function
                .target(function)
                .map_err(|error| bad_name(&path.display().to_string(), name, &error))?;
            packages.push(package(format!("{stage}/{name}"), Some(target), &zip));
        }
    }
    if packages.is_empty() {
        packages.push(package("app".to_owned(), None, &zip));
    }
    Ok(Some(packages))
}

fn package(
    name: String,
    target: Option<countersign_gate::domain::Target>,
    zip: &Path,
) -> BuiltPackage {
    BuiltPackage {
        names: vec![name],
        target,
        kind: Kind::Function,
        contents: Contents::File(zip.to_owned()),
        metadata: BTreeMap::new(),
    }
}

/// The package of the app. Chalice leaves those of older requirements beside it.
fn only_zip(deployments: &Path) -> Result<PathBuf, CliError> {
    let zips: Vec<PathBuf> = files(deployments, "zip")
        .into_iter()
        .filter(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            !name.starts_with(LAYER_PREFIX)
        })
        .collect();
    match zips.as_slice() {
        [zip] => Ok(zip.clone()),
        zips => Err(CliError::new(
            format!(
                "{} has {} packages, so that it is not known which is the app's",
                deployments.display(),
                zips.len()
            ),
            "remove the folder, and package again: chalice package OUT",
        )),
    }
}

/// The files of a folder that end so, in order; none when there is no folder.
fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    let mut paths: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|of| of == extension))
        .collect();
    paths.sort();
    paths
}
