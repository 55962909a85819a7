//! What an event makes of the document of an incident: what is counted, by whom and of what, from when to when.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use jiff::Timestamp;

use super::{
    page::{IncidentScope, Page, Severity},
    sender::{taken_over, with_sender},
};
use crate::records::{Incident, Schema, Tally};

/// How many events are remembered, to know a second delivery of one.
const MAX_EVENT_IDS: usize = 50;
/// How many of the page's lists are kept for the sum.
const MAX_LIST_ITEMS: usize = 8;

/// The document while the page is on its way.
pub(super) fn telling(
    before: Option<Incident>,
    page: &Page,
    every: Duration,
    now: Timestamp,
) -> Incident {
    let kept = |texts: &[String]| texts.iter().take(MAX_LIST_ITEMS).cloned().collect();
    let is_new = before
        .as_ref()
        .is_none_or(|before| before.events.iter().all(|event| event != page.happening()));
    let before = match before {
        Some(before) if before.closed_at.is_none() => taken_over(before, page.happening()),
        // One that was gone begins anew; the events that are known stay known.
        gone => Incident {
            events: gone.map_or_else(Vec::new, |gone| gone.events),
            ..nothing_yet(page)
        },
    };
    let severity = Severity::of_word(&before.severity)
        .map_or(page.severity, |before| before.max(page.severity));
    let mut after = seen(before, page, is_new);
    if let Some(by) = &page.by {
        after.actors.remember(by);
    }
    if let Some(class) = &page.code_class {
        after.code_classes.insert(class.clone(), now);
    }
    let after = Incident {
        dedup_key: page.dedup_key(),
        kind: page.kind.clone(),
        subject: page.about().to_owned(),
        severity: severity.as_str().to_ascii_lowercase(),
        title: match page.scope {
            IncidentScope::Subject => page.title.clone(),
            IncidentScope::Stack(title) => title.to_owned(),
        },
        next_steps: kept(&page.next_steps),
        resources: kept(&page.resources),
        repeat_seconds: every.as_secs(),
        ..after
    };
    with_sender(after, page.happening(), now)
}

/// The document before its first event, whose times and ids are those of a page.
fn nothing_yet(page: &Page) -> Incident {
    Incident {
        schema: Schema,
        dedup_key: String::new(),
        kind: String::new(),
        subject: String::new(),
        severity: String::new(),
        title: String::new(),
        next_steps: Vec::new(),
        resources: Vec::new(),
        first_at: page.at,
        last_at: page.at,
        count: 0,
        untold: 0,
        repeat_seconds: 0,
        told_at: None,
        telling: None,
        events: Vec::new(),
        first_event: page.id.clone(),
        last_event: page.id.clone(),
        actors: Tally::default(),
        targets: Tally::default(),
        code_classes: BTreeMap::new(),
        summed_at: None,
        lasting: BTreeSet::new(),
        closed_at: None,
        ended_at: None,
    }
}

/// The document with the event of a page in it.
fn seen(before: Incident, page: &Page, is_new: bool) -> Incident {
    let is_first = page.at < before.first_at;
    let is_last = page.at >= before.last_at;
    let event_if = |is_it: bool, other: String| if is_it { page.id.clone() } else { other };
    Incident {
        first_at: before.first_at.min(page.at),
        last_at: before.last_at.max(page.at),
        first_event: event_if(is_first, before.first_event),
        last_event: event_if(is_last, before.last_event),
        count: before.count.saturating_add(u32::from(is_new)),
        events: with_event(before.events, page.happening()),
        lasting: before
            .lasting
            .into_iter()
            .chain(page.lasting.iter().cloned())
            .collect(),
        ..before
    }
}

/// The document with a page that is not sent: the sum will tell.
pub(super) fn counted(before: Incident, page: &Page, now: Timestamp) -> Incident {
    let mut after = seen(before, page, true);
    after.untold = after.untold.saturating_add(1);
    if let Some(by) = &page.by {
        after.actors.add(by);
    }
    after.targets.add(&page.subject);
    if let Some(class) = &page.code_class {
        after.code_classes.insert(class.clone(), now);
    }
    after
}

/// It is over already, and stays so.
pub(super) fn remembered(before: Incident, page: &Page) -> Incident {
    seen(before, page, true)
}

/// With this event, and without the oldest of too many.
pub(super) fn with_event(mut events: Vec<String>, event: &str) -> Vec<String> {
    if !events.iter().any(|known| known == event) {
        events.push(event.to_owned());
    }
    let surplus = events.len().saturating_sub(MAX_EVENT_IDS);
    events.drain(..surplus);
    events
}
