//! The SLSA build level that a build earns.

use std::{fmt, str::FromStr};

use crate::{agreement::GITHUB_RUNNERS, certificate::Certified};

/// A SLSA build level (`https://slsa.dev/spec/v1.0/levels`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// There is provenance.
    L1,
    /// It was signed by a platform that hosts builds.
    L2,
    /// It was signed out of reach of the build's own steps.
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

/// Reusable workflows that build, and sign what they built, apart from the caller's steps. They count when they
/// are called by the tag of a release: a branch of theirs may hold anything.
///
/// | signed by | builder in the statement | level |
/// |---|---|---|
/// | one of these at `refs/tags/vX.Y.Z`, on a runner that GitHub hosts | the same workflow | L3 |
/// | a workflow on a runner that GitHub hosts | that workflow, or GitHub's runner | L2 |
/// | anything else that verifies: own runners, other platforms, own keys, other builders | any | L1 |
///
/// GitHub's own word for its attestations is L2, and L3 for reusable workflows that the caller cannot change;
/// which workflows of an organisation are such, only the organisation knows: demand them by name.
const GENERATORS: &str =
    "https://github.com/slsa-framework/slsa-github-generator/.github/workflows/";
const GENERATOR_FILES: [&str; 8] = [
    "builder_container-based_slsa3.yml",
    "builder_go_slsa3.yml",
    "builder_gradle_slsa3.yml",
    "builder_maven_slsa3.yml",
    "builder_nodejs_slsa3.yml",
    "generator_container_slsa3.yml",
    "generator_generic_slsa3.yml",
    "builder_bazel_slsa3.yml",
];
const HOSTED: &str = "github-hosted";

/// The level of a build whose certificate and statement agree.
pub(crate) fn of(certified: &Certified, builder: &str) -> Level {
    let is_hosted = certified.is_of_github() && certified.runner.as_deref() == Some(HOSTED);
    let Some(signer) = certified.signer_workflow.as_deref().filter(|_| is_hosted) else {
        return Level::L1;
    };
    let is_signer = builder == signer;
    // npm's first statements name GitHub's runner without saying whose machine it is; the certificate does.
    let is_runner = builder == "https://github.com/actions/runner"
        || GITHUB_RUNNERS.contains(&(builder, HOSTED));
    match (is_signer, is_runner) {
        (true, _) if is_generator(signer) => Level::L3,
        (false, false) => Level::L1,
        _ => Level::L2,
    }
}

fn is_generator(workflow: &str) -> bool {
    let Some((file, version)) = workflow
        .strip_prefix(GENERATORS)
        .and_then(|rest| rest.split_once("@refs/tags/v"))
    else {
        return false;
    };
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let parts: Vec<&str> = version.split('.').collect();
    GENERATOR_FILES.contains(&file) && parts.len() == 3 && parts.into_iter().all(is_number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::SourceUri;

    const WORKFLOW: &str =
        "https://github.com/acme/shop/.github/workflows/release.yml@refs/heads/main";

    fn certified(signer: &str, runner: &str, issuer: &str) -> Certified {
        Certified {
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
        format!("{GENERATORS}{rest}")
    }

    #[test]
    fn each_row_of_the_table_has_its_level() {
        let github = crate::platform::GITHUB_ISSUER;
        let at_tag = generator("generator_generic_slsa3.yml@refs/tags/v1.10.0");
        let at_branch = generator("generator_generic_slsa3.yml@refs/heads/main");
        let odd_tag = generator("generator_generic_slsa3.yml@refs/tags/v1.10.0-evil");
        let moving_tag = generator("generator_generic_slsa3.yml@refs/tags/v1.10");
        let unknown = generator("other.yml@refs/tags/v1.10.0");
        for (signer, runner, issuer, builder, level) in [
            (at_tag.as_str(), HOSTED, github, at_tag.as_str(), Level::L3),
            (&at_branch, HOSTED, github, &at_branch, Level::L2),
            (&odd_tag, HOSTED, github, &odd_tag, Level::L2),
            (&moving_tag, HOSTED, github, &moving_tag, Level::L2),
            (&unknown, HOSTED, github, &unknown, Level::L2),
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
