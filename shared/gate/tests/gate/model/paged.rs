//! One page for each thing that is due, and none for others; each that is due is sent in the end, and nothing waits for
//! ever. Checked at rest, by what the topic took against what happened.
//!
//! A page is sent at least once: where the delivery that sent it lost an answer or its life, it may come again, and only
//! there.

use std::collections::{BTreeMap, BTreeSet};

use countersign_gate::records::{Drift, DriftKind, Incident};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::alerting::REPEAT_INTERVAL;
use crate::world::{
    RECORDS, WorldState,
    trail::{DriftState, Happening, Published},
};

pub(super) const NOT_PAGED: &str = "what is due is not paged";
pub(super) const PAGED_AGAIN: &str = "one thing is paged twice";
pub(super) const PAGED_FOR_NONE: &str = "a page tells of what did not happen";
pub(super) const NOT_COUNTED: &str = "pages tell of less than happened";
pub(super) const COUNTED_TWICE: &str = "pages tell of more than happened";
pub(super) const CLOSED_BY_OLDER: &str = "a page says that it is gone, and it happened later";
pub(super) const STAYS_OPEN: &str = "what is gone is not told to be gone";
pub(super) const WAITS: &str = "something waits to be told for ever";
pub(super) const MIXED_UP: &str = "two things have one key, or one has two";

/// What happened so shortly before an end may have happened after it, as far as CloudTrail says.
const MARGIN: SignedDuration = SignedDuration::from_secs(1);

/// A page, read as a program reads it.
struct Page {
    by: String,
    sent_at: Timestamp,
    id: String,
    dedup_key: String,
    state: String,
    kind: String,
    text: String,
    at: Timestamp,
    resource: String,
}

impl Page {
    fn of(published: &Published) -> Self {
        let texts: Value = serde_json::from_str(published.message.message()).unwrap();
        let document: Value = serde_json::from_str(texts["sqs"].as_str().unwrap()).unwrap();
        let text = |field: &str| document[field].as_str().unwrap().to_owned();
        Self {
            by: published.by.clone(),
            sent_at: published.at,
            id: text("id"),
            dedup_key: text("dedup_key"),
            state: text("state"),
            kind: text("detection"),
            text: text("text"),
            at: text("at").parse().unwrap(),
            resource: document["resources"][0].as_str().unwrap().to_owned(),
        }
    }

    fn is_of_drift(&self) -> bool {
        let is_it = |kind: &DriftKind| kind.as_str() == self.kind;
        DriftKind::ALL.iter().any(is_it) && self.resource.contains("/drift/")
    }

    fn is_closed(&self) -> bool {
        self.state == "closed"
    }

    /// Whether it tells of one event, and not of several.
    fn is_of_one(&self) -> bool {
        !self.is_closed() && self.state != "repeated"
    }

    /// How many happenings it tells of that were not told before.
    fn tells_of(&self) -> u32 {
        if self.state == "repeated" {
            number_behind(&self.text, "The same happened ")
        } else {
            1 + number_behind(&self.text, "it also happened ")
        }
    }
}

/// `3 more times`, `once more`, `twice`; 0 if it is not said.
fn number_behind(text: &str, words: &str) -> u32 {
    let Some((_, rest)) = text.split_once(words) else {
        return 0;
    };
    match rest.split([' ', ',', '.']).next().unwrap() {
        "once" => 1,
        "twice" => 2,
        number => number.parse().unwrap(),
    }
}

/// What the topic took must be what happened.
pub(super) fn check_pages(state: &WorldState) {
    let pages: Vec<Page> = state.trail.published.iter().map(Page::of).collect();
    let (of_drift, others): (Vec<&Page>, Vec<&Page>) =
        pages.iter().partition(|page| page.is_of_drift());
    check_drift_pages(state, &of_drift);
    let things = Things::of(state, &others);
    let mut by_thing: BTreeMap<&str, Vec<&Page>> = BTreeMap::new();
    for page in others {
        let thing = things.by_key.get(&page.dedup_key);
        let thing = thing.unwrap_or_else(|| panic!("{PAGED_FOR_NONE}: {}", page.dedup_key));
        by_thing.entry(thing).or_default().push(page);
    }
    for (thing, happenings) in &things.happenings {
        let pages = by_thing.remove(thing).unwrap_or_default();
        Told {
            state,
            thing,
            happenings,
            pages,
        }
        .check();
    }
    check_nothing_waits(state, &things);
}

/// What happened, by what is one thing to people.
struct Things<'a> {
    happenings: BTreeMap<&'a str, Vec<&'a Happening>>,
    by_id: BTreeMap<&'a str, &'a Happening>,
    /// Which thing has which key.
    by_key: BTreeMap<String, &'a str>,
}

