//! One thing is told once: what happens again is counted, and summed up when its interval is over.
//!
//! The record goes first, the page second: [`Incident::telling`] names the event whose page is on its way, so
//! that a delivery that was cut off between the two is told by the next. An event that is counted in is in the
//! list of the clock first ([`OpenAlerts`]), so that no repeat is forgotten.

use std::time::Duration;

use jiff::Timestamp;

use super::{
    compare_and_swap::{Change, change},
    error::AlertError,
    open_alerts,
    page::{Page, PageState, Repetition, Severity},
    publish::publish,
    settings::AlertSettings,
    world::AlertWorld,
};
use crate::{
    domain::Target,
    records::{self, Incident, Schema, Telling, incident_path},
};

/// A page that is on its way for longer was cut off, and another may be sent: SQS hands a message out again
/// after 90 seconds, and `alert` lives for 15.
const PUBLISH_TIMEOUT: Duration = Duration::from_mins(10);
/// A team's pipeline under Warn is one warning a day and target.
const DAILY_REPEAT_INTERVAL: Duration = Duration::from_hours(24);
/// How many events are remembered, to know a second delivery of one.
const MAX_EVENT_IDS: usize = 50;
/// How many of the page's lists are kept for the sum.
const MAX_LIST_ITEMS: usize = 8;

/// What was done about a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NotifyOutcome {
    /// It was sent.
    Paged,
    /// It happened again; the sum will tell.
    Counted,
    /// This event was told or counted before.
    Known,
}

/// What the document says is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// Sends the page, with so many repeats since the last.
    Tell(u32),
    Count,
    Known,
}

/// Sends a page, or counts it as one more of what was told before.
pub(super) async fn tell<W: AlertWorld>(
    world: &W,
    settings: &AlertSettings,
    page: &Page,
) -> Result<NotifyOutcome, AlertError> {
    let every = match page.repetition {
        Repetition::EachTime => {
            publish(world, settings, page).await?;
            return Ok(NotifyOutcome::Paged);
        }
        Repetition::Counted => settings.repeat_interval,
        Repetition::CountedDaily => settings.repeat_interval.max(DAILY_REPEAT_INTERVAL),
    };
    if every.is_zero() {
        publish(world, settings, page).await?;
        return Ok(NotifyOutcome::Paged);
    }
    let path = path_of(page);
    // Whoever keeps the records from being read or written keeps no page back: one too many is better.
    let decided = decide(world, page, &path, every).await;
    let repeats = match decided {
        Ok(Step::Known) => return Ok(NotifyOutcome::Known),
        Ok(Step::Count) => return Ok(NotifyOutcome::Counted),
        Ok(Step::Tell(repeats)) => repeats,
        Err(_) => 0,
    };
    publish(world, settings, &with_repeats(page, repeats)).await?;
    if decided.is_ok() {
        told(world, &path, &page.id, repeats).await?;
    }
    Ok(NotifyOutcome::Paged)
}

/// Puts on record what is done about a page.
async fn decide<W: AlertWorld>(
    world: &W,
    page: &Page,
    path: &str,
    every: Duration,
) -> Result<Step, AlertError> {
    let now = world.now();
    // Whether it is to be counted is looked at first, because the list goes before the count.
    let step = change(world, path, |before: Option<Incident>| {
        let step = step_for(before.as_ref(), page, every, now);
        match step {
            Step::Tell(_) => Change::Write(telling(before, page, every, now), step),
            Step::Count | Step::Known => Change::Keep(step),
        }
    })
    .await?;
    if step != Step::Count {
        return Ok(step);
    }
    if !open_alerts::note_repeats(world, path).await? {
        // Too many things wait already: better one page too many.
        return Ok(Step::Tell(0));
    }
    change(world, path, |before: Option<Incident>| {
        // It may have been told or closed meanwhile.
        match (step_for(before.as_ref(), page, every, now), before) {
            (Step::Count, Some(before)) => Change::Write(counted(before, page), Step::Count),
            (step @ Step::Tell(_), before) => {
                Change::Write(telling(before, page, every, now), step)
            }
            (step, _) => Change::Keep(step),
        }
    })
    .await
}

