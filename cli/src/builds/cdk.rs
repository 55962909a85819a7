//! `cdk.out`, the cloud assembly that `cdk synth` leaves: stacks, stages and nested stacks, and their assets.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use serde_json::Value;

use crate::{
    builds::{
        build::{BuiltPackage, Contents},
        document,
        path::tidy,
        template::{Resource, bad_name, each, resources, text},
    },
    io::error::CliError,
};

/// Stages within stages, and stacks within stacks.
const MAX_DEPTH: usize = 16;

/// What CDK ends the path of the resource with that a construct is made for.
const OWN_RESOURCE: &str = "/Resource";

/// The packages of this assembly; `None` when the folder is none.
pub(super) fn open(root: &Path) -> Result<Option<Vec<BuiltPackage>>, CliError> {
    if !(root.join("cdk.out").is_file() && root.join("manifest.json").is_file()) {
        return Ok(None);
    }
    let mut packages = Vec::new();
    assembly(root, 0, &mut packages)?;
    Ok(Some(packages))
}

fn assembly(folder: &Path, depth: usize, packages: &mut Vec<BuiltPackage>) -> Result<(), CliError> {
    let path = folder.join("manifest.json");
    deep_enough(&path, depth)?;
    let manifest = document::read(&path)?;
    let artifacts = manifest.get("artifacts").and_then(Value::as_object);
    let mut assets = BTreeMap::new();
    for (_, artifact) in artifacts.into_iter().flatten() {
        if let Some(file) = of_type(artifact, "cdk:asset-manifest", "/properties/file") {
            read_assets(folder, &folder.join(file), &mut assets)?;
        }
    }
    for (id, artifact) in artifacts.into_iter().flatten() {
        if let Some(file) = of_type(
            artifact,
            "aws:cloudformation:stack",
            "/properties/templateFile",
        ) {
            stack(&folder.join(file), id, &assets, depth, packages)?;
        }
        if let Some(stage) = of_type(artifact, "cdk:cloud-assembly", "/properties/directoryName") {
            let stage = tidy(&folder.join(stage));
            assembly(&stage, depth.saturating_add(1), packages)?;
        }
    }
    Ok(())
}

fn of_type<'a>(artifact: &'a Value, kind: &str, property: &str) -> Option<&'a str> {
    (text(artifact, "/type") == Some(kind)).then(|| text(artifact, property))?
}

/// Adds the files and folders that a manifest of assets names, by the keys that they are to be uploaded to.
fn read_assets(
    folder: &Path,
    path: &Path,
    assets: &mut BTreeMap<String, PathBuf>,
) -> Result<(), CliError> {
    let manifest = document::read(path)?;
    let files = manifest.get("files").and_then(Value::as_object);
    for (_, file) in files.into_iter().flatten() {
        let Some(source) = text(file, "/source/path") else {
            continue;
        };
        let destinations = file.get("destinations").and_then(Value::as_object);
        for (_, destination) in destinations.into_iter().flatten() {
            if let Some(key) = text(destination, "/objectKey") {
                assets.insert(key.to_owned(), tidy(&folder.join(source)));
            }
        }
    }
    Ok(())
}

fn stack(
    path: &Path,
    id: &str,
    assets: &BTreeMap<String, PathBuf>,
    depth: usize,
    packages: &mut Vec<BuiltPackage>,
) -> Result<(), CliError> {
    deep_enough(path, depth)?;
    let template = document::read(path)?;
    for resource in resources(&template) {
        let target = resource
            .name()
            .map(|name| resource.kind.target(name))
            .transpose()
            .map_err(|error| bad_name(&path.display().to_string(), resource.id, &error))?;
        packages.push(BuiltPackage {
            names: names(&resource, id),
            target,
            kind: resource.kind,
            contents: contents(path, &resource, assets),
            metadata: resource.layer_metadata(),
        });
    }
    for (nested_id, nested) in each(&template) {
        let is_stack = text(nested, "/Type") == Some("AWS::CloudFormation::Stack");
        let url = nested.pointer("/Properties/TemplateURL");
        if let Some(nested) = url.filter(|_| is_stack).and_then(|url| asset(url, assets)) {
            let id = format!("{id}/{nested_id}");
            stack(nested, &id, assets, depth.saturating_add(1), packages)?;
        }
    }
    Ok(())
}

/// By its path in the app, and by stack and logical id.
fn names(resource: &Resource<'_>, stack: &str) -> Vec<String> {
    let by_id = format!("{stack}/{}", resource.id);
    let path = resource
        .metadata
        .get("aws:cdk:path")
        .and_then(Value::as_str);
    match path {
        Some(path) => vec![
            path.strip_suffix(OWN_RESOURCE).unwrap_or(path).to_owned(),
            by_id,
        ],
        None => vec![by_id],
    }
}

fn contents(path: &Path, resource: &Resource<'_>, assets: &BTreeMap<String, PathBuf>) -> Contents {
    let key = resource.code().and_then(|code| text(code, "/S3Key"));
    match key.and_then(|key| assets.get(key)) {
        Some(asset) => Contents::at(asset.clone()),
        None if resource.is_inline() => Contents::Nowhere(format!(
            "{}: {} has its code in the template itself, which nobody can sign",
            path.display(),
            resource.id
        )),
        None => Contents::Nowhere(format!(
            "{}: the code of {} is no asset of this assembly",
            path.display(),
            resource.id
        )),
    }
}

/// The asset whose key an address ends with, which CDK joins from pieces.
fn asset<'a>(url: &Value, assets: &'a BTreeMap<String, PathBuf>) -> Option<&'a PathBuf> {
    match url {
        Value::String(piece) => assets.get(piece.rsplit('/').next()?),
        Value::Array(pieces) => pieces.iter().find_map(|piece| asset(piece, assets)),
        Value::Object(pieces) => pieces.values().find_map(|piece| asset(piece, assets)),
        _ => None,
    }
}

fn deep_enough(path: &Path, depth: usize) -> Result<(), CliError> {
    if depth <= MAX_DEPTH {
        return Ok(());
    }
    Err(CliError::new(
        format!("{} is within more than {MAX_DEPTH} others", path.display()),
        "check that no stage and no stack contains itself",
    ))
}
