//! What somebody wants of a provenance, against what is proven.

use std::fmt;

use crate::{
    error::Claim,
    level::Level,
    pattern::{Pattern, PatternError, RefPattern, SourcePattern, WorkflowPattern},
    platform,
    provenance::{Provenance, Signer},
    text::fault_of_claim,
};

/// Events of GitHub and GitLab that start a build only at the hand of who may write to the repository, on code that
/// is in it. The others (`pull_request_target`, `issue_comment`, `workflow_run`, merge requests) come with branch,
/// commit and workflow of the repository, too, and many of their workflows build what a stranger proposes. GitLab's
/// `parent_pipeline` is not among them either: the parent may be the pipeline of a merge request.
const USUAL_TRIGGERS: [&str; 10] = [
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
];

/// Who has to have signed.
#[derive(Debug, Clone, PartialEq, Eq)]
enum SignedBy {
    /// A build whose identity this issuer vouches for, or a part of the issuer.
    Platform(&'static str),
    /// A build whose identity exactly this issuer vouches for.
    Issuer(String),
    /// The holder of the key with this SHA-256.
    Key([u8; 32]),
}

/// What is wanted: a source, and who may say that it was built from it. What else is absent is not demanded.
///
/// A certificate is anybody's, and so is a repository; so there is no demand without a source whose host and owner are
/// named. A key is believed whatever it signs; so a demand is met by a build or by a key, not by either.
///
/// # Without wildcards
///
/// AWS's general rule for the values of tags allows letters, digits, spaces and `_ . : / = + - @`, at most 256 of them:
/// no `*` and no `?`. So that a demand can be written in a tag, a `/` at the end of a source, a workflow or a ref stands
/// for everything below: `github.com/acme/`, `.github/workflows/@refs/tags/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Demand {
    source: SourcePattern,
    signed_by: SignedBy,
    workflow: Option<WorkflowPattern>,
    git_ref: Option<RefPattern>,
    trigger: Option<Pattern>,
    level: Option<Level>,
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
    /// A build on the platform that hosts the source: GitHub or GitLab.
    ///
    /// # Errors
    ///
    /// No platform is known for the source's host. Its issuer has to be named: [`Demand::vouched_for_by`].
    pub fn built_on_platform(source: SourcePattern) -> Result<Self, PatternError> {
        match platform::issuer_of(source.host()) {
            Some(issuer) => Ok(Self::new(source, SignedBy::Platform(issuer))),
            None => Err(PatternError::new(
                &source.to_string(),
                "no platform is known that vouches for builds of this host; name the issuer of the builds' identities",
            )),
        }
    }

    /// A build whose identity `issuer` vouches for, exactly: an enterprise at GitHub that has an issuer of its own, an
    /// instance of one's own. For repositories of other hosts than GitHub's and GitLab's, every platform that the
    /// certificate authority knows could say otherwise that it built them, for anybody.
    ///
    /// # Errors
    ///
    /// The issuer is no `https` address, or none that may speak of the source.
    pub fn vouched_for_by(source: SourcePattern, issuer: &str) -> Result<Self, PatternError> {
        let fault = match fault_of_claim(issuer) {
            None if !issuer.starts_with("https://") => {
                Some("an issuer is written as certificates name it, from `https://` on")
            }
            None if !platform::may_speak_of(issuer, source.host()) => {
                Some("this issuer has no say about repositories of the source's host")
            }
            fault => fault,
        };
        match fault {
            Some(fault) => Err(PatternError::new(issuer, fault)),
            None => Ok(Self::new(source, SignedBy::Issuer(issuer.to_owned()))),
        }
    }

    /// A statement that the holder of a key signed, by the SHA-256 of the key
    /// ([`PublicKey::sha256`](crate::PublicKey::sha256)). The key is believed for this source, and for no other one
    /// unless another demand says so.
    #[must_use]
    pub const fn signed_with_key(source: SourcePattern, sha256: [u8; 32]) -> Self {
        Self::new(source, SignedBy::Key(sha256))
    }

    const fn new(source: SourcePattern, signed_by: SignedBy) -> Self {
        Self {
            source,
            signed_by,
            workflow: None,
            git_ref: None,
            trigger: None,
            level: None,
        }
    }

    /// The file that describes the build, or the one that signed.
    #[must_use]
    pub fn with_workflow(self, workflow: WorkflowPattern) -> Self {
        let workflow = Some(workflow);
        Self { workflow, ..self }
    }

