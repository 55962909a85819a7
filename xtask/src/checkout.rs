//! Which checkout the tasks work on: the one that they are started in.
//!
//! The path that this program was built at says nothing about that. A target directory that was
//! copied or restored from a cache holds a program that Cargo takes for fresh and that was built
//! elsewhere.

use std::{
    env, fmt, io,
    path::{Path, PathBuf},
};

/// What lies at the root of every checkout, and together nowhere else.
const MARKS: [&str; 3] = ["Cargo.toml", "template.yaml", "xtask/Cargo.toml"];

/// The root of the checkout around the current directory.
pub(crate) fn current() -> Result<PathBuf, CheckoutError> {
    let here = env::current_dir().map_err(CheckoutError::CurrentDirectory)?;
    around(&here)
}

/// The nearest folder from `start` upwards that is the root of a checkout.
///
/// Cargo's own search (`cargo locate-project --workspace`) would stop at `tests/fuzz`, which is a
/// workspace of its own within the checkout.
fn around(start: &Path) -> Result<PathBuf, CheckoutError> {
    let is_root = |folder: &&Path| MARKS.iter().all(|mark| folder.join(mark).is_file());
    start
        .ancestors()
        .find(is_root)
        .map(Path::to_owned)
        .ok_or_else(|| CheckoutError::Outside(start.to_owned()))
}

/// Why there is nothing to work on.
#[derive(Debug)]
pub(crate) enum CheckoutError {
    /// The current directory was removed, or cannot be read.
    CurrentDirectory(io::Error),
    /// This folder is in no checkout.
    Outside(PathBuf),
}

impl fmt::Display for CheckoutError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CurrentDirectory(_) => {
                formatter.write_str("the current directory cannot be used")
            }
            Self::Outside(folder) => write!(
                formatter,
                "{} is in no checkout of Countersign: neither it nor a folder above it has {}. \
                 Change into a checkout, and run `cargo xtask` there",
                folder.display(),
                MARKS.join(", ")
            ),
        }
    }
}

impl std::error::Error for CheckoutError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::CurrentDirectory(source) => Some(source),
            Self::Outside(_) => None,
        }
    }
}
