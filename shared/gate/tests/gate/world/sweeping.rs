//! The ports that `sweep` needs beside those of the others.

use countersign_gate::{domain::*, outcome::RecordEvent, ports::*};

use super::{
    Mistake, RECORDS, START, World, WorldState, lambda::code_of, simulated_ports::SimulatedPorts,
};

/// How many versions a page of a listing holds: few, so that keys are cut in two.
const PAGE: usize = 3;

impl WorldState {
    /// Takes the event that tells of drift.
    pub(super) fn tell_drift(&mut self, detail: &str) {
        let event: RecordEvent = serde_json::from_str(detail).unwrap();
        let bucket = format!("s3://{RECORDS}/");
        let path = event.record.strip_prefix(&bucket).unwrap().to_owned();
        assert!(
            self.records.contains_key(&path),
            "drift is told that is not on record"
        );
        self.drift_told.push(path);
    }

    fn all_versions(&self) -> Vec<ListedVersion> {
        let mut all = Vec::new();
        for (key, versions) in &self.uploads {
            for (position, stored) in versions.iter().rev().enumerate() {
                if self.mistake == Some(Mistake::OlderNotSought) && position > 0 {
                    continue;
                }
                all.push(ListedVersion {
                    key: key.clone(),
                    version: Some(stored.version.clone()),
                    last_modified: stored.at,
                    size: u64::from(stored.slot.is_some()),
                    is_current: position == 0,
                    is_delete_marker: stored.slot.is_none(),
                });
            }
        }
        for (key, statements) in &self.statements {
            for (position, stored) in statements.iter().rev().enumerate() {
                all.push(ListedVersion {
                    key: key.clone(),
                    version: Some(stored.version.clone()),
                    last_modified: stored.at,
                    size: u64::from(stored.body.is_some()),
                    is_current: position == 0,
                    is_delete_marker: stored.body.is_none(),
                });
            }
        }
        all.sort_by(|one, other| one.key.cmp(&other.key));
        all
    }
}

impl UploadInventory for SimulatedPorts {
    async fn list_all_versions(
        &self,
        from: Option<&VersionsCursor>,
    ) -> Result<VersionsPage, PortError> {
        self.call("s3:ListObjectVersions", |state| {
            if state.versions_go_round {
                let round = VersionsCursor {
                    key: "functions/again.zip".to_owned(),
                    version: None,
                };
                return VersionsPage {
                    versions: Vec::new(),
                    next: Some(round),
                };
            }
            let all = state.all_versions();
            let is_after = |listed: &&ListedVersion| match from {
                None => true,
                Some(VersionsCursor { key, .. }) => listed.key >= *key,
            };
            // A version that is gone since: from the beginning of its key.
            let mut rest: Vec<ListedVersion> = all.iter().filter(is_after).cloned().collect();
            if let Some(VersionsCursor { key, version }) = from {
                let is_last = |listed: &ListedVersion| match version {
                    Some(version) => {
                        listed.key == *key
                            && listed.version.as_ref().map(VersionId::as_str) == Some(version)
                    }
                    None => listed.key == *key,
                };
                if let Some(last) = rest.iter().rposition(is_last) {
                    rest.drain(..=last);
                }
            }
            let is_more = rest.len() > PAGE;
            rest.truncate(PAGE);
            let next = rest.last().filter(|_| is_more).map(|last| VersionsCursor {
                key: last.key.clone(),
                version: last.version.as_ref().map(ToString::to_string),
            });
            VersionsPage {
                versions: rest,
                next,
            }
        })
        .await
    }
}

impl FunctionInventory for SimulatedPorts {
    async fn list_functions(
        &self,
        _: Option<&str>,
    ) -> Result<ListingPage<ListedFunction>, PortError> {
        self.call("lambda:ListFunctions", |state| ListingPage {
            items: state
                .functions
                .iter()
                .map(|(name, function)| ListedFunction {
                    name: name.clone(),
                    code: code_of(function),
                    package_type: PackageType::Zip,
                })
                .collect(),
            next: None,
        })
        .await
    }

    async fn list_cscs(&self, _: Option<&str>) -> Result<ListingPage<Csc>, PortError> {
        self.call("lambda:ListCodeSigningConfigs", |state| ListingPage {
            items: state.cscs.values().cloned().collect(),
            next: None,
        })
        .await
    }

    async fn functions_of_csc(
        &self,
        csc: &CscArn,
        _: Option<&str>,
    ) -> Result<ListingPage<String>, PortError> {
        self.call("lambda:ListFunctionsByCodeSigningConfig", |state| {
            ListingPage {
                items: state
                    .functions
                    .iter()
                    .filter(|(_, function)| function.csc.as_ref() == Some(csc))
                    .map(|(name, _)| name.clone())
                    .collect(),
                next: None,
            }
        })
        .await
    }
}

impl PackageStorage for SimulatedPorts {
    async fn lifecycle_rules(&self) -> Result<Vec<LifecycleRule>, PortError> {
        self.call("s3:GetLifecycleConfiguration", |state| {
            state.lifecycle.clone()
        })
        .await
    }

    async fn package_versions(&self, key: &str) -> Result<Vec<PackageVersion>, PortError> {
        self.call("s3:ListObjectVersions signed", |state| {
            let as_written = || PackageVersion {
                version: Some(VersionId::parse("s1").unwrap()),
                last_modified: START.parse().unwrap(),
                is_delete_marker: false,
            };
            match state.package_versions.get(key) {
                Some(versions) => versions.clone(),
                None => state
                    .signed
                    .get(key)
                    .map(|_| as_written())
                    .into_iter()
                    .collect(),
            }
        })
        .await
    }
}

impl Redelivery for SimulatedPorts {
    async fn resend(&self, to: UploadFunction, body: &str) -> Result<(), PortError> {
        self.call("sqs:SendMessage", |state| {
            if state.mistake != Some(Mistake::NotSentAgain) {
                state.resent.push((to, body.to_owned()));
            }
        })
        .await
    }
}

impl World {
    /// What `sweep` sent again since this was last asked.
    pub fn take_resent(&self) -> Vec<(UploadFunction, String)> {
        std::mem::take(&mut self.state().resent)
    }
}
