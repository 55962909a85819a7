//! Whether a package can start as the function that it is for: from the zip and the function's
//! configuration alone.
//!
//! Where the configuration has a wrapper, or code may lie in a layer, nothing is said of what is missing:
//! a warning that is wrong once is not read the second time. How each runtime finds its handler is
//! documented by AWS (Lambda developer guide, "handler" of each language; grade B).

use countersign_package::{ElfMachine, EntryKind, Inventory, Libc, Lookup};
use serde::Serialize;

use super::start_facts::{BOOTSTRAP, Library, Program, StartFacts, has_extension};
use crate::domain::{Architecture, Csc, ExecWrapper, FunctionConfiguration, ReasonCode};

/// A reason why a package will not start, or not as its author means it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StartFault {
    /// Which kind of reason.
    pub code: ReasonCode,
    /// The file that it is about; null when it is one that is missing, or none.
    pub file: Option<String>,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub fix: String,
}

/// How many files of one fault are named; the others are counted.
const MAX_NAMED: usize = 3;

/// What a function's code and its layers may unpack to (Lambda quotas, grade B).
const MAX_UNPACKED_BYTES: u64 = 262_144_000;

/// The faults of a package, the most certain first; none when nothing is known to be wrong. What the
/// configuration does not say is not judged.
#[must_use]
pub fn start_faults(facts: &StartFacts, function: &FunctionConfiguration) -> Vec<StartFault> {
    let mut faults = Vec::new();
    if is_started_as_it_says(function) {
        faults.extend(entry_point(facts, function));
    }
    faults.extend(foreign_libraries(facts.libraries(), function));
    faults.extend(unreadable(facts));
    faults.extend(too_large(facts, function));
    faults
}

/// The layers of a function that its code signing configuration does not trust.
#[must_use]
pub fn untrusted_layers(function: &FunctionConfiguration, csc: &Csc) -> Option<StartFault> {
    let doubt = |layer: &crate::domain::AttachedLayer| {
        let doubt = layer.doubt_under(csc)?;
        Some(format!("the layer {} {doubt}", layer.arn))
    };
    let doubts: Vec<String> = function.layers.iter().filter_map(doubt).collect();
    (!doubts.is_empty()).then(|| StartFault {
        code: ReasonCode::LayerUntrusted,
        file: None,
        message: doubts.join("; "),
        fix: ReasonCode::LayerUntrusted.about().fix.to_owned(),
    })
}

/// Whether the runtime starts what the configuration names. A wrapper may start anything; whether there
/// is one is not known when the variables could not be read.
pub(super) fn is_started_as_it_says(function: &FunctionConfiguration) -> bool {
    function.exec_wrapper == ExecWrapper::NotSet
}

