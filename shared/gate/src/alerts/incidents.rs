//! One thing is told once: what happens again is counted, and summed up when its interval is over.
//!
//! The record goes first, the page second: [`Incident::telling`] names the event whose page is on its way, so
//! that a delivery that was cut off between the two is told by the next, and that no other run sends a page about the
//! same thing meanwhile (`sender.rs`). An event that is counted in is in the list of the clock first ([`OpenAlerts`]),
//! so that no repeat is forgotten.

use std::time::Duration;

use jiff::Timestamp;

use super::{
    compare_and_swap::{Change, change},
    error::AlertError,
    incident_counts::{counted, remembered, telling, with_event},
    open_alerts,
    page::{IncidentScope, Page, PageState, Repetition, Severity},
    publish::publish,
    repeat_pages::{summary, with_repeats},
    sender::{OF_SUM, is_being_sent, is_cut_off, is_over, taken_over, with_sender},
    settings::AlertSettings,
    silences,
    tally::Untold,
    world::AlertWorld,
};
use crate::{
    domain::Target,
    records::{self, Incident, Tally, Telling, incident_path},
};

/// A team's pipeline under Warn is one warning a day and target.
const DAILY_REPEAT_INTERVAL: Duration = Duration::from_hours(24);
/// What a delivery says that is tried again.
const SENDING: &str = "another run is sending a page about the same thing";
/// For incidents of the whole stack, the first callers are paged at once, so that a new caller cannot hide behind a
/// frequent one. Later callers are in the summary.
const MAX_CALLERS_PAGED_AT_ONCE: usize = 5;

/// What was done about a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NotifyOutcome {
    /// It was sent.
    Paged,
    /// It was sent, and could not be put on record.
    PagedOffRecord,
    /// It happened again; the sum will tell.
    Counted,
    /// This event was told or counted before, or is of before the end that was told.
    Known,
}

/// What the document says is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    /// Sends the page, with what happened since the last.
    Tell(Untold),
    Count,
    /// Remembers it: it happened before the end that was told.
    Remember,
    Known,
    /// Another run is sending a page about it.
    Wait,
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
        Repetition::EachNew => return tell_new(world, settings, page).await,
        Repetition::Counted => settings.repeat_interval,
        Repetition::CountedDaily => settings.repeat_interval.max(DAILY_REPEAT_INTERVAL),
    };
    let path = path_of(page);
    // Whoever keeps the records from being read or written keeps no page back: one too many is better.
    let decided = decide(world, page, &path, every).await;
    let untold = match &decided {
        Ok(Step::Known | Step::Remember) => return Ok(NotifyOutcome::Known),
        Ok(Step::Count) => return Ok(NotifyOutcome::Counted),
        Ok(Step::Wait) => return Err(AlertError::Busy { what: SENDING }),
        Ok(Step::Tell(untold)) => untold.clone(),
        Err(_) => Untold::default(),
    };
    publish(world, settings, &with_repeats(page, &untold)).await?;
    if decided.is_ok() {
        told(world, &path, page, page.happening(), &untold).await?;
    } else {
        // Where it can be put on record after all, its end is told, too.
        if told_unrecorded(world, &path, page, every).await.is_err() {
            return Ok(NotifyOutcome::PagedOffRecord);
        }
    }
    Ok(NotifyOutcome::Paged)
}

/// Puts on record a page that was sent although its record could not be read or written.
async fn told_unrecorded<W: AlertWorld>(
    world: &W,
    path: &str,
    page: &Page,
    every: Duration,
) -> Result<(), AlertError> {
    // What was on its way before, and was cut off, waits for the sum.
    open_alerts::note_repeats(world, path).await?;
    let now = world.now();
    let is_of_another =
        |before: &Incident| is_being_sent(before, now) && !is_sent_by(before, page.happening());
    change(world, path, |before: Option<Incident>| {
        if before.as_ref().is_some_and(is_of_another) {
            // That one puts itself on record.
            return Change::Keep(());
        }
        Change::Write(
            Incident {
                told_at: Some(now),
                telling: None,
                ..telling(before, page, every, now)
            },
            (),
        )
    })
    .await
}

fn is_sent_by(incident: &Incident, event: &str) -> bool {
    let telling = incident.telling.as_ref();
    telling.is_some_and(|telling| telling.event == event)
}

