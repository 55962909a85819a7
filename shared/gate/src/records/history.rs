//! The history of a target, from its records.

use super::documents::{Outcome, Received, Signing, VerdictRecord};
use crate::{
    domain::{Target, Upload},
    outcome::RetryableError,
    ports::Records,
    records,
};
use serde::Serialize;
use std::collections::BTreeMap;

/// One upload with all that is on record of it; what is not written yet, or never was, is null.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct UploadRecords {
    /// `20261121T214400Z-<version id>`
    pub label: String,
    /// `received.json`
    pub received: Option<Received>,
    /// `signing.json`
    pub signing: Option<Signing>,
    /// `verdict.json`
    pub verdict: Option<VerdictRecord>,
    /// `outcome.json`
    pub outcome: Option<Outcome>,
}

impl UploadRecords {
    /// Where the upload stands, in a word.
    #[must_use]
    pub fn standing(&self) -> &'static str {
        match (&self.outcome, &self.verdict, &self.signing) {
            (Some(outcome), ..) => outcome.state.as_str(),
            (None, Some(verdict), _) if verdict.decision.accepts() => "deploying",
            (None, Some(_), _) => "refusing",
            (None, None, Some(_)) => "signing",
            (None, None, None) => "received",
        }
    }
}

/// The newest `most` uploads of a target, newest first.
///
/// Costs one listing, and for each upload a read for each document there is.
pub async fn history<W: Records>(
    world: &W,
    target: &Target,
    most: usize,
) -> Result<Vec<UploadRecords>, RetryableError> {
    let prefix = format!("{target}/");
    let mut folders: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for path in world.list_records(&prefix).await? {
        let rest = path
            .strip_prefix(&prefix)
            .and_then(|rest| rest.split_once('/'));
        if let Some((label, document)) = rest
            && Upload::parse_label(label).is_some()
        {
            folders
                .entry(label.to_owned())
                .or_default()
                .push(document.to_owned());
        }
    }
    let mut chapters = Vec::new();
    for (label, documents) in folders.into_iter().rev().take(most) {
        let mut chapter = UploadRecords {
            label: label.clone(),
            ..UploadRecords::default()
        };
        for document in documents {
            let path = format!("{prefix}{label}/{document}");
            match document.as_str() {
                "received.json" => chapter.received = records::read(world, &path).await?,
                "signing.json" => chapter.signing = records::read(world, &path).await?,
                "verdict.json" => chapter.verdict = records::read(world, &path).await?,
                "outcome.json" => chapter.outcome = records::read(world, &path).await?,
                _ => {}
            }
        }
        chapters.push(chapter);
    }
    Ok(chapters)
}
