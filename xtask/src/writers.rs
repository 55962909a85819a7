//! `cargo xtask writers`: programs from the registries that write zips, for the matrix of writers.
//!
//! The suite does without them: they are some 400 MB that no other step needs.

use std::{
    error::Error,
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

use countersign_e2e::process;

use crate::terminal::Terminal;

/// The lists, from the root of the checkout: exact versions and hashes of all that is installed.
const LISTS: &str = "tests/packages";
/// Where to, from the root of the checkout.
const INSTALLED: &str = ".local/writers";
/// The tests that pack with them.
const TESTS: &str =
    "cargo test -p countersign-cases --test honest_writers -- --nocapture writer_of_";

/// Installs what this machine has the installers for; whether that was all.
pub(crate) fn run(root: &Path, terminal: &Terminal) -> Result<bool, Box<dyn Error>> {
    let lists = root.join(LISTS);
    let to = root.join(INSTALLED);
    fs::create_dir_all(&to)?;
    let npm = install(
        root,
        terminal,
        "npm",
        "tests/packages/package-lock.json",
        || {
            for list in ["package.json", "package-lock.json"] {
                fs::copy(lists.join(list), to.join(list))?;
            }
            // `ci` installs what the lock says and checks each hash; nothing that is installed runs.
            let mut npm = Command::new("npm");
            npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
                .current_dir(&to);
            Ok(vec![npm])
        },
    )?;
    let python = install(
        root,
        terminal,
        "python3",
        "tests/packages/requirements.txt",
        || {
            let venv: PathBuf = to.join("venv");
            let mut create = Command::new("python3");
            create.args(["-m", "venv", "--clear"]).arg(&venv);
            let mut pip = Command::new(venv.join("bin/python"));
            pip.args([
                "-m",
                "pip",
                "install",
                "--disable-pip-version-check",
                "--no-input",
                "--quiet",
            ])
            .args(["--require-hashes", "--requirement"])
            .arg(lists.join("requirements.txt"));
            Ok(vec![create, pip])
        },
    )?;
    terminal.line(&format!("They pack in: {TESTS}"));
    Ok(npm && python)
}

/// Runs the commands of one installer, if it is here; whether all went well.
fn install(
    root: &Path,
    terminal: &Terminal,
    program: &str,
    list: &str,
    commands: impl FnOnce() -> Result<Vec<Command>, std::io::Error>,
) -> Result<bool, Box<dyn Error>> {
    if Command::new(program).arg("--version").output().is_err() {
        terminal.line(&format!(
            "  skipped: {program} is not installed; the rows from {list} are left out"
        ));
        return Ok(true);
    }
    let since = Instant::now();
    for mut command in commands()? {
        if !command.status()?.success() {
            terminal.line(&format!("  {program} could not install {list}"));
            return Ok(false);
        }
    }
    terminal.line(&format!(
        "  {list}, by {program}, into {}: {}",
        root.join(INSTALLED).display(),
        process::elapsed(since)
    ));
    Ok(true)
}
