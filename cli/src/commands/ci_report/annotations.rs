//! Annotations of GitHub Actions: commands that its runner reads off standard output.
//!
//! A command ends with its line, and `%`, CR and LF are escaped in its message, `:` and `,` in its properties as
//! well (grade C: the runner's source, `ActionCommand`), so that no text becomes a second command.

use std::fmt::Write as _;

use super::upload::{Run, State, Upload};
use crate::io::escape::escape;

/// A command for each upload. Writing to a String cannot fail; the results are dropped for that reason.
pub(super) fn render(run: &Run) -> String {
    let mut text = String::new();
    for upload in &run.uploads {
        let level = match upload.state {
            State::Deployed | State::Prepared => "notice",
            State::Superseded | State::HeldBack | State::NotKnown => "warning",
            State::Rejected | State::Refused | State::Failed | State::Unusable => "error",
        };
        let title = format!("{} {}", upload.target, word(upload));
        let _ = writeln!(
            text,
            "::{level} title={}::{}",
            property(&title),
            message(&says(upload))
        );
    }
    if let Some(trouble) = run.trouble() {
        let _ = writeln!(text, "::error title=countersign::{}", message(trouble));
    }
    text
}

/// The state as people say it.
fn word(upload: &Upload) -> String {
    let version = upload.version.as_deref();
    let version = version.map(|version| format!(", version {}", escape(version)));
    let state = upload.state.as_str().replace('_', " ");
    format!("{state}{}", version.unwrap_or_default())
}

fn says(upload: &Upload) -> String {
    let says = escape(&upload.says());
    match &upload.fix {
        Some(fix) => format!("{says}\n{}", escape(fix)),
        None => says,
    }
}

fn message(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

fn property(text: &str) -> String {
    message(text).replace(':', "%3A").replace(',', "%2C")
}