/// Sends what is told each time, unless the same was said before: by this event, or by another that points at the
/// same.
async fn tell_new<W: AlertWorld>(
    world: &W,
    settings: &AlertSettings,
    page: &Page,
) -> Result<NotifyOutcome, AlertError> {
    let path = path_of(page);
    let content = page.content_hash();
    let now = world.now();
    let step = change(world, &path, |before: Option<Incident>| {
        let step = step_for_new(before.as_ref(), page, &content, now);
        if step != Step::Tell(Untold::default()) {
            return Change::Keep(step);
        }
        // What is on its way is not known before it was sent.
        let (events, told_at) = before.as_ref().map_or_else(Default::default, |before| {
            (before.events.clone(), before.told_at)
        });
        let on_its_way = telling(before, page, Duration::ZERO, now);
        let on_its_way = Incident {
            told_at,
            events,
            ..with_sender(on_its_way, &content, now)
        };
        Change::Write(on_its_way, step)
    })
    .await;
    match step {
        Ok(Step::Known) => return Ok(NotifyOutcome::Known),
        Ok(Step::Wait) => return Err(AlertError::Busy { what: SENDING }),
        // Where it cannot be put on record, it is told all the same.
        Ok(_) | Err(_) => {}
    }
    publish(world, settings, page).await?;
    let now = world.now();
    // Where it cannot be remembered, a second delivery is told as well.
    let remembered = change(world, &path, |before: Option<Incident>| {
        let told = telling(before, page, Duration::ZERO, now);
        let is_open = page.state == PageState::Open;
        Change::Write(
            Incident {
                events: with_event(told.events, &content),
                told_at: Some(now),
                telling: None,
                closed_at: (!is_open).then_some(now),
                ended_at: None,
                ..told
            },
            (),
        )
    });
    remembered.await.ok();
    Ok(NotifyOutcome::Paged)
}

