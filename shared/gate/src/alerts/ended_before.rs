//! What is told late may be over already: the event of what ended it came first. The records say how uploads ended; what
//! a call ended, or a package that was only prepared, is kept in `alerts/…/recovered.json`.

use super::{
    compare_and_swap::{Change, change},
    error::AlertError,
    page::Page,
    recovery::{self, Recovery, csc_enforces, csc_is_back, layers_are_others, recovery_of_outcome},
    settings::AlertSettings,
    world::AlertWorld,
};
use crate::{
    domain::Target,
    records::{self, Live, Outcome, Recovered, recovered_path},
};

/// In place of a detection: an upload was prepared, with no warning.
const PREPARED: &str = "prepared";

/// Keeps in mind that a call ended something, for what it ended may be heard of later.
pub(super) async fn remember<W: AlertWorld>(
    world: &W,
    recovery: &Recovery,
) -> Result<(), AlertError> {
    let detections = match recovery.detections() {
        Some(detections) => detections.to_vec(),
        None if recovery.is_of_prepared() => vec![PREPARED],
        // What was deployed is on record as live.
        None => return Ok(()),
    };
    let path = recovered_path(recovery.target.as_ref());
    let subject = recovery.subject.clone().unwrap_or_default();
    change(world, &path, |before: Option<Recovered>| {
        let mut after = before.clone().unwrap_or_default();
        for detection in &detections {
            let key = Recovered::key(detection, &subject);
            let is_later = after.ended.get(&key).is_none_or(|at| *at <= recovery.at);
            if !is_later {
                continue;
            }
            after.ended.insert(key.clone(), recovery.at);
            match &recovery.left {
                Some(left) => after.left.insert(key, left.clone()),
                None => after.left.remove(&key),
            };
        }
        if before.as_ref() == Some(&after) {
            Change::Keep(())
        } else {
            Change::Write(after, ())
        }
    })
    .await
}

/// Ends what a page told, if it was over before that.
pub(super) async fn end_if_over<W: AlertWorld>(
    world: &W,
    settings: &AlertSettings,
    page: &Page,
) -> Result<(), AlertError> {
    for recovery in recoveries(world, page).await? {
        if page.at < recovery.at {
            recovery::recover(world, settings, &recovery).await?;
        }
    }
    Ok(())
}

async fn recoveries<W: AlertWorld>(world: &W, page: &Page) -> Result<Vec<Recovery>, AlertError> {
    let mut found = Vec::new();
    if recovery::is_ended_by_call(&page.kind) {
        let path = recovered_path(page.target.as_ref());
        let recovered: Option<Recovered> = records::read_named(world, &path).await?;
        let of_subject = |subject: &str| {
            let (key, recovered) = (Recovered::key(&page.kind, subject), recovered.as_ref()?);
            let left = recovered.left.get(&key).cloned();
            Some((*recovered.ended.get(&key)?, left))
        };
        match &page.target {
            Some(Target::Function(function)) => {
                found.extend(of_subject("").map(|(at, left)| match left {
                    Some(layers) => layers_are_others(function.clone(), layers, at),
                    None => csc_is_back(function.clone(), at),
                }));
            }
            Some(Target::Layer(_)) => {}
            None => {
                let known = of_subject(&page.subject);
                let enforces = |(at, left)| csc_enforces(page.subject.clone(), left, at);
                found.extend(known.map(enforces));
            }
        }
    }
    if let Some(target) = &page.target
        && recovery::is_reason(&page.kind)
    {
        let path = recovered_path(Some(target));
        let recovered: Option<Recovered> = records::read_named(world, &path).await?;
        let at = recovered.and_then(|recovered| recovered.ended.get(PREPARED).copied());
        found.extend(at.map(|at| recovery::prepared(target.clone(), at)));
    }
    if let Some(target) = &page.target
        && recovery::is_ended_by_upload(&page.kind)
        && let Some(outcome) = outcome_of_live(world, target).await?
    {
        found.extend(recovery_of_outcome(world, &outcome).await?);
    }
    Ok(found)
}

/// How the upload ended that was deployed last.
async fn outcome_of_live<W: AlertWorld>(
    world: &W,
    target: &Target,
) -> Result<Option<Outcome>, AlertError> {
    let live: Option<Live> = records::read(world, &format!("{target}/")).await?;
    match live {
        Some(live) => Ok(records::read(world, &live.upload.folder()).await?),
        None => Ok(None),
    }
}
