//! `.serverless`, as `serverless package` leaves it: zips beside the template that names them.

use std::path::Path;

use crate::{
    builds::{
        build::{BuiltPackage, Contents},
        document,
        template::{bad_name, resources, text},
    },
    io::error::CliError,
};

const TEMPLATE: &str = "cloudformation-template-update-stack.json";

/// The packages of this folder; `None` when it is none of Serverless.
pub(super) fn open(root: &Path) -> Result<Option<Vec<BuiltPackage>>, CliError> {
    let path = root.join(TEMPLATE);
    if !path.is_file() {
        return Ok(None);
    }
    let template = document::read(&path)?;
    let mut packages = Vec::new();
    for resource in resources(&template) {
        let target = resource
            .name()
            .map(|name| resource.kind.target(name))
            .transpose()
            .map_err(|error| bad_name(&path.display().to_string(), resource.id, &error))?;
        // The key ends with the name of the file: serverless/shop/dev/1795763717444-…/hello.zip
        let key = resource.code().and_then(|code| text(code, "/S3Key"));
        let file = key.and_then(|key| key.rsplit('/').next());
        let contents = match file {
            Some(file) => Contents::File(root.join(file)),
            None => Contents::Nowhere(format!(
                "{}: {} names no package of this folder",
                path.display(),
                resource.id
            )),
        };
        packages.push(BuiltPackage {
            names: names(resource.id, target.as_ref().map(|target| target.name())),
            target,
            kind: resource.kind,
            contents,
            metadata: resource.layer_metadata(),
        });
    }
    Ok(Some(packages))
}

/// By the function's name, and by logical id.
fn names(id: &str, name: Option<&str>) -> Vec<String> {
    name.into_iter().chain([id]).map(str::to_owned).collect()
}
