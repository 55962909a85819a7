//! Where a package comes from, by git and the CI system: it travels along as the object's metadata, and is
//! on record.

use std::{collections::BTreeMap, process::Command};

/// S3 allows 2 KB for all user metadata of an object; one value gets a quarter of it.
const MAX_VALUE_BYTES: usize = 512;

/// CI systems, by the variables that they set: commit, author, build. The first variable that is set
/// counts.
const COMMIT: [&str; 6] = [
    "GITHUB_SHA",
    "CI_COMMIT_SHA",
    "CODEBUILD_RESOLVED_SOURCE_VERSION",
    "BITBUCKET_COMMIT",
    "BUILD_SOURCEVERSION",
    "CIRCLE_SHA1",
];
const AUTHOR: [&str; 4] = [
    "GITHUB_ACTOR",
    "GITLAB_USER_LOGIN",
    "BUILD_REQUESTEDFOR",
    "CIRCLE_USERNAME",
];
const BUILD: [&str; 5] = [
    "CI_JOB_URL",
    "CODEBUILD_BUILD_ID",
    "CIRCLE_BUILD_URL",
    "BUILD_URL",
    "BUILD_BUILDURI",
];

/// `commit`, `author` and `build`, as far as they are known.
pub(super) fn provenance(
    variables: &BTreeMap<String, String>,
    git: impl Fn(&[&str]) -> Option<String>,
) -> BTreeMap<String, String> {
    let first = |names: &[&str]| names.iter().find_map(|name| set(variables, name));
    let commit = first(&COMMIT).or_else(|| {
        git(&[
            "describe",
            "--always",
            "--dirty",
            "--abbrev=40",
            "--exclude=*",
        ])
    });
    let author = first(&AUTHOR).or_else(|| git(&["log", "-1", "--format=%an"]));
    let build = github_build(variables).or_else(|| first(&BUILD));
    [("commit", commit), ("author", author), ("build", build)]
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), printable(&value?)?)))
        .collect()
}

/// Asks git; nothing when there is none, or no repository.
pub(super) fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let text = text.trim();
    (output.status.success() && !text.is_empty()).then(|| text.to_owned())
}

fn set(variables: &BTreeMap<String, String>, name: &str) -> Option<String> {
    variables
        .get(name)
        .filter(|value| !value.is_empty())
        .cloned()
}

/// The page of the run: GitHub has no variable for it.
fn github_build(variables: &BTreeMap<String, String>) -> Option<String> {
    let server = set(variables, "GITHUB_SERVER_URL")?;
    let repository = set(variables, "GITHUB_REPOSITORY")?;
    let run = set(variables, "GITHUB_RUN_ID")?;
    Some(format!("{server}/{repository}/actions/runs/{run}"))
}

/// As metadata can hold it, which is printable ASCII: other characters are written as their code.
fn printable(text: &str) -> Option<String> {
    let mut value = String::new();
    for c in text.chars() {
        let piece = if c.is_ascii_graphic() || c == ' ' {
            c.to_string()
        } else {
            c.escape_unicode().to_string()
        };
        if value.len().saturating_add(piece.len()) > MAX_VALUE_BYTES {
            break;
        }
        value.push_str(&piece);
    }
    (!value.is_empty()).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn ci_variables_go_before_git() {
        let github = variables(&[
            ("GITHUB_SHA", "4f2a91c"),
            ("GITHUB_ACTOR", "ann"),
            ("GITHUB_SERVER_URL", "https://github.com"),
            ("GITHUB_REPOSITORY", "acme/shop"),
            ("GITHUB_RUN_ID", "7"),
        ]);
        let found = provenance(&github, |_| Some("of git".to_owned()));
        let expected = variables(&[
            ("commit", "4f2a91c"),
            ("author", "ann"),
            ("build", "https://github.com/acme/shop/actions/runs/7"),
        ]);
        assert_eq!(found, expected);
    }

    #[test]
    fn git_is_asked_where_ci_says_nothing() {
        let git = |arguments: &[&str]| match arguments {
            ["describe", ..] => Some("4f2a91c-dirty".to_owned()),
            ["log", ..] => Some("J\u{fc}rgen \u{202e}x".to_owned()),
            _ => None,
        };
        let found = provenance(&variables(&[("CI_COMMIT_SHA", "")]), git);
        let expected = variables(&[
            ("commit", "4f2a91c-dirty"),
            ("author", "J\\u{fc}rgen \\u{202e}x"),
        ]);
        assert_eq!(found, expected);
    }

    #[test]
    fn long_values_are_cut() {
        let found = provenance(&BTreeMap::new(), |_| Some("\u{fc}".repeat(1000)));
        assert!(found.values().all(|value| value.len() <= MAX_VALUE_BYTES));
        assert!(found.values().all(|value| value.ends_with("\\u{fc}")));
    }
}
