//! A planned change can be silenced, for one target and for a time: `silences/<target>.json` in the records bucket.
//!
//! Whoever may write there decides (IAM). That a silence begins is told before it keeps anything quiet, and its
//! end tells what it kept quiet. What is about the gate itself has no target, and cannot be silenced.

use std::{collections::BTreeMap, time::Duration};

use jiff::Timestamp;

use super::{
    compare_and_swap::{Change, change},
    error::AlertError,
    open_alerts,
    page::Page,
    publish::publish,
    settings::AlertSettings,
    silence_pages::{begun, over},
    world::AlertWorld,
};
use crate::{
    domain::Target,
    ports::RecordWithEtag,
    records::{
        self, SILENCES_FOLDER, Schema, Silence, SilenceState, silence_path, silence_state_path,
    },
};

/// No silence is longer; whoever needs more writes it anew, and is heard again.
const MAX_SILENCE_DURATION: Duration = Duration::from_hours(7 * 24);
/// Of the reason, in characters.
const MAX_REASON_CHARS: usize = 500;

/// Whether a sum is to wait: a silence that was told covers it. What it sums up was not kept quiet, and is told when
/// the silence is over.
pub(super) async fn delays_summary<W: AlertWorld>(
    world: &W,
    target: &Target,
    kind: &str,
) -> Result<bool, AlertError> {
    let Some(seen) = world.read_record_with_etag(&silence_path(target)).await? else {
        return Ok(false);
    };
    let state: Option<SilenceState> =
        records::read_named(world, &silence_state_path(target)).await?;
    let is_in_force = |state: SilenceState| {
        state.etag == seen.etag && state.began_told && covers(&state, kind, world.now())
    };
    Ok(state.is_some_and(is_in_force))
}

/// Whether a page about a target is to be kept quiet; if so, it is counted.
pub(super) async fn silences_page<W: AlertWorld>(
    world: &W,
    settings: &AlertSettings,
    page: &Page,
) -> Result<bool, AlertError> {
    let Some(target) = &page.target else {
        return Ok(false);
    };
    let Some(seen) = world.read_record_with_etag(&silence_path(target)).await? else {
        return Ok(false);
    };
    let state = begin(world, settings, target, &seen).await?;
    if !covers(&state, &page.kind, world.now()) {
        return Ok(false);
    }
    change(
        world,
        &silence_state_path(target),
        |before: Option<SilenceState>| match before {
            // Ended or replaced meanwhile: the page is sent.
            Some(mut state) if state.etag == seen.etag && state.ended_at.is_none() => {
                let count = state.kept_quiet.entry(page.kind.clone()).or_default();
                *count = count.saturating_add(1);
                Change::Write(state, true)
            }
            _ => Change::Keep(false),
        },
    )
    .await
}

fn covers(state: &SilenceState, kind: &str, now: Timestamp) -> bool {
    state.ended_at.is_none()
        && state.silence.as_ref().is_some_and(|silence| {
            let is_named = silence.detections.is_empty() || silence.detections.contains(kind);
            now < silence.until && is_named
        })
}

/// Takes a silence as it is written, and tells that it begins unless that was told.
async fn begin<W: AlertWorld>(
    world: &W,
    settings: &AlertSettings,
    target: &Target,
    seen: &RecordWithEtag,
) -> Result<SilenceState, AlertError> {
    let path = silence_state_path(target);
    let before: Option<SilenceState> = records::read_named(world, &path).await?;
    if let Some(before) = before {
        if before.etag == seen.etag && before.began_told {
            return Ok(before);
        }
        if before.etag != seen.etag {
            end(world, settings, &before, "It was written anew.").await?;
        }
    }
    open_alerts::note_silence(world, target).await?;
    let now = world.now();
    let state = change(world, &path, |before: Option<SilenceState>| {
        let before = before.filter(|before| before.etag == seen.etag);
        let state = before.unwrap_or_else(|| taken(target, seen, now));
        Change::Write(state.clone(), state)
    })
    .await?;
    publish(world, settings, &begun(settings, &state)).await?;
    change(world, &path, |before: Option<SilenceState>| match before {
        Some(before) if before.etag == seen.etag => {
            let told = SilenceState {
                began_told: true,
                ..before
            };
            Change::Write(told.clone(), told)
        }
        _ => Change::Keep(state.clone()),
    })
    .await
}

/// What is made of a document that is seen for the first time.
fn taken(target: &Target, seen: &RecordWithEtag, now: Timestamp) -> SilenceState {
    let (silence, fault) = match read(&seen.body, now) {
        Ok(silence) => (Some(silence), None),
        Err(fault) => (None, Some(fault)),
    };
    SilenceState {
        schema: Schema,
        target: target.clone(),
        etag: seen.etag.clone(),
        silence,
        fault,
        began_at: now,
        began_told: false,
        kept_quiet: BTreeMap::new(),
        ended_at: None,
        ended_told: false,
    }
}

