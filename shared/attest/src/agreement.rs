//! The statement held against the certificate: where both speak, they have to say the same.

use crate::{
    certificate::CertificateClaims,
    error::{AttestError, Claim},
    generator,
    predicate::ProvenanceClaims,
    source::SourceUri,
    text::shown,
    workflow,
};

/// What GitHub's runners are called as builders, and the environment that the certificate then names.
pub(crate) const GITHUB_RUNNERS: [(&str, &str); 2] = [
    (
        "https://github.com/actions/runner/github-hosted",
        "github-hosted",
    ),
    (
        "https://github.com/actions/runner/self-hosted",
        "self-hosted",
    ),
];

/// Refuses a statement that says something else than the certificate.
pub(crate) fn check(
    certified: &CertificateClaims,
    told: &ProvenanceClaims,
) -> Result<(), AttestError> {
    let (path, workflow_ref) = match &certified.workflow {
        Some(workflow) => {
            let (path, git_ref) = workflow::split(workflow_in(certified, workflow));
            (Some(path), git_ref)
        }
        None => (None, None),
    };
    let source = Some(certified.source.as_str());
    let told_source = told.source.as_ref().map(SourceUri::as_str);
    for (claim, certificate, statement) in [
        (Claim::Source, source, told_source),
        (
            Claim::Commit,
            certified.commit.as_deref(),
            told.commit.as_deref(),
        ),
        (
            Claim::Ref,
            certified.git_ref.as_deref(),
            told.git_ref.as_deref(),
        ),
        (Claim::Workflow, path, told.workflow_path.as_deref()),
        (Claim::Workflow, workflow_ref, told.workflow_ref.as_deref()),
        (
            Claim::Builder,
            builder(certified, &told.builder),
            Some(told.builder.as_str()),
        ),
    ] {
        if let (Some(certificate), Some(statement)) = (certificate, statement)
            && certificate != statement
        {
            return Err(AttestError::Contradiction {
                claim,
                certificate: shown(certificate),
                statement: shown(statement),
            });
        }
    }
    Ok(())
}

/// A workflow within the repository that was built, by its path; one of another repository as a whole. GitLab has two
/// slashes between the two.
pub(crate) fn workflow_in<'a>(certified: &CertificateClaims, workflow: &'a str) -> &'a str {
    workflow
        .strip_prefix(certified.source.as_str())
        .and_then(|rest| rest.strip_prefix('/'))
        .map_or(workflow, |path| path.strip_prefix('/').unwrap_or(path))
}

/// Who the builder has to be by the certificate, where the statement names a runner or a workflow of
/// GitHub. Builders of other names cannot be held against it, nor those for which a delegator signs; `level` says what
/// each is worth.
fn builder<'a>(certified: &'a CertificateClaims, told: &str) -> Option<&'a str> {
    if !told.starts_with("https://github.com/") {
        return None;
    }
    if GITHUB_RUNNERS.iter().any(|(builder, _)| *builder == told) {
        let runner = certified.runner.as_deref().unwrap_or("none");
        let of_runner = GITHUB_RUNNERS.iter().find(|(_, name)| *name == runner);
        return Some(of_runner.map_or(runner, |(builder, _)| *builder));
    }
    let signer = certified.signer_workflow.as_deref().unwrap_or("none");
    let is_delegated = certified.is_of_github() && generator::is_delegator(signer);
    (told.contains("/.github/workflows/") && !is_delegated).then_some(signer)
}