/// What the runtime starts: `bootstrap`, or the handler's file.
fn entry_point(facts: &StartFacts, function: &FunctionConfiguration) -> Option<StartFault> {
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

/// What to do where the folder was zipped, and not what is in it.
fn zip_its_content(folder: &str) -> String {
    format!("it is in the folder {folder:?}: zip what is in that folder, not the folder itself")
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

/// The program that a custom runtime starts.
fn bootstrap(facts: &StartFacts, function: &FunctionConfiguration) -> Option<StartFault> {
    let inventory = facts.inventory();
    let fault = |code: ReasonCode, message: String, fix: String| {
        Some(StartFault {
            code,
            file: Some(BOOTSTRAP.to_owned()),
            message,
            fix,
        })
    };
    let unusable =
        |message: String, fix: String| fault(ReasonCode::BootstrapUnusable, message, fix);
    let entry = match inventory.look_up(BOOTSTRAP) {
        Lookup::Entry(entry) if entry.kind() == EntryKind::File => entry,
        // A link into a layer, or a layer that has it.
        Lookup::Layer(_) => return None,
        _ if !function.layers.is_empty() => return None,
        _ => return Some(no_bootstrap(inventory)),
    };
    if let Some(mode) = entry.permissions()
        && mode & 0o111 == 0
    {
        return unusable(
            format!("{BOOTSTRAP} is not executable (mode {mode:03o})"),
            format!("run `chmod 755 {BOOTSTRAP}` before you zip it"),
        );
    }
    match facts.bootstrap()? {
        Program::Elf(header) => {
            if let Some(architecture) = function.architecture
                && !runs(architecture, header.machine())
            {
                return fault(
                    ReasonCode::WrongArchitecture,
                    format!(
                        "{BOOTSTRAP} was built for {}, and the function runs on {}",
                        machine_name(header.machine()),
                        architecture.as_str()
                    ),
                    format!("build it for {}", architecture.as_str()),
                );
            }
            // A musl loader is not part of Amazon Linux; a package or a layer may bring its own.
            let has_loader = || {
                let is_loader =
                    |entry: &countersign_package::InventoryEntry| entry.path().contains("ld-musl");
                !function.layers.is_empty() || inventory.below("").any(is_loader)
            };
            if header.libc() == Some(Libc::Musl) && !has_loader() {
                return unusable(
                    format!(
                        "{BOOTSTRAP} wants the loader of musl, which Amazon Linux does not have"
                    ),
                    "link it statically, or build it for glibc".to_owned(),
                );
            }
            None
        }
        Program::Script(line) if line.has_carriage_return() => unusable(
            format!(
                "the first line of {BOOTSTRAP} ends in a carriage return, so that its interpreter is not \
                 found"
            ),
            format!("give {BOOTSTRAP} the line ends of Unix (`dos2unix {BOOTSTRAP}`)"),
        ),
        Program::Script(_) => None,
        Program::Other => unusable(
            format!(
                "{BOOTSTRAP} is neither a program for Linux nor a script with a first line `#!…`"
            ),
            "build it for Linux, or begin the script with `#!/bin/sh`".to_owned(),
        ),
    }
}

fn no_bootstrap(inventory: &Inventory) -> StartFault {
    let inside = inventory
        .top_folder()
        .filter(|folder| inventory.find(&format!("{folder}/{BOOTSTRAP}")).is_some());
    StartFault {
        code: ReasonCode::EntryPointMissing,
        file: None,
        message: format!("a custom runtime starts the file {BOOTSTRAP:?}, which is not there"),
        fix: inside.map_or_else(
            || format!("put the program at the top of the package as {BOOTSTRAP:?}"),
            zip_its_content,
        ),
    }
}

/// Native libraries that were built for another processor, where there is none for this one in their
/// place: packages often hold one for each processor, and load the right one.
fn foreign_libraries(
    libraries: &[Library],
    function: &FunctionConfiguration,
) -> Option<StartFault> {
    let architecture = function.architecture?;
    let (right, foreign): (Vec<&Library>, Vec<&Library>) = libraries
        .iter()
        .partition(|library| runs(architecture, library.machine));
    let right: std::collections::BTreeSet<String> = right
        .into_iter()
        .map(|library| without_processor(&library.path))
        .collect();
    let foreign: Vec<&Library> = foreign
        .into_iter()
        .filter(|library| !right.contains(&without_processor(&library.path)))
        .collect();
    let first = foreign.first()?;
    let names: Vec<&str> = foreign
        .iter()
        .map(|library| library.path.as_str())
        .collect();
    Some(StartFault {
        code: ReasonCode::WrongArchitecture,
        file: Some(first.path.clone()),
        message: format!(
            "{} built for {}, and the function runs on {}",
            listed(&names, "was", "were"),
            machine_name(first.machine),
            architecture.as_str()
        ),
        fix: format!(
            "install the dependencies for {0}, for instance with `pip install --platform manylinux2014_{1} \
             --only-binary=:all:` or `npm install --cpu={2} --os=linux`",
            architecture.as_str(),
            match architecture {
                Architecture::X86_64 => "x86_64",
                Architecture::Arm64 => "aarch64",
            },
            match architecture {
                Architecture::X86_64 => "x64",
                Architecture::Arm64 => "arm64",
            }
        ),
    })
}

/// A path in which the words for processors are all the same: `prebuilds/linux-*/addon.node`.
fn without_processor(path: &str) -> String {
    /// The longer ones first: `arm` is a part of `arm64`.
    const WORDS: [&str; 22] = [
        "loongarch64",
        "loong64",
        "mips64el",
        "powerpc64le",
        "riscv64",
        "ppc64le",
        "aarch64",
        "x86_64",
        "x86-64",
        "ppc64",
        "s390x",
        "amd64",
        "arm64",
        "armv8",
        "armv7l",
        "armv7",
        "armv6",
        "i386",
        "i686",
        "ia32",
        "x64",
        "arm",
    ];
    let mut path = path.to_owned();
    for word in WORDS {
        path = path.replace(word, "*");
    }
    path
}

/// Files and folders that the runtime's user cannot read: it is neither their owner nor of their group
/// (Lambda's documentation on permissions of files in a package, grade B).
fn unreadable(facts: &StartFacts) -> Option<StartFault> {
    let closed = facts.closed();
    let first = closed.first()?;
    Some(StartFault {
        code: ReasonCode::FilesUnreadable,
        file: Some((*first).to_owned()),
        message: format!(
            "{} readable by the user that the runtime runs as",
            listed(&closed, "is not", "are not")
        ),
        fix: "run `chmod -R u=rwX,go=rX .` before you zip; what Python writes by `writestr` gets its mode from \
              `external_attr`"
            .to_owned(),
    })
}

/// What the package unpacks to, with the layers, of which only the sizes of their zips are known: they
/// unpack to more.
fn too_large(facts: &StartFacts, function: &FunctionConfiguration) -> Option<StartFault> {
    let sizes = function.layers.iter().filter_map(|layer| layer.zip_bytes);
    let layers = sizes.fold(0_u64, u64::saturating_add);
    let package = facts.unpacked_bytes();
    let is_over = layers > 0 && package.saturating_add(layers) > MAX_UNPACKED_BYTES;
    is_over.then(|| StartFault {
        code: ReasonCode::TooLargeWithLayers,
        file: None,
        message: format!(
            "the package unpacks to {package} bytes, and the zips of the function's layers have {layers}: \
             together more than the {MAX_UNPACKED_BYTES} that Lambda unpacks"
        ),
        fix: ReasonCode::TooLargeWithLayers.about().fix.to_owned(),
    })
}

fn runs(architecture: Architecture, machine: ElfMachine) -> bool {
    matches!(
        (architecture, machine),
        (Architecture::X86_64, ElfMachine::X86_64) | (Architecture::Arm64, ElfMachine::Aarch64)
    )
}

fn machine_name(machine: ElfMachine) -> String {
    match machine {
        ElfMachine::X86_64 => "x86_64".to_owned(),
        ElfMachine::Aarch64 => "arm64".to_owned(),
        ElfMachine::Other(number) => format!("another processor (ELF machine {number})"),
    }
}

/// `a, b, c and 4 more were`
fn listed(files: &[&str], one: &str, several: &str) -> String {
    let first: Vec<&str> = files.iter().take(MAX_NAMED).copied().collect();
    let rest = files.len().saturating_sub(first.len());
    let first = first.join(", ");
    match (files.len(), rest) {
        (1, _) => format!("{first} {one}"),
        (_, 0) => format!("{first} {several}"),
        _ => format!("{first} and {rest} more {several}"),
    }
}

#[cfg(test)]
mod tests {
    use countersign_package::{Limits, Package};
    use countersign_testkit::zip::{EntryForge, ZipForge};

    use super::*;
    use crate::domain::{AttachedLayer, CscPolicy};

    /// The beginning of an ELF file of 64 bits for this machine.
    fn elf(machine: u16) -> Vec<u8> {
        let mut head = vec![0_u8; 64];
        head.splice(..6, *b"\x7fELF\x02\x01");
        head.splice(18..20, machine.to_le_bytes());
        head
    }

    fn faults(
        entries: impl IntoIterator<Item = EntryForge>,
        function: &FunctionConfiguration,
    ) -> Vec<String> {
        let zip = ZipForge::new(entries).build();
        let package = Package::read(&zip, &Limits::default()).unwrap();
        let told = start_faults(&StartFacts::of(&package), function).into_iter();
        told.map(|fault| format!("{}: {}", fault.message, fault.fix))
            .collect()
    }

    fn launch(runtime: &str, handler: &str) -> FunctionConfiguration {
        FunctionConfiguration {
            runtime: Some(runtime.to_owned()),
            handler: Some(handler.to_owned()),
            architecture: Some(Architecture::X86_64),
            ..FunctionConfiguration::default()
        }
    }

    fn layer(zip_bytes: u64) -> AttachedLayer {
        AttachedLayer {
            arn: "arn:aws:lambda:eu-west-1:111122223333:layer:common:1".to_owned(),
            zip_bytes: Some(zip_bytes),
            job_arn: None,
            profile_version_arn: None,
        }
    }

    #[test]
    fn handler_of_each_runtime_is_looked_up_where_it_looks() {
        for (runtime, handler, file) in [
            ("python3.13", "app.handler", "app.py"),
            ("python3.13", "src.app.handler", "src/app.py"),
            ("python3.13", "src/app.handler", "src/app.py"),
            ("python3.13", "app.handler", "app/__init__.py"),
            (
                "python3.13",
                "src.app.handler",
                "src/app.cpython-313-x86_64-linux-gnu.so",
            ),
            ("nodejs22.x", "index.handler", "index.mjs"),
            ("nodejs22.x", "dist/index.handler", "dist/index.js"),
            ("nodejs22.x", "index.handler", "index/index.js"),
            ("ruby3.3", "app.App.process", "app.rb"),
            (
                "java21",
                "com.example.Handler::handle",
                "com/example/Handler.class",
            ),
            ("java21", "com.example.Handler", "lib/shop.jar"),
            ("dotnet8", "Shop::Shop.Function::Handle", "Shop.dll"),
        ] {
            let launch = launch(runtime, handler);
            let good = faults([EntryForge::file(file, "x")], &launch);
            assert!(good.is_empty(), "{runtime} {handler}: {good:?}");
            let other = faults([EntryForge::file("another.txt", "x")], &launch);
            assert_eq!(other.len(), 1, "{runtime} {handler}");
            assert!(other[0].contains("which is not there"), "{other:?}");
        }
    }

    #[test]
    fn zipped_folder_is_told() {
        let entries = || [EntryForge::file("project/app.py", "x")];
        let told = faults(entries(), &launch("python3.13", "app.handler"));
        assert!(told[0].contains("zip what is in that folder"), "{told:?}");
    }

    #[test]
    fn nothing_is_guessed_where_code_may_lie_elsewhere() {
        let entries = || [EntryForge::file("readme.txt", "x")];
        let mut layered = launch("python3.13", "app.handler");
        layered.layers = vec![layer(1)];
        let mut wrapped = launch("provided.al2023", "x");
        wrapped.exec_wrapper = ExecWrapper::Set("/opt/wrapper".to_owned());
        let mut undecrypted = launch("python3.13", "app.handler");
        undecrypted.exec_wrapper = ExecWrapper::Unknown;
        for silent in [
            layered,
            wrapped,
            undecrypted,
            launch("python3.13", "/opt/app.handler"),
            launch("cobol1", "app"),
            FunctionConfiguration::default(),
        ] {
            assert_eq!(faults(entries(), &silent), [""; 0], "{silent:?}");
        }
    }

    #[test]
    fn bootstrap_has_to_be_a_program_for_this_processor() {
        let launch = launch("provided.al2023", "bootstrap");
        let with = |body: Vec<u8>, mode: u16| {
            let entry = EntryForge::file("bootstrap", body).mode(0o100_000 | mode);
            faults([entry], &launch)
        };
        assert_eq!(with(elf(62), 0o755), [""; 0]);
        assert_eq!(with(b"#!/bin/sh\necho\n".to_vec(), 0o755), [""; 0]);
        for (body, mode, words) in [
            (elf(183), 0o755, "was built for arm64"),
            (elf(62), 0o644, "is not executable"),
            (b"echo\n".to_vec(), 0o755, "neither a program"),
            (b"#!/bin/sh\r\necho\r\n".to_vec(), 0o755, "carriage return"),
        ] {
            let told = with(body, mode);
            assert!(told[0].contains(words), "{told:?}");
        }
        let missing = faults([EntryForge::file("main", "x")], &launch);
        assert!(missing[0].contains("which is not there"), "{missing:?}");
    }

    #[test]
    fn libraries_of_another_processor_are_told() {
        let library = |name: &str, machine| EntryForge::file(name, elf(machine));
        let launch = FunctionConfiguration {
            architecture: Some(Architecture::Arm64),
            ..FunctionConfiguration::default()
        };
        let told = faults(
            [
                library("numpy/core.so", 62),
                library("lib/libpq.so.5", 62),
                library("right.so", 183),
            ],
            &launch,
        );
        assert_eq!(told.len(), 1);
        assert!(told[0].contains("numpy/core.so"), "{told:?}");
        assert!(
            told[0].contains("libpq.so.5 were built for x86_64"),
            "{told:?}"
        );
    }

    #[test]
    fn library_for_each_processor_is_no_fault() {
        let library = |name: &str, machine| EntryForge::file(name, elf(machine));
        let entries = || {
            [
                library("prebuilds/linux-x64/addon.node", 62),
                library("prebuilds/linux-arm64/addon.node", 183),
                library("prebuilds/linux-ia32/addon.node", 3),
                library("x/core.cpython-313-x86_64-linux-gnu.so", 62),
            ]
        };
        let on = |architecture| FunctionConfiguration {
            architecture: Some(architecture),
            ..FunctionConfiguration::default()
        };
        assert_eq!(faults(entries(), &on(Architecture::X86_64)), [""; 0]);
        let told = faults(entries(), &on(Architecture::Arm64));
        assert_eq!(told.len(), 1);
        assert!(told[0].starts_with("x/core.cpython"), "{told:?}");
    }

    #[test]
    fn layers_count_for_what_is_unpacked() {
        let with = |zip_bytes| {
            let mut function = launch("python3.13", "app.handler");
            function.layers = vec![layer(1), layer(zip_bytes)];
            faults([EntryForge::file("app.py", "12345")], &function)
        };
        assert_eq!(with(MAX_UNPACKED_BYTES - 6), [""; 0]);
        let told = with(MAX_UNPACKED_BYTES - 5);
        assert!(told[0].contains("layers have 262143996"), "{told:?}");
    }

    #[test]
    fn layers_are_held_against_the_configuration() {
        let csc = |publisher: &str| Csc::new(None, CscPolicy::Enforce, [publisher.to_owned()]);
        let mut signed = layer(1);
        signed.profile_version_arn = Some("ours".to_owned());
        let mut function = FunctionConfiguration::default();
        assert_eq!(untrusted_layers(&function, &csc("ours")), None);
        function.layers = vec![signed];
        assert_eq!(untrusted_layers(&function, &csc("ours")), None);
        let told = untrusted_layers(&function, &csc("theirs")).unwrap();
        assert!(told.message.contains("is signed by ours"), "{told:?}");
        function.layers = vec![layer(1)];
        let told = untrusted_layers(&function, &csc("ours")).unwrap();
        assert!(told.message.ends_with("common:1 is not signed"), "{told:?}");
    }

    #[test]
    fn closed_files_and_folders_are_told() {
        let closed = [
            EntryForge::file("app.py", "x").mode(0o100_600),
            EntryForge::file("open.py", "x").mode(0o100_644),
            EntryForge::file("META_INF/signature", "x").mode(0o100_600),
        ];
        let told = faults(closed, &FunctionConfiguration::default());
        assert_eq!(told.len(), 1);
        assert!(told[0].starts_with("app.py is not readable"), "{told:?}");
    }
}
