//! What templates of CloudFormation say of functions and layers.

use std::collections::BTreeMap;

use countersign_gate::domain::{ARCHITECTURES, RUNTIMES};
use serde_json::Value;

use crate::{
    builds::build::Kind,
    io::{error::CliError, escape::escape},
};

/// A function or a layer of a template.
pub(super) struct Resource<'a> {
    /// Its logical id.
    pub(super) id: &'a str,
    pub(super) kind: Kind,
    /// Whether it is of a type that SAM makes another one of.
    pub(super) is_serverless: bool,
    pub(super) properties: &'a Value,
    pub(super) metadata: &'a Value,
}

/// The functions and layers of a template. Container images are left out: Signer cannot sign them.
pub(super) fn resources(template: &Value) -> Vec<Resource<'_>> {
    let image_by_default = text(template, "/Globals/Function/PackageType") == Some("Image");
    each(template)
        .filter_map(|(id, resource)| {
            let (kind, is_serverless) = match text(resource, "/Type")? {
                "AWS::Lambda::Function" => (Kind::Function, false),
                "AWS::Serverless::Function" => (Kind::Function, true),
                "AWS::Lambda::LayerVersion" => (Kind::Layer, false),
                "AWS::Serverless::LayerVersion" => (Kind::Layer, true),
                _ => return None,
            };
            let properties = resource.get("Properties").unwrap_or(&Value::Null);
            let is_image = match text(properties, "/PackageType") {
                Some(said) => said == "Image",
                None => is_serverless && image_by_default,
            };
            (!is_image).then_some(Resource {
                id,
                kind,
                is_serverless,
                properties,
                metadata: resource.get("Metadata").unwrap_or(&Value::Null),
            })
        })
        .collect()
}

/// All resources of a template, by logical id.
pub(super) fn each(template: &Value) -> impl Iterator<Item = (&str, &Value)> {
    let resources = template.get("Resources").and_then(Value::as_object);
    resources
        .into_iter()
        .flatten()
        .map(|(id, resource)| (id.as_str(), resource))
}

/// The text at a place, unless there is none, or something that only CloudFormation can work out.
pub(super) fn text<'a>(value: &'a Value, pointer: &str) -> Option<&'a str> {
    value.pointer(pointer)?.as_str()
}

impl<'a> Resource<'a> {
    /// The name of the function or layer, where the template says it outright.
    pub(super) fn name(&self) -> Option<&'a str> {
        match (self.kind, self.is_serverless) {
            (Kind::Function, _) => text(self.properties, "/FunctionName"),
            // SAM names a layer by its logical id where the template says nothing.
            (Kind::Layer, true) => match self.properties.get("LayerName") {
                None => Some(self.id),
                Some(_) => text(self.properties, "/LayerName"),
            },
            (Kind::Layer, false) => text(self.properties, "/LayerName"),
        }
    }

    /// The property that says where the code is.
    pub(super) fn code(&self) -> Option<&'a Value> {
        self.properties.get(match (self.kind, self.is_serverless) {
            (Kind::Function, true) => "CodeUri",
            (Kind::Function, false) => "Code",
            (Kind::Layer, true) => "ContentUri",
            (Kind::Layer, false) => "Content",
        })
    }

    /// Whether the code is written in the template itself.
    pub(super) fn is_inline(&self) -> bool {
        self.properties.get("InlineCode").is_some()
            || self.properties.pointer("/Code/ZipFile").is_some()
    }

    /// What a layer is compatible with, as metadata of its upload.
    pub(super) fn layer_metadata(&self) -> BTreeMap<String, String> {
        let list = |property: &str| -> Option<String> {
            let listed = self.properties.get(property)?.as_array()?;
            let names: Option<Vec<&str>> = listed.iter().map(Value::as_str).collect();
            names
                .map(|names| names.join(","))
                .filter(|all| !all.is_empty())
        };
        if self.kind == Kind::Function {
            return BTreeMap::new();
        }
        [
            (RUNTIMES, list("CompatibleRuntimes")),
            (ARCHITECTURES, list("CompatibleArchitectures")),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)))
        .collect()
    }
}

/// The error that a manifest names something that Lambda could not have.
pub(super) fn bad_name(manifest: &str, id: &str, error: &impl std::fmt::Display) -> CliError {
    CliError::new(
        format!("cannot use {manifest}: {}: {error}", escape(id)),
        "mend the name where the manifest is made from, or name the target in countersign.toml",
    )
}
