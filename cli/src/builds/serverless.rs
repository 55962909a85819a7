//! `.serverless`, as `serverless package` leaves it: zips, what it knows of the functions, and the template.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::{
    builds::{
        build::{BuiltPackage, Contents, Kind},
        document,
        template::{bad_name, resources, text},
    },
    io::error::CliError,
};

/// What it knows of the service. The template may take the code of a function from elsewhere: from what the gate
/// verified.
const STATE: &str = "serverless-state.json";
const TEMPLATE: &str = "cloudformation-template-update-stack.json";

/// The packages of this folder; `None` when it is none of Serverless.
pub(super) fn open(root: &Path) -> Result<Option<Vec<BuiltPackage>>, CliError> {
    let path = root.join(STATE);
    if !path.is_file() {
        return Ok(None);
    }
    let state = document::read(&path)?;
    let mut packages = Vec::new();
    let functions = state
        .pointer("/service/functions")
        .and_then(Value::as_object);
    for (key, function) in functions.into_iter().flatten() {
        // Container images have `image` instead.
        if function.get("image").is_some() {
            continue;
        }
        let name = text(function, "/name").unwrap_or(key);
        let target = Kind::Function
            .target(name)
            .map_err(|error| bad_name(&path.display().to_string(), key, &error))?;
        let artifact = text(function, "/package/artifact")
            .or_else(|| text(&state, "/package/artifact"))
            .filter(|artifact| !artifact.is_empty());
        packages.push(BuiltPackage {
            names: vec![name.to_owned(), key.clone()],
            target: Some(target),
            kind: Kind::Function,
            contents: contents(root, artifact, &path, key),
            metadata: std::collections::BTreeMap::new(),
        });
    }
    layers(root, &mut packages)?;
    Ok(Some(packages))
}

/// Layers, which the template names.
fn layers(root: &Path, packages: &mut Vec<BuiltPackage>) -> Result<(), CliError> {
    let path = root.join(TEMPLATE);
    if !path.is_file() {
        return Ok(());
    }
    let template = document::read(&path)?;
    for resource in resources(&template) {
        if resource.kind != Kind::Layer {
            continue;
        }
        let target = resource
            .name()
            .map(|name| resource.kind.target(name))
            .transpose()
            .map_err(|error| bad_name(&path.display().to_string(), resource.id, &error))?;
        // The key ends with the name of the file: serverless/shop/dev/1795763717444-…/tls.zip
        let key = resource.code().and_then(|code| text(code, "/S3Key"));
        packages.push(BuiltPackage {
            names: vec![resource.id.to_owned()],
            target,
            kind: Kind::Layer,
            contents: contents(root, key, &path, resource.id),
            metadata: resource.layer_metadata(),
        });
    }
    Ok(())
}

/// A zip of the folder, whatever folder it was in when it was written down; or one that somebody else made.
fn contents(root: &Path, artifact: Option<&str>, manifest: &Path, id: &str) -> Contents {
    let Some(artifact) = artifact else {
        return Contents::Nowhere(format!("{}: {id} names no package", manifest.display()));
    };
    let name = artifact.rsplit(['/', '\\']).next().unwrap_or(artifact);
    let (here, elsewhere) = (root.join(name), PathBuf::from(artifact));
    Contents::File(if !here.is_file() && elsewhere.is_file() {
        elsewhere
    } else {
        here
    })
}
