//! The reusable workflows of slsa-github-generator, which sign apart from the caller's steps.
//!
//! They count when they are called by the tag of a release: a branch of theirs may hold anything.

const WORKFLOWS: &str =
    "https://github.com/slsa-framework/slsa-github-generator/.github/workflows/";

/// They build, and sign what they built. (`generator_generic_slsa3.yml` and `generator_container_slsa3.yml` are missing
/// here: they build nothing, and sign the digests that the caller hands in.)
const BUILDERS: [&str; 2] = ["builder_container-based_slsa3.yml", "builder_go_slsa3.yml"];

/// They have a delegator build for them, and name themselves as the builder.
const DELEGATING_BUILDERS: [&str; 4] = [
    "builder_bazel_slsa3.yml",
    "builder_gradle_slsa3.yml",
    "builder_maven_slsa3.yml",
    "builder_nodejs_slsa3.yml",
];

/// They build and sign for other reusable workflows, whose name they write as the builder. The certificate is theirs.
const DELEGATORS: [&str; 2] = [
    "delegator_generic_slsa3.yml",
    "delegator_lowperms-generic_slsa3.yml",
];

/// Whether a workflow builds, and signs with a certificate of its own.
pub(crate) fn is_builder(workflow: &str) -> bool {
    is_release_of(&BUILDERS, workflow)
}

/// Whether a workflow builds by way of a delegator.
pub(crate) fn is_delegating_builder(workflow: &str) -> bool {
    is_release_of(&DELEGATING_BUILDERS, workflow)
}

/// Whether a workflow signs for other ones, of whose name it makes sure.
pub(crate) fn is_delegator(workflow: &str) -> bool {
    is_release_of(&DELEGATORS, workflow)
}

fn is_release_of(files: &[&str], workflow: &str) -> bool {
    let Some((file, version)) = workflow
        .strip_prefix(WORKFLOWS)
        .and_then(|rest| rest.split_once("@refs/tags/v"))
    else {
        return false;
    };
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let parts: Vec<&str> = version.split('.').collect();
    files.contains(&file) && parts.len() == 3 && parts.into_iter().all(is_number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_tag_of_a_release_counts() {
        for (rest, counts) in [
            ("builder_go_slsa3.yml@refs/tags/v1.10.0", true),
            ("builder_go_slsa3.yml@refs/heads/main", false),
            ("builder_go_slsa3.yml@refs/tags/v1.10.0-evil", false),
            ("builder_go_slsa3.yml@refs/tags/v1.10", false),
            ("builder_go_slsa3.yml@refs/tags/v1..0", false),
            ("builder_go_slsa3.yml@refs/heads/x@refs/tags/v1.10.0", false),
            ("builder_go_slsa3.yml", false),
            ("generator_generic_slsa3.yml@refs/tags/v1.10.0", false),
            ("other.yml@refs/tags/v1.10.0", false),
        ] {
            assert_eq!(is_builder(&format!("{WORKFLOWS}{rest}")), counts, "{rest}");
        }
        let elsewhere = "https://github.com/acme/slsa-github-generator/.github/workflows/builder_go_slsa3.yml@refs/tags/v1.10.0";
        assert!(!is_builder(elsewhere));
    }
}
