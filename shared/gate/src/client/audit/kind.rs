//! What an audit can find: word, severity, meaning, and the controls that ask for it.

use serde::{Serialize, Serializer};

use crate::records::DriftKind;

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AuditSeverity {
    /// Worth knowing; it makes no audit fail.
    Note,
    /// A gap.
    Warning,
    /// Something runs, or may run, that nobody vouched for.
    Critical,
}

impl AuditSeverity {
    /// All of them, the worst first.
    pub const ALL: [Self; 3] = [Self::Critical, Self::Warning, Self::Note];

    /// The word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }
}

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FindingKind {
    /// What `sweep` found against the records.
    Drift(DriftKind),
    /// The function has no code signing configuration.
    NoCsc,
    /// The function's configuration only warns.
    CscWarns,
    /// The function names a configuration that was not among those of the account.
    CscUnknown,
    /// What runs carries no signature.
    Unsigned,
    /// What runs was signed by somebody whom the function's configuration does not list.
    SignerNotAllowed,
    /// The newest upload was accepted and could not be brought to run as it should.
    UploadFailed,
    /// The function is none of the gate's: nothing was ever deployed to it by way of an upload.
    NotGated,
    /// A container image.
    ContainerImage,
    /// A configuration lists nobody.
    CscWithoutPublishers,
    /// A configuration lists what is no version of a signing profile.
    PublisherDead,
    /// A configuration lists a profile of another account, region or partition.
    PublisherForeign,
    /// A configuration lists a profile version that signed nothing that runs under it.
    PublisherIdle,
    /// No function has the configuration.
    CscUnused,
    /// Another configuration lists the same publishers or more, and is as strict.
    CscShadowed,
    /// A principal may change whom Lambda trusts, by a wildcard.
    CscOpenByWildcard,
    /// A principal may do everything, this among it.
    CscOpenToAdministrator,
    /// A policy that may give somebody the right could not be read.
    PolicyUnread,
}

// CIS AWS Compute Services Benchmark, NIST SP 800-53 revision 5, OWASP SCVS 1.0 as docs/scvs.md has it, SLSA 1.1 as docs/slsa.md has
// it: SLSA numbers nothing, so that these are the names of its rows. Security Hub has no control for code signing among its controls for
// Lambda (its user guide, grade B).
const CIS: &str = "CIS AWS Compute Services 4.8";
const SI_7: &str = "NIST 800-53 SI-7(15)";
const CM_14: &str = "NIST 800-53 CM-14";
const AC_6: &str = "NIST 800-53 AC-6";
const CM_5: &str = "NIST 800-53 CM-5";
/// Nothing is published without a signature.
const SCVS_SIGNED: &str = "SCVS 4.12";
/// What is expected of a package is safe from whoever only publishes.
const SLSA_EXPECTATIONS: &str = "SLSA 1.1 verification: expectations";
/// Whoever runs a package verifies it before.
const SLSA_CONSUMER: &str = "SLSA 1.1 verification: at the consumer";
/// What runs is watched.
const SLSA_MONITOR: &str = "SLSA 1.1 verification: a monitor";

impl FindingKind {
    /// All of them.
    pub fn all() -> impl Iterator<Item = Self> {
        let own = [
            Self::NoCsc,
            Self::CscWarns,
            Self::CscUnknown,
            Self::Unsigned,
            Self::SignerNotAllowed,
            Self::UploadFailed,
            Self::NotGated,
            Self::ContainerImage,
            Self::CscWithoutPublishers,
            Self::PublisherDead,
            Self::PublisherForeign,
            Self::PublisherIdle,
            Self::CscUnused,
            Self::CscShadowed,
            Self::CscOpenByWildcard,
            Self::CscOpenToAdministrator,
            Self::PolicyUnread,
        ];
        // That one tells of all functions in one page; here each is a finding of its own. A freeze is nothing wrong.
        let drift = DriftKind::ALL
            .into_iter()
            .filter(|kind| *kind != DriftKind::NotGated && !kind.is_notice());
        drift.map(Self::Drift).chain(own)
    }

