//! Vectors that nobody here wrote are no part of the repository. The tests that read them pass
//! without them, and what they print about that is lost among hundreds of others.

use std::{
    env,
    path::{Path, PathBuf},
};

/// What names another folder than the one beside the checkout.
const VARIABLE: &str = "COUNTERSIGN_VECTORS";
/// The folder, from the root of the checkout.
const DEFAULT_FOLDER: &str = "../shared/vectors";
/// The tests that have nothing to do without it.
const READERS: [&str; 2] = ["shared/package/tests/vectors.rs", "cli/tests/vectors.rs"];

/// What to say when the folder is not there: which tests looked at nothing.
pub(crate) fn left_out(root: &Path) -> Option<String> {
    let named = env::var_os(VARIABLE).map(PathBuf::from);
    note(root, named)
}

fn note(root: &Path, named: Option<PathBuf>) -> Option<String> {
    let folder = named.unwrap_or_else(|| PathBuf::from(DEFAULT_FOLDER));
    (!root.join(&folder).is_dir()).then(|| {
        format!(
            "left out, for {} is not there ({VARIABLE} names another place): the tests in {}, with all \
             genuine signatures of AWS",
            folder.display(),
            READERS.join(" and ")
        )
    })
}

#[cfg(test)]
mod tests {
    use countersign_testkit::checkout;

    use super::*;

    #[test]
    fn absent_vectors_are_told_of_and_present_ones_are_not() {
        assert_eq!(note(&checkout::root(), Some(PathBuf::from("xtask"))), None);
        let note = note(&checkout::root(), Some(PathBuf::from("nowhere")))
            .expect("there is no such folder");
        assert!(!note.contains('\n'), "{note}");
        for told in READERS.into_iter().chain(["nowhere", VARIABLE]) {
            assert!(note.contains(told), "no {told} in {note}");
        }
    }

    #[test]
    fn tests_that_are_named_are_those_that_read_them() {
        for path in READERS {
            let text = std::fs::read_to_string(checkout::path(path)).expect("the tests are there");
            assert!(text.contains(VARIABLE), "{path}");
        }
    }
}
