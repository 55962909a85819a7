//! The command that mends a finding. Names and ARNs come from the account: one that is not made of the
//! characters that AWS allows gets no command, so that nobody pastes what somebody else wrote.

use super::kind::FindingKind;
use crate::{
    domain::Target,
    records::{CscPosture, DriftKind},
};

/// The command for a finding about a target.
pub(super) fn of_target(kind: FindingKind, subject: &str) -> Option<String> {
    let target = Target::try_from(subject.to_owned()).ok()?;
    let name = target.name();
    let is_function = matches!(target, Target::Function(_));
    match kind {
        FindingKind::NoCsc | FindingKind::NotGated | FindingKind::Drift(DriftKind::CscMissing)
            if is_function =>
        {
            Some(format!("countersign adopt {target} --apply"))
        }
        FindingKind::Unsigned if is_function => Some(format!("countersign adopt {target} --apply")),
        FindingKind::CscUnknown => Some(format!(
            "aws lambda get-function-code-signing-config --function-name {name}"
        )),
        FindingKind::UploadFailed | FindingKind::Drift(DriftKind::UploadStuck) => {
            Some(format!("countersign status {target}"))
        }
        FindingKind::Drift(DriftKind::TargetGone | DriftKind::OtherVersionCurrent) => {
            Some(format!("countersign history {target}"))
        }
        FindingKind::Drift(DriftKind::OtherCodeRuns) if is_function => Some(format!(
            "aws cloudtrail lookup-events --lookup-attributes AttributeKey=ResourceName,AttributeValue={name}"
        )),
        FindingKind::Drift(DriftKind::OtherLayerVersion) => Some(format!(
            "aws lambda list-layer-versions --layer-name {name}"
        )),
        FindingKind::Unsigned
        | FindingKind::SignerNotAllowed
        | FindingKind::Drift(DriftKind::SignatureRevoked | DriftKind::SignatureExpires) => {
            Some(format!("countersign push {target}=PACKAGE.zip"))
        }
        _ => None,
    }
}

/// The command that lets a configuration enforce.
pub(super) fn enforce(arn: &str) -> Option<String> {
    Some(format!(
        "aws lambda update-code-signing-config --code-signing-config-arn {} --code-signing-policies \
         UntrustedArtifactOnDeployment=Enforce",
        plain(arn)?
    ))
}

/// The command that deletes a configuration.
pub(super) fn delete(arn: &str) -> Option<String> {
    Some(format!(
        "aws lambda delete-code-signing-config --code-signing-config-arn {}",
        plain(arn)?
    ))
}

/// The command that shows a configuration.
pub(super) fn show(arn: &str) -> Option<String> {
    Some(format!(
        "aws lambda get-code-signing-config --code-signing-config-arn {}",
        plain(arn)?
    ))
}

/// The command that says what the functions of one configuration would be under another.
pub(super) fn compare(arn: &str, other: &str) -> Option<String> {
    Some(format!(
        "countersign csc diff {} {}",
        plain(arn)?,
        plain(other)?
    ))
}

/// The command that takes a publisher off a configuration's list. Lambda wants one at least.
pub(super) fn without(csc: &CscPosture, publisher: &str) -> Option<String> {
    let rest: Option<Vec<&str>> = csc
        .publishers
        .iter()
        .filter(|listed| *listed != publisher)
        .map(|listed| plain(listed))
        .collect();
    let rest = rest.filter(|rest| !rest.is_empty())?;
    Some(format!(
        "aws lambda update-code-signing-config --code-signing-config-arn {} --allowed-publishers \
         SigningProfileVersionArns={}",
        plain(&csc.arn)?,
        rest.join(",")
    ))
}

/// An ARN that a shell takes as it stands.
fn plain(arn: &str) -> Option<&str> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, ':' | '/' | '_' | '-');
    (!arn.is_empty() && !arn.starts_with('-') && arn.chars().all(is_plain)).then_some(arn)
}
