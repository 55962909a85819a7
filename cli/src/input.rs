//! Files that the user names, read whole, and what to say when one cannot be used.

use std::{fs::File, io::Read, path::Path};

/// The largest file that is read, in bytes: four times what Signer and Lambda take. What is larger is
/// no package, and would only fill the memory.
const LARGEST: u64 = 1 << 30;

/// Input that cannot be used: exit status 2.
#[derive(Debug)]
pub(crate) struct Unusable {
    /// What is wrong, and where.
    pub(crate) what: String,
    /// What to do about it.
    pub(crate) fix: String,
}

impl Unusable {
    pub(crate) fn new(what: impl Into<String>, fix: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            fix: fix.into(),
        }
    }
}

/// Reads a file whole. `what` names its role, as in "the package".
pub(crate) fn read(path: &Path, what: &str) -> Result<Vec<u8>, Unusable> {
    let shown = path.display();
    let failed = |error: std::io::Error| {
        Unusable::new(
            format!("cannot read {what} {shown}: {error}"),
            "give the path of a file that exists and that you may read",
        )
    };
    let file = File::open(path).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    if metadata.is_dir() {
        return Err(Unusable::new(
            format!("{what} {shown} is a directory"),
            "give the path of a file; zip the directory first",
        ));
    }
    let too_large = || {
        Unusable::new(
            format!("{what} {shown} has more than {LARGEST} bytes"),
            "Lambda takes packages of at most 250 MB; check that this is the right file",
        )
    };
    if metadata.len() > LARGEST {
        return Err(too_large());
    }
    // What a pipe or a device holds is known only when it was read.
    let mut bytes = Vec::new();
    file.take(LARGEST.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    match u64::try_from(bytes.len()) {
        Ok(length) if length <= LARGEST => Ok(bytes),
        _ => Err(too_large()),
    }
}
