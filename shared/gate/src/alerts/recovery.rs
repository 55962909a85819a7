//! What was told and is gone again: the target was deployed well, its code signing configuration is back.
//!
//! Events come in any order. What ends a thing before anybody heard of the thing is found when it is told
//! (`ended_before.rs`).

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{
    compare_and_swap::{Change, change},
    error::AlertError,
    known_csc,
    page::LATEST,
    publish::publish,
    repeat_pages,
    sender::{OF_END, is_being_sent, is_cut_off, taken_over, with_sender},
    settings::AlertSettings,
    world::AlertWorld,
};
use crate::{
    domain::{FunctionName, ReasonCode, Target},
    events::ApiCall,
    ports::Records,
    records::{
        self, Incident, Outcome, Tally, UploadState, VerdictRecord, incident_kind, incidents_folder,
    },
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
/// What Enforce ends of a configuration, unless publishers stay that came with what weakened it.
const ENDED_BY_ENFORCE: [&str; 1] = ["csc-weakened"];
/// What other layers end of a function: layers that were attached.
const ENDED_BY_LAYERS: [&str; 1] = ["untrusted-code-live"];

/// Something that ends incidents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Recovery {
    /// `None` is the stack, and what it trusts.
    pub(super) target: Option<Target>,
    /// What the incidents are about, where the folder has several things in it.
    pub(super) subject: Option<String>,
    kinds: Kinds,
    /// When, in whole seconds, as CloudTrail has times. What happened later is not ended by it: events come late, twice,
    /// and in any order.
    pub(super) at: Timestamp,
    how: &'static str,
    /// What is there since then: the publishers of a configuration, the layers of a function. `None` if that is not known.
    pub(super) left: Option<BTreeSet<String>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kinds {
    /// These detections.
    Of(&'static [&'static str]),
    /// These detections, as far as they are about layers that were attached.
    OfLayers(&'static [&'static str]),
    /// What the end of an upload ends: all reason codes but those that it ended with itself, and what a
    /// deployment ends, if it was deployed.
    Upload {
        but: Vec<&'static str>,
        is_deployed: bool,
    },
}

impl Recovery {
    /// The detections that a call ends; `None` for an upload's end.
    pub(super) fn detections(&self) -> Option<&'static [&'static str]> {
        match self.kinds {
            Kinds::Of(kinds) | Kinds::OfLayers(kinds) => Some(kinds),
            Kinds::Upload { .. } => None,
        }
    }

    /// Whether it is an upload that was prepared with no warning.
    pub(super) fn is_of_prepared(&self) -> bool {
        matches!(&self.kinds, Kinds::Upload { but, is_deployed: false } if but.is_empty())
    }

    /// Whether it is over by this. What is about to be told first is told by its own event, and ended then.
    fn ends(&self, incident: &Incident, now: Timestamp) -> bool {
        let is_it = |subject: &String| *subject == incident.subject;
        incident.closed_at.is_none()
            && incident.last_at < self.at
            && self.subject.as_ref().is_none_or(is_it)
            && (incident.told_at.is_some() || is_cut_off(incident, now))
            && self.takes_away(&incident.lasting)
    }

    /// Whether nothing stays of what a thing brought.
    fn takes_away(&self, lasting: &BTreeSet<String>) -> bool {
        let is_gone = || {
            let left = self.left.as_ref();
            left.is_some_and(|left| left.is_disjoint(lasting))
        };
        match self.kinds {
            Kinds::OfLayers(_) => !lasting.is_empty() && is_gone(),
            Kinds::Of(_) | Kinds::Upload { .. } => lasting.is_empty() || is_gone(),
        }
    }
}

impl Kinds {
    fn has(&self, kind: &str) -> bool {
        match self {
            Self::Of(kinds) | Self::OfLayers(kinds) => kinds.contains(&kind),
            Self::Upload { but, is_deployed } => {
                let is_code = is_reason(kind);
                (*is_deployed && ENDED_BY_DEPLOYMENT.contains(&kind))
                    || (is_code && !but.contains(&kind))
            }
        }
    }
}

