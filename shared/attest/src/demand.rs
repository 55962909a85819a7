//! What somebody wants of a provenance, against what is proven.

use std::{fmt, str::FromStr};

use thiserror::Error;
use wildmatch::WildMatch;

use crate::{
    error::Claim,
    level::Level,
    limits::MAX_PATTERN_BYTES,
    provenance::{Provenance, Signer},
    text::{fault_of_claim, shown},
    workflow,
};

/// Why text is no pattern.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "`{found}` is no pattern: {fault}; write the text itself, with `*` for any characters and `?` for one"
)]
pub struct PatternError {
    /// As it was written, made safe to print.
    pub found: String,
    /// What is wrong with it.
    pub fault: &'static str,
}

/// Text with `*` for any characters, `/` included, and `?` for one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern(String);

impl Pattern {
    fn matches(&self, text: &str) -> bool {
        WildMatch::new(&self.0).matches(text)
    }
}

impl FromStr for Pattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fault = match fault_of_claim(text) {
            None if text.len() > MAX_PATTERN_BYTES => Some("it is longer than 512 bytes"),
            other => other,
        };
        match fault {
            None => Ok(Self(text.to_owned())),
            Some(fault) => Err(PatternError {
                found: shown(text),
                fault,
            }),
        }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Events of GitHub and GitLab that start a build only at the hand of who may write to the repository, on code that
/// is in it. The others (`pull_request_target`, `issue_comment`, `workflow_run`, merge requests) come with branch,
/// commit and workflow of the repository, too, and many of their workflows build what a stranger proposes.
const USUAL_TRIGGERS: [&str; 11] = [
    "push",
    "create",
    "release",
    "merge_group",
    "workflow_dispatch",
    "repository_dispatch",
    "schedule",
    // GitLab's own.
    "web",
    "api",
    "trigger",
    "parent_pipeline",
];

/// What is wanted. What is absent is not demanded.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Demand {
    /// The repository: `https://github.com/acme/shop` or `github.com/acme/*`.
    pub source: Option<Pattern>,
    /// The file that describes the build, such as `.github/workflows/release.yml`, with `@` and a ref if that
    /// matters. One that begins with `https://` is the file that signed, for reusable workflows.
    pub workflow: Option<Pattern>,
    /// The branch or tag: `refs/heads/main` or `refs/tags/v*`.
    pub r#ref: Option<Pattern>,
    /// The event that started the build: `workflow_run`. If none is demanded, a build of a platform has to be
    /// started by an event that only who may write to the repository can cause, such as `push`, `release`,
    /// `workflow_dispatch` and `schedule`.
    pub trigger: Option<Pattern>,
    /// The least build level.
    pub level: Option<Level>,
}

/// A demand that a provenance does not meet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// About what.
    pub claim: Claim,
    /// What was demanded.
    pub expected: String,
    /// What is proven, and nothing where nothing is.
    pub found: Option<String>,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            claim, expected, ..
        } = self;
        match &self.found {
            Some(found) => write!(formatter, "{claim}: expected `{expected}`, found `{found}`"),
            None => write!(formatter, "{claim}: expected `{expected}`, none is proven"),
        }
    }
}

impl Demand {
    /// Everything in which the provenance falls short; nothing if it meets the demand.
    #[must_use]
    pub fn judge(&self, provenance: &Provenance) -> Vec<Mismatch> {
        let mut mismatches = Vec::new();
        if let Some(pattern) = &self.source {
            let found = provenance.source().map(ToString::to_string);
            let wanted = Pattern(normalised_source(&pattern.0));
            mismatches.extend(missed(Claim::Source, pattern, &wanted, found.as_deref()));
        }
        if let Some(pattern) = &self.workflow {
            let (claim, found) = if pattern.0.starts_with("https://") {
                (Claim::SignerWorkflow, provenance.signer_workflow())
            } else {
                (Claim::Workflow, provenance.workflow())
            };
            if !found.is_some_and(|found| fits_workflow(pattern, found)) {
                mismatches.push(mismatch(claim, pattern, found));
            }
        }
        if let Some(pattern) = &self.r#ref {
            let found = provenance.git_ref();
            mismatches.extend(missed(Claim::Ref, pattern, pattern, found));
        }
        mismatches.extend(self.judge_trigger(provenance));
        if let Some(level) = self.level.filter(|level| provenance.level() < *level) {
            mismatches.push(Mismatch {
                claim: Claim::Level,
                expected: format!("{level} or more"),
                found: Some(provenance.level().to_string()),
            });
        }
        mismatches
    }

    /// Whoever has a key says what was built, and no event with it.
    fn judge_trigger(&self, provenance: &Provenance) -> Option<Mismatch> {
        let found = provenance.trigger();
        if let Some(pattern) = &self.trigger {
            return missed(Claim::Trigger, pattern, pattern, found);
        }
        let is_usual = found.is_some_and(|event| USUAL_TRIGGERS.contains(&event));
        let is_asked = matches!(provenance.signer(), Signer::Build { .. });
        (is_asked && !is_usual).then(|| Mismatch {
            claim: Claim::Trigger,
            expected: USUAL_TRIGGERS.join("`, `"),
            found: found.map(str::to_owned),
        })
    }
}

/// A repository as people write it, in the spelling of [`SourceUri`](crate::SourceUri).
fn normalised_source(pattern: &str) -> String {
    let pattern = pattern.strip_prefix("git+").unwrap_or(pattern);
    let pattern = pattern.strip_suffix('/').unwrap_or(pattern);
    let pattern = pattern.strip_suffix(".git").unwrap_or(pattern);
    if pattern.contains("://") {
        pattern.to_owned()
    } else {
        format!("https://{pattern}")
    }
}

/// Path and ref are matched apart, so that no wildcard of the one takes something of the other. A pattern without
/// a ref fits the file of every ref.
fn fits_workflow(pattern: &Pattern, found: &str) -> bool {
    let (wanted_path, wanted_ref) = workflow::split(&pattern.0);
    let (path, git_ref) = workflow::split(found);
    let fits = |wanted: &str, found: &str| WildMatch::new(wanted).matches(found);
    fits(wanted_path, path)
        && wanted_ref.is_none_or(|wanted| git_ref.is_some_and(|found| fits(wanted, found)))
}

/// The mismatch, unless what was found fits.
fn missed(
    claim: Claim,
    shown: &Pattern,
    wanted: &Pattern,
    found: Option<&str>,
) -> Option<Mismatch> {
    let fits = found.is_some_and(|found| wanted.matches(found));
    (!fits).then(|| mismatch(claim, shown, found))
}

fn mismatch(claim: Claim, pattern: &Pattern, found: Option<&str>) -> Mismatch {
    Mismatch {
        claim,
        expected: pattern.to_string(),
        found: found.map(str::to_owned),
    }
}
