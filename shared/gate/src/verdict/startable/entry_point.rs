//! The file that a runtime starts, by the function's handler.

use countersign_package::{Inventory, Lookup};

use super::{
    super::start_facts::{StartFacts, has_extension},
    bootstrap::bootstrap,
    fault::{StartFault, zip_its_content},
};
use crate::domain::{FunctionConfiguration, ReasonCode};

/// What the runtime starts: `bootstrap`, or the handler's file.
pub(super) fn entry_point(
    facts: &StartFacts,
    function: &FunctionConfiguration,
) -> Option<StartFault> {
    let runtime = function.runtime.as_deref()?;
    if runtime.starts_with("provided") {
        return bootstrap(facts, function);
    }
    if !function.layers.is_empty() {
        return None;
    }
    let inventory = facts.inventory();
    let handler = function.handler.as_deref()?;
    let candidates = Candidates::of(runtime, handler)?;
    if candidates.are_in(inventory, "") || is_in_archive(inventory, runtime) {
        return None;
    }
    let first = candidates.paths.first()?;
    let wanted = candidates.paths.join(" or ");
    let inside = inventory.top_folder();
    let inside = inside.filter(|folder| candidates.are_in(inventory, &format!("{folder}/")));
    Some(StartFault {
        code: ReasonCode::EntryPointMissing,
        file: None,
        message: format!("the handler {handler:?} of {runtime} is in {wanted}, which is not there"),
        fix: inside.map_or_else(
            || format!("put {first} into the package, or set the function's handler"),
            zip_its_content,
        ),
    })
}

/// Java looks into the jars below `lib`, too, which are not opened here.
fn is_in_archive(inventory: &Inventory, runtime: &str) -> bool {
    runtime.starts_with("java")
        && inventory
            .below("lib")
            .any(|entry| has_extension(entry.path(), &["jar", "zip"]))
}

/// The files in which a runtime looks for a handler.
struct Candidates {
    paths: Vec<String>,
    /// A compiled module of Python may have a tag in its name: `app.cpython-313-x86_64-linux-gnu.so`.
    compiled: Option<String>,
}

impl Candidates {
    /// `None` for a runtime or a handler that is not known, and for a path outside of the package.
    fn of(runtime: &str, handler: &str) -> Option<Self> {
        if handler.starts_with('/') {
            return None;
        }
        let with = |path: &str, endings: &[&str]| Self {
            paths: endings.iter().map(|end| format!("{path}{end}")).collect(),
            compiled: None,
        };
        if runtime.starts_with("python") {
            let (module, _) = handler.rsplit_once('.')?;
            let path = module.replace('.', "/");
            return Some(Self {
                compiled: Some(format!("{path}.")),
                ..with(&path, &[".py", ".pyc", "/__init__.py", ".so"])
            });
        }
        if runtime.starts_with("nodejs") {
            // Everything up to the first dot of the last component: `dist/index.handler`.
            let name = handler.rsplit('/').next()?;
            let (_, export) = name.split_once('.')?;
            let path = handler.strip_suffix(export)?.strip_suffix('.')?;
            let endings = [".js", ".mjs", ".cjs", "", "/index.js", "/package.json"];
            return Some(with(path, &endings));
        }
        if runtime.starts_with("ruby") {
            let (file, _) = handler.split_once('.')?;
            return Some(with(file, &[".rb"]));
        }
        if runtime.starts_with("java") {
            let class = handler.split("::").next()?;
            return Some(with(&class.replace('.', "/"), &[".class"]));
        }
        if runtime.starts_with("dotnet") {
            let assembly = handler.split("::").next()?;
            return Some(with(assembly, &[".dll"]));
        }
        None
    }

    /// Whether one of them is there, or in a layer, below a folder whose name ends in a slash.
    fn are_in(&self, inventory: &Inventory, folder: &str) -> bool {
        let is_there = |path: &String| {
            let found = inventory.look_up(&format!("{folder}{path}"));
            matches!(found, Lookup::Entry(_) | Lookup::Layer(_))
        };
        let is_compiled = |beginning: &String| {
            let beginning = format!("{folder}{beginning}");
            inventory.below("").any(|entry| {
                entry.path().starts_with(&beginning) && has_extension(entry.path(), &["so"])
            })
        };
        self.paths.iter().any(is_there) || self.compiled.as_ref().is_some_and(is_compiled)
    }
}
