//! Files that the user names, read whole, and what to say when one cannot be used.

use std::{fs::File, io::Read, path::Path};

use crate::io::error::CliError;

/// The largest file that is read, in bytes: four times what Signer and Lambda take. What is larger is
/// no package, and would only fill the memory.
const MAX_FILE_BYTES: u64 = 1 << 30;

/// What to say of a larger one.
const RIGHT_FILE: &str =
    "Lambda takes packages of at most 250 MB; check that this is the right file";

/// What stands for standard input.
const STANDARD_INPUT: &str = "-";

/// Whether a path means standard input.
pub(crate) fn is_standard_input(path: &Path) -> bool {
    path == Path::new(STANDARD_INPUT)
}

/// A path as people read it; not escaped.
pub(crate) fn shown(path: &Path) -> String {
    if is_standard_input(path) {
        "standard input".to_owned()
    } else {
        path.display().to_string()
    }
}

/// Refuses a command line that has standard input twice: the first to read it would leave nothing for the other.
pub(crate) fn one_standard_input<'p>(
    paths: impl IntoIterator<Item = &'p Path>,
) -> Result<(), CliError> {
    let count = paths
        .into_iter()
        .filter(|path| is_standard_input(path))
        .count();
    if count > 1 {
        return Err(CliError::new(
            format!("standard input (-) is given {count} times, and can be read once"),
            "give - once, and files for the others",
        ));
    }
    Ok(())
}

/// Reads a file whole, or standard input where the path is `-`.
pub(crate) fn read_or_standard_input(path: &Path, what: &str) -> Result<Vec<u8>, CliError> {
    if !is_standard_input(path) {
        return read(path, what);
    }
    let mut bytes = Vec::new();
    let stdin = std::io::stdin().lock();
    stdin
        .take(MAX_FILE_BYTES.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|error| {
            CliError::new(
                format!("cannot read {what} from standard input: {error}"),
                "give the path of a file",
            )
        })?;
    match u64::try_from(bytes.len()) {
        Ok(length) if length <= MAX_FILE_BYTES => Ok(bytes),
        _ => Err(CliError::new(
            format!("{what} from standard input has more than {MAX_FILE_BYTES} bytes"),
            match what {
                "the events" => "give fewer at a time",
                _ => RIGHT_FILE,
            },
        )),
    }
}

/// Reads a file whole. `what` names its role, as in "the package".
pub(crate) fn read(path: &Path, what: &str) -> Result<Vec<u8>, CliError> {
    let shown = path.display();
    let failed = |error: std::io::Error| {
        CliError::new(
            format!("cannot read {what} {shown}: {error}"),
            "give the path of a file that exists and that you may read",
        )
    };
    let file = File::open(path).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    if metadata.is_dir() {
        // Only packages are made of folders.
        let fix = match what {
            "the package" | "the source" => "give the path of a file; zip the directory first",
            _ => "give the path of a file",
        };
        return Err(CliError::new(format!("{what} {shown} is a directory"), fix));
    }
    let too_large = || {
        CliError::new(
            format!("{what} {shown} has more than {MAX_FILE_BYTES} bytes"),
            RIGHT_FILE,
        )
    };
    if metadata.len() > MAX_FILE_BYTES {
        return Err(too_large());
    }
    // What a pipe or a device holds is known only when it was read.
    let mut bytes = Vec::new();
    file.take(MAX_FILE_BYTES.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    match u64::try_from(bytes.len()) {
        Ok(length) if length <= MAX_FILE_BYTES => Ok(bytes),
        _ => Err(too_large()),
    }
}
