//! What SLSA provenance tells of a build. Nothing of it is proven before it was held against a
//! certificate, or signed with a key that is trusted.

use serde_json::Value;

use crate::{
    error::{AttestError, Claim},
    source::SourceUri,
    text::{fault_of_claim, shown},
    workflow,
};

const V1: &str = "https://slsa.dev/provenance/v1";
const V02: &str = "https://slsa.dev/provenance/v0.2";

/// What a statement says of a build. What it does not say is absent: a build type of one's own keeps
/// these things in places that are not known here.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct ProvenanceClaims {
    pub(crate) builder: String,
    pub(crate) build_type: String,
    pub(crate) source: Option<SourceUri>,
    pub(crate) commit: Option<String>,
    /// What was checked out.
    pub(crate) git_ref: Option<String>,
    /// Path of the file that describes the build.
    pub(crate) workflow_path: Option<String>,
    /// From which ref that file was taken.
    pub(crate) workflow_ref: Option<String>,
}

/// Reads the predicate of a statement.
pub(crate) fn read(
    predicate_type: &str,
    predicate: &Value,
) -> Result<ProvenanceClaims, AttestError> {
    let told = match predicate_type {
        V1 => read_v1(predicate)?,
        V02 => read_v02(predicate)?,
        other => {
            return Err(AttestError::NotProvenance {
                found: shown(other),
            });
        }
    };
    for (claim, text) in [
        (Claim::Builder, Some(&told.builder)),
        (Claim::BuildType, Some(&told.build_type)),
        (Claim::Commit, told.commit.as_ref()),
        (Claim::Ref, told.git_ref.as_ref()),
        (Claim::Workflow, told.workflow_path.as_ref()),
        (Claim::Workflow, told.workflow_ref.as_ref()),
    ] {
        if let Some((text, fault)) = text.and_then(|text| Some((text, fault_of_claim(text)?))) {
            return Err(unusable(claim, text, fault));
        }
    }
    Ok(told)
}

/// SLSA provenance v1: `buildDefinition` is what was asked, `runDetails` who did it. The parameters of
/// GitHub's build types (a workflow) and of slsa-github-generator (a source) are known.
fn read_v1(predicate: &Value) -> Result<ProvenanceClaims, AttestError> {
    let definition = object(predicate, "buildDefinition")?;
    let parameters = at(definition, "externalParameters");
    let workflow = at(parameters, "workflow");
    let mut told = ProvenanceClaims {
        builder: text(object(object(predicate, "runDetails")?, "builder")?, "id")?,
        build_type: text(definition, "buildType")?,
        workflow_path: optional(workflow, "path")?,
        workflow_ref: optional(workflow, "ref")?,
        ..ProvenanceClaims::default()
    };
    let written = match at(parameters, "source") {
        source @ Value::Object(_) => optional(source, "uri")?,
        _ => optional(parameters, "source")?,
    };
    for written in [optional(workflow, "repository")?, written] {
        told.take_source(written)?;
    }
    let dependencies = at(definition, "resolvedDependencies").as_array();
    told.take_checkout(dependencies.into_iter().flatten(), &["gitCommit", "sha1"])?;
    let digest = at(at(parameters, "source"), "digest");
    told.take_commit(digest, &["gitCommit", "sha1"])?;
    Ok(told)
}

/// SLSA provenance v0.2: `invocation.configSource` is the repository and the file that describes the
/// build, `materials` what went in.
fn read_v02(predicate: &Value) -> Result<ProvenanceClaims, AttestError> {
    let config = at(at(predicate, "invocation"), "configSource");
    let mut told = ProvenanceClaims {
        builder: text(object(predicate, "builder")?, "id")?,
        build_type: text(predicate, "buildType")?,
        ..ProvenanceClaims::default()
    };
    told.take_source(optional(config, "uri")?)?;
    told.take_commit(at(config, "digest"), &["sha1", "gitCommit"])?;
    // npm writes the whole of `owner/repository/path@ref` here, the generators the path alone, and a
    // build that is no workflow whatever it likes.
    let entry = optional(config, "entryPoint")?;
    if let Some(position) = entry
        .as_ref()
        .and_then(|entry| entry.find(".github/workflows/"))
    {
        let entry = entry.as_ref().and_then(|entry| entry.get(position..));
        let (path, git_ref) = workflow::split(entry.unwrap_or_default());
        told.workflow_path = Some(path.to_owned());
        told.workflow_ref = git_ref.map(str::to_owned);
    }
    let materials = at(predicate, "materials").as_array();
    told.take_checkout(materials.into_iter().flatten(), &["sha1", "gitCommit"])?;
    Ok(told)
}

