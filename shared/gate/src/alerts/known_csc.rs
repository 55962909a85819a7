//! What a code signing configuration was before a call changed it: the call says only what it is now, the posture
//! that `sweep` wrote last says what it was then.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::{
    domain::CscPolicy,
    events::ApiCall,
    ports::Records,
    records::{self, CscPosture, Posture},
};

/// What was before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KnownCsc {
    /// The records could not be read, or no run of `sweep` ended yet.
    Unreadable,
    /// The last run of `sweep` did not see it: it is younger, or the function had none.
    NotSeen {
        /// When that run began.
        at: Timestamp,
    },
    /// The last run of `sweep` had not ended when the call was made.
    SeenAfter {
        /// When that run began.
        at: Timestamp,
    },
    /// What the configuration said.
    Before {
        /// When it was seen.
        at: Timestamp,
        /// The configuration.
        csc: CscPosture,
    },
    /// Which configuration the function had.
    OfFunction {
        /// When it was seen.
        at: Timestamp,
        /// Its ARN.
        csc: String,
        /// What that said about code that its publishers did not sign.
        policy: Option<CscPolicy>,
    },
}

const ENFORCE: &str = "UntrustedArtifactOnDeployment=Enforce";
/// The calls whose pages say what was before.
const CALLS: [&str; 4] = [
    "UpdateCodeSigningConfig",
    "DeleteCodeSigningConfig",
    "PutFunctionCodeSigningConfig",
    "DeleteFunctionCodeSigningConfig",
];

/// Whether the posture can say what was before this call.
pub(super) fn concerns(call: &ApiCall) -> bool {
    call.service() == "lambda" && call.error_code().is_none() && CALLS.contains(&call.name())
}

/// Looks into the posture. A page is sent without it, too.
pub(super) async fn look_up<R: Records>(records: &R, call: &ApiCall) -> KnownCsc {
    match records::read::<_, Posture>(records, "").await {
        Ok(Some(posture)) => find(call, posture),
        Ok(None) | Err(_) => KnownCsc::Unreadable,
    }
}

fn find(call: &ApiCall, posture: Posture) -> KnownCsc {
    let at = posture.began_at;
    // It may have seen what the call made of it already.
    if posture.ended_at >= call.at() {
        return KnownCsc::SeenAfter { at };
    }
    let not_seen = KnownCsc::NotSeen { at };
    if call.name().contains("Function") {
        let Some(name) = call.function() else {
            return not_seen;
        };
        let mut functions = posture.functions.into_iter();
        let function = functions.find(|function| function.name == name.as_str());
        return match function
            .and_then(|function| Some((function.code_signing_config?, function.policy)))
        {
            Some((csc, policy)) => KnownCsc::OfFunction { at, csc, policy },
            None => not_seen,
        };
    }
    let named = call.request_text("/codeSigningConfigArn");
    let mut cscs = posture.configurations.into_iter();
    cscs.find(|csc| named == Some(csc.arn.as_str()))
        .map_or(not_seen, |csc| KnownCsc::Before { at, csc })
}

/// What a page says of it, and the command that puts it back.
pub(super) struct PriorState {
    pub(super) sentences: Vec<String>,
    pub(super) step: Option<String>,
}

impl KnownCsc {
    /// Sentences and the step for the page of `call`.
    pub(super) fn prior_state(&self, call: &ApiCall) -> PriorState {
        let only = |sentence: String| PriorState {
            sentences: vec![sentence],
            step: None,
        };
        match self {
            Self::Unreadable => only(
                "What it was before is not known here: no posture of sweep could be read."
                    .to_owned(),
            ),
            Self::SeenAfter { at } => only(format!(
                "What it was before is not known here: the last look of sweep, at {at}, ended after the call."
            )),
            Self::NotSeen { at } => only(format!(
                "What it was before is not known here: sweep, at {at}, saw none of it."
            )),
            Self::OfFunction { at, csc, policy } => {
                let policy = policy.map_or("not known", policy_word);
                let function = call.function().map(String::from).unwrap_or_default();
                PriorState {
                    sentences: vec![format!(
                        "When sweep looked last, at {at}, it was under {csc} (policy {policy})."
                    )],
                    step: command(&[
                        "aws lambda put-function-code-signing-config --function-name",
                        &function,
                        "--code-signing-config-arn",
                        csc,
                        "--region",
                        call.region(),
                    ])
                    .map(|command| format!("Put it back as it was: {command}")),
                }
            }
            Self::Before { at, csc } => prior_state_of_csc(call, *at, csc),
        }
    }
}

fn prior_state_of_csc(call: &ApiCall, at: Timestamp, before: &CscPosture) -> PriorState {
    let list = |names: &BTreeSet<&str>| match names.len() {
        0 => "nobody".to_owned(),
        _ => names.iter().copied().collect::<Vec<_>>().join(", "),
    };
    let trusted: BTreeSet<&str> = before.publishers.iter().map(String::as_str).collect();
    let mut sentences = vec![format!(
        "When sweep looked last, at {at}, its policy was {} and it trusted {}.",
        policy_word(before.policy),
        list(&trusted),
    )];
    let now: Option<BTreeSet<&str>> = call
        .request("/allowedPublishers/signingProfileVersionArns")
        .and_then(|publishers| publishers.as_array())
        .map(|publishers| publishers.iter().filter_map(|arn| arn.as_str()).collect());
    if let Some(now) = &now {
        sentences.push(format!(
            "Trusted since then: {}. No longer trusted: {}.",
            list(&now.difference(&trusted).copied().collect()),
            list(&trusted.difference(now).copied().collect())
        ));
    }
    let step = if call.name() == "DeleteCodeSigningConfig" {
        recreate(call, before)
    } else {
        put_back(call, before, &trusted, now.as_ref())
    };
    PriorState { sentences, step }
}

/// The command that takes back what a call let in. What it took away is not put back: whoever took it may have
/// repaired what somebody else had added before `sweep` looked.
fn put_back(
    call: &ApiCall,
    before: &CscPosture,
    trusted: &BTreeSet<&str>,
    now: Option<&BTreeSet<&str>>,
) -> Option<String> {
    let mut parts = vec![
        "aws lambda update-code-signing-config --code-signing-config-arn",
        before.arn.as_str(),
    ];
    let kept = now.map(|now| now.intersection(trusted).copied().collect::<Vec<_>>());
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

fn recreate(call: &ApiCall, before: &CscPosture) -> Option<String> {
    let publishers = format!("SigningProfileVersionArns={}", before.publishers.join(","));
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

fn policy_word(policy: CscPolicy) -> &'static str {
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
