//! The repository that was built, in one spelling.

use std::fmt;

/// A repository as `https://host/path`: without `git+`, `.git`, a ref or a slash at the end, the host in
/// lower case. The path is kept as it is, since hosts other than GitHub tell its cases apart.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SourceUri(String);

impl SourceUri {
    /// Reads a repository as certificates and statements write it, and the ref behind its `@`, if there is
    /// one. Nothing if it is not a repository under `https`, or could be read in two ways.
    #[must_use]
    pub fn parse(text: &str) -> Option<(Self, Option<&str>)> {
        let text = text.strip_prefix("git+").unwrap_or(text);
        let (host, rest) = text.strip_prefix("https://")?.split_once('/')?;
        let host = host_of(host)?;
        let (path, git_ref) = match rest.split_once('@') {
            Some((path, git_ref)) => (path, Some(git_ref)),
            None => (rest, None),
        };
        let path = path.strip_suffix('/').unwrap_or(path);
        let path = path.strip_suffix(".git").unwrap_or(path);
        if !path.split('/').all(is_part) || git_ref.is_some_and(str::is_empty) {
            return None;
        }
        Some((Self(format!("https://{host}/{path}")), git_ref))
    }

    /// The repository as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Host, and port where there is one.
    #[must_use]
    pub fn host(&self) -> &str {
        let rest = self.0.split_once("://").map_or("", |(_, rest)| rest);
        rest.split_once('/').map_or(rest, |(host, _)| host)
    }
}

/// A host in one spelling, with its port where that is another than that of `https`. Nothing if it is none; a dot at
/// the end, which many tools pass over, would be a second spelling.
pub(crate) fn host_of(text: &str) -> Option<String> {
    let (name, port) = match text.split_once(':') {
        Some((name, port)) => (name, Some(port.parse::<u16>().ok()?)),
        None => (text, None),
    };
    let is_label = |label: &str| {
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '-';
        !label.is_empty() && label.chars().all(is_name)
    };
    let name = name.to_ascii_lowercase();
    match port {
        _ if !name.split('.').all(is_label) => None,
        None | Some(443) => Some(name),
        Some(port) => Some(format!("{name}:{port}")),
    }
}

/// Whether text may be a part of a repository's path.
pub(crate) fn is_part(part: &str) -> bool {
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '~' | '+');
    !matches!(part, "" | "." | "..") && part.chars().all(is_name)
}

impl fmt::Display for SourceUri {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spelt(text: &str) -> Option<String> {
        SourceUri::parse(text).map(|(source, _)| source.to_string())
    }

    #[test]
    fn one_repository_has_one_spelling() {
        for text in [
            "https://github.com/acme/shop",
            "https://GitHub.com/acme/shop/",
            "git+https://github.com/acme/shop.git",
            "git+https://github.com/acme/shop@refs/heads/main",
            "https://github.com:443/acme/shop",
            "https://github.com:0443/acme/shop",
        ] {
            assert_eq!(
                spelt(text).as_deref(),
                Some("https://github.com/acme/shop"),
                "{text}"
            );
        }
    }

    #[test]
    fn the_ref_is_what_follows_the_at() {
        let (_, git_ref) = SourceUri::parse("git+https://github.com/a/b@refs/tags/v1@2").unwrap();
        assert_eq!(git_ref, Some("refs/tags/v1@2"));
    }

    #[test]
    fn ambiguous_source_is_no_repository() {
        for text in [
            "",
            "acme/shop",
            "https://github.com",
            "https://github.com/",
            "https://github.com/a//b",
            "https://github.com/../b",
            "https://github.com@evil.example/a/b",
            "https://github.com/a/b?x",
            "https://github.com/a/b#x",
            "https://github.com/a%2fb",
            "https://github.com\\a/b",
            "https://github.com/a/b@",
            "http://github.com/a/b",
            "https://github.com./a/b",
            "https://github.com:/a/b",
            "https://github.com:x/a/b",
            "https://github.com:443:443/a/b",
            "file:///a/b",
            "ssh://git@github.com/a/b",
        ] {
            assert_eq!(spelt(text), None, "{text}");
        }
    }

    #[test]
    fn the_host_is_read_back() {
        let (source, _) = SourceUri::parse("https://Git.Example:8443/a/b").unwrap();
        assert_eq!(source.host(), "git.example:8443");
    }
}