/// What is to be done about a page that is told whenever it is news.
fn step_for_new(before: Option<&Incident>, page: &Page, content: &str, now: Timestamp) -> Step {
    let Some(before) = before else {
        return Step::Tell(Untold::default());
    };
    let mut events = before.events.iter();
    let is_said = events.any(|event| *event == page.id || event == content);
    // Two deliveries saw two states of what is found and gone, and the later one was told first.
    let is_outdated = matches!(page.state, PageState::Open | PageState::Closed)
        && before.told_at.is_some()
        && page.at < before.last_at;
    if is_said || is_outdated {
        Step::Known
    } else if is_being_sent(before, now) {
        Step::Wait
    } else {
        Step::Tell(Untold::default())
    }
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
            Step::Remember => match before {
                Some(before) => Change::Write(remembered(before, page), step),
                None => Change::Keep(step),
            },
            Step::Count | Step::Known | Step::Wait => Change::Keep(step),
        }
    })
    .await?;
    if step != Step::Count {
        return Ok(step);
    }
    if !open_alerts::note_repeats(world, path).await? {
        // Too many things wait already: better one page too many.
        return Ok(Step::Tell(Untold::default()));
    }
    change(world, path, |before: Option<Incident>| {
        // It may have been told or closed meanwhile.
        match (step_for(before.as_ref(), page, every, now), before) {
            (Step::Count, Some(before)) => Change::Write(counted(before, page, now), Step::Count),
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
    let target = match page.scope {
        IncidentScope::Subject => page.target.as_ref(),
        IncidentScope::Stack(_) => None,
    };
    incident_path(target, &page.kind, &page.hash())
}

fn step_for(before: Option<&Incident>, page: &Page, every: Duration, now: Timestamp) -> Step {
    let Some(before) = before else {
        return Step::Tell(Untold::default());
    };
    let is_due = before
        .told_at
        .is_some_and(|told_at| is_over(told_at, every, now));
    let tell = |untold: Untold| {
        if is_being_sent(before, now) {
            Step::Wait
        } else {
            Step::Tell(untold)
        }
    };
    let untold = || Untold::of(&taken_over(before.clone(), page.happening()), is_due);
    let is_known = before.events.iter().any(|event| event == page.happening());
    // Whose page was cut off sends it in its own next delivery; an event that is new need not wait for that. One that was
    // told before has nothing to tell, and must not open again what another delivery was closing.
    if is_sent_by(before, page.happening()) || (is_cut_off(before, now) && !is_known) {
        return tell(untold());
    }
    if is_known {
        return Step::Known;
    }
    if before.closed_at.is_some() {
        let is_before_its_end = before.ended_at.is_some_and(|ended_at| page.at < ended_at);
        return if is_before_its_end {
            Step::Remember
        } else {
            tell(Untold::default())
        };
    }
    let is_worse = Severity::of_word(&before.severity).is_none_or(|told| page.severity > told);
    if is_worse || is_due || is_new_caller(before, page) || is_new_code(before, page) {
        return tell(untold());
    }
    Step::Count
}

fn is_new_caller(before: &Incident, page: &Page) -> bool {
    let is_new = |by: &String| !before.actors.knows(by);
    page.scope != IncidentScope::Subject
        && before.actors.len() < MAX_CALLERS_PAGED_AT_ONCE
        && page.by.as_ref().is_some_and(is_new)
}

/// Whether it is about other code than what was told of within the interval. There are few classes, so that nobody can make a
/// storm of them.
fn is_new_code(before: &Incident, page: &Page) -> bool {
    let class = page.code_class.as_ref();
    class.is_some_and(|class| !before.code_classes.contains_key(class))
}

/// The page was sent, and with it what had waited. `sender` is what was put on record as on its way.
async fn told<W: AlertWorld>(
    world: &W,
    path: &str,
    page: &Page,
    sender: &str,
    untold: &Untold,
) -> Result<(), AlertError> {
    let now = world.now();
    change(world, path, |before: Option<Incident>| {
        let Some(before) = before else {
            return Change::Keep(());
        };
        let is_ours = |telling: &Telling| telling.event == sender;
        let rest = |tally: Tally, told: &Tally| {
            let rest = tally.less(told);
            if untold.is_due {
                rest.without_idle(told)
            } else {
                rest
            }
        };
        let mut code_classes = before.code_classes;
        if let (true, Some(summed_at)) = (untold.is_due, before.summed_at) {
            // What did not happen in this interval is news when it does.
            code_classes.retain(|_, last_at| *last_at >= summed_at);
        }
        let mut actors = rest(before.actors, &untold.actors);
        if let Some(by) = &page.by {
            actors.remember(by);
        }
        Change::Write(
            Incident {
                told_at: Some(now),
                untold: before.untold.saturating_sub(untold.count),
                code_classes,
                summed_at: if untold.is_due {
                    Some(now)
                } else {
                    before.summed_at
                },
                actors,
                targets: before
                    .targets
                    .less(&untold.targets)
                    .without_idle(&Tally::default()),
                telling: before.telling.filter(|telling| !is_ours(telling)),
                ..before
            },
            (),
        )
    })
    .await
}

/// What the clock's run did about what happened again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RepeatRun {
    /// Summaries that were sent.
    pub sent: usize,
    /// Incidents that there was no time to look at. The next run begins elsewhere in the list.
    pub left: usize,
}

/// Sums up what happened again and is due; what is not due yet stays on the list.
pub(super) async fn tell_repeats<W: AlertWorld>(
    world: &W,
    settings: &AlertSettings,
    work_until: Timestamp,
) -> Result<RepeatRun, AlertError> {
    let waiting = open_alerts::in_turn(open_alerts::read(world).await?.repeats, world.now());
    let mut done = RepeatRun::default();
    for (looked_at, path) in waiting.iter().enumerate() {
        if world.now() >= work_until {
            done.left = waiting.len().saturating_sub(looked_at);
            break;
        }
        let incident: Option<Incident> = records::read_named(world, path).await?;
        let Some(incident) = incident.filter(|incident| !is_quiet(incident, world.now())) else {
            open_alerts::forget_repeats(world, path).await?;
            // One that came in between is not to be forgotten.
            let again: Option<Incident> = records::read_named(world, path).await?;
            if again.is_some_and(|again| !is_quiet(&again, world.now())) {
                open_alerts::note_repeats(world, path).await?;
            }
            continue;
        };
        let every = Duration::from_secs(incident.repeat_seconds);
        if !is_repeated(&incident) || !is_over(told_since(&incident), every, world.now()) {
            continue;
        }
        // A silence that cannot be read holds nothing back.
        if let Ok(target) = Target::try_from(incident.subject.clone())
            && silences::delays_summary(world, &target, &incident.kind)
                .await
                .unwrap_or(false)
        {
            continue;
        }
        let Some(incident) = claim_sum(world, path).await? else {
            continue;
        };
        let untold = Untold::of(&incident, true);
        let page = summary(settings, &incident, &untold);
        publish(world, settings, &page).await?;
        told(world, path, &page, OF_SUM, &untold).await?;
        done.sent = done.sent.saturating_add(1);
    }
    Ok(done)
}

/// Puts on record that the sum is on its way, unless another run is at it or told it meanwhile.
async fn claim_sum<W: AlertWorld>(world: &W, path: &str) -> Result<Option<Incident>, AlertError> {
    let now = world.now();
    change(world, path, |before: Option<Incident>| {
        let is_to_be_told = |before: &Incident| {
            let every = Duration::from_secs(before.repeat_seconds);
            let is_due = before
                .told_at
                .is_none_or(|told_at| is_over(told_at, every, now));
            is_repeated(before) && is_due && !is_being_sent(before, now)
        };
        match before.filter(is_to_be_told) {
            Some(before) => {
                let claimed = with_sender(taken_over(before, OF_SUM), OF_SUM, now);
                Change::Write(claimed.clone(), Some(claimed))
            }
            None => Change::Keep(None),
        }
    })
    .await
}

fn is_repeated(incident: &Incident) -> bool {
    incident.untold > 0 && incident.closed_at.is_none()
}

fn told_since(incident: &Incident) -> Timestamp {
    let began = incident.telling.as_ref().map(|telling| telling.since);
    incident.told_at.or(began).unwrap_or(incident.first_at)
}

/// Whether nothing waits, and no delivery can be about to count: the list goes before the count, and what comes after the
/// interval is not counted but told. A minute longer, because a delivery may have looked before its end.
fn is_quiet(incident: &Incident, now: Timestamp) -> bool {
    const QUIET_MARGIN: Duration = Duration::from_mins(1);
    let every = Duration::from_secs(incident.repeat_seconds).saturating_add(QUIET_MARGIN);
    incident.closed_at.is_some()
        || (incident.untold == 0 && is_over(told_since(incident), every, now))
}