    /// The word in reports. It never changes its meaning.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Drift(kind) => kind.as_str(),
            Self::NoCsc => "NO_CSC",
            Self::CscWarns => "CSC_WARNS",
            Self::CscUnknown => "CSC_UNKNOWN",
            Self::Unsigned => "UNSIGNED",
            Self::SignerNotAllowed => "SIGNER_NOT_ALLOWED",
            Self::UploadFailed => "UPLOAD_FAILED",
            Self::NotGated => "NOT_GATED",
            Self::ContainerImage => "CONTAINER_IMAGE",
            Self::CscWithoutPublishers => "CSC_WITHOUT_PUBLISHERS",
            Self::PublisherDead => "PUBLISHER_DEAD",
            Self::PublisherForeign => "PUBLISHER_FOREIGN",
            Self::PublisherIdle => "PUBLISHER_IDLE",
            Self::CscUnused => "CSC_UNUSED",
            Self::CscShadowed => "CSC_SHADOWED",
            Self::CscOpenByWildcard => "CSC_OPEN_BY_WILDCARD",
            Self::CscOpenToAdministrator => "CSC_OPEN_TO_ADMINISTRATOR",
            Self::PolicyUnread => "POLICY_UNREAD",
        }
    }

    /// How much it matters.
    #[must_use]
    pub fn severity(self) -> AuditSeverity {
        match self {
            Self::Drift(kind) if kind.is_critical() => AuditSeverity::Critical,
            Self::Drift(_)
            | Self::NoCsc
            | Self::CscWarns
            | Self::CscUnknown
            | Self::Unsigned
            | Self::SignerNotAllowed
            | Self::UploadFailed
            | Self::CscWithoutPublishers
            | Self::PublisherDead
            | Self::PublisherForeign
            | Self::CscOpenByWildcard => AuditSeverity::Warning,
            Self::NotGated
            | Self::ContainerImage
            | Self::PublisherIdle
            | Self::CscUnused
            | Self::CscShadowed
            | Self::CscOpenToAdministrator
            | Self::PolicyUnread => AuditSeverity::Note,
        }
    }

    /// What it means, in a sentence or two.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Drift(kind) => kind.meaning(),
            Self::NoCsc => {
                "The function has no code signing configuration: Lambda runs whatever it is given."
            }
            Self::CscWarns => {
                "The function's code signing configuration says Warn: Lambda takes code that its publishers did not \
                 sign, and counts it."
            }
            Self::CscUnknown => {
                "The function's code signing configuration was not among those of the account, so that nobody knows \
                 whom it trusts."
            }
            Self::Unsigned => {
                "What the target runs carries no signature: nothing tells who vouched for it."
            }
            Self::SignerNotAllowed => {
                "What the function runs was signed by a profile version that its code signing configuration does not \
                 list. It came before the configuration was changed, or under Warn."
            }
            Self::UploadFailed => {
                "The newest upload was accepted, and could not be brought to run as it should."
            }
            Self::NotGated => {
                "The gate has deployed nothing to this function, so it compares nothing."
            }
            Self::ContainerImage => {
                "The function is a container image, which AWS Signer cannot sign for Lambda."
            }
            Self::CscWithoutPublishers => {
                "The configuration lists no publisher: under Enforce, nothing can be deployed to its functions."
            }
            Self::PublisherDead => {
                "The configuration lists a publisher that is no version of a signing profile, and so matches no \
                 signature."
            }
            Self::PublisherForeign => {
                "The configuration lists a signing profile of another account, region or partition: whoever may use \
                 it there decides what may run here."
            }
            Self::PublisherIdle => {
                "The configuration lists a version of a signing profile that signed nothing that its functions run."
            }
            Self::CscUnused => "No function of the account has this code signing configuration.",
            Self::CscShadowed => {
                "Another configuration that functions have lists all of this one's publishers and is as strict: whoever \
                 may sign here may sign there, too."
            }
            Self::CscOpenByWildcard => {
                "The principal may change whom Lambda trusts by a wildcard in a policy, which may have been meant for \
                 something else."
            }
            Self::CscOpenToAdministrator => {
                "The principal may do everything, and so change whom Lambda trusts."
            }
            Self::PolicyUnread => {
                "IAM did not hand out a policy of the principal, or it is no policy document: what it allows is not known."
            }
        }
    }

    /// What to do, in a sentence.
    #[must_use]
    pub fn fix(self) -> &'static str {
        match self {
            Self::Drift(kind) => kind.fix(),
            Self::NoCsc | Self::NotGated => "Take the function under the gate.",
            Self::CscWarns => {
                "When what runs is signed, let the configuration enforce; see before which functions it concerns. \
                 For the stack's own configuration that is its parameter UntrustedCode."
            }
            Self::CscUnknown => "Look at which configuration the function has.",
            Self::Unsigned => "Deploy the package again by way of an upload, so that it is signed.",
            Self::SignerNotAllowed => {
                "Deploy the package again by way of an upload, or list the profile version if it is to be trusted."
            }
            Self::UploadFailed => "See how far it came, mend that, and upload the package again.",
            Self::ContainerImage => {
                "Protect it by other means, such as immutable tags and signed images."
            }
            Self::CscWithoutPublishers | Self::PublisherDead => {
                "List the versions of signing profiles that may sign."
            }
            Self::PublisherForeign => {
                "If that account is one of yours, name it with --trusted-account; otherwise take it off the list."
            }
            Self::PublisherIdle => {
                "Take it off the list, unless it is the profile that the next deployment is signed with."
            }
            Self::CscUnused => "Delete it if nothing is going to use it.",
            Self::CscShadowed => {
                "If its functions are not meant to trust fewer publishers, give them the other one: two lists that say \
                 the same are changed apart by mistake."
            }
            Self::CscOpenByWildcard => {
                "Name the actions that the principal needs, or deny it the changes of code signing; policies/ has a \
                 service control policy that keeps them for the gate."
            }
            Self::CscOpenToAdministrator => {
                "See that few can become it, and that each of its sessions is known; policies/ has a service control \
                 policy that keeps changes of code signing from it, too."
            }
            Self::PolicyUnread => "Read the policy in the console.",
        }
    }

    /// The controls that ask for it.
    #[must_use]
    pub fn controls(self) -> &'static [&'static str] {
        match self {
            Self::NoCsc | Self::Drift(DriftKind::CscMissing) => {
                &[CIS, SI_7, CM_14, SCVS_SIGNED, SLSA_EXPECTATIONS]
            }
            Self::CscWarns => &[CIS, SI_7, CM_14, SCVS_SIGNED, SLSA_CONSUMER],
            Self::Unsigned => &[SI_7, CM_14, SCVS_SIGNED],
            Self::Drift(DriftKind::OtherCodeRuns | DriftKind::OtherLayerVersion) => {
                &[SI_7, CM_14, SLSA_MONITOR]
            }
            Self::Drift(DriftKind::OtherCsc) | Self::SignerNotAllowed => {
                &[SI_7, CM_14, SLSA_EXPECTATIONS]
            }
            Self::Drift(
                DriftKind::LayerNotTrusted
                | DriftKind::LayerRevoked
                | DriftKind::PublisherQuestionable
                | DriftKind::SignatureRevoked
                | DriftKind::SignatureExpires,
            )
            | Self::CscUnknown
            | Self::ContainerImage
            | Self::CscWithoutPublishers
            | Self::PublisherDead
            | Self::PublisherForeign
            | Self::PublisherIdle => &[SI_7, CM_14],
            Self::CscOpenByWildcard => &[AC_6, CM_5, SLSA_EXPECTATIONS],
            Self::CscOpenToAdministrator | Self::PolicyUnread => &[AC_6, CM_5],
            Self::Drift(DriftKind::OtherVersionCurrent) => &[CM_14, SLSA_MONITOR],
            Self::Drift(
                DriftKind::TargetGone
                | DriftKind::LiveRecordBehind
                | DriftKind::PackageBehind
                | DriftKind::PackageExpires
                | DriftKind::UploadStuck
                | DriftKind::ConfigurationChanged
                | DriftKind::NotGated
                | DriftKind::WeakerParameters
                | DriftKind::SettingsChanged
                | DriftKind::ProbeDiffers
                | DriftKind::ProbeImpossible
                | DriftKind::BreakGlassInUse
                | DriftKind::BreakGlassRunsOn
                | DriftKind::FreezeInForce,
            )
            | Self::UploadFailed
            | Self::NotGated
            | Self::CscUnused
            | Self::CscShadowed => &[CM_14],
        }
    }
}

impl Serialize for FindingKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