impl<'a> Things<'a> {
    fn of(state: &'a WorldState, pages: &[&Page]) -> Self {
        let mut things = Self {
            happenings: BTreeMap::new(),
            by_id: BTreeMap::new(),
            by_key: BTreeMap::new(),
        };
        for happening in &state.trail.happenings {
            things.by_id.insert(&happening.id, happening);
            let of_thing = things.happenings.entry(&happening.thing).or_default();
            of_thing.push(happening);
        }
        for (id, path) in &state.trail.pointers {
            if let Some(happening) = things.by_id.get(path.as_str()).copied() {
                things.by_id.insert(id, happening);
            }
        }
        for page in pages.iter().filter(|page| page.is_of_one()) {
            let happening = things.by_id.get(page.id.as_str());
            let is_it = |happening: &&&Happening| happening.kind == page.kind;
            let happening = happening.filter(is_it);
            let happening = happening
                .unwrap_or_else(|| panic!("{PAGED_FOR_NONE}: {} of {}", page.kind, page.id));
            things.name(&page.dedup_key, &happening.thing);
        }
        for (_, incident) in incidents(state) {
            let bucket = format!("s3://{RECORDS}/");
            let mut events = incident.events.iter();
            let known = events.find_map(|event| {
                let id = event.strip_prefix(&bucket).unwrap_or(event);
                things.by_id.get(id).copied()
            });
            if let Some(known) = known {
                things.name(&incident.dedup_key, &known.thing);
            }
        }
        things
    }

    fn name(&mut self, key: &str, thing: &'a str) {
        let before = self.by_key.insert(key.to_owned(), thing);
        assert!(before.is_none_or(|before| before == thing), "{MIXED_UP}");
        let keys = self.by_key.values().filter(|named| **named == thing);
        assert_eq!(keys.count(), 1, "{MIXED_UP}");
    }
}

fn incidents(state: &WorldState) -> Vec<(&str, Incident)> {
    let paths = state.records.keys();
    let of_incidents = paths
        .filter(|path| path.starts_with("alerts/functions/") || path.starts_with("alerts/stack/"));
    of_incidents
        .filter(|path| !path.ends_with("/recovered.json"))
        .map(|path| (path.as_str(), state.record(path).unwrap()))
        .collect()
}

/// One thing, and what was told of it.
struct Told<'a> {
    state: &'a WorldState,
    thing: &'a str,
    happenings: &'a [&'a Happening],
    pages: Vec<&'a Page>,
}

impl Told<'_> {
    fn check(&self) {
        self.check_each_is_told();
        self.check_rhythm();
        self.check_closings();
        self.check_last();
    }

    fn is_troubled(&self, page: &Page) -> bool {
        self.state.trail.troubled.contains(&page.by)
    }

    /// Whether a delivery of one of its events, or one that told of it, was in trouble.
    fn was_ever_troubled(&self) -> bool {
        let is_of_it = |delivery: &String| {
            let mut ids = self.happenings.iter().map(|it| it.id.as_str());
            let pointers = &self.state.trail.pointers;
            let carried = delivery.split(' ').nth(1).unwrap_or_default();
            let id = pointers.get(carried).map_or(carried, String::as_str);
            ids.any(|known| known == id) || self.pages.iter().any(|page| page.by == *delivery)
        };
        self.state.trail.troubled.iter().any(is_of_it)
    }

    /// Whether a page was sent that could not be put on record, by a delivery in trouble: `alert` cannot know of it.
    fn has_page_off_record(&self) -> bool {
        let incidents = incidents(self.state);
        let pointers = &self.state.trail.pointers;
        self.pages.iter().any(|page| {
            let path = pointers
                .get(&page.id)
                .map(|path| format!("s3://{RECORDS}/{path}"));
            let id = path.as_ref().unwrap_or(&page.id);
            let is_on_record = incidents.iter().any(|(_, incident)| {
                // An earlier delivery of the event may be on record, and not what this one sent.
                incident.events.contains(id)
                    && incident
                        .told_at
                        .is_some_and(|told_at| told_at >= page.sent_at)
            });
            page.is_of_one() && !is_on_record && self.is_troubled(page)
        })
    }

    /// Whether nobody has to be told: it was over before anybody heard of it.
    fn is_over_before(&self, happening: &Happening) -> bool {
        let mut closed = self.pages.iter().filter(|page| page.is_closed());
        closed.any(|page| happening.at < page.at)
    }

    fn check_each_is_told(&self) {
        let arrived = || self.happenings.iter().filter(|it| !it.is_lost);
        let due = arrived()
            .filter(|it| !it.is_optional && !self.is_over_before(it))
            .count();
        assert!(
            due == 0 || self.pages.iter().any(|page| !page.is_closed()),
            "{NOT_PAGED}: {}",
            self.thing
        );
        let mut told = 0;
        // Since it was told to be gone last.
        let mut of_this = 0;
        for page in &self.pages {
            if page.is_closed() {
                told += number_behind(&page.text, "It happened ").max(of_this);
                of_this = 0;
            } else {
                of_this += page.tells_of();
            }
        }
        told += of_this;
        let told = usize::try_from(told).unwrap();
        assert!(told >= due, "{NOT_COUNTED}: {}", self.thing);
        assert!(
            told <= arrived().count() || self.was_ever_troubled(),
            "{COUNTED_TWICE}: {}",
            self.thing
        );
    }

    /// Between two pages that it is there is its interval, or a page that it was gone.
    fn check_rhythm(&self) {
        let interval = if self.thing.ends_with(": deployed") {
            SignedDuration::from_hours(24)
        } else {
            SignedDuration::try_from(REPEAT_INTERVAL).unwrap()
        };
        for (at, page) in self.pages.iter().enumerate() {
            let before = &self.pages[..at];
            let is_excused = self.is_troubled(page)
                || before.last().is_some_and(|last| self.is_troubled(last))
                // It was cut off, and ended before it came again.
                || (before.is_empty() && self.was_ever_troubled())
                || before
                    .iter()
                    .any(|other| other.id == page.id && self.is_troubled(other));
            let is_due = match before.last() {
                None => !page.is_closed(),
                Some(last) if last.is_closed() => !page.is_closed(),
                Some(last) => {
                    page.is_closed() || page.sent_at.duration_since(last.sent_at) >= interval
                }
            };
            assert!(is_due || is_excused, "{PAGED_AGAIN}: {}", self.thing);
        }
    }

    fn is_ended_after(&self, tick: u64) -> bool {
        let first = self.happenings[0];
        let mut endings = self.state.trail.endings.iter();
        endings.any(|end| end.tick > tick && end.ends(&first.subject, &first.kind))
    }

    /// What is told to be gone was ended after all that was told of it.
    fn check_closings(&self) {
        let mut last = 0;
        for page in &self.pages {
            let of_page = self.happenings.iter().find(|it| {
                let pointed = self.state.trail.pointers.get(&page.id);
                page.is_of_one() && (it.id == page.id || pointed == Some(&it.id))
            });
            last = of_page.map_or(last, |happening| last.max(happening.tick));
            assert!(
                !page.is_closed() || self.is_ended_after(last) || self.has_page_off_record(),
                "{CLOSED_BY_OLDER}: {}",
                self.thing
            );
        }
    }

    /// What was told last is how it is.
    fn check_last(&self) {
        let Some(last) = self.pages.last() else {
            return;
        };
        let arrived = || self.happenings.iter().filter(|it| !it.is_lost);
        if last.is_closed() {
            let due = arrived().filter(|it| !it.is_optional);
            let latest = due.map(|it| it.tick).max().unwrap_or_default();
            assert!(
                self.is_ended_after(latest) || self.has_page_off_record(),
                "{CLOSED_BY_OLDER}: {}",
                self.thing
            );
            return;
        }
        let first = self.happenings[0];
        let latest = arrived().map(|it| it.at).max().unwrap_or_default();
        let mut endings = self.state.trail.endings.iter();
        let is_over = endings.any(|end| {
            !end.is_lost
                && end.ends(&first.subject, &first.kind)
                && end.at > latest.saturating_add(MARGIN).unwrap()
        });
        assert!(
            !is_over || self.has_page_off_record(),
            "{STAYS_OPEN}: {}",
            self.thing
        );
    }
}

