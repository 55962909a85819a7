//! The records, as one caller reads and writes them: with faults, conditions, and what a planted mistake does instead.

use std::{
    collections::BTreeSet,
    hash::{DefaultHasher, Hash as _, Hasher as _},
};

use countersign_gate::{
    domain::*,
    ports::{PortError, *},
};

use super::{
    Mistake,
    people::{HERSELF, SOMEBODY_ELSE, UPLOADER},
    simulated_ports::SimulatedPorts,
    trail::ALERT,
};

/// As S3 makes it: of the content alone.
fn etag(body: &[u8]) -> String {
    let mut hasher = DefaultHasher::new();
    body.hash(&mut hasher);
    format!("\"{:016x}\"", hasher.finish())
}

/// A verdict without what it says of break-glass.
fn without_glass(body: &[u8]) -> Vec<u8> {
    let mut document: serde_json::Value = serde_json::from_slice(body).unwrap();
    if let Some(verdict) = document["verdict"].as_object_mut() {
        verdict.remove("break_glass");
    }
    serde_json::to_vec(&document).unwrap()
}

/// A document with another text in a field that it has.
pub(super) fn with_field(body: &[u8], field: &str, text: &str) -> Vec<u8> {
    let mut document: serde_json::Value = serde_json::from_slice(body).unwrap();
    if let Some(found) = document.get_mut(field) {
        *found = text.into();
    }
    serde_json::to_vec(&document).unwrap()
}

impl Records for SimulatedPorts {
    async fn read_record(&self, path: &str) -> Result<Option<Vec<u8>>, PortError> {
        self.call("s3:GetObject record", |state| {
            let body = state.records.get(path).cloned()?;
            if let Some(mistake) = state.mistake
                && self.name.starts_with(ALERT)
            {
                return mistake.in_what_alert_reads(path, body);
            }
            Some(match state.mistake {
                // As if it did not matter who approves.
                Some(Mistake::UploaderCounted) if path.starts_with(APPROVALS) => {
                    let text = String::from_utf8(body).unwrap();
                    text.replace(UPLOADER, SOMEBODY_ELSE)
                        .replace(HERSELF, SOMEBODY_ELSE)
                        .into_bytes()
                }
                // As if nobody noted by what a policy was passed over.
                Some(Mistake::GlassForgotten) if path.ends_with("/verdict.json") => {
                    without_glass(&body)
                }
                // As if the lease were this delivery's.
                Some(Mistake::LeaseIgnored) => with_field(&body, "delivery", &self.delivery),
                // As if nobody noted that an effect may have been begun.
                Some(Mistake::CurrentBeforeApplied) if path.ends_with("/verdict.json") => {
                    with_field(&body, "effect", "none")
                }
                _ => body,
            })
        })
        .await
    }

    async fn create_record(&self, path: &str, body: &[u8]) -> Result<Creation, PortError> {
        self.call("s3:PutObject record", |state| {
            let is_blind = state.mistake == Some(Mistake::BlindCreate);
            if state.records.contains_key(path) && !is_blind {
                return Creation::Existed;
            }
            if state.mistake == Some(Mistake::VerdictAfterEffect) && path.ends_with("/verdict.json")
            {
                *self.late.lock().unwrap() = Some((path.to_owned(), body.to_vec()));
                return Creation::Created;
            }
            if let Some((path, body)) = self.late.lock().unwrap().take() {
                state.records.insert(path, body);
            }
            state.check_record(&self.seen.lock().unwrap(), path, body);
            state.records.insert(path.to_owned(), body.to_vec());
            if path.starts_with(APPROVALS) {
                state.ticks += 1;
                let at = state.ticks;
                state.statements_recorded.insert(path.to_owned(), at);
            }
            Creation::Created
        })
        .await
    }

    async fn replace_record(&self, path: &str, body: &[u8]) -> Result<(), PortError> {
        self.call("s3:PutObject record", |state| {
            assert!(
                !path.ends_with("/outcome.json"),
                "an outcome is never replaced"
            );
            state.records.insert(path.to_owned(), body.to_vec());
        })
        .await
    }

    async fn read_record_with_etag(&self, path: &str) -> Result<Option<RecordWithEtag>, PortError> {
        self.call("s3:GetObject record", |state| {
            let mut body = state.records.get(path).cloned()?;
            if let Some(mistake) = state.mistake
                && self.name.starts_with(ALERT)
            {
                let etag = etag(&body);
                body = mistake.in_what_alert_reads(path, body)?;
                return Some(RecordWithEtag { etag, body });
            }
            // As if nobody else were publishing.
            if state.mistake == Some(Mistake::TurnNotAwaited) && path.ends_with("/publishing.json")
            {
                return Some(RecordWithEtag {
                    etag: etag(&body),
                    body: Vec::new(),
                });
            }
            // As if what is on record were no later deployment.
            if state.mistake == Some(Mistake::LiveGoesBack) && path.ends_with("/live.json") {
                return Some(RecordWithEtag {
                    etag: etag(&body),
                    body: Vec::new(),
                });
            }
            Some(RecordWithEtag {
                etag: etag(&body),
                body,
            })
        })
        .await
    }

    async fn replace_record_as_seen(
        &self,
        path: &str,
        body: &[u8],
        seen: Option<&RecordWithEtag>,
    ) -> Result<Replacement, PortError> {
        self.call("s3:PutObject record", |state| {
            let found = state.records.get(path).map(|body| etag(body));
            let is_blind = state.mistake == Some(Mistake::BlindReplace);
            if found != seen.map(|seen| seen.etag.clone()) && !is_blind {
                return Replacement::Changed;
            }
            let is_forgotten = |mistake: Mistake| mistake.is_not_written_by_alert(path, body);
            if self.name.starts_with(ALERT) && state.mistake.is_some_and(is_forgotten) {
                return Replacement::Replaced;
            }
            state.records.insert(path.to_owned(), body.to_vec());
            Replacement::Replaced
        })
        .await
    }

    async fn list_record_folders(&self, prefix: &str) -> Result<Vec<String>, PortError> {
        self.call("s3:ListObjectsV2", |state| {
            let from = state.records.range(prefix.to_owned()..);
            let below = from.map_while(|(path, _)| path.strip_prefix(prefix));
            let folders = below.filter_map(|rest| Some(rest.split_once('/')?.0));
            let folders: BTreeSet<String> =
                folders.map(|folder| format!("{prefix}{folder}/")).collect();
            folders.into_iter().collect()
        })
        .await
    }

    async fn list_records(&self, prefix: &str) -> Result<Vec<String>, PortError> {
        self.call("s3:ListObjectsV2", |state| {
            let from = state.records.range(prefix.to_owned()..);
            from.map(|(path, _)| path.clone())
                .take_while(|path| path.starts_with(prefix))
                .collect()
        })
        .await
    }
}