/// Where the incident of a page lies.
fn path_of(page: &Page) -> String {
    incident_path(page.target.as_ref(), &page.kind, &page.hash())
}

fn step_for(before: Option<&Incident>, page: &Page, every: Duration, now: Timestamp) -> Step {
    let Some(before) = before.filter(|before| before.closed_at.is_none()) else {
        return Step::Tell(0);
    };
    if let Some(telling) = &before.telling
        && (telling.event == page.id || is_over(telling.since, PUBLISH_TIMEOUT, now))
    {
        return Step::Tell(before.untold);
    }
    if before.events.contains(&page.id) {
        return Step::Known;
    }
    let is_worse = severity_of(before).is_none_or(|told| page.severity > told);
    let is_due = before
        .told_at
        .is_some_and(|told_at| is_over(told_at, every, now));
    if is_worse || is_due {
        return Step::Tell(before.untold);
    }
    Step::Count
}

fn is_over(since: Timestamp, span: Duration, now: Timestamp) -> bool {
    since.saturating_add(span).is_ok_and(|end| end <= now)
}

fn severity_of(incident: &Incident) -> Option<Severity> {
    Severity::ALL
        .into_iter()
        .find(|severity| severity.as_str().eq_ignore_ascii_case(&incident.severity))
}

/// The document while the page is on its way.
fn telling(before: Option<Incident>, page: &Page, every: Duration, now: Timestamp) -> Incident {
    let telling = Some(Telling {
        event: page.id.clone(),
        since: now,
    });
    let kept = |texts: &[String]| texts.iter().take(MAX_LIST_ITEMS).cloned().collect();
    let before = before.filter(|before| before.closed_at.is_none());
    let severity = before
        .as_ref()
        .and_then(severity_of)
        .map_or(page.severity, |before| before.max(page.severity));
    let (first_at, last_at, count, untold, told_at, events) = before.map_or_else(
        || (page.at, page.at, 0, 0, None, Vec::new()),
        |before| {
            let Incident {
                first_at,
                last_at,
                count,
                untold,
                told_at,
                events,
                ..
            } = before;
            (first_at, last_at, count, untold, told_at, events)
        },
    );
    let is_new = !events.contains(&page.id);
    let first_at = first_at.min(page.at);
    let last_at = last_at.max(page.at);
    Incident {
        schema: Schema,
        dedup_key: page.dedup_key(),
        kind: page.kind.clone(),
        subject: page.subject.clone(),
        severity: severity.as_str().to_ascii_lowercase(),
        title: page.title.clone(),
        next_steps: kept(&page.next_steps),
        resources: kept(&page.resources),
        first_at,
        last_at,
        count: count.saturating_add(u32::from(is_new)),
        untold,
        repeat_seconds: every.as_secs(),
        told_at,
        telling,
        events: with_event(events, &page.id),
        closed_at: None,
    }
}

fn counted(before: Incident, page: &Page) -> Incident {
    Incident {
        last_at: before.last_at.max(page.at),
        count: before.count.saturating_add(1),
        untold: before.untold.saturating_add(1),
        events: with_event(before.events, &page.id),
        ..before
    }
}

fn with_event(mut events: Vec<String>, event: &str) -> Vec<String> {
    if !events.iter().any(|known| known == event) {
        events.push(event.to_owned());
    }
    let surplus = events.len().saturating_sub(MAX_EVENT_IDS);
    events.drain(..surplus);
    events
}

/// The page was sent, and with it the sum of so many repeats.
async fn told<W: AlertWorld>(
    world: &W,
    path: &str,
    event: &str,
    repeats: u32,
) -> Result<(), AlertError> {
    let now = world.now();
    change(world, path, |before: Option<Incident>| {
        let Some(before) = before else {
            return Change::Keep(());
        };
        let is_ours = |telling: &Telling| telling.event == event;
        Change::Write(
            Incident {
                told_at: Some(now),
                untold: before.untold.saturating_sub(repeats),
                telling: before.telling.filter(|telling| !is_ours(telling)),
                ..before
            },
            (),
        )
    })
    .await
}

