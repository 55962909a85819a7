//! A Python environment of the checkout: a folder below `.local` in which everything is pinned.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{error::HarnessError, observer::Observer, process};

/// In the folder: where it was made, and from which requirements.
const STAMP: &str = "requirements.stamp";
const SYSTEM_PYTHON: &str = "python3";

/// One environment of a checkout.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Environment<'a> {
    /// The root of the checkout.
    pub(crate) root: &'a Path,
    /// Its folder below `.local`; its logs are named after it.
    pub(crate) name: &'static str,
    /// What is in it, a file of the checkout: every package, each with the hashes of its files.
    pub(crate) requirements: &'static str,
    /// Whether Python compiles all of it at once. Where a part alone is used, that part is compiled when it is
    /// used.
    pub(crate) compiles: bool,
}

impl Environment<'_> {
    /// Makes it, unless it is there as it should be.
    pub(crate) fn prepare(&self, observer: &dyn Observer) -> Result<(), HarnessError> {
        let list = self.root.join(self.requirements);
        let list = fs::read_to_string(&list).map_err(|source| HarnessError::File {
            what: list.display().to_string(),
            source,
        })?;
        let wanted = self.stamp(&list);
        let stamp = self.folder().join(STAMP);
        if fs::read_to_string(&stamp).is_ok_and(|present| present == wanted) {
            return Ok(());
        }
        let system = Path::new(SYSTEM_PYTHON);
        let mut create = Command::new(system);
        create.args(["-m", "venv", "--clear"]).arg(self.folder());
        process::run(
            observer,
            system,
            "making a virtual environment",
            &create,
            &self.log("venv"),
        )?;
        let mut install = Command::new(self.python());
        install
            .args(["-m", "pip", "install", "--disable-pip-version-check"])
            // All of it is listed, each with the hashes of its files: nothing else is to be found, or taken.
            .args(["--no-input", "--no-deps", "--require-hashes"])
            .args((!self.compiles).then_some("--no-compile"))
            .args(["--requirement", self.requirements])
            .current_dir(self.root);
        process::run(
            observer,
            system,
            &format!("installing what {} pins", self.requirements),
            &install,
            &self.log("pip"),
        )?;
        fs::write(&stamp, wanted).map_err(|source| HarnessError::File {
            what: stamp.display().to_string(),
            source,
        })
    }

    /// The folder.
    pub(crate) fn folder(&self) -> PathBuf {
        self.root.join(".local").join(self.name)
    }

    /// Where its programs are.
    pub(crate) fn programs(&self) -> PathBuf {
        self.folder().join("bin")
    }

    /// Its Python.
    pub(crate) fn python(&self) -> PathBuf {
        self.programs().join("python")
    }

    fn log(&self, step: &str) -> PathBuf {
        let name = format!("{}-{step}.log", self.name);
        self.root.join(".local/logs").join(name)
    }

    /// What it was made for. Its programs name its Python by the full path, so one that was moved or copied would
    /// run the Python of the old place, or none.
    fn stamp(&self, requirements: &str) -> String {
        format!("# {}\n{requirements}", self.folder().display())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moved_environment_is_made_anew() {
        let stamp = |root: &str, requirements| {
            let environment = Environment {
                root: Path::new(root),
                name: "venv",
                requirements: "requirements.txt",
                compiles: true,
            };
            environment.stamp(requirements)
        };
        assert_eq!(stamp("/old", "a==1"), stamp("/old", "a==1"));
        assert_ne!(stamp("/old", "a==1"), stamp("/new", "a==1"));
        assert_ne!(stamp("/old", "a==1"), stamp("/old", "a==2"));
    }
}
