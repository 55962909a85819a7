//! The program that a custom runtime starts.

use countersign_package::{EntryKind, Inventory, Libc, Lookup};

use super::{
    super::start_facts::{BOOTSTRAP, Program, StartFacts},
    fault::{StartFault, may_lie_elsewhere, zip_its_content},
    processor::{machine_name, runs},
};
use crate::domain::{ExecWrapper, FunctionConfiguration, ReasonCode};

/// The program that a custom runtime starts.
pub(super) fn bootstrap(
    facts: &StartFacts,
    function: &FunctionConfiguration,
) -> Option<StartFault> {
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
