//! What was told and is gone again: the target was deployed well, its code signing configuration is back.

use jiff::Timestamp;

use super::{
    compare_and_swap::{Change, change},
    error::AlertError,
    publish::publish,
    settings::AlertSettings,
    summaries,
    world::AlertWorld,
};
use crate::{
    domain::{ReasonCode, Target},
    events::ApiCall,
    records::{self, Incident, Outcome, Tally, UploadState, incident_kind, incidents_folder},
};

/// What a good deployment ends of a target: the gate's package runs again.
const ENDED_BY_DEPLOYMENT: [&str; 4] = [
    // What it was created with was not verified, whatever configuration it is under by now.
    "function-created-without-csc",
    "code-changed-past-gate",
    "untrusted-code-live",
    "code-refused",
];
/// What the stack's configuration ends when it is put on a function.
const ENDED_BY_CSC: [&str; 2] = ["csc-detached", "csc-replaced"];
/// What Enforce ends of a configuration.
const ENDED_BY_ENFORCE: [&str; 1] = ["csc-weakened"];

/// Something that ends incidents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Recovery {
    /// `None` is the stack, and what it trusts.
    target: Option<Target>,
    /// What the incidents are about, where the folder has several things in it.
    subject: Option<String>,
    kinds: Kinds,
    /// When. What happened later is not ended by it: events come late, twice, and in any order.
    at: Timestamp,
    how: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kinds {
    /// These detections.
    Of(&'static [&'static str]),
    /// What the end of an upload ends: all reason codes but those that it ended with itself, and what a
    /// deployment ends, if it was deployed.
    Upload {
        but: Vec<&'static str>,
        is_deployed: bool,
    },
}

impl Kinds {
    fn has(&self, kind: &str) -> bool {
        match self {
            Self::Of(kinds) => kinds.contains(&kind),
            Self::Upload { but, is_deployed } => {
                let is_code = ReasonCode::ALL.iter().any(|code| code.as_str() == kind);
                (*is_deployed && ENDED_BY_DEPLOYMENT.contains(&kind))
                    || (is_code && !but.contains(&kind))
            }
        }
    }
}

/// What an upload's end ends.
pub(super) fn recovery_of_outcome(outcome: &Outcome) -> Option<Recovery> {
    let target = outcome.target.clone()?;
    match outcome.state {
        UploadState::Deployed | UploadState::Prepared => Some(Recovery {
            target: Some(target),
            subject: None,
            at: outcome.decided_at,
            kinds: Kinds::Upload {
                is_deployed: outcome.state == UploadState::Deployed,
                but: outcome
                    .findings
                    .iter()
                    .filter_map(|finding| Some(finding.code?.as_str()))
                    .collect(),
            },
            how: if outcome.state == UploadState::Deployed {
                "An upload was deployed since, so that the gate's package is the one that runs."
            } else {
                "An upload was verified since; the function that it is for is not there."
            },
        }),
        UploadState::Rejected | UploadState::Superseded | UploadState::Failed => None,
    }
}

/// What a call ends.
pub(super) fn of_call(call: &ApiCall, settings: &AlertSettings) -> Option<Recovery> {
    if call.error_code().is_some() || call.service() != "lambda" {
        return None;
    }
    let csc = call.request_text("/codeSigningConfigArn")?;
    match call.name() {
        "PutFunctionCodeSigningConfig" => {
            let own = settings.csc.as_ref()?;
            (own.as_str() == csc).then_some(())?;
            Some(Recovery {
                target: Some(Target::Function(call.function()?)),
                subject: None,
                at: call.at(),
                kinds: Kinds::Of(&ENDED_BY_CSC),
                how: "The function is under the code signing configuration of the stack again.",
            })
        }
        "UpdateCodeSigningConfig" => {
            let policy = call.request_text("/codeSigningPolicies/untrustedArtifactOnDeployment")?;
            (policy == "Enforce").then_some(())?;
            Some(Recovery {
                target: None,
                subject: Some(csc.to_owned()),
                at: call.at(),
                kinds: Kinds::Of(&ENDED_BY_ENFORCE),
                how: "The code signing configuration is on Enforce again.",
            })
        }
        _ => None,
    }
}

/// Closes what is open of it; each is told under the key of its first page.
pub(super) async fn recover<W: AlertWorld>(
    world: &W,
    settings: &AlertSettings,
    recovery: &Recovery,
) -> Result<u32, AlertError> {
    let mut closed = 0_u32;
    let folder = incidents_folder(recovery.target.as_ref());
    for path in world.list_records(&folder).await? {
        if !incident_kind(&path).is_some_and(|kind| recovery.kinds.has(kind)) {
            continue;
        }
        let Some(incident) = records::read_named::<_, Incident>(world, &path).await? else {
            continue;
        };
        let is_other = |subject: &String| *subject != incident.subject;
        let is_later = incident.last_at >= recovery.at;
        if incident.closed_at.is_some()
            || is_later
            || recovery.subject.as_ref().is_some_and(is_other)
        {
            continue;
        }
        let page = summaries::recovery(settings, &incident, recovery.at, recovery.how);
        publish(world, settings, &page).await?;
        let now = world.now();
        change(world, &path, |before: Option<Incident>| match before {
            // It happened again meanwhile: that is to be told.
            Some(before) if before.closed_at.is_none() && before.count == incident.count => {
                Change::Write(
                    Incident {
                        closed_at: Some(now),
                        ended_at: Some(recovery.at),
                        untold: 0,
                        actors: Tally::default(),
                        targets: Tally::default(),
                        telling: None,
                        ..before
                    },
                    (),
                )
            }
            _ => Change::Keep(()),
        })
        .await?;
        closed = closed.saturating_add(1);
    }
    Ok(closed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alerts::detections::DETECTIONS;

    #[test]
    fn what_is_ended_is_what_is_detected() {
        for kind in ENDED_BY_DEPLOYMENT
            .iter()
            .chain(&ENDED_BY_CSC)
            .chain(&ENDED_BY_ENFORCE)
        {
            let is_it = |id: &str| id == *kind;
            assert!(DETECTIONS.iter().any(|row| is_it(row.id)), "{kind}");
        }
    }
}
