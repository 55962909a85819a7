//! Native libraries that were built for another processor, system or C library than the function's.

use std::collections::BTreeSet;

use countersign_package::InventoryEntry;

use super::{
    super::start_facts::{Library, MadeFor, StartFacts},
    fault::{StartFault, listed},
    library_place::Place,
    other_systems::is_never_loaded,
    processor::{machine_name, runs, system_name},
    python_version::is_told_by_name,
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
        (MadeFor::Other(_) | MadeFor::MacOs | MadeFor::Windows, _) => false,
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
        .filter(|library| !is_never_loaded(library, facts))
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

/// Native libraries of Linux that are linked against musl, where none in their place is linked against glibc. Amazon Linux has
/// no musl (grade B); a package or a layer may bring it.
pub(super) fn musl_libraries(
    facts: &StartFacts,
    function: &FunctionConfiguration,
) -> Option<StartFault> {
    let is_of_linux = |library: &&Library| match (library.made_for, function.architecture) {
        (MadeFor::Linux(machine), Some(architecture)) => runs(architecture, machine),
        (MadeFor::Linux(_), None) => true,
        _ => false,
    };
    let of_linux = facts.libraries().iter().filter(is_of_linux);
    let (musl, others): (Vec<&Library>, Vec<&Library>) =
        of_linux.partition(|library| library.needs_musl);
    let served: BTreeSet<Place> = others
        .into_iter()
        .map(|library| Place::of(&library.path))
        .collect();
    let names: Vec<&str> = musl
        .into_iter()
        .filter(|library| !served.contains(&Place::of(&library.path)))
        .filter(|library| !is_told_by_name(library, function))
        .map(|library| library.path.as_str())
        .collect();
    let first = names.first()?;
    if has_musl(facts, function) {
        return None;
    }
    Some(StartFault {
        code: ReasonCode::WrongRuntimeVersion,
        file: Some((*first).to_owned()),
        message: format!(
            "{} linked against musl, the C library of Alpine, which Amazon Linux does not have",
            listed(&names, "is", "are")
        ),
        fix: fix(function),
    })
}

/// Whether musl itself may be at hand: it is in the package, or a layer may have it.
pub(super) fn has_musl(facts: &StartFacts, function: &FunctionConfiguration) -> bool {
    let is_musl = |entry: &InventoryEntry| {
        let name = entry.path().rsplit('/').next().unwrap_or_default();
        name.starts_with("ld-musl") || name.starts_with("libc.musl")
    };
    !function.layers.is_empty() || facts.inventory().below("").any(is_musl)
}

fn name(made_for: MadeFor) -> String {
    match made_for {
        MadeFor::Linux(machine) => machine_name(machine),
        MadeFor::Other(system) => system_name(system),
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
    let npm = format!("`npm install --cpu={cpu} --os=linux --libc=glibc`");
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

#[cfg(test)]
mod tests {
    use countersign_testkit::zip::EntryForge;

    use super::{
        super::start_faults::tests::{elf, faults, launch, layer},
        *,
    };

    /// What is changed of a library.
    type Change = fn(&mut Vec<u8>);

    #[test]
    fn library_of_another_width_or_system_is_told() {
        let with = |change: fn(&mut Vec<u8>)| {
            let mut body = elf(62);
            change(&mut body);
            let one = faults(
                [EntryForge::file("core.so", body.clone())],
                &launch("cobol1", "x"),
            );
            let entries = [
                EntryForge::file("native/linux-x64/core.so", elf(62)),
                EntryForge::file("native/freebsd-x64/core.so", body),
            ];
            assert_eq!(
                faults(entries, &launch("cobol1", "x")),
                [""; 0],
                "one is right"
            );
            one
        };
        assert_eq!(with(|body| body[7] = 3), [""; 0]);
        let cases: [(Change, &str); 5] = [
            (|body| body[4] = 1, "(x32)"),
            (|body| (body[4], body[18]) = (1, 3), "x86 of 32 bits"),
            (|body| (body[4], body[18]) = (1, 40), "ARM of 32 bits"),
            (|body| body[7] = 9, "built for FreeBSD"),
            (|body| body[7] = 97, "ELF OS/ABI 97"),
        ];
        for (change, words) in cases {
            let told = with(change);
            assert!(told[0].contains(words), "{told:?}");
        }
    }

    #[test]
    fn library_of_musl_is_told() {
        let library = |name: &str, needed: &str| {
            let body = [elf(62), format!("\0{needed}\0").into_bytes()].concat();
            EntryForge::file(name, body)
        };
        let musl = |name| library(name, "libc.musl-x86_64.so.1");
        let gnu = |name| library(name, "libc.so.6");
        let node = launch("nodejs22.x", "/opt/index.handler");
        let built = || musl("node_modules/bcrypt/lib/binding/bcrypt.node");
        let told = faults([built()], &node);
        assert!(
            told[0].contains("bcrypt.node is linked against musl"),
            "{told:?}"
        );
        assert!(
            told[0].contains("npm install --cpu=x64 --os=linux --libc=glibc"),
            "{told:?}"
        );
        assert_eq!(faults([gnu("node_modules/a/a.node")], &node), [""; 0]);
        // One for each, as sharp has them.
        let both = [
            musl("node_modules/@img/sharp-linuxmusl-x64/lib/sharp-linuxmusl-x64.node"),
            gnu("node_modules/@img/sharp-linux-x64/lib/sharp-linux-x64.node"),
        ];
        assert_eq!(faults(both, &node), [""; 0]);
        // musl itself is there, or may be.
        let own = EntryForge::file("lib/ld-musl-x86_64.so.1", "x");
        assert_eq!(faults([built(), own], &node), [""; 0]);
        let mut layered = node.clone();
        layered.layers = vec![layer(1)];
        assert_eq!(faults([built()], &layered), [""; 0]);
        // Of another processor, which is told.
        let mut arm = node;
        arm.architecture = Some(Architecture::Arm64);
        let told = faults([built()], &arm);
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].contains("built for x86_64"), "{told:?}");
        // Python's tag says it; the stable interface has none.
        let python = launch("python3.13", "/opt/app.handler");
        let told = faults([musl("x/y.cpython-313-x86_64-linux-musl.so")], &python);
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].contains("another Python or C library"), "{told:?}");
        let told = faults([musl("cryptography/_rust.abi3.so")], &python);
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].contains("linked against musl"), "{told:?}");
    }
}
