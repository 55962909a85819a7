//! The program that a custom runtime starts.

use countersign_package::{ElfHeader, ElfSystem, EntryKind, Inventory, Libc, Lookup};

use super::{
    super::start_facts::{BOOTSTRAP, Program, StartFacts},
    fault::{StartFault, may_lie_elsewhere, zip_its_content},
    native_libraries::has_musl,
    processor::{machine_name, runs, system_name},
};
use crate::domain::{ExecWrapper, FunctionConfiguration, ReasonCode};

/// The program that a custom runtime starts.
pub(super) fn bootstrap(
    facts: &StartFacts,
    function: &FunctionConfiguration,
) -> Option<StartFault> {
    let inventory = facts.inventory();
    let entry = match inventory.look_up(BOOTSTRAP) {
        Lookup::Entry(entry) if entry.kind() == EntryKind::File => entry,
        // A link into a layer.
        Lookup::Layer(_) => return None,
        _ => return no_bootstrap(inventory, may_lie_elsewhere(function)),
    };
    // A wrapper may start another one.
    if function.exec_wrapper != ExecWrapper::NotSet {
        return None;
    }
    // The runtime's user is neither the owner of the package's files nor of their group: documented of reading (grade B),
    // inferred of executing, and that Lambda takes a mode of 0, or of a pipe, as it stands (grade D).
    if let Some(mode) = entry.recorded_permissions()
        && mode & 0o001 == 0
    {
        return unusable(
            format!(
                "{BOOTSTRAP} is not executable by the user that the runtime runs as (mode {mode:03o})"
            ),
            format!("run `chmod 755 {BOOTSTRAP}` before you zip it"),
        );
    }
    // It is not executable in Lambda: "permission denied" was reported of what was zipped on Windows, by a writer of AWS's own
    // documentation as well (grade C).
    if entry.is_without_mode() {
        return unusable(
            format!(
                "{BOOTSTRAP} has no mode in the zip, as tools on Windows leave it out, and is not executable then"
            ),
            format!(
                "run `chmod 755 {BOOTSTRAP}` (`git update-index --chmod=+x {BOOTSTRAP}` for `git archive`) and zip it on Linux, \
                 macOS or WSL"
            ),
        );
    }
    match facts.bootstrap()? {
        Program::Elf(header) => wrong_program(header, facts, function),
        Program::Script(line) if line.has_carriage_return() => unusable(
            format!(
                "the first line of {BOOTSTRAP} ends in a carriage return, so that its interpreter is not \
                 found"
            ),
            format!("give {BOOTSTRAP} the line ends of Unix (`dos2unix {BOOTSTRAP}`)"),
        ),
        Program::Script(line) if line.program().is_empty() => unusable(
            format!("the first line of {BOOTSTRAP} names no interpreter behind `#!`"),
            "begin the script with `#!/bin/sh`, or with another interpreter's path".to_owned(),
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

#[expect(
    clippy::unnecessary_wraps,
    reason = "it is the answer of whoever calls"
)]
fn fault(code: ReasonCode, message: String, fix: String) -> Option<StartFault> {
    Some(StartFault {
        code,
        file: Some(BOOTSTRAP.to_owned()),
        message,
        fix,
    })
}

fn unusable(message: String, fix: String) -> Option<StartFault> {
    fault(ReasonCode::BootstrapUnusable, message, fix)
}

/// What is wrong with a program: its system, its processor, or the loader that it wants.
fn wrong_program(
    header: &ElfHeader,
    facts: &StartFacts,
    function: &FunctionConfiguration,
) -> Option<StartFault> {
    if let ElfSystem::FreeBsd | ElfSystem::NetBsd | ElfSystem::OpenBsd | ElfSystem::Solaris =
        header.system()
    {
        return fault(
            ReasonCode::WrongArchitecture,
            format!(
                "{BOOTSTRAP} was built for {}, and the function runs on Linux",
                system_name(header.system())
            ),
            "build it for Linux".to_owned(),
        );
    }
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
    let missing = missing_loader(header)?;
    if header.libc() != Some(Libc::Musl) {
        return unusable(
            format!("{BOOTSTRAP} wants the loader {missing}, which Amazon Linux does not have"),
            "link it statically, or build it on Amazon Linux or for it".to_owned(),
        );
    }
    // A package or a layer may bring its own.
    if has_musl(facts, function) {
        return None;
    }
    unusable(
        format!("{BOOTSTRAP} wants the loader of musl, which Amazon Linux does not have"),
        "link it statically, or build it for glibc".to_owned(),
    )
}

/// The loader that a program wants, where Amazon Linux has none: musl's, and what lies in the folders of other systems (Android,
/// Nix, Guix, Homebrew). Of other folders it is not known what a package, a layer or the runtime has there.
fn missing_loader(header: &ElfHeader) -> Option<&str> {
    const OTHER_FOLDERS: [&str; 7] = [
        "/nix/",
        "/gnu/",
        "/home/",
        "/root/",
        "/system/",
        "/libexec/",
        "/usr/libexec/",
    ];
    let loader = header.interpreter()?;
    let is_elsewhere = OTHER_FOLDERS
        .iter()
        .any(|folder| loader.starts_with(folder));
    (is_elsewhere || header.libc() == Some(Libc::Musl)).then_some(loader)
}

fn no_bootstrap(inventory: &Inventory, may_lie_elsewhere: bool) -> Option<StartFault> {
    if may_lie_elsewhere {
        return None;
    }
    let inside = inventory
        .top_folder()
        .filter(|folder| inventory.find(&format!("{folder}/{BOOTSTRAP}")).is_some());
    Some(StartFault {
        code: ReasonCode::EntryPointMissing,
        file: None,
        message: format!("a custom runtime starts the file {BOOTSTRAP:?}, which is not there"),
        fix: inside.map_or_else(
            || format!("put the program at the top of the package as {BOOTSTRAP:?}"),
            zip_its_content,
        ),
    })
}

#[cfg(test)]
mod tests {
    use countersign_testkit::zip::EntryForge;

    use super::{
        super::start_faults::tests::{elf, faults, launch, layer},
        *,
    };

    #[test]
    fn bootstrap_of_another_system_or_width_is_told() {
        let launch = launch("provided.al2023", "bootstrap");
        let with = |change: fn(&mut Vec<u8>)| {
            let mut body = elf(62);
            change(&mut body);
            faults(
                [EntryForge::file("bootstrap", body).mode(0o100_755)],
                &launch,
            )
        };
        // GNU/Linux, and what says nothing that is known: Linux itself does not look at it.
        assert_eq!(with(|body| body[7] = 3), [""; 0]);
        assert_eq!(with(|body| body[7] = 255), [""; 0]);
        let told = with(|body| body[7] = 9);
        assert!(told[0].contains("was built for FreeBSD"), "{told:?}");
        let told = with(|body| body[4] = 1);
        assert!(told[0].contains("addresses of 32 bits (x32)"), "{told:?}");
        let told = with(|body| (body[4], body[18]) = (1, 3));
        assert!(told[0].contains("built for x86 of 32 bits"), "{told:?}");
    }

    /// A program for `x86_64` with one program header, which names this loader.
    fn program(loader: &str) -> Vec<u8> {
        let mut head = elf(62);
        (head[32], head[54], head[56]) = (64, 56, 1);
        head.extend(3_u32.to_le_bytes());
        head.extend([0; 4]);
        head.extend(120_u64.to_le_bytes());
        head.extend([0; 16]);
        head.extend(u64::try_from(loader.len()).unwrap().to_le_bytes());
        head.extend([0; 16]);
        head.extend(loader.as_bytes());
        head
    }

    #[test]
    fn bootstrap_that_wants_a_loader_of_another_system_is_told() {
        let function = launch("provided.al2023", "bootstrap");
        let with = |loader: &str, function: &FunctionConfiguration| {
            let entry = EntryForge::file("bootstrap", program(loader)).mode(0o100_755);
            faults([entry], function)
        };
        for loader in [
            "/lib64/ld-linux-x86-64.so.2",
            "/opt/lib/ld-musl.so",
            "/var/task/lib/ld.so",
            "/var/lang/lib/ld.so",
            "lib/ld.so",
        ] {
            let mut layered = function.clone();
            layered.layers = vec![layer(1)];
            assert_eq!(with(loader, &layered), [""; 0], "{loader}");
        }
        for loader in [
            "/nix/store/4nlgx-glibc-2.39/lib/ld-linux-x86-64.so.2",
            "/system/bin/linker64",
            "/libexec/ld-elf.so.1",
        ] {
            let told = with(loader, &function);
            assert!(
                told[0].contains(&format!("wants the loader {loader}")),
                "{told:?}"
            );
        }
        let musl = "/lib/ld-musl-x86_64.so.1";
        let told = with(musl, &function);
        assert!(told[0].contains("the loader of musl"), "{told:?}");
        let entry = EntryForge::file("bootstrap", program(musl)).mode(0o100_755);
        let own = EntryForge::file("lib/ld-musl-x86_64.so.1", "x");
        assert_eq!(faults([entry, own], &function), [""; 0]);
    }
}
