//! The file that a runtime starts, by the function's handler.

use countersign_package::{Inventory, Lookup};

use super::{
    super::start_facts::{StartFacts, has_extension},
    bootstrap::bootstrap,
    fault::{StartFault, may_lie_elsewhere, zip_its_content},
    runtime::RuntimeFamily,
};
use crate::domain::{ExecWrapper, FunctionConfiguration, ReasonCode};

/// What the runtime starts: `bootstrap`, or the handler's file. Where that may lie elsewhere, nothing is told.
pub(super) fn entry_point(
    facts: &StartFacts,
    function: &FunctionConfiguration,
) -> Option<StartFault> {
    let runtime = function.runtime.as_deref()?;
    let family = RuntimeFamily::of(runtime)?;
    if family == RuntimeFamily::Custom {
        return bootstrap(facts, function);
    }
    let inventory = facts.inventory();
    let handler = function.handler.as_deref()?;
    if names_no_function(family, handler) {
        // Wherever the file lies; only a wrapper need not call it.
        let is_called = function.exec_wrapper == ExecWrapper::NotSet;
        return is_called.then(|| no_function(runtime, handler));
    }
    let candidates = Candidates::of(family, handler)?;
    let is_there = candidates.are_in(inventory, "") || is_in_archive(inventory, family);
    if is_there || may_lie_elsewhere(function) {
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

/// Whether a handler is only a file. The runtimes of Python and Node.js split it at a dot, and end before they load
/// anything where there is none (AWS's own runtime interface clients for both, grade B). What others do is not known
/// well enough.
fn names_no_function(family: RuntimeFamily, handler: &str) -> bool {
    match family {
        RuntimeFamily::Python => !handler.contains('.'),
        RuntimeFamily::Node => !handler.rsplit('/').next().unwrap_or_default().contains('.'),
        _ => false,
    }
}

fn no_function(runtime: &str, handler: &str) -> StartFault {
    StartFault {
        code: ReasonCode::EntryPointMissing,
        file: None,
        message: format!(
            "the handler {handler:?} of {runtime} names no function, and the runtime ends before it loads anything"
        ),
        fix: format!(
            "set the function's handler: write {handler}.NAME, with the name of the function that is called"
        ),
    }
}

/// Whether a handler leads out of the package.
pub(super) fn is_outside(handler: &str) -> bool {
    handler.starts_with('/')
}

/// Java looks into the jars below `lib`, too, which are not opened here.
fn is_in_archive(inventory: &Inventory, family: RuntimeFamily) -> bool {
    family == RuntimeFamily::Java
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
    /// `None` for a handler that does not fit the runtime, and for a path outside of the package.
    fn of(family: RuntimeFamily, handler: &str) -> Option<Self> {
        if is_outside(handler) {
            return None;
        }
        let with = |path: &str, endings: &[&str]| Self {
            paths: endings.iter().map(|end| format!("{path}{end}")).collect(),
            compiled: None,
        };
        match family {
            RuntimeFamily::Python => {
                let (module, _) = handler.rsplit_once('.')?;
                let path = module.replace('.', "/");
                Some(Self {
                    compiled: Some(format!("{path}.")),
                    ..with(&path, &[".py", ".pyc", "/__init__.py", ".so"])
                })
            }
            RuntimeFamily::Node => {
                // Everything up to the first dot of the last component: `dist/index.handler`.
                let name = handler.rsplit('/').next()?;
                let (_, export) = name.split_once('.')?;
                let path = handler.strip_suffix(export)?.strip_suffix('.')?;
                let endings = [".js", ".mjs", ".cjs", "", "/index.js", "/package.json"];
                Some(with(path, &endings))
            }
            RuntimeFamily::Ruby => {
                let (file, _) = handler.split_once('.')?;
                Some(with(file, &[".rb"]))
            }
            RuntimeFamily::Java => {
                let class = handler.split("::").next()?;
                Some(with(&class.replace('.', "/"), &[".class"]))
            }
            RuntimeFamily::Dotnet => {
                let assembly = handler.split("::").next()?;
                Some(with(assembly, &[".dll"]))
            }
            RuntimeFamily::Custom => None,
        }
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
