//! Whose build a folder is.

use std::path::Path;

use crate::{
    builds::{
        build::{Build, BuiltPackage},
        cdk, chalice, lambda_folders, sam, serverless,
    },
    io::error::CliError,
};

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
