//! Whose build a folder is.

use std::{collections::BTreeMap, path::Path};

use crate::{
    builds::{
        build::{Build, BuiltPackage, Contents},
        cdk, chalice, lambda_folders,
        path::shown,
        sam, serverless,
    },
    io::{error::CliError, escape::escape},
};

/// Names of packages that an error lists.
const MAX_LISTED: usize = 20;

/// What to do about a path that leads nowhere.
const GIVE_A_PATH: &str = "give the path of a zip or of a folder that is there";

/// What a folder holds that builds made; `None` when it is no build's.
fn open(root: &Path) -> Result<Option<Build>, CliError> {
    let tools: [(Open, bool, bool); 5] = [
        (cdk::open, true, false),
        (sam::open, true, false),
        (serverless::open, true, false),
        (chalice::open, true, true),
        (lambda_folders::open, false, false),
    ];
    for (open, has_manifest, stages_are_alternatives) in tools {
        if let Some(packages) = open(root)? {
            return Ok(Some(Build {
                root: root.to_owned(),
                packages,
                has_manifest,
                stages_are_alternatives,
            }));
        }
    }
    Ok(None)
}

type Open = fn(&Path) -> Result<Option<Vec<BuiltPackage>>, CliError>;

/// The build that a path lies in, and what is left of the path behind the build's folder. The path need not
/// exist: a build names its packages in its own way.
pub(crate) fn around(path: &Path) -> Result<Option<(Build, String)>, CliError> {
    for root in path.ancestors() {
        let folder = if root.as_os_str().is_empty() {
            Path::new(".")
        } else {
            root
        };
        if !folder.is_dir() {
            continue;
        }
        if let Some(build) = open(folder)? {
            let rest = path.strip_prefix(root).unwrap_or(Path::new(""));
            let rest = rest.to_string_lossy().replace('\\', "/");
            return Ok(Some((
                Build {
                    root: root.to_owned(),
                    ..build
                },
                rest,
            )));
        }
    }
    Ok(None)
}

/// The package at a path: a zip, a folder that is zipped, or what a build calls so; and what the build says of it.
pub(crate) fn package_at(path: &Path) -> Result<(Contents, BTreeMap<String, String>), CliError> {
    if path.is_file() {
        return Ok((Contents::File(path.to_owned()), BTreeMap::new()));
    }
    if let Some((build, rest)) = around(path)? {
        let found = build.packages.iter();
        let mut found = found.filter(|package| package.names.contains(&rest));
        if let Some(package) = found.next() {
            return Ok((package.contents.clone(), package.metadata.clone()));
        }
        // A folder that is a whole build is no package; one that merely lies beside others may be.
        if rest.is_empty() && build.has_manifest || !path.is_dir() {
            return Err(no_such_package(path, &build));
        }
    }
    if !path.exists() {
        return Err(CliError::new(
            format!("there is no {}", escape(&shown(path))),
            GIVE_A_PATH,
        ));
    }
    Ok((Contents::at(path.to_owned()), BTreeMap::new()))
}

/// What to say of a path in a build that is none of its packages.
pub(crate) fn no_such_package(path: &Path, build: &Build) -> CliError {
    let names = build
        .packages
        .iter()
        .filter_map(|package| package.names.first());
    let names: Vec<String> = names.take(MAX_LISTED).map(|name| escape(name)).collect();
    let (path_shown, root) = (escape(&shown(path)), escape(&shown(&build.root)));
    let names = names.join(", ");
    if path.exists() {
        return CliError::new(
            format!("{path_shown} is no package of the build in {root}"),
            format!("its packages are {names}"),
        );
    }
    // Whoever names a file where some build happens to lie around does not speak of the build.
    let fix = if build.root.as_os_str().is_empty() {
        GIVE_A_PATH.to_owned()
    } else {
        format!("the packages of the build in {root} are {names}")
    };
    CliError::new(format!("there is no {path_shown}"), fix)
}