    /// The branch or tag.
    #[must_use]
    pub fn with_ref(self, git_ref: RefPattern) -> Self {
        let git_ref = Some(git_ref);
        Self { git_ref, ..self }
    }

    /// The event that started the build: `workflow_run`. If none is demanded, a build of GitHub or GitLab has to be
    /// started by an event that only who may write to the repository can cause, such as `push`, `release`,
    /// `workflow_dispatch` and `schedule`; one of another platform, too, where its certificate names an event.
    #[must_use]
    pub fn with_trigger(self, trigger: Pattern) -> Self {
        let trigger = Some(trigger);
        Self { trigger, ..self }
    }

    /// The least build level.
    #[must_use]
    pub fn with_level(self, level: Level) -> Self {
        let level = Some(level);
        Self { level, ..self }
    }

    /// Everything in which the provenance falls short; nothing if it meets the demand.
    #[must_use]
    pub fn judge(&self, provenance: &Provenance) -> Vec<Mismatch> {
        let mut mismatches = Vec::new();
        mismatches.extend(self.judge_signer(provenance));
        let source = provenance.source();
        if !source.is_some_and(|source| self.source.matches(source)) {
            let found = source.map(ToString::to_string);
            mismatches.push(mismatch(Claim::Source, &self.source, found.as_deref()));
        }
        if let Some(pattern) = &self.workflow {
            let (claim, found) = if pattern.is_of_signer() {
                (Claim::SignerWorkflow, provenance.signer_workflow())
            } else {
                (Claim::Workflow, provenance.workflow())
            };
            if !found.is_some_and(|found| pattern.matches(found)) {
                mismatches.push(mismatch(claim, pattern, found));
            }
        }
        if let Some(pattern) = &self.git_ref {
            let found = provenance.git_ref();
            if !found.is_some_and(|found| pattern.matches(found)) {
                mismatches.push(mismatch(Claim::Ref, pattern, found));
            }
        }
        mismatches.extend(self.judge_trigger(provenance));
        if let Some(level) = self.level.filter(|level| provenance.level() < *level) {
            let found = provenance.level().to_string();
            let expected = format!("{level} or more");
            mismatches.push(mismatch(Claim::Level, &expected, Some(&found)));
        }
        mismatches
    }

    fn judge_signer(&self, provenance: &Provenance) -> Option<Mismatch> {
        let signer = provenance.signer();
        let found = match signer {
            Signer::Build { issuer, .. } => issuer.clone(),
            Signer::Key { sha256 } => format!("key sha256:{}", hex::encode(sha256)),
        };
        let (claim, expected, fits) = match (&self.signed_by, signer) {
            (SignedBy::Platform(wanted), Signer::Build { issuer, .. }) => (
                Claim::Issuer,
                (*wanted).to_owned(),
                platform::is_issuer(wanted, issuer),
            ),
            (SignedBy::Issuer(wanted), Signer::Build { issuer, .. }) => {
                (Claim::Issuer, wanted.clone(), wanted == issuer)
            }
            (SignedBy::Platform(wanted), Signer::Key { .. }) => {
                (Claim::Issuer, (*wanted).to_owned(), false)
            }
            (SignedBy::Issuer(wanted), Signer::Key { .. }) => {
                (Claim::Issuer, wanted.clone(), false)
            }
            (SignedBy::Key(wanted), signer) => (
                Claim::Key,
                format!("sha256:{}", hex::encode(wanted)),
                *signer == Signer::Key { sha256: *wanted },
            ),
        };
        (!fits).then(|| mismatch(claim, &expected, Some(&found)))
    }

    /// Whoever has a key says what was built, and no event with it.
    fn judge_trigger(&self, provenance: &Provenance) -> Option<Mismatch> {
        let found = provenance.trigger();
        let fits = match (&self.trigger, found, provenance.signer()) {
            (Some(pattern), found, _) => found.is_some_and(|found| pattern.matches(found)),
            (None, _, Signer::Key { .. }) => true,
            (None, Some(event), _) => USUAL_TRIGGERS.contains(&event),
            (None, None, Signer::Build { issuer, .. }) => !platform::is_of_platform(issuer),
        };
        let expected = match &self.trigger {
            Some(pattern) => pattern.to_string(),
            None => USUAL_TRIGGERS.join("`, `"),
        };
        (!fits).then(|| mismatch(Claim::Trigger, &expected, found))
    }
}

fn mismatch(claim: Claim, expected: &impl ToString, found: Option<&str>) -> Mismatch {
    Mismatch {
        claim,
        expected: expected.to_string(),
        found: found.map(str::to_owned),
    }
}
