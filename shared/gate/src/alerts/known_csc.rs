//! What a code signing configuration was before a call changed it: the call says only what it is now, the posture
//! that `sweep` wrote last says what it was then.

use std::collections::BTreeSet;

use countersign_package::ProfileVersionArn;
use jiff::Timestamp;

use super::{
    put_back::{self, Said},
    settings::AlertSettings,
};
use crate::{
    domain::{CscArn, CscPolicy, ProfileName, Target},
    events::ApiCall,
    ports::Records,
    records::{self, EarlierCsc, Posture, VerdictRecord},
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
    /// The last run of `sweep` had not ended when the call was made, and what earlier runs saw is not known any more.
    SeenAfter {
        /// When that run began.
        at: Timestamp,
    },
    /// What the configuration said.
    Before(CscBefore),
    /// Which configuration the function had.
    OfFunction(CscOfFunction),
}

/// What a configuration said before a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CscBefore {
    /// Its ARN.
    pub arn: String,
    /// When it was seen.
    pub at: Timestamp,
    /// What it said.
    pub policy: CscPolicy,
    /// Whom it trusted.
    pub publishers: Vec<String>,
    /// Those of them whom it did not trust yet when it said something else before, as far as that is known.
    pub recent: Vec<String>,
}

/// Which configuration a function had before a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CscOfFunction {
    /// When it was seen.
    pub at: Timestamp,
    /// Its ARN.
    pub csc: String,
    /// What that said about code that its publishers did not sign.
    pub policy: Option<CscPolicy>,
    /// The upload that the gate deployed last, if it judged that under this configuration.
    pub judged: Option<String>,
}

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
    let known = match records::read::<_, Posture>(records, "").await {
        Ok(Some(posture)) => find(call, &posture),
        Ok(None) | Err(_) => KnownCsc::Unreadable,
    };
    match known {
        KnownCsc::OfFunction(mut of_function) => {
            of_function.judged = judged_under(records, call, &of_function.csc).await;
            KnownCsc::OfFunction(of_function)
        }
        known => known,
    }
}

/// The upload that the gate deployed last to the function of a call, if it judged that under this configuration.
async fn judged_under<R: Records>(records: &R, call: &ApiCall, csc: &str) -> Option<String> {
    let target = Target::Function(call.function()?);
    let live = records::live(records, &target).await.ok()??;
    let folder = live.upload.folder();
    let verdict: Option<VerdictRecord> = records::read(records, &folder).await.ok()?;
    let under = verdict?.code_signing_config?.arn;
    (under.as_deref() == Some(csc)).then(|| live.upload.label())
}

fn find(call: &ApiCall, posture: &Posture) -> KnownCsc {
    let at = posture.began_at;
    // It may have seen what the call made of it already.
    let is_later = posture.ended_at >= call.at();
    let not_known = if is_later {
        KnownCsc::SeenAfter { at }
    } else {
        KnownCsc::NotSeen { at }
    };
    if call.name().contains("Function") {
        let Some(name) = call.function().filter(|_| !is_later) else {
            return not_known;
        };
        let mut functions = posture.functions.iter();
        let function = functions.find(|function| function.name == name.as_str());
        return match function
            .and_then(|function| Some((function.code_signing_config.clone()?, function.policy)))
        {
            Some((csc, policy)) => KnownCsc::OfFunction(CscOfFunction {
                at,
                csc,
                policy,
                judged: None,
            }),
            None => not_known,
        };
    }
    let named = call.request_text("/codeSigningConfigArn");
    let mut cscs = posture.configurations.iter();
    let Some(csc) = cscs.find(|csc| named == Some(csc.arn.as_str())) else {
        return not_known;
    };
    let Some(before) = csc.before(call.at(), posture.ended_at) else {
        return not_known;
    };
    let recent = csc.preceding(&before);
    let recent = recent.map_or_else(Vec::new, |preceding| not_in(&before, preceding));
    let EarlierCsc {
        policy,
        publishers,
        since,
        until,
    } = before;
    KnownCsc::Before(CscBefore {
        arn: csc.arn.clone(),
        at: if until < call.at() { until } else { since },
        policy,
        publishers,
        recent,
    })
}

/// The publishers of one state that another does not have.
fn not_in(state: &EarlierCsc, other: &EarlierCsc) -> Vec<String> {
    let publishers = state.publishers.iter();
    let is_new = |publisher: &&String| !other.publishers.contains(publisher);
    publishers.filter(is_new).cloned().collect()
}

/// The publishers that a configuration has after a call, as far as the call tells: its answer has them all (by the API's
/// answer; CloudTrail's is grade D), its parameters only if it set them.
pub(super) fn publishers_after(call: &ApiCall) -> Option<BTreeSet<&str>> {
    let said = [
        call.response("/codeSigningConfig/allowedPublishers/signingProfileVersionArns"),
        call.request("/allowedPublishers/signingProfileVersionArns"),
    ];
    let publishers = said
        .into_iter()
        .flatten()
        .find_map(|list| list.as_array())?;
    Some(publishers.iter().filter_map(|arn| arn.as_str()).collect())
}

