//! What the signer's certificate says of the build: Fulcio's extensions below 1.3.6.1.4.1.57264.1, which
//! it copies from the identity token of the platform that ran the build.

use sigstore_verify::{SubjectAltName, crypto::CertificateInfo};
use x509_cert::{Certificate, der::Decode as _};

use crate::{
    error::{AttestError, Claim},
    platform::{self, GITHUB_ISSUER},
    source::SourceUri,
    text::{fault_of_claim, shown},
};

/// The certificate's claims, after the chain was verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CertificateClaims {
    pub(crate) issuer: String,
    /// To whom it was issued: the workflow that signed, as a URI.
    pub(crate) identity: String,
    /// .12
    pub(crate) source: SourceUri,
    /// .13
    pub(crate) commit: Option<String>,
    /// .14
    pub(crate) git_ref: Option<String>,
    /// .18: the file that describes the build, with its ref.
    pub(crate) workflow: Option<String>,
    /// .9: the file that signed, with its ref.
    pub(crate) signer_workflow: Option<String>,
    /// .11
    pub(crate) runner: Option<String>,
    /// .20
    pub(crate) trigger: Option<String>,
}

impl CertificateClaims {
    /// Reads what the library took from the certificate. The certificate has to be one whose chain was
    /// verified.
    pub(crate) fn read(der: &[u8], certificate: &CertificateInfo) -> Result<Self, AttestError> {
        refuse_repeated_extensions(der)?;
        let claims = &certificate.ci_claims;
        let issuer = certificate.issuer.clone().unwrap_or_default();
        let identity = certificate.identity.as_ref();
        let identity_text = identity.map_or("nobody", SubjectAltName::as_str);
        // Without a source nobody but the signer says what was built. An e-mail address is a person, or
        // an account of a service.
        let (Some(SubjectAltName::Uri(identity)), Some(source)) =
            (identity, &claims.source_repository_uri)
        else {
            return Err(AttestError::NotABuild {
                identity: shown(identity_text),
                issuer: shown(&issuer),
            });
        };
        for (claim, text) in [
            (Claim::Issuer, Some(&issuer)),
            (Claim::SignerWorkflow, Some(identity)),
            (Claim::SignerWorkflow, claims.build_signer_uri.as_ref()),
            (Claim::Workflow, claims.build_config_uri.as_ref()),
            (Claim::Commit, claims.source_repository_digest.as_ref()),
            (Claim::Ref, claims.source_repository_ref.as_ref()),
            (Claim::Builder, claims.runner_environment.as_ref()),
            (Claim::Trigger, claims.build_trigger.as_ref()),
        ] {
            if let Some((text, fault)) = text.and_then(|text| Some((text, fault_of_claim(text)?))) {
                return Err(unusable(claim, text, fault));
            }
        }
        let Some((source, None)) = SourceUri::parse(source) else {
            let fault = "it is not the https address of a repository";
            return Err(unusable(Claim::Source, source, fault));
        };
        let certified = Self {
            issuer,
            identity: identity.clone(),
            source,
            commit: claims.source_repository_digest.clone(),
            git_ref: claims.source_repository_ref.clone(),
            workflow: claims.build_config_uri.clone(),
            signer_workflow: claims.build_signer_uri.clone(),
            runner: claims.runner_environment.clone(),
            trigger: claims.build_trigger.clone(),
        };
        certified.check_issuer()?;
        Ok(certified)
    }

    /// Whether the build ran on GitHub Actions.
    pub(crate) fn is_of_github(&self) -> bool {
        platform::is_issuer(GITHUB_ISSUER, &self.issuer)
    }

    /// A platform speaks of its own repositories, and nobody else does. Who else may speak of the repositories of other
    /// hosts is for the demand to say. GitHub's certificates name the
    /// workflow that signed twice; the two have to be one.
    fn check_issuer(&self) -> Result<(), AttestError> {
        if !platform::may_speak_of(&self.issuer, self.source.host()) {
            return Err(AttestError::ForeignIssuer {
                issuer: shown(&self.issuer),
                source_uri: self.source.to_string(),
            });
        }
        match &self.signer_workflow {
            Some(signer) if self.is_of_github() && *signer != self.identity => {
                let fault = "it is not the workflow to which the certificate was issued";
                Err(unusable(Claim::SignerWorkflow, signer, fault))
            }
            _ => Ok(()),
        }
    }
}

/// RFC 5280 §4.2 allows each extension once. The library takes the last of several, and the chain's
/// verification looks at those that it knows.
fn refuse_repeated_extensions(der: &[u8]) -> Result<(), AttestError> {
    let certificate = Certificate::from_der(der).map_err(|error| AttestError::Certificate {
        fault: shown(&error.to_string()),
    })?;
    let extensions = certificate.tbs_certificate().extensions();
    let mut oids: Vec<_> = extensions
        .into_iter()
        .flatten()
        .map(|extension| extension.extn_id)
        .collect();
    oids.sort_unstable();
    match oids.array_windows().find(|[one, next]| one == next) {
        Some([oid, _]) => Err(AttestError::RepeatedExtension {
            oid: oid.to_string(),
        }),
        None => Ok(()),
    }
}

fn unusable(claim: Claim, found: &str, fault: &'static str) -> AttestError {
    AttestError::UnusableClaim {
        claim,
        found: shown(found),
        fault,
    }
}
