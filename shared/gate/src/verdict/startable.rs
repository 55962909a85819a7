//! Whether a package can start as the function that it is for: from the zip and the function's
//! configuration alone.
//!
//! Where the configuration has a wrapper, or code may lie in a layer, nothing is said of what is missing:
//! a warning that is wrong once is not read the second time. How each runtime finds its handler is
//! documented by AWS (Lambda developer guide, "handler" of each language; grade B).

use countersign_package::{
    ElfHeader, ElfMachine, Entry, EntryKind, Inventory, Libc, Lookup, Package, Shebang,
};
use serde::Serialize;

/// What a function is configured to start. What is not known is `None`, and nothing is said about it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LaunchSettings {
    /// `Runtime`, such as `python3.13`.
    pub runtime: Option<String>,
    /// `Handler`, such as `app.handler`.
    pub handler: Option<String>,
    /// The first of `Architectures`.
    pub architecture: Option<Architecture>,
    /// The function has layers, in which code may lie, too.
    pub has_layers: bool,
    /// The environment has `AWS_LAMBDA_EXEC_WRAPPER`, which may start anything.
    pub has_wrapper: bool,
}

/// A processor that Lambda has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Architecture {
    /// `x86_64`
    #[serde(rename = "x86_64")]
    X86_64,
    /// `arm64`
    #[serde(rename = "arm64")]
    Arm64,
}

impl Architecture {
    /// As Lambda spells it.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "x86_64" => Some(Self::X86_64),
            "arm64" => Some(Self::Arm64),
            _ => None,
        }
    }

    /// As Lambda spells it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::X86_64 => "x86_64",
            Self::Arm64 => "arm64",
        }
    }

    fn runs(self, machine: ElfMachine) -> bool {
        matches!(
            (self, machine),
            (Self::X86_64, ElfMachine::X86_64) | (Self::Arm64, ElfMachine::Aarch64)
        )
    }
}

/// A reason why a package will not start, or not as its author means it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StartFault {
    /// The file that it is about; null when it is one that is missing.
    pub file: Option<String>,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub fix: String,
}

/// How many files of one fault are named; the others are counted.
const MAX_NAMED: usize = 3;

/// The faults of a package, the most certain first; none when nothing is known to be wrong.
#[must_use]
pub fn start_faults(package: &Package<'_>, launch: &LaunchSettings) -> Vec<StartFault> {
    let inventory = Inventory::of(package);
    let mut faults = Vec::new();
    if !launch.has_wrapper {
        faults.extend(entry_point(&inventory, launch));
    }
    faults.extend(foreign_libraries(package, launch));
    faults.extend(unreadable(package));
    faults
}

