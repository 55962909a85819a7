//! Test reports as `JUnit` writes them, which GitLab and `CodeBuild` show: a test case for each upload.

use std::fmt::Write as _;

use super::upload::{Run, State, Upload};
use crate::io::escape::escape;

/// The whole document. Writing to a String cannot fail; the results are dropped for that reason.
pub(super) fn render(run: &Run) -> String {
    let mut cases = String::new();
    let (mut failures, mut errors, mut skipped) = (0_usize, 0_usize, 0_usize);
    for upload in &run.uploads {
        let element = match upload.state {
            State::Deployed | State::Prepared => None,
            State::Superseded | State::HeldBack => {
                skipped = skipped.saturating_add(1);
                Some("skipped")
            }
            State::Rejected | State::Refused => {
                failures = failures.saturating_add(1);
                Some("failure")
            }
            State::NotKnown | State::Failed | State::Unusable => {
                errors = errors.saturating_add(1);
                Some("error")
            }
        };
        case(&mut cases, upload, element);
    }
    if let Some(trouble) = run.trouble() {
        errors = errors.saturating_add(1);
        let _ = writeln!(
            cases,
            "    <testcase classname=\"countersign\" name=\"push\"><error message=\"{}\"/></testcase>",
            attribute(trouble)
        );
    }
    let tests = run
        .uploads
        .len()
        .saturating_add(usize::from(run.trouble().is_some()));
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n  <testsuite name=\"countersign\" \
         tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\" skipped=\"{skipped}\">\n{cases}  \
         </testsuite>\n</testsuites>\n"
    )
}

fn case(cases: &mut String, upload: &Upload, element: Option<&str>) {
    let took = upload.took_ms.unwrap_or(0).max(0);
    let _ = write!(
        cases,
        "    <testcase classname=\"countersign\" name=\"{}\" time=\"{}.{:03}\">",
        attribute(&upload.target.to_string()),
        took / 1000,
        took % 1000
    );
    if let Some(element) = element {
        let fix = upload.fix.as_deref().unwrap_or_default();
        let _ = write!(
            cases,
            "<{element} message=\"{}\">{}</{element}>",
            attribute(&format!("{}: {}", upload.state.as_str(), upload.says())),
            attribute(fix)
        );
    }
    cases.push_str("</testcase>\n");
}

/// Text of others, for attributes and elements. What XML has no way to write was escaped before.
fn attribute(text: &str) -> String {
    escape(text)
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
