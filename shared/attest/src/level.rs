//! The SLSA build level that a build earns.

use std::{fmt, str::FromStr};

use crate::{agreement::GITHUB_RUNNERS, certificate::CertificateClaims, generator};

/// A build level: those of SLSA (`https://slsa.dev/spec/v1.0/levels`), as far as certificate and statement can show them.
///
/// | signed by | builder in the statement | level |
/// |---|---|---|
/// | a builder of slsa-github-generator at `refs/tags/vX.Y.Z`, on a runner that GitHub hosts | the same workflow | L3 |
/// | a delegator of slsa-github-generator at `refs/tags/vX.Y.Z`, on such a runner | its builder for Maven, Gradle, Node.js or Bazel at such a tag | L3 |
/// | any other workflow on such a runner, the generators for digests included | that workflow, or GitHub's runner | L2 |
/// | anything else that verifies: own runners, other platforms, own keys, other builders | any | L1 |
///
/// GitHub's own word for its attestations is L2, and L3 for reusable workflows that the caller cannot change;
/// which workflows of an organisation are such, only the organisation knows: demand them by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// There is provenance.
    L1,
    /// A workflow on a runner that GitHub hosts signed it. That is less than SLSA demands, which wants the platform to
    /// write the provenance: each step of a job with `id-token: write` can write and sign any statement about its own
    /// repository and workflow, and the artifact may have been built elsewhere, on a runner of one's own, too. Source,
    /// commit, ref and workflow are the certificate's, and true all the same.
    L2,
    /// A builder that the caller's steps cannot change built it and signed what it built.
    L3,
}

impl Level {
    /// 1, 2 or 3.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::L1 => 1,
            Self::L2 => 2,
            Self::L3 => 3,
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "L{}", self.number())
    }
}

impl FromStr for Level {
    type Err = &'static str;

    /// `1` or `L1`, and so on.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.strip_prefix('L').unwrap_or(text) {
            "1" => Ok(Self::L1),
            "2" => Ok(Self::L2),
            "3" => Ok(Self::L3),
            _ => Err("a build level is 1, 2 or 3"),
        }
    }
}

/// Machines that GitHub runs.
const HOSTED: &str = "github-hosted";

/// The level of a build whose certificate and statement agree.
pub(crate) fn of(certified: &CertificateClaims, builder: &str) -> Level {
    let is_hosted = certified.is_of_github() && certified.runner.as_deref() == Some(HOSTED);
    let Some(signer) = certified.signer_workflow.as_deref().filter(|_| is_hosted) else {
        return Level::L1;
    };
    let is_signer = builder == signer;
    // npm's first statements name GitHub's runner without saying whose machine it is; the certificate does.
    let is_runner = builder == "https://github.com/actions/runner"
        || GITHUB_RUNNERS.contains(&(builder, HOSTED));
    let is_built_apart = (is_signer && generator::is_builder(signer))
        || (generator::is_delegator(signer) && generator::is_delegating_builder(builder));
    match (is_built_apart, is_signer || is_runner) {
        (true, _) => Level::L3,
        (false, true) => Level::L2,
        (false, false) => Level::L1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::SourceUri;

    const WORKFLOW: &str =
        "https://github.com/acme/shop/.github/workflows/release.yml@refs/heads/main";

    fn certified(signer: &str, runner: &str, issuer: &str) -> CertificateClaims {
        CertificateClaims {
            issuer: issuer.to_owned(),
            identity: signer.to_owned(),
            source: SourceUri::parse("https://github.com/acme/shop").unwrap().0,
            commit: None,
            git_ref: None,
            workflow: None,
            signer_workflow: Some(signer.to_owned()),
            runner: Some(runner.to_owned()),
            trigger: None,
        }
    }

    fn generator(rest: &str) -> String {
        format!("https://github.com/slsa-framework/slsa-github-generator/.github/workflows/{rest}")
    }

    #[test]
    fn each_row_of_the_table_has_its_level() {
        let github = crate::platform::GITHUB_ISSUER;
        let at_tag = generator("builder_go_slsa3.yml@refs/tags/v1.10.0");
        let at_branch = generator("builder_go_slsa3.yml@refs/heads/main");
        let digests = generator("generator_generic_slsa3.yml@refs/tags/v1.10.0");
        let delegator = generator("delegator_lowperms-generic_slsa3.yml@refs/tags/v2.1.0");
        let maven = generator("builder_maven_slsa3.yml@refs/tags/v2.1.0");
        let maven_at_branch = generator("builder_maven_slsa3.yml@refs/heads/main");
        for (signer, runner, issuer, builder, level) in [
            (at_tag.as_str(), HOSTED, github, at_tag.as_str(), Level::L3),
            (&at_branch, HOSTED, github, &at_branch, Level::L2),
            (&digests, HOSTED, github, &digests, Level::L2),
            (&delegator, HOSTED, github, &maven, Level::L3),
            (&delegator, HOSTED, github, &maven_at_branch, Level::L1),
            (&delegator, HOSTED, github, WORKFLOW, Level::L1),
            (&delegator, "self-hosted", github, &maven, Level::L1),
            (&maven, HOSTED, github, &maven, Level::L2),
            (WORKFLOW, HOSTED, github, &maven, Level::L1),
            (&at_tag, "self-hosted", github, &at_tag, Level::L1),
            (&at_tag, HOSTED, "https://gitlab.com", &at_tag, Level::L1),
            (WORKFLOW, HOSTED, github, WORKFLOW, Level::L2),
            (
                WORKFLOW,
                HOSTED,
                github,
                "https://github.com/actions/runner",
                Level::L2,
            ),
            (WORKFLOW, HOSTED, github, GITHUB_RUNNERS[0].0, Level::L2),
            (WORKFLOW, HOSTED, github, GITHUB_RUNNERS[1].0, Level::L1),
            (
                WORKFLOW,
                HOSTED,
                github,
                "https://builder.example",
                Level::L1,
            ),
            (WORKFLOW, "self-hosted", github, WORKFLOW, Level::L1),
        ] {
            let found = of(&certified(signer, runner, issuer), builder);
            assert_eq!(found, level, "{signer} on {runner} as {builder}");
        }
    }

    #[test]
    fn level_is_read_as_it_is_written() {
        assert_eq!("L2".parse(), Ok(Level::L2));
        assert_eq!("3".parse(), Ok(Level::L3));
        assert!("4".parse::<Level>().is_err());
        assert!("".parse::<Level>().is_err());
        assert_eq!(Level::L3.to_string(), "L3");
        assert!(Level::L1 < Level::L3);
    }
}
