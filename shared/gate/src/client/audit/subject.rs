//! What is judged, as it is shown: a function, a layer, a code signing configuration.

use jiff::Timestamp;
use serde::Serialize;

use crate::{
    domain::{CscPolicy, PackageType, Target},
    records::{FunctionPosture, TargetPosture, UploadState},
};

/// What is known of the code that runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CodeStanding {
    /// The gate deployed it, and it is signed.
    Gated,
    /// It is signed, and did not come by way of the gate.
    Signed,
    /// It is not signed.
    Unsigned,
    /// A container image, which cannot be signed this way.
    Image,
    /// One of the gate's own functions, which nothing is deployed to by way of an upload.
    Gate,
    /// It is not there.
    Absent,
    /// The sweep did not say.
    NotKnown,
}

impl CodeStanding {
    /// All of them, the best first.
    pub const ALL: [Self; 7] = [
        Self::Gated,
        Self::Signed,
        Self::Unsigned,
        Self::Image,
        Self::Gate,
        Self::Absent,
        Self::NotKnown,
    ];

    /// In words.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Gated => "signed, by way of the gate",
            Self::Signed => "signed otherwise",
            Self::Unsigned => "not signed",
            Self::Image => "container image",
            Self::Gate => "the gate itself",
            Self::Absent => "not there",
            Self::NotKnown => "not known",
        }
    }
}

/// What Lambda does with code for the function that nobody it trusts has signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Protection {
    /// It refuses it.
    Enforce,
    /// It takes it, and counts.
    Warn,
    /// It takes it: there is no code signing configuration.
    None,
    /// It cannot say: a layer, an image, or nothing is known.
    NotApplicable,
}

impl Protection {
    /// All of them, the best first.
    pub const ALL: [Self; 4] = [Self::Enforce, Self::Warn, Self::None, Self::NotApplicable];

    /// In words.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Enforce => "Enforce",
            Self::Warn => "Warn",
            Self::None => "no configuration",
            Self::NotApplicable => "does not apply",
        }
    }
}

/// How the functions of the account stood at the end of one sweep.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct TrendPoint {
    /// When the sweep ended.
    pub at: Timestamp,
    /// Functions that could run signed code: no images, and not the gate's own.
    pub functions: usize,
    /// Those of them that ran signed code.
    pub signed: usize,
    /// Those of the signed whose code came by way of the gate.
    pub gated: usize,
}

/// A function or a layer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Subject {
    /// `functions/<name>` or `layers/<name>`.
    pub subject: String,
    /// What is known of its code.
    pub code: CodeStanding,
    /// What Lambda does with code that nobody signed.
    pub protection: Protection,
    /// `CodeSha256` of `$LATEST`, or of the layer's newest version.
    pub code_sha256: Option<String>,
    /// Who signed it.
    pub signing_profile_version: Option<String>,
    /// The signing job.
    pub signing_job: Option<String>,
    /// The function's code signing configuration.
    pub code_signing_config: Option<String>,
    /// The upload that was deployed last.
    pub deployed: Option<String>,
    /// What it was deployed as.
    pub version: Option<String>,
    /// How the newest upload ended.
    pub upload_state: Option<UploadState>,
    /// How many findings there are about it.
    pub findings: usize,
}

impl Subject {
    /// A function as it was listed, with what is known of it as a target.
    pub(super) fn of_function(
        function: &FunctionPosture,
        target: Option<&TargetPosture>,
        is_own: bool,
    ) -> Self {
        let looked_at = target.filter(|target| target.runs.is_some());
        let (job, profile, is_known) = match looked_at {
            Some(target) => (&target.signing_job, &target.signing_profile_version, true),
            None => (
                &function.signing_job,
                &function.signing_profile_version,
                function.package_type.is_some(),
            ),
        };
        let is_deployed = target.is_some_and(|target| target.deployed.is_some());
        let code = match (function.package_type, is_own, is_known, profile) {
            (_, true, ..) => CodeStanding::Gate,
            (Some(PackageType::Image), ..) => CodeStanding::Image,
            (_, _, false, _) => CodeStanding::NotKnown,
            (_, _, true, None) => CodeStanding::Unsigned,
            (_, _, true, Some(_)) if is_deployed => CodeStanding::Gated,
            (_, _, true, Some(_)) => CodeStanding::Signed,
        };
        let runs = looked_at.and_then(|target| target.runs.as_ref());
        Self {
            subject: format!("functions/{}", function.name),
            code,
            protection: match function.policy {
                _ if code == CodeStanding::Image => Protection::NotApplicable,
                Some(CscPolicy::Enforce) => Protection::Enforce,
                Some(CscPolicy::Warn) => Protection::Warn,
                None if function.code_signing_config.is_some() => Protection::NotApplicable,
                None => Protection::None,
            },
            code_sha256: Some(runs.unwrap_or(&function.code_sha256).clone()),
            signing_profile_version: profile.clone(),
            signing_job: job.clone(),
            code_signing_config: function.code_signing_config.clone(),
            deployed: target.and_then(|target| target.deployed.clone()),
            version: target.and_then(|target| target.version.clone()),
            upload_state: target.and_then(|target| target.state),
            findings: 0,
        }
    }

    /// A target that was not among the functions: a layer, or a function that is not there.
    pub(super) fn of_target(target: &TargetPosture) -> Self {
        let is_function = matches!(target.target, Target::Function(_));
        let code = match (&target.runs, &target.signing_profile_version) {
            (None, _) => CodeStanding::Absent,
            (Some(_), None) => CodeStanding::Unsigned,
            (Some(_), Some(_)) if target.deployed.is_some() => CodeStanding::Gated,
            (Some(_), Some(_)) => CodeStanding::Signed,
        };
        Self {
            subject: target.target.to_string(),
            code: match code {
                // What a layer without a deployment holds is not looked at.
                CodeStanding::Absent if !is_function && target.deployed.is_none() => {
                    CodeStanding::NotKnown
                }
                code => code,
            },
            protection: Protection::NotApplicable,
            code_sha256: target.runs.clone(),
            signing_profile_version: target.signing_profile_version.clone(),
            signing_job: target.signing_job.clone(),
            code_signing_config: None,
            deployed: target.deployed.clone(),
            version: target.version.clone(),
            upload_state: target.state,
            findings: 0,
        }
    }
}

/// A code signing configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ConfigurationAudit {
    /// Its ARN.
    pub arn: String,
    /// What it does with code that its publishers did not sign.
    pub policy: CscPolicy,
    /// The profile versions that may sign.
    pub publishers: Vec<String>,
    /// How many functions have it.
    pub functions: usize,
    /// How many findings there are about it.
    pub findings: usize,
}