/// The policy that a configuration has after a call, as far as the call tells.
pub(super) fn policy_after(call: &ApiCall) -> Option<&str> {
    const POLICY: &str = "/codeSigningPolicies/untrustedArtifactOnDeployment";
    let answered = call.response_text(&format!("/codeSigningConfig{POLICY}"));
    answered.or_else(|| call.request_text(POLICY))
}

/// What a page says of it, and the command that puts it back.
pub(super) struct PriorState {
    pub(super) sentences: Vec<String>,
    pub(super) step: Option<String>,
}

impl KnownCsc {
    /// The publishers that a call added. Where it is not known who was trusted before, all that it set but the stack's own
    /// profile.
    pub(super) fn added(&self, call: &ApiCall, settings: &AlertSettings) -> Vec<String> {
        let Some(after) = publishers_after(call) else {
            return Vec::new();
        };
        let is_added = |publisher: &&&str| match self {
            Self::Before(before) => !before.publishers.iter().any(|it| it == **publisher),
            Self::Unreadable
            | Self::NotSeen { .. }
            | Self::SeenAfter { .. }
            | Self::OfFunction(_) => !is_own_profile(publisher, call, settings),
        };
        let added = after.iter().filter(is_added);
        added.map(|publisher| (*publisher).to_owned()).collect()
    }

    /// Sentences and the step for the page of `call`.
    pub(super) fn prior_state(&self, call: &ApiCall, settings: &AlertSettings) -> PriorState {
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
            Self::OfFunction(before) => prior_state_of_function(call, before, settings),
            Self::Before(before) => prior_state_of_csc(call, before),
        }
    }
}

/// Whether a publisher is a version of the stack's own profile, in the account of the call.
fn is_own_profile(publisher: &str, call: &ApiCall, settings: &AlertSettings) -> bool {
    let own = settings.signing_profile.as_ref().map(ProfileName::as_str);
    ProfileVersionArn::parse(publisher).is_ok_and(|publisher| {
        Some(publisher.profile_name()) == own && publisher.account() == call.account()
    })
}

/// Whoever made the call may have put the function under that configuration before, and no page may lead back to it: only
/// to the stack's own, or to the one that the gate judged under.
fn prior_state_of_function(
    call: &ApiCall,
    before: &CscOfFunction,
    settings: &AlertSettings,
) -> PriorState {
    let CscOfFunction {
        at,
        csc,
        policy,
        judged,
    } = before;
    let policy = policy.map_or("not known", put_back::policy_word);
    let mut sentences = vec![format!(
        "When sweep looked last, at {at}, it was under {csc} (policy {policy})."
    )];
    let is_own = settings.csc.as_ref().map(CscArn::as_str) == Some(csc);
    if !is_own {
        sentences.push(match judged {
            Some(label) => format!(
                "That is not the stack's; the gate judged what it deployed last ({label}) under it."
            ),
            None => "That is not the stack's, and the gate deployed nothing under it: whoever made this call may have put \
                     the function there as well."
                .to_owned(),
        });
    }
    let step = (is_own || judged.is_some()).then(|| put_back::function(call, csc));
    PriorState {
        sentences,
        step: step.flatten(),
    }
}

fn prior_state_of_csc(call: &ApiCall, before: &CscBefore) -> PriorState {
    let list = |names: &BTreeSet<&str>| match names.len() {
        0 => "nobody".to_owned(),
        _ => names.iter().copied().collect::<Vec<_>>().join(", "),
    };
    let trusted: BTreeSet<&str> = before.publishers.iter().map(String::as_str).collect();
    let mut sentences = vec![format!(
        "When sweep looked last before it, at {}, its policy was {} and it trusted {}.",
        before.at,
        put_back::policy_word(before.policy),
        list(&trusted),
    )];
    let now = publishers_after(call);
    if let Some(now) = &now {
        let added: BTreeSet<&str> = now.difference(&trusted).copied().collect();
        let removed: BTreeSet<&str> = trusted.difference(now).copied().collect();
        // What is new comes first: a long page is cut at its end.
        sentences.insert(
            0,
            format!(
                "Trusted since then: {}. No longer trusted: {}.",
                list(&added),
                list(&removed)
            ),
        );
    }
    if !before.recent.is_empty() {
        sentences.push(format!(
            "Of those, {} had come to it only before that look: ask who added it before you trust it again.",
            before.recent.join(", ")
        ));
    }
    let said = Said {
        arn: &before.arn,
        policy: before.policy,
        publishers: &trusted,
    };
    let step = if call.name() == "DeleteCodeSigningConfig" {
        put_back::recreate(call, said)
    } else {
        put_back::update(call, said, now.as_ref())
    };
    PriorState { sentences, step }
}