/// Whether it is why an upload ended so.
pub(super) fn is_reason(kind: &str) -> bool {
    ReasonCode::ALL.iter().any(|code| code.as_str() == kind)
}

/// Whether a call can end it.
pub(super) fn is_ended_by_call(kind: &str) -> bool {
    ENDED_BY_CSC.contains(&kind)
        || ENDED_BY_ENFORCE.contains(&kind)
        || ENDED_BY_LAYERS.contains(&kind)
}

/// Whether a good upload can end it.
pub(super) fn is_ended_by_upload(kind: &str) -> bool {
    let kinds = Kinds::Upload {
        but: Vec::new(),
        is_deployed: true,
    };
    kinds.has(kind)
}

/// What an upload's end ends: what happened before the gate began to change anything. What happened between that and the
/// end may have come after the change, and last.
pub(super) async fn recovery_of_outcome<R: Records>(
    records: &R,
    outcome: &Outcome,
) -> Result<Option<Recovery>, AlertError> {
    let Some(target) = outcome.target.clone() else {
        return Ok(None);
    };
    if !matches!(outcome.state, UploadState::Deployed | UploadState::Prepared) {
        return Ok(None);
    }
    let verdict: Option<VerdictRecord> = records::read(records, &outcome.upload.folder()).await?;
    let at = verdict.map_or(outcome.decided_at, |verdict| verdict.judged_at);
    Ok(Some(of_good_outcome(outcome, target, at)))
}

fn of_good_outcome(outcome: &Outcome, target: Target, at: Timestamp) -> Recovery {
    let findings = outcome.findings.iter();
    let but = findings
        .filter_map(|finding| Some(finding.code?.as_str()))
        .collect();
    if outcome.state == UploadState::Deployed {
        Recovery {
            target: Some(target),
            subject: None,
            at: whole_seconds(at),
            kinds: Kinds::Upload {
                but,
                is_deployed: true,
            },
            how: "An upload was deployed since, so that the gate's package is the one that runs.",
            // Its layers are as they were.
            left: None,
        }
    } else {
        let kinds = Kinds::Upload {
            but,
            is_deployed: false,
        };
        Recovery {
            kinds,
            ..prepared(target, at)
        }
    }
}

/// A package was verified, and waits for its function.
pub(super) fn prepared(target: Target, at: Timestamp) -> Recovery {
    Recovery {
        target: Some(target),
        subject: None,
        at: whole_seconds(at),
        kinds: Kinds::Upload {
            but: Vec::new(),
            is_deployed: false,
        },
        how: "An upload was verified since; the function that it is for is not there.",
        left: None,
    }
}

/// As CloudTrail has times: within one second nobody can say what came first.
fn whole_seconds(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second()).unwrap_or(at)
}

/// What a call ends.
pub(super) fn of_call(call: &ApiCall, settings: &AlertSettings) -> Option<Recovery> {
    if call.error_code().is_some() || call.service() != "lambda" {
        return None;
    }
    if call.name() == "UpdateFunctionConfiguration" {
        // A call that does not name them leaves them as they are.
        call.request("/layers")?.as_array()?;
        let function = call
            .function()
            .filter(|name| settings.gates_function(name))?;
        let layers = call.layers().into_iter().map(str::to_owned);
        return Some(layers_are_others(function, layers.collect(), call.at()));
    }
    let csc = call.request_text("/codeSigningConfigArn")?;
    match call.name() {
        "PutFunctionCodeSigningConfig" => {
            let own = settings.csc.as_ref()?;
            (own.as_str() == csc).then_some(())?;
            Some(csc_is_back(call.function()?, call.at()))
        }
        "UpdateCodeSigningConfig" => {
            (known_csc::policy_after(call)? == "Enforce").then_some(())?;
            let left = known_csc::publishers_after(call);
            let left = left.map(|left| left.into_iter().map(str::to_owned).collect());
            Some(csc_enforces(csc.to_owned(), left, call.at()))
        }
        _ => None,
    }
}

