//! The file that a runtime starts, by the function's handler.

use countersign_package::{EntryKind, Inventory, InventoryEntry, Lookup};

use super::{
    super::start_facts::{StartFacts, has_extension},
    bootstrap::bootstrap,
    fault::{StartFault, may_lie_elsewhere, zip_its_content},
    handler_form::refused_handler,
    own_modules::taken_otherwise,
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
    if may_lie_elsewhere(function) {
        return None;
    }
    let is_node = family == RuntimeFamily::Node;
    if candidates.are_in(inventory, "") {
        return is_node.then(|| folder_in_the_way(inventory, runtime, handler))?;
    }
    let own = taken_otherwise(family, handler);
    // A module of Node's own goes before what `require` finds.
    let is_module = is_node && own.is_none() && is_required(inventory, handler);
    if is_module || is_in_archive(inventory, family) {
        return None;
    }
    let first = candidates.paths.first()?;
    let wanted = candidates.paths.join(" or ");
    let inside = inventory.top_folder();
    let inside = inside.filter(|folder| candidates.are_in(inventory, &format!("{folder}/")));
    let other = candidates.compiled_for_another(inventory);
    let other =
        other.map(|path| format!("; {path} is for another version of Python or another system"));
    let own = own.map(|module| format!("; the runtime takes its own module {module} instead"));
    let misplaced = || {
        let is_java = family == RuntimeFamily::Java;
        is_java.then(|| misplaced_classes(inventory, &candidates))?
    };
    Some(StartFault {
        code: ReasonCode::EntryPointMissing,
        file: None,
        message: format!(
            "the handler {handler:?} of {runtime} is in {wanted}, which is not there{}{}",
            other.unwrap_or_default(),
            own.unwrap_or_default()
        ),
        fix: inside
            .map(zip_its_content)
            .or_else(misplaced)
            .unwrap_or_else(|| {
                format!("put {first} into the package, or set the function's handler")
            }),
    })
}

/// Whether Node's runtime finds the handler's module as `require` does, by its name without the folders: in `node_modules`, and at the
/// top of the package, which is in the runtime's `NODE_PATH` (an environment that was printed in AWS, grade C).
fn is_required(inventory: &Inventory, handler: &str) -> bool {
    let name = handler.rsplit('/').next().unwrap_or_default();
    let Some((module, _)) = name.split_once('.') else {
        return false;
    };
    let is_there = |folder: &str, endings: &[&str]| {
        let mut paths = endings.iter().map(|end| format!("{folder}{module}{end}"));
        paths.any(|path| is_file_or_in_layer(inventory, &path))
    };
    let folders = ["node_modules/", ""];
    // At the top, what has no folder is a candidate itself, and is judged as such.
    let is_below = handler.contains('/');
    folders
        .iter()
        .any(|folder| (is_below || !folder.is_empty()) && is_there(folder, &FOUND_BY_REQUIRE))
}

/// What `require` appends to the path of a module, which may be a folder.
const FOUND_BY_REQUIRE: [&str; 8] = [
    "",
    ".js",
    ".json",
    ".node",
    "/package.json",
    "/index.js",
    "/index.json",
    "/index.node",
];

/// A folder of the handler's name, which Node's runtime takes for the module before it looks for a file with an ending
/// that `require` does not append.
fn folder_in_the_way(inventory: &Inventory, runtime: &str, handler: &str) -> Option<StartFault> {
    let path = module_path(handler)?;
    let is_folder = match inventory.look_up(path) {
        Lookup::Entry(entry) => entry.kind() == EntryKind::Directory,
        Lookup::Directory => true,
        Lookup::Layer(_) | Lookup::Nothing => false,
    };
    let mut required = FOUND_BY_REQUIRE.iter().map(|end| format!("{path}{end}"));
    if !is_folder || required.any(|path| is_file_or_in_layer(inventory, &path)) {
        return None;
    }
    let mut files = Candidates::endings_of_node(runtime)
        .into_iter()
        .map(|end| format!("{path}{end}"));
    let file = files.find(|path| is_file_or_in_layer(inventory, path))?;
    Some(StartFault {
        code: ReasonCode::EntryPointMissing,
        file: Some(file.clone()),
        message: format!(
            "the handler {handler:?} of {runtime} is in {file}, and the runtime takes the folder {path}/ for the module, in which \
             there is none"
        ),
        fix: format!("rename {file} or the folder {path}/, and set the function's handler"),
    })
}

