//! The command that mends a finding. Names and ARNs come from the account: one that is not made of the
//! characters that AWS allows gets no command, so that nobody pastes what somebody else wrote.

use super::kind::FindingKind;
use crate::{
    domain::{Arn, Target, shell_word, shorthand_list},
    records::{CscPosture, DriftKind},
};

/// The command for a finding of this kind about this subject; `None` where no command helps, where it takes more than the
/// subject (it is made by [`enforce`], [`without`] or [`compare`] then), or where the subject is not what it should be.
pub(super) fn of(kind: FindingKind, subject: &str, stack: &str) -> Option<String> {
    match kind {
        FindingKind::Drift(kind) => of_drift(kind, subject, stack),
        FindingKind::NoCsc | FindingKind::NotGated => adopt(subject),
        FindingKind::Unsigned => adopt(subject).or_else(|| push(subject)),
        FindingKind::SignerNotAllowed => push(subject),
        FindingKind::CscUnknown => csc_of_function(subject),
        FindingKind::UploadFailed => of_target("countersign status", subject),
        FindingKind::CscWithoutPublishers => Some(format!(
            "countersign csc add PROFILE_VERSION_ARN --csc {}",
            shell_word(subject)?
        )),
        FindingKind::CscUnused => delete(subject),
        FindingKind::CscOpenByWildcard
        | FindingKind::CscOpenToAdministrator
        | FindingKind::PolicyUnread => policies_of(subject),
        // The first five take the configuration or the publisher, too. Signer signs no images for Lambda.
        FindingKind::CscWarns
        | FindingKind::CscShadowed
        | FindingKind::PublisherDead
        | FindingKind::PublisherForeign
        | FindingKind::PublisherIdle
        | FindingKind::ContainerImage => None,
    }
}

fn of_drift(kind: DriftKind, subject: &str, stack: &str) -> Option<String> {
    match kind {
        DriftKind::CscMissing => adopt(subject),
        DriftKind::OtherCodeRuns | DriftKind::ConfigurationChanged => Some(format!(
            "aws cloudtrail lookup-events --lookup-attributes AttributeKey=ResourceName,AttributeValue={}",
            function(subject)?
        )),
        DriftKind::OtherLayerVersion => Some(format!(
            "aws lambda list-layer-versions --layer-name {}",
            layer(subject)?
        )),
        DriftKind::SignatureRevoked | DriftKind::SignatureExpires => push(subject),
        DriftKind::TargetGone
        | DriftKind::OtherVersionCurrent
        | DriftKind::LiveRecordBehind
        | DriftKind::PackageBehind
        | DriftKind::PackageExpires
        | DriftKind::BreakGlassInUse
        | DriftKind::BreakGlassRunsOn => of_target("countersign history", subject),
        DriftKind::UploadStuck => of_target("countersign status", subject),
        DriftKind::LayerNotTrusted | DriftKind::LayerRevoked => {
            Some("countersign layer list".to_owned())
        }
        DriftKind::OtherCsc => csc_of_function(subject),
        DriftKind::PublisherQuestionable => show(subject),
        DriftKind::WeakerParameters | DriftKind::SettingsChanged | DriftKind::ProbeImpossible => {
            Some(format!(
                "aws cloudformation describe-stacks --stack-name {}",
                shell_word(stack)?
            ))
        }
        DriftKind::ProbeDiffers => Some(format!(
            "countersign doctor --stack {} --probe",
            shell_word(stack)?
        )),
        // An audit tells each of these functions by itself, and no freeze.
        DriftKind::NotGated | DriftKind::FreezeInForce => None,
    }
}

fn target(subject: &str) -> Option<Target> {
    Target::try_from(subject.to_owned()).ok()
}

/// The name of the function that the subject is.
fn function(subject: &str) -> Option<String> {
    let target = target(subject)?;
    matches!(target, Target::Function(_)).then(|| target.name().to_owned())
}

/// The name of the layer that the subject is.
fn layer(subject: &str) -> Option<String> {
    let target = target(subject)?;
    matches!(target, Target::Layer(_)).then(|| target.name().to_owned())
}

fn of_target(command: &str, subject: &str) -> Option<String> {
    Some(format!("{command} {}", target(subject)?))
}

fn adopt(subject: &str) -> Option<String> {
    let name = function(subject)?;
    Some(format!("countersign adopt functions/{name} --apply"))
}

fn push(subject: &str) -> Option<String> {
    let target = target(subject)?;
    Some(format!("countersign push {target}=PACKAGE.zip"))
}

fn csc_of_function(subject: &str) -> Option<String> {
    let name = function(subject)?;
    Some(format!(
        "aws lambda get-function-code-signing-config --function-name {name}"
    ))
}

