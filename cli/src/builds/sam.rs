//! `.aws-sam/build`, as `sam build` leaves it, and what `chalice package` makes, which is a template of SAM, too.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::{
    builds::{
        build::{BuiltPackage, Contents},
        document,
        path::tidy,
        template::{bad_name, each, resources, text},
    },
    io::error::CliError,
};

/// Stacks within stacks within stacks. CloudFormation itself does not document a limit.
const MAX_DEPTH: usize = 16;

/// The packages of this build; `None` when the folder is none.
pub(super) fn open(root: &Path) -> Result<Option<Vec<BuiltPackage>>, CliError> {
    let (built, of_chalice) = (root.join("template.yaml"), root.join("sam.json"));
    let path = if built.is_file() {
        let template = document::read(&built)?;
        // Before it is built, a template points at sources.
        let is_built = each(&template)
            .any(|(_, resource)| text(resource, "/Metadata/SamResourceId").is_some());
        if !is_built {
            return Ok(None);
        }
        built
    } else if of_chalice.is_file() {
        of_chalice
    } else {
        return Ok(None);
    };
    let mut packages = Vec::new();
    collect(&path, "", 0, &mut packages)?;
    Ok(Some(packages))
}

fn collect(
    path: &Path,
    prefix: &str,
    depth: usize,
    packages: &mut Vec<BuiltPackage>,
) -> Result<(), CliError> {
    if depth > MAX_DEPTH {
        return Err(CliError::new(
            format!(
                "{} is a stack within more than {MAX_DEPTH} others",
                path.display()
            ),
            "check that no template names itself",
        ));
    }
    let template = document::read(path)?;
    let folder = path.parent().unwrap_or(Path::new(""));
    for resource in resources(&template) {
        let contents = match resource.code() {
            _ if resource.is_inline() => Contents::Nowhere(format!(
                "{}: {} has its code in the template itself, which nobody can sign",
                path.display(),
                resource.id
            )),
            Some(Value::String(local)) if !local.contains("://") => {
                Contents::at(tidy(&folder.join(local)))
            }
            _ => Contents::Nowhere(format!(
                "{}: {} names no code on this machine",
                path.display(),
                resource.id
            )),
        };
        let target = resource
            .name()
            .map(|name| resource.kind.target(name))
            .transpose()
            .map_err(|error| bad_name(&path.display().to_string(), resource.id, &error))?;
        packages.push(BuiltPackage {
            names: vec![format!("{prefix}{}", resource.id)],
            target,
            kind: resource.kind,
            contents,
            metadata: resource.layer_metadata(),
        });
    }
    for (id, nested) in nested(&template) {
        let nested: PathBuf = tidy(&folder.join(nested));
        collect(
            &nested,
            &format!("{prefix}{id}/"),
            depth.saturating_add(1),
            packages,
        )?;
    }
    Ok(())
}

/// The stacks within a stack whose templates are files.
fn nested(template: &Value) -> impl Iterator<Item = (&str, &str)> {
    each(template).filter_map(|(id, resource)| {
        let property = match text(resource, "/Type")? {
            "AWS::Serverless::Application" => "/Properties/Location",
            "AWS::CloudFormation::Stack" => "/Properties/TemplateURL",
            _ => return None,
        };
        let location = text(resource, property)?;
        (!location.contains("://")).then_some((id, location))
    })
}
