//! One reason why a package will not start, and the words that several reasons share.

use serde::Serialize;

use crate::domain::{ExecWrapper, FunctionConfiguration, ReasonCode};

/// A reason why a package will not start, or not as its author means it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StartFault {
    /// Which kind of reason.
    pub code: ReasonCode,
    /// The file that it is about; null when it is one that is missing, or none.
    pub file: Option<String>,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub fix: String,
}

/// How many files of one fault are named; the others are counted.
const MAX_NAMED: usize = 3;

/// Whether what is started may be no part of the package: a layer may have it, or a wrapper may start anything. Whether
/// there is a wrapper is not known when the variables could not be read.
pub(super) fn may_lie_elsewhere(function: &FunctionConfiguration) -> bool {
    !function.layers.is_empty() || function.exec_wrapper != ExecWrapper::NotSet
}

/// What to do where the folder was zipped, and not what is in it.
pub(super) fn zip_its_content(folder: &str) -> String {
    format!("it is in the folder {folder:?}: zip what is in that folder, not the folder itself")
}

/// `a, b, c and 4 more were`
pub(super) fn listed(files: &[&str], one: &str, several: &str) -> String {
    let first: Vec<&str> = files.iter().take(MAX_NAMED).copied().collect();
    let rest = files.len().saturating_sub(first.len());
    let first = first.join(", ");
    match (files.len(), rest) {
        (1, _) => format!("{first} {one}"),
        (_, 0) => format!("{first} {several}"),
        _ => format!("{first} and {rest} more {several}"),
    }
}