/// Nothing is counted and not told, and no page is on its way.
fn check_nothing_waits(state: &WorldState, things: &Things<'_>) {
    for (path, incident) in incidents(state) {
        let is_told = incident.untold == 0 || incident.closed_at.is_some();
        assert!(is_told, "{WAITS}: {path}");
        let known = things.by_key.get(&incident.dedup_key);
        assert!(
            known.is_some() || incident.dedup_key.contains("/drift/") || is_of_drift(&incident),
            "{PAGED_FOR_NONE}: {path}"
        );
    }
}

fn is_of_drift(incident: &Incident) -> bool {
    let is_it = |kind: &DriftKind| kind.as_str() == incident.kind;
    DriftKind::ALL.iter().any(is_it)
}

/// What `sweep` found is told as it is, once, and what is told last is how it stands.
fn check_drift_pages(state: &WorldState, pages: &[&Page]) {
    let mut told: BTreeMap<&str, Vec<(DriftState, &Page)>> = BTreeMap::new();
    for page in pages {
        let path = page
            .resource
            .strip_prefix(&format!("s3://{RECORDS}/"))
            .unwrap();
        let said = DriftState {
            path: path.to_owned(),
            is_open: !page.is_closed(),
            at: page.at,
        };
        let of_path = told.entry(path).or_default();
        let earlier = of_path.iter().filter(|(before, _)| *before == said);
        let mut untroubled = earlier.filter(|(_, page)| !state.trail.troubled.contains(&page.by));
        let is_new = untroubled.next().is_none() || state.trail.troubled.contains(&page.by);
        assert!(is_new, "{PAGED_AGAIN}: {path}");
        of_path.push((said, page));
    }
    let paths: BTreeSet<&str> = state
        .trail
        .drift
        .iter()
        .map(|it| it.path.as_str())
        .collect();
    for path in paths {
        let drift: Drift = state.record(path).unwrap();
        let is_now = (drift.is_open(), drift.closed_at.unwrap_or(drift.found_at));
        let last = told.get(path).and_then(|of_path| of_path.last());
        let last = last.map(|(said, _)| (said.is_open, said.at));
        assert_eq!(last, Some(is_now), "{NOT_PAGED}: {path}");
    }
}
