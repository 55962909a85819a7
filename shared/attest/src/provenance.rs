//! The proof of where an artifact was built.

use jiff::Timestamp;

use crate::{
    agreement::workflow_in,
    certificate::CertificateClaims,
    level::{self, Level},
    predicate::ProvenanceClaims,
    source::SourceUri,
    subject::Subject,
    text::shown,
};

/// Who signed a provenance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Signer {
    /// A build, by a certificate that an authority of the trust root issued to it.
    Build {
        /// Who vouched for the build's identity, a URL.
        issuer: String,
        /// The identity: the workflow that signed, a URI.
        identity: String,
    },
    /// The holder of a key of one's own.
    Key {
        /// SHA-256 of the public key (its `SubjectPublicKeyInfo` in DER).
        sha256: [u8; 32],
    },
}

/// A provenance that was verified: its signer says that an artifact with this digest was built from this source by this
/// builder. Verifying is the only way to one.
///
/// Source, commit, ref, workflows and event are those of the certificate, and the statement does not say anything
/// else; with a key of one's own they are those of the statement. Builder and build type are those of the
/// statement. What the builder's name is worth, and who could have written the digest, [`Level`] says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provenance {
    subject: Subject,
    subject_name: String,
    signer: Signer,
    builder_id: String,
    build_type: String,
    source: Option<SourceUri>,
    commit: Option<String>,
    git_ref: Option<String>,
    workflow: Option<String>,
    signer_workflow: Option<String>,
    trigger: Option<String>,
    level: Level,
    signed_at: Option<Timestamp>,
}

impl Provenance {
    /// Of a build with a certificate, after both were found to agree.
    pub(crate) fn of_build(
        (subject, subject_name): (&Subject, &str),
        certified: CertificateClaims,
        told: ProvenanceClaims,
        signed_at: Timestamp,
    ) -> Self {
        let workflow = certified.workflow.as_deref();
        Self {
            subject: *subject,
            subject_name: shown(subject_name),
            level: level::of(&certified, &told.builder),
            workflow: workflow.map(|workflow| workflow_in(&certified, workflow).to_owned()),
            builder_id: told.builder,
            build_type: told.build_type,
            source: Some(certified.source),
            commit: certified.commit,
            git_ref: certified.git_ref,
            signer_workflow: certified.signer_workflow,
            trigger: certified.trigger,
            signer: Signer::Build {
                issuer: certified.issuer,
                identity: certified.identity,
            },
            signed_at: Some(signed_at),
        }
    }

    /// Of the holder of a key, who is believed.
    pub(crate) fn of_key(
        (subject, subject_name): (&Subject, &str),
        key: [u8; 32],
        told: ProvenanceClaims,
    ) -> Self {
        let workflow_ref = told.workflow_ref.or_else(|| told.git_ref.clone());
        let workflow = told.workflow_path.map(|path| match workflow_ref {
            Some(git_ref) => format!("{path}@{git_ref}"),
            None => path,
        });
        Self {
            subject: *subject,
            subject_name: shown(subject_name),
            signer: Signer::Key { sha256: key },
            builder_id: told.builder,
            build_type: told.build_type,
            source: told.source,
            commit: told.commit,
            git_ref: told.git_ref,
            workflow,
            signer_workflow: None,
            trigger: None,
            level: Level::L1,
            signed_at: None,
        }
    }

    /// The artifact that it was verified for.
    #[must_use]
    pub const fn subject(&self) -> &Subject {
        &self.subject
    }

    /// What the statement calls the artifact, made safe to print; the builder's choice, and nothing that was checked.
    #[must_use]
    pub fn subject_name(&self) -> &str {
        &self.subject_name
    }

    /// Who signed.
    #[must_use]
    pub const fn signer(&self) -> &Signer {
        &self.signer
    }

    /// Who ran the build, a URI.
    #[must_use]
    pub fn builder_id(&self) -> &str {
        &self.builder_id
    }

    /// How the statement is to be read, a URI.
    #[must_use]
    pub fn build_type(&self) -> &str {
        &self.build_type
    }

    /// The repository that was built. Absent only where a statement that a key signed does not say it.
    #[must_use]
    pub const fn source(&self) -> Option<&SourceUri> {
        self.source.as_ref()
    }

    /// The commit that was built, in hexadecimal.
    #[must_use]
    pub fn commit(&self) -> Option<&str> {
        self.commit.as_deref()
    }

    /// The branch or tag that was built, such as `refs/heads/main`.
    #[must_use]
    pub fn git_ref(&self) -> Option<&str> {
        self.git_ref.as_deref()
    }

    /// The file that describes the build, and its ref: `.github/workflows/release.yml@refs/heads/main`. One
    /// of another repository is a whole URI.
    #[must_use]
    pub fn workflow(&self) -> Option<&str> {
        self.workflow.as_deref()
    }

    /// The file that signed, and its ref, a URI. It is another one than [`Provenance::workflow`] where the build
    /// calls a reusable workflow, which then did the work.
    #[must_use]
    pub fn signer_workflow(&self) -> Option<&str> {
        self.signer_workflow.as_deref()
    }

    /// The event that started the build, in the platform's own word: `push`, `pull_request_target`. A key of one's own
    /// proves none.
    #[must_use]
    pub fn trigger(&self) -> Option<&str> {
        self.trigger.as_deref()
    }

    /// The build level that builder and certificate earn.
    #[must_use]
    pub const fn level(&self) -> Level {
        self.level
    }

    /// The earliest proven time of signing. A key of one's own proves none.
    #[must_use]
    pub const fn signed_at(&self) -> Option<Timestamp> {
        self.signed_at
    }
}