/// The command that lists the policies of a user, a group or a role, by its ARN, `arn:aws:iam::<account>:role/<path>/<name>`.
/// The finding names the one that matters.
fn policies_of(arn: &str) -> Option<String> {
    let (kind, rest) = Arn::parse(arn)?.resource.split_once('/')?;
    let name = shell_word(rest.rsplit('/').next()?)?;
    let command = match kind {
        "user" => "aws iam list-attached-user-policies --user-name",
        "group" => "aws iam list-attached-group-policies --group-name",
        "role" => "aws iam list-attached-role-policies --role-name",
        _ => return None,
    };
    Some(format!("{command} {name}"))
}

/// The command that lets a configuration enforce.
pub(super) fn enforce(arn: &str) -> Option<String> {
    Some(format!(
        "aws lambda update-code-signing-config --code-signing-config-arn {} --code-signing-policies \
         UntrustedArtifactOnDeployment=Enforce",
        shell_word(arn)?
    ))
}

/// The command that deletes a configuration.
fn delete(arn: &str) -> Option<String> {
    Some(format!(
        "aws lambda delete-code-signing-config --code-signing-config-arn {}",
        shell_word(arn)?
    ))
}

/// The command that shows a configuration.
fn show(arn: &str) -> Option<String> {
    Some(format!(
        "aws lambda get-code-signing-config --code-signing-config-arn {}",
        shell_word(arn)?
    ))
}

/// The command that says what the functions of one configuration would be under another.
pub(super) fn compare(arn: &str, other: &str) -> Option<String> {
    Some(format!(
        "countersign csc diff {} {}",
        shell_word(arn)?,
        shell_word(other)?
    ))
}

/// The command that takes a publisher off a configuration's list. Lambda wants one at least.
pub(super) fn without(csc: &CscPosture, publisher: &str) -> Option<String> {
    let listed = csc.publishers.iter().map(String::as_str);
    let rest = listed.filter(|listed| *listed != publisher);
    Some(format!(
        "aws lambda update-code-signing-config --code-signing-config-arn {} --allowed-publishers {}",
        shell_word(&csc.arn)?,
        shorthand_list("SigningProfileVersionArns", rest)?
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CSC: &str =
        "arn:aws:lambda:eu-west-1:111122223333:code-signing-config:csc-0123456789abcdef0";
    const ROLE: &str = "arn:aws:iam::111122223333:role/team/Deployer";

    /// What a finding of this kind is about.
    fn subject(kind: FindingKind) -> &'static str {
        match kind {
            FindingKind::Drift(DriftKind::OtherLayerVersion) => "layers/tls",
            FindingKind::Drift(DriftKind::PublisherQuestionable)
            | FindingKind::CscUnused
            | FindingKind::CscWithoutPublishers => CSC,
            FindingKind::CscOpenByWildcard
            | FindingKind::CscOpenToAdministrator
            | FindingKind::PolicyUnread => ROLE,
            _ => "functions/shop",
        }
    }

    #[test]
    fn each_kind_has_a_command_but_those_that_have_a_reason() {
        let without: Vec<&str> = FindingKind::all()
            .filter(|kind| of(*kind, subject(*kind), "countersign").is_none())
            .map(FindingKind::as_str)
            .collect();
        // Five take the configuration, too, and are tried with the audit; no command signs an image.
        let expected = [
            "CSC_WARNS",
            "CONTAINER_IMAGE",
            "PUBLISHER_DEAD",
            "PUBLISHER_FOREIGN",
            "PUBLISHER_IDLE",
            "CSC_SHADOWED",
        ];
        assert_eq!(without, expected);
    }

    #[test]
    fn text_of_others_gets_no_command() {
        for kind in FindingKind::all() {
            for hostile in [
                "functions/a;b",
                "layers/$(x)",
                "arn:aws:iam::1:role/a b",
                "",
            ] {
                let command = of(kind, hostile, "count`x`").unwrap_or_default();
                let is_fixed = command.is_empty() || command == "countersign layer list";
                assert!(is_fixed, "{}: {command}", kind.as_str());
            }
        }
    }

    #[test]
    fn commands_name_their_subject() {
        for (kind, subject, command) in [
            (
                FindingKind::Unsigned,
                "functions/shop",
                "countersign adopt functions/shop --apply",
            ),
            (
                FindingKind::Unsigned,
                "layers/tls",
                "countersign push layers/tls=PACKAGE.zip",
            ),
            (
                FindingKind::CscOpenByWildcard,
                ROLE,
                "aws iam list-attached-role-policies --role-name Deployer",
            ),
            (
                FindingKind::Drift(DriftKind::ProbeDiffers),
                "account/probe",
                "countersign doctor --stack gate --probe",
            ),
        ] {
            assert_eq!(of(kind, subject, "gate").as_deref(), Some(command));
        }
    }
}
