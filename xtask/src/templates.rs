//! The step `template`: cfn-lint and checkov over the templates.
//!
//! `sam validate --lint` is cfn-lint over one template, and nothing else (SAM CLI 1.167: it returns before its own
//! validation), so that cfn-lint over all of them at once says the same. SAM's own translator is run, too: checkov
//! looks at what it makes of the stack's template, which is what a release has.

use std::{
    error::Error,
    fs,
    process::{Command, Output},
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use countersign_e2e::tools::Tools;

use crate::{
    package,
    terminal::{Background, Terminal},
};

/// Nothing here calls an AWS; should something try, it finds nobody at this address.
const UNREACHABLE_ENDPOINT: &str = "http://127.0.0.1:9";
/// The templates of the stack, and those that the docs show.
const LINTED: [&str; 5] = [
    "template.yaml",
    "bootstrap.yaml",
    "network.yaml",
    "examples/sam/template.yaml",
    "examples/sam/build.yaml",
];
/// Those that need no transform, and that a release has as they are.
const PLAIN: [&str; 2] = ["bootstrap.yaml", "network.yaml"];
const CHECK: &str = "tests/checkov/check.py";

/// Whether both linters find nothing. checkov is installed and run beside the other.
pub(crate) fn lint(tools: &Tools, terminal: &Terminal) -> Result<bool, Box<dyn Error>> {
    let given_up = AtomicBool::new(false);
    let observer = Background {
        terminal,
        given_up: &given_up,
    };
    let (linted, checked) = thread::scope(|scope| {
        let checkov = scope.spawn(|| checkov(tools, &observer).map_err(|error| error.to_string()));
        let mut linter = tools.command("cfn-lint", UNREACHABLE_ENDPOINT);
        let linted = linter.args(LINTED).status();
        given_up.store(
            !linted.as_ref().is_ok_and(std::process::ExitStatus::success),
            Ordering::Relaxed,
        );
        let checked = checkov.join();
        (
            linted,
            checked.unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
        )
    });
    if !linted?.success() {
        return Ok(false);
    }
    let checked = checked?;
    terminal.line(String::from_utf8_lossy(&checked.stdout).trim_end());
    if !checked.status.success() {
        terminal.line(String::from_utf8_lossy(&checked.stderr).trim_end());
    }
    Ok(checked.status.success())
}

/// What checkov, and the list of exceptions, say of the templates as they are deployed.
fn checkov(tools: &Tools, observer: &Background<'_>) -> Result<Output, Box<dyn Error>> {
    let expanded = tools.local().join("expanded");
    fs::create_dir_all(&expanded)?;
    let expanded = expanded.join(package::EXPANDED);
    fs::write(&expanded, package::expanded(tools)?)?;
    let mut check = Command::new(tools.checkov(observer)?);
    check
        .arg(CHECK)
        .arg(expanded)
        .args(PLAIN)
        .current_dir(tools.root());
    Ok(check.output()?)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use countersign_testkit::checkout;

    use super::*;

    /// A template that nobody looks at would be one more in the checkout than in the list.
    #[test]
    fn every_template_is_looked_at() {
        let mut found = Vec::new();
        for folder in ["", "examples/sam"] {
            for entry in fs::read_dir(checkout::path(folder)).unwrap() {
                let name = entry.unwrap().file_name().into_string().unwrap();
                let path = [folder, &name].join("/");
                let path = path.trim_start_matches('/');
                let is_template = Path::new(path).extension().is_some_and(|it| it == "yaml")
                    && fs::read_to_string(checkout::path(path))
                        .unwrap()
                        .contains("AWSTemplateFormatVersion");
                if is_template {
                    found.push(path.to_owned());
                }
            }
        }
        found.sort();
        let mut linted = LINTED.to_vec();
        linted.sort_unstable();
        assert_eq!(found, linted);
    }

    #[test]
    fn plain_templates_need_no_transform() {
        for name in LINTED {
            let text = fs::read_to_string(checkout::path(name)).unwrap();
            let is_plain = !text.contains("Transform: AWS::Serverless");
            assert_eq!(PLAIN.contains(&name), is_plain, "{name}");
        }
    }
}
