//! The Python contestants: scripts that are part of this crate, run by a Python that has what they
//! import.

use std::{path::Path, process::Command};

use crate::{
    Outcome,
    fixture::Fixture,
    measure::{Finished, process},
};

/// A function that makes the same clients as one of ours.
pub(crate) const FUNCTION: &str = include_str!("../python/function.py");
const VERIFY: &str = include_str!("../python/verify.py");

/// Why there is no comparison with this Python, or nothing.
pub(crate) fn missing(python: &Path, module: &str) -> Option<String> {
    let import = format!("import {module}");
    match Command::new(python).args(["-c", &import]).output() {
        Err(error) => Some(format!("{} does not start: {error}", python.display())),
        Ok(output) if !output.status.success() => {
            Some(format!("{} has no module {module}", python.display()))
        }
        Ok(_) => None,
    }
}

/// Verifies the signed package with `zipfile` and `cryptography`. Its last line are the digests.
pub(crate) fn verify(python: &Path, fixture: &Fixture) -> Outcome<(Finished, String)> {
    let finished = process(&mut script(python, &fixture.signed, &fixture.root))?;
    if !finished.output.status.success() {
        let said = String::from_utf8_lossy(&finished.output.stderr);
        return Err(format!("the Python script refused the package: {said}").into());
    }
    let digests = String::from_utf8(finished.output.stdout.clone())?;
    Ok((finished, digests.trim().to_owned()))
}

/// Fails unless the tampered package is refused.
pub(crate) fn refuses(python: &Path, fixture: &Fixture) -> Outcome<()> {
    let finished = process(&mut script(python, &fixture.tampered, &fixture.root))?;
    match finished.output.status.code() {
        Some(1) => Ok(()),
        _ => Err("the Python script did not refuse a tampered package".into()),
    }
}

fn script(python: &Path, package: &Path, root: &Path) -> Command {
    let mut command = Command::new(python);
    command.args(["-c", VERIFY]).arg(package).arg(root);
    command
}
