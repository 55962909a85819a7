//! Values for the steps that follow, a line each.

use std::fmt::Write as _;

use super::upload::{Run, Upload};
use crate::io::{error::CliError, escape::escape, output};

/// For GitHub: the only upload's values, or empty ones, and all uploads as JSON. A value is one line, so that
/// `NAME=VALUE` cannot end early. Writing to a String cannot fail; the results are dropped for that reason.
pub(super) fn render(run: &Run) -> Result<String, CliError> {
    let mut text = String::new();
    for (name, value) in values(run) {
        let _ = writeln!(text, "{name}={value}");
    }
    let _ = writeln!(text, "results={}", output::json_line(&run.uploads)?);
    Ok(text)
}

/// For GitLab, where names are those of variables. JSON has no place there.
pub(super) fn render_dotenv(run: &Run) -> String {
    let mut text = String::new();
    for (name, value) in values(run) {
        let name = name.replace('-', "_").to_ascii_uppercase();
        let _ = writeln!(text, "COUNTERSIGN_{name}={value}");
    }
    text
}

fn values(run: &Run) -> [(&'static str, String); 4] {
    let only = match run.uploads.as_slice() {
        [only] => Some(only),
        _ => None,
    };
    let of = |field: fn(&Upload) -> &Option<String>| {
        let value = only.and_then(|upload| field(upload).as_deref());
        value.map(escape).unwrap_or_default()
    };
    [
        ("state", run.state.as_str().to_owned()),
        ("version", of(|upload| &upload.version)),
        ("version-id", of(|upload| &upload.version_id)),
        ("label", of(|upload| &upload.label)),
    ]
}
