//! The versions of a function and their deletion, and what must hold when one is deleted.

use countersign_gate::{
    domain::{FunctionName, Refusal, VersionNumber},
    ports::{
        FunctionAliases, FunctionVersions, ListedAlias, ListedFunctionVersion, ListingPage,
        PortError, VersionDeletion,
    },
    records::Live,
};

use super::{
    AliasState, FunctionState, Mistake, World, WorldState, simulated_ports::SimulatedPorts,
};

/// What the world complains of, when a deletion breaks the promise.
pub const PRUNED_IN_USE: &str = "a version is deleted that has provisioned concurrency";
pub const PRUNED_LIVE: &str = "the version that is live is deleted";
pub const PRUNED_FOREIGN: &str = "a version is deleted that the gate did not publish";
pub const PRUNED_NEWEST: &str = "the newest version is deleted";

/// How many items a page of a listing holds: few, so that there are several.
const PAGE: usize = 2;

fn number(text: &str) -> VersionNumber {
    VersionNumber::parse(text).unwrap()
}

fn page<T>(all: Vec<T>, marker: Option<&str>) -> ListingPage<T> {
    let from: usize = marker.map_or(0, |marker| marker.parse().unwrap());
    let is_more = all.len() > from + PAGE;
    ListingPage {
        items: all.into_iter().skip(from).take(PAGE).collect(),
        next: is_more.then(|| (from + PAGE).to_string()),
    }
}

impl FunctionState {
    /// Those that are there.
    fn numbered(&self) -> impl Iterator<Item = (usize, &super::PublishedVersion)> {
        let versions = self.versions.iter().enumerate();
        let there = versions.filter(|(_, version)| !version.is_deleted);
        there.map(|(at, version)| (at + 1, version))
    }
}

impl WorldState {
    fn listed<T>(
        &self,
        name: &FunctionName,
        marker: Option<&str>,
        items: impl FnOnce(&FunctionState) -> Vec<T>,
    ) -> ListingPage<T> {
        let function = self.functions.get(name.as_str());
        page(function.map(items).unwrap_or_default(), marker)
    }

    /// What must hold when the gate deletes a version.
    fn check_pruning(&self, name: &FunctionName, version: &str) {
        let function = &self.functions[name.as_str()];
        assert!(!function.provisioned.contains(version), "{PRUNED_IN_USE}");
        let live: Option<Live> = self.record(&format!("functions/{name}/live.json"));
        let live = live.and_then(|live| live.deployed.version);
        let is_forged = self.live_forged.contains_key(&format!("functions/{name}"));
        // Where it was deleted and created again, numbers begin anew.
        if !is_forged && self.former.is_empty() {
            assert_ne!(live.as_deref(), Some(version), "{PRUNED_LIVE}");
        }
        let at: usize = version.parse().unwrap();
        let is_ours =
            |version: &super::PublishedVersion| version.description.starts_with("countersign:");
        assert!(is_ours(&function.versions[at - 1]), "{PRUNED_FOREIGN}");
        let mut newer = function.numbered().filter(|(other, _)| *other > at);
        assert!(
            newer.any(|(_, version)| is_ours(version)),
            "{PRUNED_NEWEST}"
        );
    }
}

impl FunctionAliases for SimulatedPorts {
    async fn list_aliases(
        &self,
        function: &FunctionName,
        marker: Option<&str>,
    ) -> Result<ListingPage<ListedAlias>, PortError> {
        self.call("lambda:ListAliases", |state| {
            state.listed(function, marker, |found| {
                let listed = |(name, alias): (&String, &AliasState)| {
                    let named = [&alias.version].into_iter().chain(alias.weights.keys());
                    let named = named.filter(|version| *version != "$LATEST");
                    ListedAlias {
                        name: name.clone(),
                        versions: named.map(|version| number(version)).collect(),
                        version: alias.version.clone(),
                        weights: alias.weights.clone(),
                    }
                };
                found.aliases.iter().map(listed).collect()
            })
        })
        .await
    }
}

impl FunctionVersions for SimulatedPorts {
    async fn list_function_versions(
        &self,
        function: &FunctionName,
        marker: Option<&str>,
    ) -> Result<ListingPage<ListedFunctionVersion>, PortError> {
        self.call("lambda:ListVersionsByFunction", |state| {
            let is_blind = state.mistake == Some(Mistake::MarkNotRead);
            state.listed(function, marker, |found| {
                let versions = found.numbered().map(|(at, version)| ListedFunctionVersion {
                    number: number(&at.to_string()),
                    description: if is_blind {
                        "countersign:".to_owned()
                    } else {
                        version.description.clone()
                    },
                });
                versions.collect()
            })
        })
        .await
    }

    async fn list_provisioned_versions(
        &self,
        function: &FunctionName,
        marker: Option<&str>,
    ) -> Result<ListingPage<VersionNumber>, PortError> {
        self.call("lambda:ListProvisionedConcurrencyConfigs", |state| {
            if state.mistake == Some(Mistake::ProvisionedNotSought) {
                return page(Vec::new(), None);
            }
            state.listed(function, marker, |found| {
                found
                    .provisioned
                    .iter()
                    .map(|version| number(version))
                    .collect()
            })
        })
        .await
    }

    async fn delete_version(
        &self,
        function: &FunctionName,
        version: VersionNumber,
    ) -> Result<VersionDeletion, PortError> {
        self.call("lambda:DeleteFunction version", |state| {
            let name = function;
            let Some(function) = state.functions.get(name.as_str()) else {
                return VersionDeletion::Deleted;
            };
            let text = version.to_string();
            let names = |alias: &super::AliasState| {
                alias.version == text || alias.weights.contains_key(&text)
            };
            if function.aliases.values().any(names) {
                return VersionDeletion::InUse(Refusal {
                    exception: "ResourceConflictException".to_owned(),
                    message: "Unable to delete version".to_owned(),
                });
            }
            let at: usize = text.parse().unwrap();
            let is_there = function.numbered().any(|(other, _)| other == at);
            if is_there {
                state.check_pruning(name, &text);
                let now = state.ticks;
                let function = state.functions.get_mut(name.as_str()).unwrap();
                function.versions[at - 1].is_deleted = true;
                function.versions[at - 1].deleted_at = now;
                state.pruned += 1;
            }
            VersionDeletion::Deleted
        })
        .await
    }
}

impl World {
    /// Someone gives a version provisioned concurrency.
    pub fn provision(&self, version: &str) {
        let mut state = self.state();
        state.someone(&format!(
            "gives version {version} of checkout provisioned concurrency"
        ));
        if let Some(function) = state.functions.get_mut("checkout") {
            function.provisioned.insert(version.to_owned());
        }
    }
}
