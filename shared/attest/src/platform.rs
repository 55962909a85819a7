//! Which platform may speak of the builds of which host's repositories.

/// Who vouches for the identities of GitHub's workflows. An enterprise may have its name behind it.
pub(crate) const GITHUB_ISSUER: &str = "https://token.actions.githubusercontent.com";

/// The host of GitHub's repositories.
pub(crate) const GITHUB_HOST: &str = "github.com";

/// Hosts whose repositories only the platform itself may speak of, and the issuer of its identities. The public good
/// instance issues certificates for other platforms (Codefresh, `CircleCI`), too, which build sources of any host and
/// say so in the same extensions.
const PLATFORMS: [(&str, &str); 2] = [
    (GITHUB_HOST, GITHUB_ISSUER),
    ("gitlab.com", "https://gitlab.com"),
];

/// The issuer that vouches for builds of a host's repositories, if it is known.
pub(crate) fn issuer_of(host: &str) -> Option<&'static str> {
    let mut platforms = PLATFORMS.iter();
    platforms
        .find(|(known, _)| *known == host)
        .map(|(_, issuer)| *issuer)
}

/// Whether one of the known platforms issued it.
pub(crate) fn is_of_platform(issuer: &str) -> bool {
    PLATFORMS.iter().any(|(_, known)| is_issuer(known, issuer))
}

/// Whether an issuer may speak of a host: platforms of their own hosts, and nobody else of those.
pub(crate) fn may_speak_of(issuer: &str, host: &str) -> bool {
    let mut platforms = PLATFORMS.iter();
    platforms.all(|(of_host, known)| (*of_host == host) == is_issuer(known, issuer))
}

/// Whether it is this issuer, or a part of it.
pub(crate) fn is_issuer(wanted: &str, found: &str) -> bool {
    let rest = found.strip_prefix(wanted);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn platforms_speak_of_their_own_hosts_and_nobody_else_does() {
        let enterprise = format!("{GITHUB_ISSUER}/acme");
        let lookalike = format!("{GITHUB_ISSUER}.evil.example");
        for (issuer, host, may) in [
            (GITHUB_ISSUER, "github.com", true),
            (&enterprise, "github.com", true),
            (&lookalike, "github.com", false),
            ("https://oidc.codefresh.io", "github.com", false),
            ("https://gitlab.com", "gitlab.com", true),
            ("https://gitlab.com", "github.com", false),
            (GITHUB_ISSUER, "gitlab.com", false),
            (GITHUB_ISSUER, "git.example", false),
            ("https://gitlab.com", "git.example", false),
            ("https://oidc.codefresh.io", "bitbucket.org", true),
        ] {
            assert_eq!(may_speak_of(issuer, host), may, "{issuer} {host}");
        }
        assert_eq!(issuer_of("github.com"), Some(GITHUB_ISSUER));
        assert_eq!(issuer_of("bitbucket.org"), None);
    }
}
