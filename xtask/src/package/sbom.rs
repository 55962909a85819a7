//! The bill of materials: `CycloneDX` 1.6, as JSON, of what Cargo resolved.
//!
//! It follows normal dependencies from the functions' crates: what is needed to build or to test is not in the
//! functions. Cargo resolves features for the whole workspace, so that the list may have a crate more than a function
//! was linked with, and never one less.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use serde_json::{Map, Value, json};

/// Cargo's answer has not the shape that it documents.
#[derive(Debug)]
pub(super) struct UnknownShape(&'static str);

impl fmt::Display for UnknownShape {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "`cargo metadata` gave no {}", self.0)
    }
}

impl std::error::Error for UnknownShape {}

/// A crate, and the ids of those that it depends on.
struct Crate<'a> {
    package: &'a Value,
    needs: BTreeSet<&'a str>,
}

/// The bill of these crates of the workspace: `resolved` has an answer of `cargo metadata` for each target, `lock` is
/// Cargo.lock, and `files` are the zips, each with its crate and its SHA-256.
pub(super) fn of(
    resolved: &[Value],
    lock: &str,
    crates: &[&str],
    files: &[(&str, &str, String)],
) -> Result<Value, UnknownShape> {
    let mut all: BTreeMap<&str, Crate<'_>> = BTreeMap::new();
    for metadata in resolved {
        read(metadata, &mut all)?;
    }
    let mut waiting = Vec::new();
    for name in crates {
        let is_it = |it: &&&str| {
            let package = all.get(**it).map(|found| found.package);
            package.is_some_and(|package| package["name"] == **name && package["source"].is_null())
        };
        waiting.push(*all.keys().find(is_it).ok_or(UnknownShape("function"))?);
    }
    let mut linked = BTreeSet::new();
    while let Some(id) = waiting.pop() {
        if linked.insert(id) {
            waiting.extend(all.get(id).into_iter().flat_map(|it| &it.needs));
        }
    }
    let checksums = checksums(lock);
    let mut components = Vec::new();
    let mut dependencies = Vec::new();
    for it in linked.iter().filter_map(|id| all.get(id)) {
        let reference = reference(it.package)?;
        let needs: BTreeSet<String> = it
            .needs
            .iter()
            .filter_map(|id| reference_of(all.get(id)?.package))
            .collect();
        components.push(component(it.package, &reference, &checksums)?);
        dependencies.push(json!({"ref": reference, "dependsOn": needs}));
    }
    for (name, of, digest) in files {
        let made_of = components
            .iter()
            .find(|it| it["name"] == *of)
            .map_or(Value::Null, |it| it["bom-ref"].clone());
        dependencies.push(json!({"ref": name, "dependsOn": [made_of]}));
        components.push(json!({
            "type": "file", "bom-ref": name, "name": name,
            "hashes": [{"alg": "SHA-256", "content": digest}],
        }));
    }
    let is_ours = |it: &&Value| crates.iter().any(|name| it["name"] == **name);
    let version = components
        .iter()
        .find(is_ours)
        .map(|it| it["version"].clone());
    let roots: BTreeSet<&str> = files.iter().map(|(name, ..)| *name).collect();
    dependencies.push(json!({"ref": "countersign", "dependsOn": roots}));
    Ok(json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application", "bom-ref": "countersign", "name": "countersign", "version": version,
                "licenses": [{"license": {"id": "Apache-2.0"}}],
            },
        },
        "components": components,
        "dependencies": dependencies,
    }))
}

/// Adds what one answer of `cargo metadata` knows.
fn read<'a>(
    metadata: &'a Value,
    all: &mut BTreeMap<&'a str, Crate<'a>>,
) -> Result<(), UnknownShape> {
    let packages = metadata["packages"].as_array();
    for package in packages.ok_or(UnknownShape("packages"))? {
        let id = package["id"].as_str().ok_or(UnknownShape("id"))?;
        all.entry(id).or_insert(Crate {
            package,
            needs: BTreeSet::new(),
        });
    }
    let nodes = metadata.pointer("/resolve/nodes").and_then(Value::as_array);
    for node in nodes.ok_or(UnknownShape("resolve.nodes"))? {
        let Some(found) = node["id"].as_str().and_then(|id| all.get_mut(id)) else {
            return Err(UnknownShape("package of a node"));
        };
        let edges = node["deps"].as_array().ok_or(UnknownShape("deps"))?;
        let normal = edges.iter().filter(|edge| {
            let kinds = edge["dep_kinds"].as_array();
            kinds.is_some_and(|kinds| kinds.iter().any(|it| it["kind"].is_null()))
        });
        found
            .needs
            .extend(normal.filter_map(|edge| edge["pkg"].as_str()));
    }
    Ok(())
}

/// By name and version, of what comes from a registry.
fn checksums(lock: &str) -> BTreeMap<(String, String), String> {
    let mut found = BTreeMap::new();
    for block in lock.split("[[package]]") {
        let value = |key: &str| {
            let start = format!("{key} = \"");
            let line = block.lines().find_map(|line| line.strip_prefix(&start))?;
            line.strip_suffix('"').map(str::to_owned)
        };
        if let (Some(name), Some(version), Some(sum)) =
            (value("name"), value("version"), value("checksum"))
        {
            found.insert((name, version), sum);
        }
    }
    found
}

