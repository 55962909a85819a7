//! What was told and is gone again: the target was deployed well, its code signing configuration is back.

use super::{
    document::{Change, change},
    error::AlertError,
    incidents,
    publish::publish,
    settings::AlertSettings,
    world::AlertWorld,
};
use crate::{
    domain::{ReasonCode, Target},
    events::ApiCall,
    records::{self, Incident, Outcome, UploadState, incident_kind, incidents_folder},
};

/// What a good deployment ends of a target: the gate's package runs again.
const ENDED_BY_DEPLOYMENT: [&str; 4] = [
    "code-changed-past-gate",
    "untrusted-code-live",
    "code-refused",
    "alias-changed-past-gate",
];
/// What the stack's configuration ends when it is put on a function.
const ENDED_BY_CSC: [&str; 3] = [
    "csc-detached",
    "csc-replaced",
    "function-created-without-csc",
];
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
    how: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kinds {
    /// These detections.
    Of(&'static [&'static str]),
    /// What a deployment ends, and all reason codes but those that it ended with itself.
    Deployment { but: Vec<&'static str> },
}

impl Kinds {
    fn has(&self, kind: &str) -> bool {
        match self {
            Self::Of(kinds) => kinds.contains(&kind),
            Self::Deployment { but } => {
                let is_code = ReasonCode::ALL.iter().any(|code| code.as_str() == kind);
                ENDED_BY_DEPLOYMENT.contains(&kind) || (is_code && !but.contains(&kind))
            }
        }
    }
}

/// What an upload's end ends.
pub(super) fn of_outcome(outcome: &Outcome) -> Option<Recovery> {
    let target = outcome.target.clone()?;
    match outcome.state {
        UploadState::Deployed | UploadState::Prepared => Some(Recovery {
            target: Some(target),
            subject: None,
            kinds: Kinds::Deployment {
                but: outcome
                    .findings
                    .iter()
                    .filter_map(|finding| Some(finding.code?.as_str()))
                    .collect(),
            },
            how: "An upload was deployed since, so that the gate's package is the one that runs.",
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
        if incident.closed_at.is_some() || recovery.subject.as_ref().is_some_and(is_other) {
            continue;
        }
        let page = incidents::recovery(settings, &incident, recovery.how);
        publish(world, settings, &page).await?;
        let now = world.now();
        change(world, &path, |before: Option<Incident>| match before {
            Some(before) if before.closed_at.is_none() => Change::Write(
                Incident {
                    closed_at: Some(now),
                    untold: 0,
                    telling: None,
                    ..before
                },
                (),
            ),
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
