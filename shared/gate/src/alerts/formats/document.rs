//! A page for programs: a JSON document with a version of its own, which carries what others expect.
//! `docs/pages.md` describes it, `docs/page.schema.json` is its schema.

use serde_json::{Map, Value, json};

use super::{asff::asff, bounds::Bounds, ocsf::ocsf, pagerduty::pagerduty, parts::Parts};
use crate::alerts::{
    page::{Page, Severity},
    settings::AlertSettings,
};

/// Fields may be added within a version, never changed.
const DOCUMENT_VERSION: u8 = 1;

pub(super) fn document(page: &Page, settings: &AlertSettings, bounds: Bounds) -> Value {
    let parts = Parts::of(page, settings, bounds);
    let links: Map<String, Value> = parts
        .links
        .iter()
        .map(|(name, address)| (name.to_ascii_lowercase(), address.clone().into()))
        .collect();
    // Who opens incidents and findings is given none of what went well.
    let is_finding = !page.is_good_news();
    json!({
        "version": DOCUMENT_VERSION,
        "id": parts.id,
        "dedup_key": parts.dedup_key,
        "at": page.at,
        "severity": severity(page.severity),
        "state": parts.state,
        "detection": parts.kind,
        "title": parts.title,
        "text": parts.text,
        "next_steps": parts.next_steps,
        "facts": parts.facts,
        "resources": parts.resources,
        "target": page.target.as_ref().map(ToString::to_string),
        "stack": parts.stack,
        "account": parts.place.as_ref().map(|place| &place.account),
        "region": parts.place.as_ref().map(|place| &place.region),
        "links": links,
        "pagerduty": is_finding.then(|| pagerduty(page, &parts)),
        "ocsf": is_finding.then(|| ocsf(page, &parts)),
        "asff": parts.place.as_ref().filter(|_| is_finding).map(|place| asff(page, &parts, place, settings)),
    })
}

pub(super) fn severity(severity: Severity) -> String {
    severity.as_str().to_ascii_lowercase()
}