fn component(
    package: &Value,
    reference: &str,
    checksums: &BTreeMap<(String, String), String>,
) -> Result<Value, UnknownShape> {
    let name = package["name"].as_str().ok_or(UnknownShape("name"))?;
    let version = package["version"].as_str().ok_or(UnknownShape("version"))?;
    let mut component = Map::new();
    let mut put = |key: &str, value: Value| component.insert(key.to_owned(), value);
    put("type", json!("library"));
    put("bom-ref", json!(reference));
    put("name", json!(name));
    put("version", json!(version));
    if is_of_a_registry(package) {
        put("purl", json!(reference));
    }
    if let Some(licence) = package["license"].as_str() {
        // Older crates have a slash where SPDX has a word.
        let expression = licence.replace(" / ", " OR ").replace('/', " OR ");
        put("licenses", json!([{"expression": expression}]));
    }
    if let Some(sum) = checksums.get(&(name.to_owned(), version.to_owned())) {
        put("hashes", json!([{"alg": "SHA-256", "content": sum}]));
    }
    if let Some(address) = package["repository"].as_str() {
        put(
            "externalReferences",
            json!([{"type": "vcs", "url": address}]),
        );
    }
    Ok(Value::Object(component))
}

fn reference(package: &Value) -> Result<String, UnknownShape> {
    reference_of(package).ok_or(UnknownShape("name and version"))
}

/// The package URL, which is unique within what Cargo resolves from one registry. What is of this workspace has none:
/// a crate of that name in the registry would be another.
fn reference_of(package: &Value) -> Option<String> {
    let (name, version) = (package["name"].as_str()?, package["version"].as_str()?);
    if !is_of_a_registry(package) {
        return Some(format!("workspace/{name}@{version}"));
    }
    // The plus of a build version would be a blank elsewhere.
    Some(format!("pkg:cargo/{name}@{}", version.replace('+', "%2B")))
}

fn is_of_a_registry(package: &Value) -> bool {
    !package["source"].is_null()
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use countersign_testkit::checkout;

    use super::{super::FUNCTIONS, *};

    fn of_this_checkout() -> Value {
        let output = Command::new(crate::test::cargo())
            .args(["metadata", "--format-version", "1", "--locked", "--offline"])
            .args(["--filter-platform", "x86_64-unknown-linux-gnu"])
            .current_dir(checkout::root())
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        let metadata = serde_json::from_slice(&output.stdout).unwrap();
        let lock = std::fs::read_to_string(checkout::path("Cargo.lock")).unwrap();
        let functions = FUNCTIONS.map(|(_, name)| name);
        let zips = functions.map(|name| format!("functions/{name}-x86_64-0.zip"));
        let files: Vec<_> = zips
            .iter()
            .zip(functions)
            .map(|(zip, name)| (zip.as_str(), name, "00".repeat(32)))
            .collect();
        of(&[metadata], &lock, &functions, &files).unwrap()
    }

    fn names(bill: &Value) -> BTreeSet<&str> {
        let components = bill["components"].as_array().unwrap().iter();
        components.map(|it| it["name"].as_str().unwrap()).collect()
    }

    #[test]
    fn bill_has_what_is_linked_and_nothing_for_tests() {
        let bill = of_this_checkout();
        let names = names(&bill);
        let linked = [
            "sign",
            "deploy",
            "alert",
            "sweep",
            "countersign-gate",
            "countersign-aws",
            "aws-sdk-lambda",
            "aws-lc-sys",
            "zlib-rs",
        ];
        for name in linked {
            assert!(names.contains(name), "{name} is missing");
        }
        let others = [
            "countersign-testkit",
            "proptest",
            "tempfile",
            "cc",
            "clap",
            "xtask",
            "windows-sys",
        ];
        for name in others {
            assert!(!names.contains(name), "{name} is in no function");
        }
    }

    /// What is not of this workspace comes from a registry, with a digest, under a licence.
    #[test]
    fn every_crate_of_others_has_a_digest_and_a_licence() {
        let bill = of_this_checkout();
        let mut looked_at = 0;
        for it in bill["components"].as_array().unwrap() {
            let name = it["name"].as_str().unwrap();
            let is_ours = name.starts_with("countersign")
                || FUNCTIONS.iter().any(|(_, function)| *function == name);
            if it["type"] != "library" || is_ours {
                assert!(it.get("purl").is_none(), "{it}");
                continue;
            }
            assert_eq!(it["purl"], it["bom-ref"], "{it}");
            looked_at += 1;
            let digest = it.pointer("/hashes/0/content").and_then(Value::as_str);
            assert_eq!(digest.map(str::len), Some(64), "{it}");
            assert!(it.pointer("/licenses/0/expression").is_some(), "{it}");
        }
        assert!(looked_at > 50, "{looked_at}");
    }

    #[test]
    fn every_reference_leads_to_a_component() {
        let bill = of_this_checkout();
        let components = bill["components"].as_array().unwrap();
        let there: BTreeSet<&str> = components
            .iter()
            .map(|it| it["bom-ref"].as_str().unwrap())
            .collect();
        assert_eq!(there.len(), components.len(), "two of one name");
        let mut reached = BTreeSet::from(["countersign"]);
        for edge in bill["dependencies"].as_array().unwrap() {
            for to in edge["dependsOn"].as_array().unwrap() {
                reached.insert(to.as_str().unwrap());
            }
        }
        let all = there.iter().copied().chain(["countersign"]).collect();
        assert_eq!(reached, all);
    }
}
