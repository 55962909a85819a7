//! `alerts/…`: what the function `alert` has told, so that one thing is told once and its repeats are counted.
//!
//! | document | what it is |
//! |---|---|
//! | `alerts/<functions\|layers>/<name>/<kind>-<hash>.json`, `alerts/stack/…` | [`Incident`]: one thing |
//! | `alerts/<functions\|layers>/<name>/recovered.json`, `alerts/stack/recovered.json` | [`Recovered`]: what a call ended |
//! | `alerts/open.json` | [`OpenAlerts`](super::OpenAlerts): what the next look by the clock has to come back to |
//! | `alerts/silences/<functions\|layers>/<name>.json` | [`SilenceState`](super::SilenceState): a silence and what it kept quiet |
//! | `silences/<functions\|layers>/<name>.json` | [`Silence`](super::Silence): written by people |

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::schema::Schema;
use crate::domain::Target;

/// Where everything is that `alert` keeps.
pub(super) const ALERTS_FOLDER: &str = "alerts/";

/// One thing that was told, and how often it happened since.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incident {
    /// 1.
    pub schema: Schema,
    /// Pages about the same thing have the same key, the one that closes it included.
    pub dedup_key: String,
    /// The id of a detection, or a reason code.
    pub kind: String,
    /// What it is about.
    pub subject: String,
    /// `notice`, `warning` or `critical`, the highest so far.
    pub severity: String,
    /// The title of its page.
    pub title: String,
    /// What its page advises.
    pub next_steps: Vec<String>,
    /// What its page points at.
    pub resources: Vec<String>,
    /// When it happened first, since it was closed last.
    pub first_at: Timestamp,
    /// When it happened last.
    pub last_at: Timestamp,
    /// How often it happened since `first_at`.
    pub count: u32,
    /// How often it happened since it was told last.
    pub untold: u32,
    /// How long repeats are counted before they are summed up, in seconds.
    pub repeat_seconds: u64,
    /// When it was told last; null while its first page is on its way.
    pub told_at: Option<Timestamp>,
    /// The event whose page is on its way, and since when; `sum` and `end` are those that sum up and that it is gone.
    pub telling: Option<Telling>,
    /// The events that are counted in, or the records of uploads that ended, the newest last: a second delivery of one is not a second one.
    pub events: Vec<String>,
    /// The event of `first_at`.
    #[serde(default)]
    pub first_event: String,
    /// The event of `last_at`.
    #[serde(default)]
    pub last_event: String,
    /// Who did it, and how often since it was told last.
    #[serde(default)]
    pub actors: Tally,
    /// What it was done to, and how often since it was told last.
    #[serde(default)]
    pub targets: Tally,
    /// Whose code it was about, and when such code was told or counted last: other code is told at once. What was idle for an
    /// interval is forgotten.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub code_classes: BTreeMap<String, Timestamp>,
    /// When what was counted was summed up last, with or without a page of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summed_at: Option<Timestamp>,
    /// What it brought that has to be gone before it is over: publishers, layers, `$LATEST`.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub lasting: BTreeSet<String>,
    /// When it was told to be gone; null while it is open.
    pub closed_at: Option<Timestamp>,
    /// When what ended it happened. What happened before that does not open it again.
    #[serde(default)]
    pub ended_at: Option<Timestamp>,
}

/// How often each of several names occurred.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// The names that came first, a bounded number of them.
    pub counts: BTreeMap<String, u32>,
    /// How often a name occurred for which there was no room.
    pub others: u32,
}

/// A page that is on its way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Telling {
    /// The event's id.
    pub event: String,
    /// Since when.
    pub since: Timestamp,
}

/// When calls last ended things of a target, or of the stack: what happened before that may be heard of later.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recovered {
    /// 1.
    pub schema: Schema,
    /// The detection, and what it is about where that is not the target; when the call was made that ended it.
    pub ended: BTreeMap<String, Timestamp>,
    /// By the same names, what there was after that call: publishers of a configuration, layers of a function. What a thing
    /// brought and is among them lasts.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub left: BTreeMap<String, BTreeSet<String>>,
}

impl Recovered {
    /// `csc-detached`, or `csc-weakened <ARN>`.
    pub(crate) fn key(detection: &str, subject: &str) -> String {
        format!("{detection} {subject}").trim_end().to_owned()
    }
}

/// Where it is kept what calls ended.
pub(crate) fn recovered_path(target: Option<&Target>) -> String {
    format!("{}recovered.json", incidents_folder(target))
}

/// Where the incident of a kind lies; `hash` tells apart those of one kind and subject.
pub(crate) fn incident_path(target: Option<&Target>, kind: &str, hash: &str) -> String {
    format!("{}{kind}-{hash}.json", incidents_folder(target))
}

/// The folder of a target's incidents, or of those about the stack and what it trusts.
pub(crate) fn incidents_folder(target: Option<&Target>) -> String {
    target.map_or_else(
        || format!("{ALERTS_FOLDER}stack/"),
        |target| format!("{ALERTS_FOLDER}{target}/"),
    )
}

/// The kind in the name of an incident's document.
pub(crate) fn incident_kind(path: &str) -> Option<&str> {
    let file = path.rsplit('/').next()?.strip_suffix(".json")?;
    file.rsplit_once('-').map(|(kind, _)| kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kind_is_read_from_the_name_of_the_document() {
        let target = Target::try_from("functions/orders".to_owned()).unwrap();
        for kind in ["code-changed", "PUBLISHER_NOT_ALLOWED"] {
            for target in [None, Some(&target)] {
                let path = incident_path(target, kind, "0123456789abcdef");
                assert_eq!(incident_kind(&path), Some(kind), "{path}");
            }
        }
        assert_eq!(incident_kind("alerts/open.json"), None);
        assert_eq!(incident_kind(&recovered_path(None)), None);
    }
}
