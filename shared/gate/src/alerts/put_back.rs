//! The command of a page that puts back what a call made of a code signing configuration.

use std::collections::BTreeSet;

use crate::{
    domain::{CscPolicy, shell_word, shorthand_list},
    events::ApiCall,
};

const PUBLISHERS: &str = "SigningProfileVersionArns";
const ENFORCE: &str = "UntrustedArtifactOnDeployment=Enforce";

/// Puts a function back under the configuration that it had.
pub(super) fn function(call: &ApiCall, csc: &str) -> Option<String> {
    Some(format!(
        "Put it back as it was: aws lambda put-function-code-signing-config --function-name {} \
         --code-signing-config-arn {} --region {}",
        call.function()?,
        shell_word(csc)?,
        shell_word(call.region())?
    ))
}

/// What a code signing configuration said before.
#[derive(Clone, Copy, Debug)]
pub(super) struct Said<'a> {
    pub(super) arn: &'a str,
    pub(super) policy: CscPolicy,
    pub(super) publishers: &'a BTreeSet<&'a str>,
}

/// The command that takes back what a call let in; `now` are the publishers since then. What it took away is not put back:
/// whoever took it may have repaired what somebody else had added before `sweep` looked.
pub(super) fn update(
    call: &ApiCall,
    before: Said<'_>,
    now: Option<&BTreeSet<&str>>,
) -> Option<String> {
    let kept = now.map(|now| {
        let kept = now.intersection(before.publishers);
        kept.copied().collect::<Vec<_>>()
    });
    let kept =
        kept.filter(|kept| now.is_some_and(|now| kept.len() < now.len() && !kept.is_empty()));
    let mut changes = Vec::new();
    if let Some(kept) = kept {
        let publishers = shorthand_list(PUBLISHERS, kept)?;
        changes.push(format!("--allowed-publishers {publishers}"));
    }
    let warns = call.request_text("/codeSigningPolicies/untrustedArtifactOnDeployment")
        == Some(policy_word(CscPolicy::Warn));
    let was_weakened = warns && before.policy == CscPolicy::Enforce;
    if was_weakened {
        changes.push(format!("--code-signing-policies {ENFORCE}"));
    }
    if changes.is_empty() {
        return None;
    }
    Some(format!(
        "Put it back as it was: aws lambda update-code-signing-config --code-signing-config-arn {} {} --region {}",
        shell_word(before.arn)?,
        changes.join(" "),
        shell_word(call.region())?
    ))
}

/// Makes a configuration like one that was deleted.
pub(super) fn recreate(call: &ApiCall, before: Said<'_>) -> Option<String> {
    Some(format!(
        "If it is missed and each of its publishers is to be trusted, create one like it, which gets another ARN: \
         aws lambda create-code-signing-config --allowed-publishers {} --code-signing-policies {ENFORCE} --region {}",
        shorthand_list(PUBLISHERS, before.publishers.iter().copied())?,
        shell_word(call.region())?
    ))
}

pub(super) fn policy_word(policy: CscPolicy) -> &'static str {
    match policy {
        CscPolicy::Enforce => "Enforce",
        CscPolicy::Warn => "Warn",
    }
}
