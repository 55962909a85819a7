//! What people write to demand something: text, with `*` for any characters and `?` for one.

use std::{fmt, str::FromStr};

use thiserror::Error;
use wildmatch::WildMatch;

use crate::{
    limits::MAX_PATTERN_BYTES,
    platform::{GITHUB_HOST, issuer_of},
    source::{SourceUri, host_of, is_part},
    text::{fault_of_claim, shown},
    workflow,
};

/// Why something cannot be demanded.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{found}` cannot be demanded: {fault}")]
pub struct PatternError {
    /// As it was written, made safe to print.
    pub found: String,
    /// What is wrong with it, and how it is written instead.
    pub fault: &'static str,
}

impl PatternError {
    pub(crate) fn new(found: &str, fault: &'static str) -> Self {
        let found = shown(found);
        Self { found, fault }
    }
}

type Read<T> = Result<T, &'static str>;

const BOUND: &str = "host and owner are named without `*` and `?`, since a stranger's repository would fit otherwise";

/// Text with `*` for any characters, `/` included, `?` for one, and a `/` at the end for everything below.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern(String);

/// A repository, or all of an owner or group: `https://github.com/acme/shop`, `github.com/acme/shop-*`,
/// `gitlab.com/acme/`. Host and first part of the path have no wildcards. Letters of the path are as they are at the
/// host, of which some tell their cases apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourcePattern {
    host: String,
    pattern: Pattern,
}

/// A branch or tag, from `refs/` on: `refs/heads/main`, `refs/tags/v*`, `refs/tags/` for every tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefPattern(Pattern);

/// The file that describes the build, such as `.github/workflows/release.yml`, with `@` and a ref or a commit if
/// that matters. One that begins with `https://` is the file that signed, for reusable workflows; host and owner of
/// it have no wildcards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkflowPattern {
    path: Pattern,
    git_ref: Option<Pattern>,
}

impl Pattern {
    pub(crate) fn matches(&self, text: &str) -> bool {
        let all_below = if self.0.ends_with('/') { "*" } else { "" };
        WildMatch::new(&format!("{}{all_below}", self.0)).matches(text)
    }

    fn read(text: &str) -> Read<Self> {
        match fault_of_claim(text) {
            Some(fault) => Err(fault),
            None if text.len() > MAX_PATTERN_BYTES => Err("it is longer than 512 bytes"),
            None => Ok(Self(text.to_owned())),
        }
    }
}

impl SourcePattern {
    /// Host, and port where there is one.
    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    pub(crate) fn matches(&self, source: &SourceUri) -> bool {
        self.pattern.matches(source.as_str())
    }

    fn read(text: &str) -> Read<Self> {
        Pattern::read(text)?;
        let text = text.strip_prefix("git+").unwrap_or(text);
        let bare = text.strip_prefix("https://");
        let (host, path) = bound(bare.unwrap_or(text))?;
        if bare.is_none() && !host.contains('.') {
            return Err("it names no host; write it as `github.com/owner/repository`");
        }
        let path = path.strip_suffix(".git").unwrap_or(path);
        let (path, all_below) = match path.strip_suffix('/') {
            Some(path) => (path, true),
            None => (path, false),
        };
        let without_wildcards = path.replace(['*', '?'], "x");
        if !without_wildcards.split('/').all(is_part) {
            return Err(
                "its path is none of a repository; leave out refs, queries and empty parts",
            );
        }
        let parts = path.split('/').count();
        if parts == 1 && !all_below && issuer_of(&host).is_some() {
            return Err("it names an owner and no repository; end it with `/` for all of them");
        }
        if host == GITHUB_HOST && (parts > 2 || (parts == 2 && all_below)) {
            return Err(
                "a repository of GitHub is `github.com/owner/repository`, with nothing behind it",
            );
        }
        let slash = if all_below { "/" } else { "" };
        Ok(Self {
            pattern: Pattern(format!("https://{host}/{path}{slash}")),
            host,
        })
    }
}

impl RefPattern {
    pub(crate) fn matches(&self, git_ref: &str) -> bool {
        self.0.matches(git_ref)
    }

    fn read(text: &str) -> Read<Self> {
        if !text.starts_with("refs/") {
            return Err("a ref is written as a whole, such as `refs/heads/main` or `refs/tags/v*`");
        }
        Pattern::read(text).map(Self)
    }
}

impl WorkflowPattern {
    /// Whether it is about the file that signed.
    pub(crate) fn is_of_signer(&self) -> bool {
        self.path.0.starts_with("https://")
    }

    /// Path and ref are matched apart, so that no wildcard of the one takes something of the other. A pattern without
    /// a ref fits the file of every ref.
    pub(crate) fn matches(&self, found: &str) -> bool {
        let (path, git_ref) = workflow::split(found);
        let fits = |wanted: &Pattern| git_ref.is_some_and(|found| wanted.matches(found));
        self.path.matches(path) && self.git_ref.as_ref().is_none_or(fits)
    }

    fn read(text: &str) -> Read<Self> {
        Pattern::read(text)?;
        let (path, git_ref) = workflow::split(text);
        if path.contains('@') {
            return Err(
                "behind the `@` of a workflow is a ref, such as `refs/heads/main`, or a whole commit",
            );
        }
        let path = match path.strip_prefix("https://") {
            Some(signer) => {
                let (host, path) = bound(signer)?;
                format!("https://{host}/{path}")
            }
            None if path.contains("://") || path.starts_with('/') => {
                return Err(
                    "a workflow is a path within the repository, or begins with `https://`",
                );
            }
            None => path.to_owned(),
        };
        Ok(Self {
            path: Pattern(path),
            git_ref: git_ref.map(|git_ref| Pattern(git_ref.to_owned())),
        })
    }
}

/// Host and path of an address, of which host and first part of the path are free of wildcards.
fn bound(address: &str) -> Read<(String, &str)> {
    if address.contains("://") {
        return Err("its address begins with something else than `https://`");
    }
    let Some((host, path)) = address.split_once('/') else {
        return Err("it names no owner; write it as `github.com/owner/repository`");
    };
    let owner = path.split('/').next().unwrap_or_default();
    if [host, owner].iter().any(|part| part.contains(['*', '?'])) {
        return Err(BOUND);
    }
    if owner.is_empty() {
        return Err("it names no owner; write it as `github.com/owner/repository`");
    }
    let host =
        host_of(host).ok_or("its host is none; write it as `github.com/owner/repository`")?;
    Ok((host, path))
}

macro_rules! from_str {
    ($($pattern:ident)+) => {$(
        impl FromStr for $pattern {
            type Err = PatternError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::read(text).map_err(|fault| PatternError::new(text, fault))
            }
        }
    )+};
}

from_str!(Pattern SourcePattern RefPattern WorkflowPattern);

impl fmt::Display for Pattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl fmt::Display for SourcePattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.pattern.fmt(formatter)
    }
}

impl fmt::Display for RefPattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl fmt::Display for WorkflowPattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.git_ref {
            Some(git_ref) => write!(formatter, "{}@{git_ref}", self.path),
            None => self.path.fmt(formatter),
        }
    }
}