/// The path of a handler of Node.js up to the first dot of its last component: `dist/index.handler`.
fn module_path(handler: &str) -> Option<&str> {
    let name = handler.rsplit('/').next()?;
    let (_, export) = name.split_once('.')?;
    handler.strip_suffix(export)?.strip_suffix('.')
}

fn is_file_or_in_layer(inventory: &Inventory, path: &str) -> bool {
    match inventory.look_up(path) {
        Lookup::Entry(entry) => entry.kind() == EntryKind::File,
        Lookup::Layer(_) => true,
        // A folder is none, also where it is listed.
        Lookup::Directory | Lookup::Nothing => false,
    }
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
                Some(with(module_path(handler)?, &Self::endings_of_node(runtime)))
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

    /// What Node's runtime appends to a module. From version 24 on it takes TypeScript as well.
    fn endings_of_node(runtime: &str) -> Vec<&'static str> {
        let version = runtime.strip_prefix("nodejs").unwrap_or_default();
        let major = version.split('.').next().unwrap_or_default();
        let has_types = major.parse().is_ok_and(|major: u32| major >= 24);
        let types: &[&str] = if has_types {
            &[".ts", ".mts", ".cts"]
        } else {
            &[]
        };
        let endings = [".js", ".mjs", ".cjs", "", "/index.js", "/package.json"];
        endings.into_iter().chain(types.iter().copied()).collect()
    }

    /// Whether one of them is there, or in a layer, below a folder whose name ends in a slash.
    fn are_in(&self, inventory: &Inventory, folder: &str) -> bool {
        let is_there = |path: &String| is_file_or_in_layer(inventory, &format!("{folder}{path}"));
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

#[cfg(test)]
mod tests {
    use countersign_testkit::zip::EntryForge;

    use super::super::start_faults::tests::{faults, launch};

    #[test]
    fn folder_of_a_modules_name_goes_first_in_node() {
        let with = |runtime: &str, handler: &str, files: &[&str]| {
            let entries = files.iter().map(|file| match file.strip_suffix('/') {
                Some(_) => EntryForge::directory(*file),
                None => EntryForge::file(*file, "x"),
            });
            faults(entries, &launch(runtime, handler))
        };
        for (handler, files) in [
            ("index.handler", &["index.mjs", "index/routes.mjs"][..]),
            ("index.handler", &["index.mjs", "index/"]),
            ("dist/index.handler", &["dist/index.cjs", "dist/index/a.js"]),
        ] {
            let told = with("nodejs22.x", handler, files);
            assert_eq!(told.len(), 1, "{files:?}: {told:?}");
            assert!(told[0].contains("takes the folder"), "{told:?}");
            assert!(
                told[0].contains(&format!("rename {}", files[0])),
                "{told:?}"
            );
        }
        for files in [
            // What `require` finds beside or in the folder.
            &["index.js", "index/routes.js"][..],
            &["index.mjs", "index.js", "index/"],
            &["index.mjs", "index/index.js"],
            &["index.mjs", "index/package.json"],
            &["index.mjs", "index", "other/a.js"],
            &["index.mjs", "Index/a.js", "index.d/a.js"],
        ] {
            assert_eq!(
                with("nodejs22.x", "index.handler", files),
                [""; 0],
                "{files:?}"
            );
        }
        // Python takes the file.
        assert_eq!(
            with("python3.13", "app.handler", &["app.py", "app/x.py"]),
            [""; 0]
        );
    }

    #[test]
    fn handler_that_nodes_require_finds_is_no_fault() {
        let with = |runtime: &str, handler: &str, file: &str| {
            faults([EntryForge::file(file, "x")], &launch(runtime, handler))
        };
        for (runtime, handler, file) in [
            // The top of the package is in NODE_PATH.
            ("nodejs22.x", "dist/index.handler", "index.js"),
            (
                "nodejs22.x",
                "dist/shop.handler",
                "node_modules/shop/package.json",
            ),
            ("nodejs24.x", "index.handler", "index.ts"),
            ("nodejs24.x", "index.handler", "index.mts"),
        ] {
            assert_eq!(with(runtime, handler, file), [""; 0], "{handler} {file}");
        }
        for (runtime, handler, file) in [
            ("nodejs22.x", "dist/index.handler", "index.mjs"),
            ("nodejs22.x", "index.handler", "index.ts"),
            ("nodejs22.x", "index.handler", "dist/index.js"),
        ] {
            let told = with(runtime, handler, file);
            assert!(
                told[0].contains("which is not there"),
                "{handler} {file}: {told:?}"
            );
        }
    }
}