/// What the runtime starts: `bootstrap`, or the handler's file.
fn entry_point(inventory: &Inventory<'_, '_>, launch: &LaunchSettings) -> Option<StartFault> {
    let runtime = launch.runtime.as_deref()?;
    if runtime.starts_with("provided") {
        return bootstrap(inventory, launch);
    }
    if launch.has_layers {
        return None;
    }
    let handler = launch.handler.as_deref()?;
    let candidates = candidates(runtime, handler)?;
    let is_there = |path: &String| {
        let found = inventory.look_up(path);
        matches!(found, Lookup::Entry(_) | Lookup::Layer(_))
    };
    if candidates.iter().any(is_there) || is_in_archive(inventory, runtime) {
        return None;
    }
    let first = candidates.first()?;
    let wanted = candidates.join(" or ");
    let message =
        format!("the handler {handler:?} of {runtime} is in {wanted}, which is not there");
    let inside = inventory.top_folder().filter(|folder| {
        let mut below = candidates.iter().map(|path| format!("{folder}/{path}"));
        below.any(|path| is_there(&path))
    });
    Some(StartFault {
        file: None,
        message,
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
fn is_in_archive(inventory: &Inventory<'_, '_>, runtime: &str) -> bool {
    runtime.starts_with("java")
        && inventory
            .below("lib")
            .any(|entry| has_extension(entry.path(), &["jar", "zip"]))
}

/// The files in which a runtime looks for a handler; `None` for a runtime or a handler that is not known.
fn candidates(runtime: &str, handler: &str) -> Option<Vec<String>> {
    let with = |path: &str, endings: &[&str]| {
        let all = endings.iter().map(|ending| format!("{path}{ending}"));
        Some(all.collect())
    };
    if runtime.starts_with("python") {
        let (module, _) = handler.rsplit_once('.')?;
        let endings = [".py", ".pyc", "/__init__.py", ".so"];
        return with(&module.replace('.', "/"), &endings);
    }
    if runtime.starts_with("nodejs") {
        // Everything up to the first dot of the last component: `dist/index.handler`.
        let name = handler.rsplit('/').next()?;
        let (_, export) = name.split_once('.')?;
        let path = handler.strip_suffix(export)?.strip_suffix('.')?;
        let endings = [".js", ".mjs", ".cjs", "", "/index.js", "/package.json"];
        return with(path, &endings);
    }
    if runtime.starts_with("ruby") {
        let (file, _) = handler.split_once('.')?;
        return with(file, &[".rb"]);
    }
    if runtime.starts_with("java") {
        let class = handler.split("::").next()?;
        return with(&class.replace('.', "/"), &[".class"]);
    }
    if runtime.starts_with("dotnet") {
        let assembly = handler.split("::").next()?;
        return with(assembly, &[".dll"]);
    }
    None
}

/// The program that a custom runtime starts.
fn bootstrap(inventory: &Inventory<'_, '_>, launch: &LaunchSettings) -> Option<StartFault> {
    const NAME: &str = "bootstrap";
    let fault = |message: String, fix: String| {
        Some(StartFault {
            file: Some(NAME.to_owned()),
            message,
            fix,
        })
    };
    let entry = match inventory.look_up(NAME) {
        Lookup::Entry(entry) if entry.kind() == EntryKind::File => entry,
        // A link into a layer, or a layer that has it.
        Lookup::Layer(_) => return None,
        _ if launch.has_layers => return None,
        _ => {
            let inside = inventory
                .top_folder()
                .filter(|folder| inventory.find(&format!("{folder}/{NAME}")).is_some());
            return Some(StartFault {
                file: None,
                message: format!("a custom runtime starts the file {NAME:?}, which is not there"),
                fix: inside.map_or_else(
                    || format!("put the program at the top of the package as {NAME:?}"),
                    zip_its_content,
                ),
            });
        }
    };
    if let Some(mode) = permissions(entry)
        && mode & 0o111 == 0
    {
        return fault(
            format!("{NAME} is not executable (mode {mode:03o})"),
            format!("run `chmod 755 {NAME}` before you zip it"),
        );
    }
    let head = entry.head(ElfHeader::HEAD_BYTES).ok()?;
    if let Some(header) = ElfHeader::parse(&head) {
        if let Some(architecture) = launch.architecture
            && !architecture.runs(header.machine())
        {
            return fault(
                format!(
                    "{NAME} was built for {}, and the function runs on {}",
                    machine_name(header.machine()),
                    architecture.as_str()
                ),
                format!("build it for {}", architecture.as_str()),
            );
        }
        // A musl loader is not part of Amazon Linux; a package may bring its own.
        if header.libc() == Some(Libc::Musl) && !brings_a_loader(inventory) {
            return fault(
                format!("{NAME} wants the loader of musl, which Amazon Linux does not have"),
                "link it statically, or build it for glibc".to_owned(),
            );
        }
        return None;
    }
    match Shebang::parse(&head) {
        Some(line) if line.has_carriage_return() => fault(
            format!(
                "the first line of {NAME} ends in a carriage return, so that its interpreter is not found"
            ),
            format!("give {NAME} the line ends of Unix (`dos2unix {NAME}`)"),
        ),
        Some(_) => None,
        None => fault(
            format!("{NAME} is neither a program for Linux nor a script with a first line `#!…`"),
            "build it for Linux, or begin the script with `#!/bin/sh`".to_owned(),
        ),
    }
}

fn brings_a_loader(inventory: &Inventory<'_, '_>) -> bool {
    inventory
        .below("")
        .any(|entry| entry.path().contains("ld-musl"))
}

/// Native libraries that were built for another processor.
fn foreign_libraries(package: &Package<'_>, launch: &LaunchSettings) -> Option<StartFault> {
    let architecture = launch.architecture?;
    let is_library = |entry: &&Entry<'_>| {
        let path = entry.path();
        entry.kind() == EntryKind::File
            && (has_extension(path, &["so", "node"]) || path.contains(".so."))
    };
    let libraries = package.archive().entries().iter().filter(is_library);
    let foreign: Vec<(String, ElfMachine)> = libraries
        .filter_map(|entry| {
            let head = entry.head(ElfHeader::HEAD_BYTES).ok()?;
            let header = ElfHeader::parse(&head)?;
            let is_foreign = !architecture.runs(header.machine());
            is_foreign.then(|| (entry.path().to_owned(), header.machine()))
        })
        .collect();
    let (first, machine) = foreign.first()?;
    let names: Vec<String> = foreign.iter().map(|(name, _)| name.clone()).collect();
    Some(StartFault {
        file: Some(first.clone()),
        message: format!(
            "{} built for {}, and the function runs on {}",
            listed(&names, "was", "were"),
            machine_name(*machine),
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

/// Files and folders that the runtime's user cannot read: it is neither their owner nor of their group
/// (Lambda's documentation on permissions of files in a package, grade B).
fn unreadable(package: &Package<'_>) -> Option<StartFault> {
    let entries = package.archive().entries().iter();
    let closed: Vec<String> = entries
        .filter(|entry| {
            let needed = match entry.kind() {
                EntryKind::File => 0o004,
                EntryKind::Directory => 0o005,
                EntryKind::Symlink => 0,
            };
            permissions(entry).is_some_and(|mode| mode & needed != needed)
        })
        .map(|entry| entry.path().to_owned())
        .collect();
    let first = closed.first()?;
    Some(StartFault {
        file: Some(first.clone()),
        message: format!(
            "{} readable by the user that the runtime runs as",
            listed(&closed, "is not", "are not")
        ),
        fix: "run `chmod -R u=rwX,go=rX .` before you zip".to_owned(),
    })
}

/// The permissions of an entry, where its tool recorded any.
fn permissions(entry: &Entry<'_>) -> Option<u32> {
    entry
        .mode()
        .map(|mode| mode & 0o777)
        .filter(|mode| *mode != 0)
}

fn has_extension(path: &str, extensions: &[&str]) -> bool {
    let extension = path.rsplit_once('.').map(|(_, extension)| extension);
    extension.is_some_and(|found| extensions.contains(&found))
}

fn machine_name(machine: ElfMachine) -> String {
    match machine {
        ElfMachine::X86_64 => "x86_64".to_owned(),
        ElfMachine::Aarch64 => "arm64".to_owned(),
        ElfMachine::Other(number) => format!("another processor (ELF machine {number})"),
    }
}

/// `a, b, c and 4 more were`
fn listed(files: &[String], one: &str, several: &str) -> String {
    let first: Vec<&str> = files.iter().take(MAX_NAMED).map(String::as_str).collect();
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
    use countersign_package::Limits;
    use countersign_testkit::zip::{EntryForge, ZipForge};

    use super::*;

    /// The beginning of an ELF file of 64 bits for this machine.
    fn elf(machine: u16) -> Vec<u8> {
        let mut head = vec![0_u8; 64];
        head.splice(..6, *b"\x7fELF\x02\x01");
        head.splice(18..20, machine.to_le_bytes());
        head
    }

    fn faults(
        entries: impl IntoIterator<Item = EntryForge>,
        launch: &LaunchSettings,
    ) -> Vec<String> {
        let zip = ZipForge::new(entries).build();
        let package = Package::read(&zip, &Limits::default()).unwrap();
        let told = start_faults(&package, launch).into_iter();
        told.map(|fault| format!("{}: {}", fault.message, fault.fix))
            .collect()
    }

    fn launch(runtime: &str, handler: &str) -> LaunchSettings {
        LaunchSettings {
            runtime: Some(runtime.to_owned()),
            handler: Some(handler.to_owned()),
            architecture: Some(Architecture::X86_64),
            ..LaunchSettings::default()
        }
    }

    #[test]
    fn handler_of_each_runtime_is_looked_up_where_it_looks() {
        for (runtime, handler, file) in [
            ("python3.13", "app.handler", "app.py"),
            ("python3.13", "src.app.handler", "src/app.py"),
            ("python3.13", "src/app.handler", "src/app.py"),
            ("python3.13", "app.handler", "app/__init__.py"),
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
        layered.has_layers = true;
        let mut wrapped = launch("provided.al2023", "x");
        wrapped.has_wrapper = true;
        for silent in [
            layered,
            wrapped,
            launch("cobol1", "app"),
            LaunchSettings::default(),
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
        let launch = LaunchSettings {
            architecture: Some(Architecture::Arm64),
            ..LaunchSettings::default()
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
    fn closed_files_and_folders_are_told() {
        let closed = [
            EntryForge::file("app.py", "x").mode(0o100_600),
            EntryForge::file("open.py", "x").mode(0o100_644),
        ];
        let told = faults(closed, &LaunchSettings::default());
        assert_eq!(told.len(), 1);
        assert!(told[0].starts_with("app.py is not readable"), "{told:?}");
    }
}