impl ProvenanceClaims {
    /// Takes a repository. Two different ones in one statement could be read in two ways.
    fn take_source(&mut self, written: Option<String>) -> Result<(), AttestError> {
        let Some(written) = written else {
            return Ok(());
        };
        let Some((source, git_ref)) = SourceUri::parse(&written) else {
            let fault = "it is not the https address of a repository";
            return Err(unusable(Claim::Source, &written, fault));
        };
        self.take_ref(git_ref)?;
        match &self.source {
            Some(known) if *known != source => Err(twice(Claim::Source, known.as_str(), &written)),
            _ => {
                self.source = Some(source);
                Ok(())
            }
        }
    }

    /// Takes commit and ref of the repository from what went into the build. Other repositories went in,
    /// too; they are not what was built.
    fn take_checkout<'a>(
        &mut self,
        inputs: impl Iterator<Item = &'a Value>,
        digests: &[&str],
    ) -> Result<(), AttestError> {
        for input in inputs {
            let Some(uri) = at(input, "uri").as_str() else {
                continue;
            };
            let Some((source, git_ref)) = SourceUri::parse(uri) else {
                continue;
            };
            if self.source.as_ref() == Some(&source) {
                self.take_ref(git_ref)?;
                self.take_commit(at(input, "digest"), digests)?;
            }
        }
        Ok(())
    }

    fn take_ref(&mut self, git_ref: Option<&str>) -> Result<(), AttestError> {
        match (&self.git_ref, git_ref) {
            (Some(known), Some(other)) if known != other => Err(twice(Claim::Ref, known, other)),
            (None, Some(git_ref)) => {
                self.git_ref = Some(git_ref.to_owned());
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn take_commit(&mut self, digest: &Value, names: &[&str]) -> Result<(), AttestError> {
        for name in names {
            let Some(commit) = optional(digest, name)? else {
                continue;
            };
            match &self.commit {
                Some(known) if *known != commit => {
                    return Err(twice(Claim::Commit, known, &commit));
                }
                _ => self.commit = Some(commit),
            }
        }
        Ok(())
    }
}

fn unusable(claim: Claim, found: &str, fault: &'static str) -> AttestError {
    AttestError::UnusableClaim {
        claim,
        found: shown(found),
        fault,
    }
}

fn twice(claim: Claim, one: &str, other: &str) -> AttestError {
    AttestError::Predicate {
        fault: shown(&format!("it names the {claim} `{one}`, and then `{other}`")),
    }
}

/// A part that may be missing.
fn at<'a>(value: &'a Value, name: &str) -> &'a Value {
    value.get(name).unwrap_or(&Value::Null)
}

fn object<'a>(value: &'a Value, name: &str) -> Result<&'a Value, AttestError> {
    value
        .get(name)
        .filter(|value| value.is_object())
        .ok_or_else(|| AttestError::Predicate {
            fault: format!("`{name}` is missing or not an object"),
        })
}

fn text(value: &Value, name: &str) -> Result<String, AttestError> {
    optional(value, name)?.ok_or_else(|| AttestError::Predicate {
        fault: format!("`{name}` is missing"),
    })
}

/// A text that may be missing. One that is there and no text is wrong: it would be passed over otherwise.
fn optional(value: &Value, name: &str) -> Result<Option<String>, AttestError> {
    match value.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(AttestError::Predicate {
            fault: format!("`{name}` is not a text"),
        }),
    }
}
