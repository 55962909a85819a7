//! The parts of a page that all of its machine formats are made of.

use serde_json::{Map, Value};

use super::{
    bounds::{Bounds, MAX_DEDUP_KEY_CHARS, MAX_STACK_CHARS},
    inert::{cut, no_markup, one_line},
    links::links,
    step::step,
};
use crate::alerts::{
    page::{AwsLocation, Page, PageState, short_hash},
    settings::AlertSettings,
};

/// The parts of a page, already inert, that all of its machine formats are made of.
#[derive(Clone, Debug)]
pub(super) struct Parts {
    pub(super) id: String,
    pub(super) dedup_key: String,
    pub(super) title: String,
    pub(super) text: String,
    pub(super) next_steps: Vec<String>,
    pub(super) facts: Map<String, Value>,
    pub(super) resources: Vec<String>,
    pub(super) kind: String,
    pub(super) state: &'static str,
    pub(super) stack: String,
    pub(super) place: Option<AwsLocation>,
    /// Console and runbook.
    pub(super) links: Vec<(&'static str, String)>,
}

impl Parts {
    pub(super) fn of(page: &Page, settings: &AlertSettings, bounds: Bounds) -> Self {
        let line = |text: &str, most| no_markup(&one_line(text, most));
        let lines = |texts: &[String], most| {
            let kept = texts.iter().take(most);
            kept.map(|text| line(text, bounds.line)).collect()
        };
        let facts = page.facts.iter().take(bounds.facts);
        let steps = page.next_steps.iter().take(bounds.steps);
        let place = page.place.as_ref().or(settings.place.as_ref());
        Self {
            id: line(&page.id, bounds.line),
            dedup_key: dedup_key(page),
            title: line(&page.title, bounds.title),
            text: no_markup(&cut(&page.text, bounds.text)),
            next_steps: steps
                .map(|text| no_markup(&step(text, page, settings, bounds.line)))
                .collect(),
            facts: facts
                .map(|(name, value)| ((*name).to_owned(), line(value, bounds.fact).into()))
                .collect(),
            resources: lines(&page.resources, bounds.resources),
            kind: line(&page.kind, bounds.line),
            state: page.state.as_str(),
            stack: line(&page.stack, bounds.line),
            place: place.map(|place| AwsLocation {
                partition: line(&place.partition, bounds.line),
                region: line(&place.region, bounds.line),
                account: line(&place.account, bounds.line),
            }),
            links: links(page, settings),
        }
    }
}

/// The key of the page. One that is too long keeps what tells it apart: it is not cut, but hashed.
fn dedup_key(page: &Page) -> String {
    let key = page.dedup_key();
    let whole = no_markup(&one_line(&key, usize::MAX));
    if whole.chars().count() <= MAX_DEDUP_KEY_CHARS {
        return whole;
    }
    let stack = no_markup(&one_line(&page.stack, MAX_STACK_CHARS));
    format!("{stack}/{}", short_hash(&[&key]))
}

/// Whether a page ends what others under its key began.
pub(super) fn is_closed(page: &Page) -> bool {
    page.state == PageState::Closed
}
