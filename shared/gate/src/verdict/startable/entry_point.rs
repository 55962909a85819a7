//! The file that a runtime starts, by the function's handler.

use countersign_package::{EntryKind, Inventory, InventoryEntry, Lookup};

use super::{
    super::start_facts::{StartFacts, has_extension},
    bootstrap::bootstrap,
    fault::{StartFault, may_lie_elsewhere, zip_its_content},
    handler_form::refused_handler,
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
    if let Some(fault) = refused_handler(runtime, family, handler) {
        // Wherever the file lies; only a wrapper need not call it.
        return (function.exec_wrapper == ExecWrapper::NotSet).then_some(fault);
    }
    let candidates = Candidates::of(family, runtime, handler)?;
    // Node's runtime resolves the handler's module as `require` does.
    let is_module = family == RuntimeFamily::Node && candidates.are_in(inventory, "node_modules/");
    let is_there =
        candidates.are_in(inventory, "") || is_module || is_in_archive(inventory, family);
    if is_there || may_lie_elsewhere(function) {
        return None;
    }
    let first = candidates.paths.first()?;
    let wanted = candidates.paths.join(" or ");
    let inside = inventory.top_folder();
    let inside = inside.filter(|folder| candidates.are_in(inventory, &format!("{folder}/")));
    let other = candidates.compiled_for_another(inventory);
    let other =
        other.map(|path| format!("; {path} is for another version of Python or another system"));
    let misplaced = || {
        let is_java = family == RuntimeFamily::Java;
        is_java.then(|| misplaced_classes(inventory, &candidates))?
    };
    Some(StartFault {
        code: ReasonCode::EntryPointMissing,
        file: None,
        message: format!(
            "the handler {handler:?} of {runtime} is in {wanted}, which is not there{}",
            other.unwrap_or_default()
        ),
        fix: inside
            .map(zip_its_content)
            .or_else(misplaced)
            .unwrap_or_else(|| {
                format!("put {first} into the package, or set the function's handler")
            }),
    })
}

/// What to do about classes that are there, where Java does not look: in a jar at the top, or as fat jars have them.
fn misplaced_classes(inventory: &Inventory, candidates: &Candidates) -> Option<String> {
    /// Where the fat jars of Spring Boot and web archives have their classes.
    const OF_FAT_JARS: [&str; 2] = ["BOOT-INF/classes/", "WEB-INF/classes/"];
    let found = OF_FAT_JARS
        .into_iter()
        .find(|folder| candidates.are_in(inventory, folder));
    if let Some(folder) = found {
        return Some(format!(
            "it is below {folder}, where only that archive's own starter looks: build the package with the classes at its \
             top and the jars in lib/, or one jar of all by the shade plugin"
        ));
    }
    let mut root = inventory.root().into_iter();
    let (jar, _) =
        root.find(|(name, kind)| *kind == EntryKind::File && has_extension(name, &["jar"]))?;
    Some(format!(
        "{jar} is at the top, where Java does not look for jars: put it into the folder lib/, or upload the jar itself as \
         the package"
    ))
}

/// Whether a handler leads out of the package.
pub(super) fn is_outside(handler: &str) -> bool {
    handler.starts_with('/')
}

/// Java looks into the jars in `lib`, too, but not in the folders there. They are not opened here.
fn is_in_archive(inventory: &Inventory, family: RuntimeFamily) -> bool {
    let is_archive = |entry: &InventoryEntry| {
        let path = entry.path();
        path.matches('/').count() == 1
            && entry.kind() != EntryKind::Directory
            && has_extension(path, &["jar", "zip"])
    };
    family == RuntimeFamily::Java && inventory.below("lib").any(is_archive)
}

/// The files in which a runtime looks for a handler.
struct Candidates {
    paths: Vec<String>,
    compiled: Option<CompiledModule>,
}

/// A compiled module of Python, which may have a tag in its name: `app.cpython-313-x86_64-linux-gnu.so`, `app.abi3.so`.
struct CompiledModule {
    /// The paths up to the tag: `app.` and, for a package, `app/__init__.`
    beginnings: [String; 2],
    /// What a tag begins with that is for one version: `cpython-313-`
    version: String,
}

impl CompiledModule {
    /// Of the runtime `python3.13`, say.
    fn of(runtime: &str, path: &str) -> Self {
        let version = runtime.chars().filter(char::is_ascii_digit);
        Self {
            beginnings: [format!("{path}."), format!("{path}/__init__.")],
            version: format!("cpython-{}-", version.collect::<String>()),
        }
    }

    /// The tag and extension of a path, if it is this module's.
    fn tag<'p>(&self, path: &'p str) -> Option<&'p str> {
        let mut beginnings = self.beginnings.iter();
        let tag = beginnings.find_map(|beginning| path.strip_prefix(beginning.as_str()))?;
        let is_library = has_extension(path, &["so", "pyd"]);
        (is_library && !tag.contains('/')).then_some(tag)
    }

    /// Whether this version imports a library with such a tag on Linux.
    fn is_imported(&self, tag: &str) -> bool {
        let of_version = tag.strip_prefix(self.version.as_str());
        matches!(tag, "so" | "abi3.so")
            || of_version.is_some_and(|system| system.ends_with("-linux-gnu.so"))
    }
}

impl Candidates {
    /// `None` for a handler that does not fit the runtime, and for a path outside of the package.
    fn of(family: RuntimeFamily, runtime: &str, handler: &str) -> Option<Self> {
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
                    compiled: Some(CompiledModule::of(runtime, &path)),
                    ..with(
                        &path,
                        &[".py", ".pyc", "/__init__.py", "/__init__.pyc", ".so"],
                    )
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
            // A folder is none, also where it is listed.
            match inventory.look_up(&format!("{folder}{path}")) {
                Lookup::Entry(entry) => entry.kind() == EntryKind::File,
                Lookup::Layer(_) => true,
                Lookup::Directory | Lookup::Nothing => false,
            }
        };
        let is_compiled = |module: &CompiledModule| {
            let paths = inventory.below("").map(InventoryEntry::path);
            let mut tags = paths.filter_map(|path| module.tag(path.strip_prefix(folder)?));
            tags.any(|tag| module.is_imported(tag))
        };
        self.paths.iter().any(is_there) || self.compiled.as_ref().is_some_and(is_compiled)
    }

    /// A compiled module with the right name that this version of Python does not import on Linux.
    fn compiled_for_another<'i>(&self, inventory: &'i Inventory) -> Option<&'i str> {
        let module = self.compiled.as_ref()?;
        let mut paths = inventory.below("").map(InventoryEntry::path);
        paths.find(|path| module.tag(path).is_some())
    }
}