pub(super) fn csc_is_back(function: FunctionName, at: Timestamp) -> Recovery {
    Recovery {
        target: Some(Target::Function(function)),
        subject: None,
        at,
        kinds: Kinds::Of(&ENDED_BY_CSC),
        how: "The function is under the code signing configuration of the stack again.",
        left: None,
    }
}

/// A function has these layers and no others.
pub(super) fn layers_are_others(
    function: FunctionName,
    layers: BTreeSet<String>,
    at: Timestamp,
) -> Recovery {
    let mut left = layers;
    left.insert(LATEST.to_owned());
    Recovery {
        target: Some(Target::Function(function)),
        subject: None,
        at,
        kinds: Kinds::OfLayers(&ENDED_BY_LAYERS),
        how: "The function has other layers since.",
        left: Some(left),
    }
}

pub(super) fn csc_enforces(csc: String, left: Option<BTreeSet<String>>, at: Timestamp) -> Recovery {
    Recovery {
        target: None,
        subject: Some(csc),
        at,
        kinds: Kinds::Of(&ENDED_BY_ENFORCE),
        how: "The code signing configuration is on Enforce again.",
        left,
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
        let incident: Option<Incident> = records::read_named(world, &path).await?;
        if !incident.is_some_and(|incident| recovery.ends(&incident, world.now())) {
            continue;
        }
        let Some(incident) = claim(world, &path, recovery).await? else {
            continue;
        };
        let page = repeat_pages::recovery(settings, &incident, recovery.at, recovery.how);
        publish(world, settings, &page).await?;
        close(world, &path, recovery, &incident).await?;
        closed = closed.saturating_add(1);
    }
    Ok(closed)
}

/// Puts on record that the page is on its way; nothing if there is nothing to end any more.
async fn claim<W: AlertWorld>(
    world: &W,
    path: &str,
    recovery: &Recovery,
) -> Result<Option<Incident>, AlertError> {
    let now = world.now();
    let claimed = change(world, path, |before: Option<Incident>| {
        match before.filter(|before| recovery.ends(before, now)) {
            None => Change::Keep(Ok(None)),
            Some(before) if is_being_sent(&before, now) => Change::Keep(Err(())),
            Some(before) => {
                let claimed = with_sender(taken_over(before, OF_END), OF_END, now);
                Change::Write(claimed.clone(), Ok(Some(claimed)))
            }
        }
    })
    .await?;
    claimed.map_err(|()| AlertError::Busy {
        what: "another run is sending a page about what is over",
    })
}

/// The page was sent: it is closed, unless it happened again after the end meanwhile, which is to be told.
async fn close<W: AlertWorld>(
    world: &W,
    path: &str,
    recovery: &Recovery,
    told: &Incident,
) -> Result<(), AlertError> {
    let now = world.now();
    change(world, path, |before: Option<Incident>| {
        let Some(before) = before.filter(|before| before.closed_at.is_none()) else {
            return Change::Keep(());
        };
        let is_over = before.last_at < recovery.at;
        let untold = before.untold.saturating_sub(told.untold);
        Change::Write(
            Incident {
                closed_at: is_over.then_some(now),
                ended_at: is_over.then_some(recovery.at).or(before.ended_at),
                untold: if is_over { 0 } else { untold },
                actors: Tally::default(),
                targets: Tally::default(),
                telling: None,
                ..before
            },
            (),
        )
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alerts::detections::DETECTIONS;

    #[test]
    fn ends_are_those_of_detections() {
        for kind in ENDED_BY_DEPLOYMENT
            .iter()
            .chain(&ENDED_BY_CSC)
            .chain(&ENDED_BY_ENFORCE)
            .chain(&ENDED_BY_LAYERS)
        {
            let is_it = |id: &str| id == *kind;
            assert!(DETECTIONS.iter().any(|row| is_it(row.id)), "{kind}");
        }
    }
}
