//! Compiled modules of Python that were built for another version of it than the function's, or for another C library.
//!
//! Python imports a compiled module by its name alone: without a tag, with that of the stable interface (`abi3`), or with
//! its own, `cpython-313-x86_64-linux-gnu` (PEP 3149, PEP 384; Lambda's images have glibc, grade B).

use std::collections::BTreeSet;

use super::{
    super::start_facts::{Library, MadeFor, StartFacts},
    fault::{StartFault, listed},
    library_place::Place,
};
use crate::domain::{Architecture, FunctionConfiguration, ReasonCode};

/// What the name of a compiled module says of the Python that imports it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tag<'p> {
    /// One version's own: its digits, and the system.
    Version(&'p str, &'p str),
    /// None, or that of the stable interface: every version imports it.
    Any,
}

impl<'p> Tag<'p> {
    /// Of a path on Linux; `None` if it is no module.
    fn of(path: &'p str) -> Option<Self> {
        let name = path.rsplit('/').next()?;
        let (_, tag) = name.split_once('.')?;
        match tag.strip_prefix("cpython-") {
            Some(own) => {
                let (version, system) = own.strip_suffix(".so")?.split_once('-')?;
                Some(Self::Version(version, system))
            }
            None => matches!(tag, "so" | "abi3.so").then_some(Self::Any),
        }
    }
}

/// Compiled modules that the function's Python does not import, where there is none in their place that it does.
pub(super) fn modules_of_another_python(
    facts: &StartFacts,
    function: &FunctionConfiguration,
) -> Option<StartFault> {
    let runtime = function.runtime.as_deref()?;
    let version = runtime.strip_prefix("python")?;
    let digits = version.replace('.', "");
    let is_imported = |tag: &Tag<'_>| match tag {
        Tag::Version(other, system) => *other == digits && system.ends_with("-gnu"),
        Tag::Any => true,
    };
    let of_linux = facts
        .libraries()
        .iter()
        .filter(|library| matches!(library.made_for, MadeFor::Linux(_)));
    let modules: Vec<_> = of_linux
        .filter_map(|library| Some((library.path.as_str(), Tag::of(&library.path)?)))
        .collect();
    let served: BTreeSet<Place> = modules
        .iter()
        .filter(|(_, tag)| is_imported(tag))
        .map(|(path, _)| Place::of(path))
        .collect();
    let foreign: Vec<_> = modules
        .iter()
        .filter(|(path, tag)| !is_imported(tag) && !served.contains(&Place::of(path)))
        .filter(|(path, _)| !is_there_as_text(path, facts))
        .collect();
    let (first, tag) = foreign.first()?;
    let names: Vec<&str> = foreign.iter().map(|(path, _)| *path).collect();
    let tag = match tag {
        Tag::Version(version, system) => format!("cpython-{version}-{system}"),
        Tag::Any => return None,
    };
    Some(StartFault {
        code: ReasonCode::WrongRuntimeVersion,
        file: Some((*first).to_owned()),
        message: format!(
            "{} built for another Python or C library ({tag}), and {runtime} does not import that",
            listed(&names, "was", "were")
        ),
        fix: fix(version, function.architecture),
    })
}

/// Whether a library is a module that Python does not import for its name, which is told as such, if at all.
pub(super) fn is_told_by_name(library: &Library, function: &FunctionConfiguration) -> bool {
    let runtime = function.runtime.as_deref().unwrap_or_default();
    let is_foreign = |tag| matches!(tag, Tag::Version(_, system) if !system.ends_with("-gnu"));
    runtime.starts_with("python") && Tag::of(&library.path).is_some_and(is_foreign)
}

/// Whether a compiled module of Python is there as text as well, which is imported then. mypyc puts the code of all modules of a
/// package into one library, which none of their texts needs.
pub(super) fn is_there_as_text(path: &str, facts: &StartFacts) -> bool {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let module = name.split('.').next().unwrap_or_default();
    let text = match folder {
        "" => format!("{module}.py"),
        folder => format!("{folder}/{module}.py"),
    };
    module.ends_with("__mypyc") || facts.inventory().find(&text).is_some()
}

fn fix(version: &str, architecture: Option<Architecture>) -> String {
    let machine = match architecture {
        Some(Architecture::Arm64) => "aarch64",
        Some(Architecture::X86_64) | None => "x86_64",
    };
    format!(
        "install the dependencies with `pip install --python-version {version} --platform manylinux2014_{machine} \
         --only-binary=:all:`, or set the function's runtime to the version that they are for"
    )
}

#[cfg(test)]
mod tests {
    use countersign_package::{Limits, Package};
    use countersign_testkit::zip::{EntryForge, ZipForge};

    use super::*;
    use crate::verdict::start_facts::has_extension;

    fn told(paths: &[&str]) -> Option<StartFault> {
        let mut elf = vec![0_u8; 64];
        elf.splice(..6, *b"\x7fELF\x02\x01");
        elf.splice(18..20, 62_u16.to_le_bytes());
        let entries = paths.iter().map(|path| {
            let is_text = has_extension(path, &["py"]);
            EntryForge::file(*path, if is_text { b"x".to_vec() } else { elf.clone() })
        });
        let zip = ZipForge::new(entries).build();
        let package = Package::read(&zip, &Limits::default()).unwrap();
        let function = FunctionConfiguration {
            runtime: Some("python3.13".to_owned()),
            architecture: Some(Architecture::X86_64),
            ..FunctionConfiguration::default()
        };
        modules_of_another_python(&StartFacts::of(&package), &function)
    }

    #[test]
    fn module_for_another_version_or_library_is_told() {
        for tag in [
            "cpython-311-x86_64-linux-gnu",
            "cpython-313t-x86_64-linux-gnu",
            "cpython-313-x86_64-linux-musl",
        ] {
            let path = format!("orjson/orjson.{tag}.so");
            let fault = told(&[&path]).unwrap();
            assert_eq!(fault.code, ReasonCode::WrongRuntimeVersion);
            assert!(fault.message.contains(tag), "{}", fault.message);
            assert!(fault.fix.contains("--python-version 3.13"), "{}", fault.fix);
            assert_eq!(fault.file, Some(path));
        }
    }

    #[test]
    fn imported_module_is_no_fault() {
        for path in [
            "orjson/orjson.cpython-313-x86_64-linux-gnu.so",
            "cryptography/_rust.abi3.so",
            "app.so",
            "numpy.libs/libopenblas64_p-r0-2f7c42d4.3.18.so",
            "lib/libpq.so.5",
        ] {
            assert_eq!(told(&[path]), None, "{path}");
        }
        let other = "x/core.cpython-311-x86_64-linux-gnu.so";
        assert!(told(&[other]).is_some());
        let own = "x/core.cpython-313-x86_64-linux-gnu.so";
        assert_eq!(told(&[other, own]), None, "one of several is imported");
        assert_eq!(told(&[other, "x/core.py"]), None, "it is there as text");
    }
}
