//! A build: its packages, and what each is called.

use std::{collections::BTreeMap, path::PathBuf};

use countersign_gate::domain::{NameError, Target};

use crate::{
    builds::folder,
    io::{error::CliError, input},
};

/// What a build made.
pub(crate) struct Build {
    /// The folder that it made it in.
    pub(crate) root: PathBuf,
    pub(crate) packages: Vec<BuiltPackage>,
    /// Whether a manifest says so, and not only the look of the folder.
    pub(crate) has_manifest: bool,
    /// Whether the first folders of the names are stages, of which one is deployed at a time.
    pub(crate) stages_are_alternatives: bool,
}

/// A package as the build's manifest describes it.
pub(crate) struct BuiltPackage {
    /// Its names below the build's folder, the best one first: the same from build to build.
    pub(crate) names: Vec<String>,
    /// The function or layer, where the manifest says its name outright.
    pub(crate) target: Option<Target>,
    pub(crate) kind: Kind,
    pub(crate) contents: Contents,
    /// What the manifest says that a layer is compatible with, as metadata of the upload.
    pub(crate) metadata: BTreeMap<String, String>,
}

/// What a package is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Function,
    Layer,
}

/// Where the bytes of a package are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Contents {
    /// A zip file, or whatever somebody calls one.
    File(PathBuf),
    /// A folder that is zipped as it is.
    Folder(PathBuf),
    /// Nowhere on this machine; the reason.
    Nowhere(String),
}

impl Kind {
    /// A target of this kind.
    pub(crate) fn target(self, name: &str) -> Result<Target, NameError> {
        Ok(match self {
            Self::Function => Target::Function(name.parse()?),
            Self::Layer => Target::Layer(name.parse()?),
        })
    }

    /// The folder of the uploads bucket.
    pub(crate) const fn folder(self) -> &'static str {
        match self {
            Self::Function => "functions",
            Self::Layer => "layers",
        }
    }
}

impl Contents {
    /// A file or folder that is there; what else is found out when it is read.
    pub(crate) fn at(path: PathBuf) -> Self {
        if path.is_dir() {
            Self::Folder(path)
        } else {
            Self::File(path)
        }
    }

    /// The bytes of the zip.
    pub(crate) fn read(&self) -> Result<Vec<u8>, CliError> {
        match self {
            Self::File(path) => input::read(path, "the package"),
            Self::Folder(path) => folder::zip(path),
            Self::Nowhere(why) => Err(CliError::new(
                why.clone(),
                "put the code into a file, and build again",
            )),
        }
    }
}

impl Build {
    /// The packages whose name is `rest`, or begins with its folders; all when it is empty.
    pub(crate) fn below(&self, rest: &str) -> Vec<&BuiltPackage> {
        let all = self.packages.iter();
        all.filter(|package| {
            rest.is_empty()
                || package.names.iter().any(|name| {
                    name.strip_prefix(rest)
                        .is_some_and(|more| more.is_empty() || more.starts_with('/'))
                })
        })
        .collect()
    }
}