fn read(body: &[u8], now: Timestamp) -> Result<Silence, String> {
    let silence: Silence =
        serde_json::from_slice(body).map_err(|error| format!("it cannot be read: {error}"))?;
    let latest = now
        .saturating_add(MAX_SILENCE_DURATION)
        .unwrap_or(Timestamp::MAX);
    if silence.reason.trim().is_empty() || silence.reason.chars().count() > MAX_REASON_CHARS {
        return Err(format!(
            "its reason must have 1 to {MAX_REASON_CHARS} characters"
        ));
    }
    if silence.until > latest {
        return Err("its end, until, is more than seven days ahead".to_owned());
    }
    if silence.until <= now {
        return Err("its end, until, is over".to_owned());
    }
    Ok(silence)
}

/// Looks after all silences by the clock: ends what is over or was taken away, and takes what was written. Trouble with one
/// of them hinders no other, and is told when all were looked at. What there is no time for is looked at by the next run.
pub(super) async fn begin_and_end<W: AlertWorld>(
    world: &W,
    settings: &AlertSettings,
    work_until: Timestamp,
) -> Result<(), AlertError> {
    let mut trouble = None;
    let open = open_alerts::read(world).await?.silences;
    for target in open_alerts::in_turn(open, world.now()) {
        if world.now() >= work_until {
            break;
        }
        if let Err(error) = end_if_over(world, settings, &target).await {
            trouble.get_or_insert(error);
        }
    }
    let written = world.list_records(SILENCES_FOLDER).await?;
    for path in open_alerts::in_turn(written, world.now()) {
        let name = path.strip_prefix(SILENCES_FOLDER);
        let name = name.and_then(|name| name.strip_suffix(".json"));
        let target = name.and_then(|name| Target::try_from(name.to_owned()).ok());
        // Of what is no target of the stack there are no pages that could be kept quiet.
        let Some(target) = target.filter(|target| settings.gates(target)) else {
            continue;
        };
        if world.now() >= work_until {
            break;
        }
        if let Err(error) = begin_if_there(world, settings, &target, &path).await {
            trouble.get_or_insert(error);
        }
    }
    trouble.map_or(Ok(()), Err)
}

async fn begin_if_there<W: AlertWorld>(
    world: &W,
    settings: &AlertSettings,
    target: &Target,
    path: &str,
) -> Result<(), AlertError> {
    if let Some(seen) = world.read_record_with_etag(path).await? {
        begin(world, settings, target, &seen).await?;
    }
    Ok(())
}

async fn end_if_over<W: AlertWorld>(
    world: &W,
    settings: &AlertSettings,
    target: &Target,
) -> Result<(), AlertError> {
    let path = silence_state_path(target);
    let state: Option<SilenceState> = records::read_named(world, &path).await?;
    let Some(state) = state.filter(|state| !state.ended_told) else {
        return open_alerts::forget_silence(world, target).await;
    };
    // When its time is over, nobody needs to read it.
    let is_over = match &state.silence {
        Some(silence) => silence.until <= world.now(),
        None => true,
    };
    let how = if state.ended_at.is_some() {
        "It has ended."
    } else if is_over && state.silence.is_some() {
        "Its time is over."
    } else {
        let seen = world.read_record_with_etag(&silence_path(target)).await?;
        match seen.is_some_and(|seen| seen.etag == state.etag) {
            // One that was never in force ends without a page.
            true if is_over => "",
            true => return Ok(()),
            false => "It was taken away.",
        }
    };
    end(world, settings, &state, how).await?;
    open_alerts::forget_silence(world, target).await
}

/// Tells that a silence is over and what it kept quiet, once.
async fn end<W: AlertWorld>(
    world: &W,
    settings: &AlertSettings,
    state: &SilenceState,
    how: &str,
) -> Result<(), AlertError> {
    if state.ended_told {
        return Ok(());
    }
    let now = world.now();
    let path = silence_state_path(&state.target);
    // No more is counted from here on, so that the page tells all.
    let ended = change(world, &path, |before: Option<SilenceState>| match before {
        Some(before) if before.etag == state.etag => {
            let ended = SilenceState {
                ended_at: Some(before.ended_at.unwrap_or(now)),
                ..before
            };
            Change::Write(ended.clone(), ended)
        }
        _ => Change::Keep(state.clone()),
    })
    .await?;
    if ended.silence.is_some() {
        publish(world, settings, &over(settings, &ended, how)).await?;
    }
    change(world, &path, |before: Option<SilenceState>| match before {
        Some(before) if before.etag == ended.etag => Change::Write(
            SilenceState {
                ended_told: true,
                ..before
            },
            (),
        ),
        _ => Change::Keep(()),
    })
    .await
}
