//! `countersign.toml`: which package is whose, where the build's own manifest does not say it.

use std::{
    collections::BTreeMap,
    ops::Range,
    path::{Path, PathBuf},
};

use countersign_gate::domain::Target;
use serde::Deserialize;
use toml::Spanned;

use crate::{
    builds::path::{absolute, tidy},
    io::{
        arguments::{check_metadata, parse_target},
        error::CliError,
        escape::escape,
        input,
    },
};

/// What it is called, in the folder that the command runs in.
const NAME: &str = "countersign.toml";

const FIX: &str = "its tables are in docs/cli.md, under countersign.toml";

/// The file as it is read.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(default)]
    ignore: Vec<Spanned<String>>,
    #[serde(default)]
    targets: BTreeMap<Spanned<String>, Spanned<String>>,
    #[serde(default)]
    metadata: BTreeMap<Spanned<String>, BTreeMap<Spanned<String>, Spanned<String>>>,
}

/// What a project says of its packages.
pub(crate) struct Project {
    path: PathBuf,
    targets: BTreeMap<Target, PathBuf>,
    ignore: Vec<Pattern>,
    metadata: BTreeMap<Target, BTreeMap<String, String>>,
}

/// A path, or all that begin so.
struct Pattern {
    path: String,
    is_prefix: bool,
}

impl Project {
    /// The file that is named, or else the one of the folder that the command runs in, if there is one.
    pub(crate) fn find(given: Option<&Path>) -> Result<Option<Self>, CliError> {
        match given {
            Some(path) => Self::read(path).map(Some),
            None if Path::new(NAME).is_file() => Self::read(Path::new(NAME)).map(Some),
            None => Ok(None),
        }
    }

    fn read(path: &Path) -> Result<Self, CliError> {
        let bytes = input::read(path, "the configuration")?;
        let text = String::from_utf8_lossy(&bytes);
        let fault = |span: Range<usize>, what: &str, fix: &str| {
            let line = line(&text, span.start);
            CliError::new(format!("{}:{line}: {what}", path.display()), fix)
        };
        let document: Document = toml::from_str(&text)
            .map_err(|error| fault(error.span().unwrap_or_default(), error.message(), FIX))?;
        let target = |name: &Spanned<String>| {
            parse_target(name.get_ref()).map_err(|why| {
                let what = format!("{} is no target", escape(name.get_ref()));
                fault(name.span(), &what, &why)
            })
        };
        // Paths are meant as they are written: from the folder of the file.
        let folder = path.parent().unwrap_or(Path::new(""));
        let place = |path: &str| tidy(&folder.join(path));
        let mut targets = BTreeMap::new();
        for (name, package) in &document.targets {
            if package.get_ref().is_empty() {
                let what = format!("{} has no path", escape(name.get_ref()));
                return Err(fault(
                    package.span(),
                    &what,
                    "write the path of its package",
                ));
            }
            targets.insert(target(name)?, place(package.get_ref()));
        }
        let mut metadata = BTreeMap::new();
        for (name, pairs) in &document.metadata {
            for (key, value) in pairs {
                check_metadata(key.get_ref(), value.get_ref())
                    .map_err(|fix| fault(key.span(), "this cannot be metadata", fix))?;
            }
            let pairs = pairs
                .iter()
                .map(|(key, value)| (key.get_ref().clone(), value.get_ref().clone()));
            metadata.insert(target(name)?, pairs.collect());
        }
        let ignore = document.ignore.iter().map(|written| {
            let written = written.get_ref();
            let (path, is_prefix) = match written.strip_suffix('*') {
                Some(path) => (path, true),
                None => (written.as_str(), false),
            };
            // A prefix may end in the middle of a name, or behind a folder.
            let ends_in_folder = path.ends_with('/');
            let mut path = comparable(&place(path));
            if ends_in_folder {
                path.push('/');
            }
            Pattern { path, is_prefix }
        });
        Ok(Self {
            path: path.to_owned(),
            ignore: ignore.collect(),
            targets,
            metadata,
        })
    }

    /// Where it was read.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// All targets, with the paths of their packages.
    pub(crate) fn targets(&self) -> impl Iterator<Item = (&Target, &Path)> {
        let targets = self.targets.iter();
        targets.map(|(target, path)| (target, path.as_path()))
    }

    /// The package of a target.
    pub(crate) fn package_of(&self, target: &Target) -> Option<&Path> {
        self.targets.get(target).map(PathBuf::as_path)
    }

    /// The targets whose package is at this path.
    pub(crate) fn targets_at(&self, path: &Path) -> Vec<&Target> {
        let path = comparable(path);
        let all = self.targets.iter();
        all.filter(|(_, at)| comparable(at) == path)
            .map(|(target, _)| target)
            .collect()
    }

    /// Whether a package of a build is not to be uploaded.
    pub(crate) fn ignores(&self, path: &Path) -> bool {
        let path = comparable(path);
        self.ignore.iter().any(|pattern| {
            if pattern.is_prefix {
                path.starts_with(&pattern.path)
            } else {
                path == pattern.path
            }
        })
    }

    /// More metadata for the uploads of a target.
    pub(crate) fn metadata_of(&self, target: &Target) -> BTreeMap<String, String> {
        self.metadata.get(target).cloned().unwrap_or_default()
    }
}

/// A path so that two ways to write it are the same text.
fn comparable(path: &Path) -> String {
    absolute(path).to_string_lossy().replace('\\', "/")
}

/// The line of an offset, from 1.
fn line(text: &str, offset: usize) -> usize {
    let before = text.as_bytes().iter().take(offset);
    before
        .filter(|byte| **byte == b'\n')
        .count()
        .saturating_add(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Project, CliError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(NAME);
        std::fs::write(&path, text).unwrap();
        Project::read(&path)
    }

    #[test]
    fn paths_are_from_the_folder_of_the_file() {
        let project = read(
            "ignore = ['cdk.out/Shop/Custom::*', 'out/x']\n\
             [targets]\n'functions/shop' = './a/../b.zip'\n'layers/tls' = 'b.zip'\n\
             [metadata.'layers/tls']\ncompatible-runtimes = 'nodejs24.x'\n",
        )
        .unwrap();
        let at = |path: &str| project.path().with_file_name("").join(path);
        let names: Vec<String> = project
            .targets_at(&at("b.zip"))
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(names, ["functions/shop", "layers/tls"]);
        for (path, ignored) in [
            ("cdk.out/Shop/Custom::X/Handler", true),
            ("cdk.out/Shop/Orders", false),
            ("out/x", true),
            ("out/xy", false),
        ] {
            assert_eq!(project.ignores(&at(path)), ignored, "{path}");
        }
        let layer = "layers/tls".to_owned().try_into().unwrap();
        assert_eq!(project.metadata_of(&layer).len(), 1);
    }

    #[test]
    fn faults_name_file_line_and_mend() {
        for (text, expected) in [
            ("[targets]\n\nshop = 'a.zip'\n", ":3: shop is no target"),
            (
                "[targets]\n'functions/a' = ''\n",
                ":2: functions/a has no path",
            ),
            ("[target]\n", ":1: unknown field `target`"),
            ("[targets]\n'functions/a' = 3\n", ":2: invalid type"),
            ("[targets]\n'functions/a' = 'x\n", ":2: "),
            (
                "[metadata.'functions/a']\nCommit = 'x'\n",
                ":2: this cannot be metadata",
            ),
        ] {
            let error = read(text).err().unwrap();
            assert!(error.what.contains(expected), "{}", error.what);
            assert!(!error.fix.is_empty());
        }
    }
}
