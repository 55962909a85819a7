//! Native libraries that were built for another processor or system than the function's.

use std::collections::BTreeSet;

use super::{
    super::start_facts::{Library, MadeFor, StartFacts},
    fault::{StartFault, listed},
    library_place::Place,
    processor::{machine_name, runs},
    python_version::is_there_as_text,
    runtime::RuntimeFamily,
};
use crate::domain::{Architecture, FunctionConfiguration, ReasonCode};

/// Native libraries that were built for another processor or system, where there is none for this one in their place:
/// packages often hold one for each, and load the right one.
pub(super) fn foreign_libraries(
    facts: &StartFacts,
    function: &FunctionConfiguration,
) -> Option<StartFault> {
    let architecture = function.architecture;
    let is_right = |library: &&Library| match (library.made_for, architecture) {
        (MadeFor::Linux(machine), Some(architecture)) => runs(architecture, machine),
        // Nothing is known to be wrong with it.
        (MadeFor::Linux(_), None) => true,
        (MadeFor::MacOs | MadeFor::Windows, _) => false,
    };
    let (right, foreign): (Vec<&Library>, Vec<&Library>) =
        facts.libraries().iter().partition(is_right);
    let served: BTreeSet<Place> = right
        .into_iter()
        .map(|library| Place::of(&library.path))
        .collect();
    let foreign: Vec<&Library> = foreign
        .into_iter()
        .filter(|library| !served.contains(&Place::of(&library.path)))
        .filter(|library| !is_dispensable(library, facts))
        .collect();
    let first = foreign.first()?;
    let mut kinds: Vec<MadeFor> = Vec::new();
    for library in &foreign {
        if !kinds.contains(&library.made_for) {
            kinds.push(library.made_for);
        }
    }
    let of_kind = |kind: &MadeFor| {
        let of_it = foreign.iter().filter(|library| library.made_for == *kind);
        let names: Vec<&str> = of_it.map(|library| library.path.as_str()).collect();
        format!(
            "{} built for {}",
            listed(&names, "was", "were"),
            name(*kind)
        )
    };
    let kinds: Vec<String> = kinds.iter().map(of_kind).collect();
    Some(StartFault {
        code: ReasonCode::WrongArchitecture,
        file: Some(first.path.clone()),
        message: format!(
            "{}, and the function runs on {}",
            kinds.join("; "),
            architecture.map_or("Linux", Architecture::as_str)
        ),
        fix: fix(function),
    })
}

/// Whether nothing misses a library of another system: macOS's own notices of changed files, which Node's packages use
/// there alone, and what Python compiled of a module that is there as text as well.
fn is_dispensable(library: &Library, facts: &StartFacts) -> bool {
    if matches!(library.made_for, MadeFor::Linux(_)) {
        return false;
    }
    let is_notifier = library.path.split('/').any(|part| part == "fsevents");
    is_notifier || is_there_as_text(&library.path, facts)
}

fn name(made_for: MadeFor) -> String {
    match made_for {
        MadeFor::Linux(machine) => machine_name(machine),
        MadeFor::MacOs => "macOS".to_owned(),
        MadeFor::Windows => "Windows".to_owned(),
    }
}

/// What to do, by the function's runtime.
fn fix(function: &FunctionConfiguration) -> String {
    let architecture = function.architecture.unwrap_or(Architecture::X86_64);
    let (machine, cpu) = match architecture {
        Architecture::X86_64 => ("x86_64", "x64"),
        Architecture::Arm64 => ("aarch64", "arm64"),
    };
    let pip = format!("`pip install --platform manylinux2014_{machine} --only-binary=:all:`");
    let npm = format!("`npm install --cpu={cpu} --os=linux`");
    let family = function.runtime.as_deref().and_then(RuntimeFamily::of);
    let how = match family {
        Some(RuntimeFamily::Python) => format!("with {pip}"),
        Some(RuntimeFamily::Node) => format!("with {npm}"),
        Some(RuntimeFamily::Dotnet) => format!("with `dotnet publish -r linux-{cpu}`"),
        Some(RuntimeFamily::Java) => {
            format!("from versions that have libraries of Linux for {machine}")
        }
        Some(RuntimeFamily::Ruby) => format!("on Linux for {machine}, with `bundle install`"),
        Some(RuntimeFamily::Custom) | None => format!("for instance with {pip} or {npm}"),
    };
    format!(
        "install the dependencies for Linux on {}, {how}",
        architecture.as_str()
    )
}