fn with_repeats(page: &Page, repeats: u32) -> Page {
    let mut page = page.clone();
    if repeats > 0 {
        page.text = format!(
            "{}\nSince the last page about it, it also happened {} not told one by one.",
            page.text,
            times(repeats),
        );
    }
    page
}

fn times(repeats: u32) -> String {
    match repeats {
        1 => "once more, which was".to_owned(),
        repeats => format!("{repeats} more times, which were"),
    }
}

/// Sums up what happened again and is due; what is not due yet stays on the list.
pub(super) async fn tell_repeats<W: AlertWorld>(
    world: &W,
    settings: &AlertSettings,
) -> Result<u32, AlertError> {
    let mut sent = 0_u32;
    for path in open_alerts::read(world).await?.repeats {
        let Some(incident) = read_repeated(world, &path).await? else {
            open_alerts::forget_repeats(world, &path).await?;
            // One that came in between is not to be forgotten.
            if read_repeated(world, &path).await?.is_some() {
                open_alerts::note_repeats(world, &path).await?;
            }
            continue;
        };
        let began = incident.telling.as_ref().map(|telling| telling.since);
        let since = incident.told_at.or(began).unwrap_or(incident.first_at);
        let every = Duration::from_secs(incident.repeat_seconds);
        if !is_over(since, every, world.now()) {
            continue;
        }
        let page = summary(settings, &incident);
        publish(world, settings, &page).await?;
        told(world, &path, &page.id, incident.untold).await?;
        sent = sent.saturating_add(1);
    }
    Ok(sent)
}

async fn read_repeated<W: AlertWorld>(
    world: &W,
    path: &str,
) -> Result<Option<Incident>, AlertError> {
    let incident: Option<Incident> = records::read_named(world, path).await?;
    Ok(incident.filter(|incident| incident.untold > 0 && incident.closed_at.is_none()))
}

/// The page that sums up what happened again.
fn summary(settings: &AlertSettings, incident: &Incident) -> Page {
    let since = incident.told_at.unwrap_or(incident.first_at);
    page_about(
        settings,
        incident,
        severity_of(incident).unwrap_or(Severity::Critical),
        format!("Again, {} times: {}", incident.untold, incident.title),
        format!(
            "The same happened {} more times since {since}, the last time at {}. That is {} times since {}.",
            incident.untold, incident.last_at, incident.count, incident.first_at,
        ),
        PageState::Repeated,
    )
}

/// The page that says that it is gone, under the key of the pages about it.
pub(super) fn recovery(settings: &AlertSettings, incident: &Incident, how: &str) -> Page {
    let mut page = page_about(
        settings,
        incident,
        Severity::Notice,
        format!("No longer so: {}", incident.title),
        format!(
            "{how} It happened {} times since {}, the last time at {}.",
            incident.count, incident.first_at, incident.last_at,
        ),
        PageState::Closed,
    );
    page.next_steps.clear();
    page
}

fn page_about(
    settings: &AlertSettings,
    incident: &Incident,
    severity: Severity,
    title: String,
    text: String,
    state: PageState,
) -> Page {
    Page {
        id: incident.events.last().cloned().unwrap_or_default(),
        at: incident.last_at,
        place: None,
        severity,
        title,
        text,
        next_steps: incident.next_steps.clone(),
        facts: vec![
            ("First", incident.first_at.to_string()),
            ("Last", incident.last_at.to_string()),
            ("Times", incident.count.to_string()),
            ("Stack", settings.stack.clone()),
        ],
        resources: incident.resources.clone(),
        kind: incident.kind.clone(),
        subject: incident.subject.clone(),
        target: Target::try_from(incident.subject.clone()).ok(),
        distinct_by: String::new(),
        dedup_key: Some(incident.dedup_key.clone()),
        repetition: Repetition::EachTime,
        state,
        stack: settings.stack.clone(),
    }
}
