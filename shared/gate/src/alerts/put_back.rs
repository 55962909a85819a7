//! The command of a page that puts back what a call made of a code signing configuration.

use std::collections::BTreeSet;

use crate::{domain::CscPolicy, events::ApiCall};

const ENFORCE: &str = "UntrustedArtifactOnDeployment=Enforce";

/// Puts a function back under the configuration that it had.
pub(super) fn function(call: &ApiCall, csc: &str) -> Option<String> {
    let function = call.function().map(String::from).unwrap_or_default();
    command(&[
        "aws lambda put-function-code-signing-config --function-name",
        &function,
        "--code-signing-config-arn",
        csc,
        "--region",
        call.region(),
    ])
    .map(|command| format!("Put it back as it was: {command}"))
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
    let mut parts = vec![
        "aws lambda update-code-signing-config --code-signing-config-arn",
        before.arn,
    ];
    let kept = now.map(|now| {
        let kept = now.intersection(before.publishers);
        kept.copied().collect::<Vec<_>>()
    });
    let kept =
        kept.filter(|kept| now.is_some_and(|now| kept.len() < now.len() && !kept.is_empty()));
    let publishers = kept.map(|kept| format!("SigningProfileVersionArns={}", kept.join(",")));
    if let Some(publishers) = &publishers {
        parts.extend(["--allowed-publishers", publishers]);
    }
    let warns = call.request_text("/codeSigningPolicies/untrustedArtifactOnDeployment")
        == Some(policy_word(CscPolicy::Warn));
    let was_weakened = warns && before.policy == CscPolicy::Enforce;
    if was_weakened {
        parts.extend(["--code-signing-policies", ENFORCE]);
    }
    if publishers.is_none() && !was_weakened {
        return None;
    }
    parts.extend(["--region", call.region()]);
    command(&parts).map(|command| format!("Put it back as it was: {command}"))
}

/// Makes a configuration like one that was deleted.
pub(super) fn recreate(call: &ApiCall, before: Said<'_>) -> Option<String> {
    let publishers: Vec<&str> = before.publishers.iter().copied().collect();
    let publishers = format!("SigningProfileVersionArns={}", publishers.join(","));
    let parts = [
        "aws lambda create-code-signing-config --allowed-publishers",
        &publishers,
        "--code-signing-policies",
        ENFORCE,
        "--region",
        call.region(),
    ];
    command(&parts).map(|command| {
        format!(
            "If it is missed and each of its publishers is to be trusted, create one like it, which gets another \
             ARN: {command}"
        )
    })
}

pub(super) fn policy_word(policy: CscPolicy) -> &'static str {
    match policy {
        CscPolicy::Enforce => "Enforce",
        CscPolicy::Warn => "Warn",
    }
}

/// A command that can be pasted; none if a part holds anything that a shell takes for more than a word.
fn command(parts: &[&str]) -> Option<String> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_:/.,= ".contains(c);
    let is_word = |part: &&str| !part.is_empty() && part.chars().all(is_plain);
    parts.iter().all(is_word).then(|| parts.join(" "))
}
