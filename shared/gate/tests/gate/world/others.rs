//! What people and programs beside the gate do to its world.

use countersign_gate::{
    deployment::ALIAS_TAG,
    domain::{CscArn, SigningJobId, UploadId, VersionId},
    ports::{JobRequest, UpdateStatus},
    records::Live,
};
use serde_json::{Value, json};

use super::{
    AliasState, CurrentObject, FunctionState, Job, PublishedVersion, SIGNED, UPLOADS, World,
    WorldState,
    packages::{CSC, PROFILE_VERSION, job_arn, sha256},
    trail::{self, ForeignCall, call_on_checkout},
};

/// A module that no package has.
pub const NO_MODULE: &str = "nowhere";

impl World {
    /// Someone else changes the function's code.
    pub fn intrude(&self) {
        let mut state = self.state();
        let now = state.someone("updates checkout");
        let Some(function) = state.functions.get_mut("checkout") else {
            return;
        };
        function.code_sha256 = format!("foreign {now}");
        function.job_arn = None;
        function.profile_version_arn = None;
        function.revision += 1;
        state.foreign_at = Some(now);
        state.record_call(&trail::code_update());
    }

    /// Someone else has the function's aliases point at its first version.
    pub fn turn_back_aliases(&self) {
        let mut state = self.state();
        let now = state.someone("moves the aliases of checkout to version 1");
        let Some(function) = state.functions.get_mut("checkout") else {
            return;
        };
        if function
            .versions
            .first()
            .is_none_or(|first| first.is_deleted)
        {
            return;
        }
        for alias in function.aliases.values_mut() {
            "1".clone_into(&mut alias.version);
            alias.weights.clear();
            alias.revision += 1;
        }
        let moved: Vec<String> = function.aliases.keys().cloned().collect();
        state.alias_moved_at = Some(now);
        for alias in moved {
            let request = json!({"name": alias, "functionVersion": "1"});
            state.record_call(&alias_update(request));
        }
    }

    /// Someone takes the code signing configuration off the function, or puts it under the stack's again.
    pub fn sign_code(&self, is_signed: bool) {
        let mut state = self.state();
        state.someone(&format!("has code signing of checkout on: {is_signed}"));
        let Some(function) = state.functions.get_mut("checkout") else {
            return;
        };
        function.csc = is_signed.then(|| CscArn::parse(CSC).unwrap());
        state.was_unsigned |= !is_signed;
        let call = if is_signed {
            trail::csc_attached()
        } else {
            let name = "DeleteFunctionCodeSigningConfig20200630";
            call_on_checkout(name, "csc-detached", json!({}))
        };
        state.record_call(&call);
    }

    /// Someone revokes every signature that there is, or takes that back, which AWS does not do: it is as if
    /// other jobs came.
    pub fn revoke(&self, is_revoked: bool) {
        let mut state = self.state();
        state.someone(&format!("has all signatures revoked: {is_revoked}"));
        let now = state.now;
        state.jobs_revoked_at = is_revoked.then_some(now);
        state.was_revoked |= is_revoked;
        if is_revoked {
            state.record_call(&trail::profile_revoked());
        }
    }

    /// Someone else changes the function's configuration: another revision, the same code.
    pub fn reconfigure(&self) {
        let mut state = self.state();
        let now = state.someone("reconfigures checkout");
        if let Some(function) = state.functions.get_mut("checkout") {
            function.revision += 1;
            function.config = now;
            let module = if now.is_multiple_of(2) {
                "index"
            } else {
                NO_MODULE
            };
            function.configuration.runtime = Some("nodejs24.x".to_owned());
            let handler = format!("{module}.handler");
            function.configuration.handler = Some(handler.clone());
            let request = json!({"runtime": "nodejs24.x", "handler": handler});
            state.record_call(&call_on_checkout(
                "UpdateFunctionConfiguration20150331v2",
                "configuration-runs-other-code",
                request,
            ));
        }
    }

    /// Someone sets or removes the tag that names the alias. Tags have no revision (grade C).
    pub fn tag(&self, alias: Option<&str>) {
        let mut state = self.state();
        state.someone(&format!("sets the alias tag of checkout to {alias:?}"));
        state.tags_changed = true;
        let Some(function) = state.functions.get_mut("checkout") else {
            return;
        };
        match alias {
            Some(alias) => function.tags.insert(ALIAS_TAG.to_owned(), alias.to_owned()),
            None => function.tags.remove(ALIAS_TAG),
        };
        let resource = "arn:aws:lambda:us-east-1:111122223333:function:checkout";
        let (event_name, request) = match alias {
            Some(alias) => (
                "TagResource20170331v2",
                json!({"resource": resource, "tags": {ALIAS_TAG: alias}}),
            ),
            None => (
                "UntagResource20170331v2",
                json!({"resource": resource, "tagKeys": [ALIAS_TAG]}),
            ),
        };
        let call = call_on_checkout(event_name, "gate-tags-changed", json!({}));
        state.record_call(&ForeignCall { request, ..call });
    }

    /// Someone begins a canary on the alias, or ends the one that runs.
    pub fn weigh(&self, share: Option<&str>) {
        let mut state = self.state();
        let now = state.someone(&format!("gives version 1 of checkout the share {share:?}"));
        let Some(function) = state.functions.get_mut("checkout") else {
            return;
        };
        if function
            .versions
            .first()
            .is_none_or(|first| first.is_deleted)
        {
            return;
        }
        for alias in function.aliases.values_mut() {
            alias.revision += 1;
            alias.weights.clear();
            if let Some(share) = share
                && alias.version != "1"
            {
                alias.weights.insert("1".to_owned(), share.to_owned());
            }
        }
        let weighed: Vec<(String, String)> = function
            .aliases
            .iter()
            .map(|(alias, found)| (alias.clone(), found.version.clone()))
            .collect();
        state.alias_moved_at = Some(now);
        for (alias, version) in weighed {
            let weights = share.map_or_else(|| json!({}), |share| json!({"1": share}));
            state.record_call(&alias_update(json!({
                "name": alias, "functionVersion": version,
                "routingConfig": {"additionalVersionWeights": weights},
            })));
        }
    }

    /// Whether a canary runs on an alias.
    pub fn has_canary(&self) -> bool {
        let state = self.state();
        let function = state.functions.get("checkout");
        function.is_some_and(|found| found.aliases.values().any(|a| !a.weights.is_empty()))
    }

    /// Someone deletes a published version. Lambda refuses where an alias points at it (grade B).
    pub fn delete_a_version(&self) {
        let mut state = self.state();
        let count = state
            .functions
            .get("checkout")
            .map_or(0, |found| found.versions.len());
        if count == 0 {
            return;
        }
        let number = 1 + state.random.below(count);
        let now = state.someone(&format!("deletes version {number} of checkout"));
        let Some(function) = state.functions.get_mut("checkout") else {
            return;
        };
        let name = number.to_string();
        let is_used = function
            .aliases
            .values()
            .any(|alias| alias.version == name || alias.weights.contains_key(&name));
        if let Some(version) = function.versions.get_mut(number - 1)
            && !is_used
            && !version.is_deleted
        {
            version.is_deleted = true;
            version.deleted_at = now;
            let call = call_on_checkout(
                "DeleteFunction20150331",
                "function-deleted",
                json!({"qualifier": name}),
            );
            state.record_call(&call);
        }
    }

    /// Someone deletes an upload's version for good: an older one may become current by that.
    pub fn delete_for_good(&self, key: &str, at: usize) {
        let mut state = self.state();
        let versions = state.uploads.entry(key.to_owned()).or_default();
        if versions.is_empty() {
            return;
        }
        let at = at % versions.len();
        let version = versions.remove(at).version;
        let now = state.someone(&format!("deletes {key} {version} for good"));
        let put = state.seq_of(&version).unwrap();
        state.puts[put].gone_at = Some(now);
    }

    /// Someone deletes the function.
    pub fn delete_function(&self) {
        let mut state = self.state();
        let now = state.someone("deletes checkout");
        if let Some(function) = state.functions.remove("checkout") {
            state.former.push((function, now));
            state.foreign_at = Some(now);
            state.alias_moved_at = Some(now);
            let call = call_on_checkout("DeleteFunction20150331", "function-deleted", json!({}));
            state.record_call(&call);
        }
    }

    /// Someone creates the function, from the package that the gate offers if there is one.
    pub fn create_function(&self) {
        let mut state = self.state();
        if state.functions.contains_key("checkout") {
            return;
        }
        let offered = state.current.get("functions/checkout");
        let offered = offered.and_then(|versions| versions.last()).cloned();
        let now = state.someone("creates checkout");
        let mut function = FunctionState::new();
        function.config = now;
        function.revision = now;
        if let Some(offered) = offered
            && let Some(slot) = state.slot_of_code(&sha256(&offered.bytes))
        {
            function
                .code_sha256
                .clone_from(&state.packages[slot].code_sha256);
            function.job_arn = Some(job_arn(slot));
            function.profile_version_arn = Some(PROFILE_VERSION.to_owned());
            state.given.insert(slot);
        }
        let first = PublishedVersion {
            config: now,
            ..PublishedVersion::of(&function.code_sha256)
        };
        function.versions.push(first);
        function.ready.insert("1".to_owned());
        let live = AliasState {
            revision: now,
            ..AliasState::at("1")
        };
        function.aliases.insert("live".to_owned(), live);
        state.functions.insert("checkout".to_owned(), function);
        state.foreign_at = Some(now);
        state.alias_moved_at = Some(now);
        state.record_call(&call_on_checkout(
            "CreateFunction20150331",
            "function-created-without-csc",
            json!({"codeSigningConfigArn": CSC}),
        ));
    }

    /// Someone who can write records says that this upload's code is live, as a version that is another's
    /// or does not exist. `live.json` is the one record that is not write-once.
    pub fn forge_live(&self, put: usize, version: &str) {
        let mut state = self.state();
        let Some(slot) = state.puts[put].slot else {
            return;
        };
        let target = state.target_of(put);
        let code_sha256 = state.packages[slot].code_sha256.clone();
        let live = Live {
            schema: countersign_gate::records::Schema,
            upload: state.upload_of(put),
            source_sha256: sha256(&state.packages[slot].source),
            profile_version_arn: Some(PROFILE_VERSION.to_owned()),
            deployed: countersign_gate::records::Deployed {
                code_sha256,
                version: Some(version.to_owned()),
                ..Default::default()
            },
            break_glass: None,
        };
        let body = serde_json::to_vec(&live).unwrap();
        let now = state.someone(&format!("forges live.json of {target}"));
        state.live_forged.insert(target.clone(), now);
        state.records.insert(format!("{target}/live.json"), body);
    }

    /// Someone who can write the signed bucket gives the current package of a target other metadata: it
    /// claims to be what the function runs, signed from the source of this upload.
    pub fn forge_current(&self, put: usize) {
        let mut state = self.state();
        let Some(slot) = state.puts[put].slot else {
            return;
        };
        let target = state.target_of(put);
        let runs = state.functions.get("checkout");
        let code_sha256 = runs.map_or_else(String::new, |found| found.code_sha256.clone());
        let upload = state.upload_of(put).label();
        let source_sha256 = sha256(&state.packages[slot].source);
        state.someone(&format!("forges the metadata of current/{target}.zip"));
        let versions = state.current.entry(target).or_default();
        let bytes = versions.last().map(|last| last.bytes.clone());
        versions.push(CurrentObject {
            number: versions.len() + 1,
            bytes: bytes.unwrap_or_else(|| b"no package".to_vec()),
            upload,
            source_sha256,
            code_sha256,
        });
    }

    /// Someone who can write records, though not over another, puts an accepting verdict there: as another
    /// upload's says, or as the gate would say of what the function runs.
    pub fn forge_verdict(&self, put: usize) {
        let mut state = self.state();
        if state.puts[put].slot.is_none() {
            return;
        }
        let folder = state.upload_of(put).folder();
        let path = format!("{folder}verdict.json");
        if state.records.contains_key(&path) {
            return;
        }
        let is_accepting = |body: &serde_json::Value| {
            body["decision"]
                .as_str()
                .is_some_and(|word| word.starts_with("accept"))
        };
        let model = state
            .records
            .iter()
            .filter(|(path, _)| path.ends_with("/verdict.json"))
            .map(|(_, body)| serde_json::from_slice(body).unwrap())
            .find(is_accepting);
        let Some(mut forged): Option<serde_json::Value> = model else {
            return;
        };
        let runs = state.functions.get("checkout");
        let runs = runs.map_or("none", |found| &found.code_sha256).to_owned();
        forged["upload"] = serde_json::to_value(state.upload_of(put)).unwrap();
        forged["target"] = state.target_of(put).into();
        forged["verdict"]["package"]["sha256"] = runs.into();
        forged["delivery"] = "forged".into();
        forged["judged_at"] = state.now.to_string().into();
        state.someone(&format!("forges {path}"));
        state.verdicts_forged.insert(put);
        state
            .records
            .insert(path, serde_json::to_vec(&forged).unwrap());
    }

    /// Someone starts a job under the token of an upload before the gate does: it signs `other`, or the
    /// upload itself to another place.
    pub fn hijack(&self, put: usize, other: Option<usize>) {
        let mut state = self.state();
        let upload = state.upload_of(put);
        let token = upload.id.client_token();
        if state.puts[put].slot.is_none() || state.tokens.contains_key(&token) {
            return;
        }
        let source = other.map_or_else(|| upload.id.clone(), |other| state.upload_of(other).id);
        let count = state.jobs.len();
        let id = SigningJobId::parse(format!("aaaaaaaa-3eb6-4ff0-989e-{count:012x}")).unwrap();
        state.someone(&format!(
            "starts the job {id} under the token of {}",
            upload.id.version
        ));
        let request = JobRequest {
            profile: World::profile_name(),
            source,
            bucket: SIGNED.to_owned(),
            prefix: if other.is_some() {
                upload.folder()
            } else {
                "elsewhere/".to_owned()
            },
            token: token.clone(),
        };
        state.hijacked.insert(put);
        state.tokens.insert(token, id.clone());
        state.jobs.insert(
            id,
            Job {
                completed_at: None,
                request,
                succeeded: None,
            },
        );
    }

    /// Lambda finishes what is under way.
    pub fn settle(&self) {
        let mut state = self.state();
        if state.updates_never_end {
            return;
        }
        let ended = match (
            state.updates_fail.clone(),
            state.updates_end_unknown.clone(),
        ) {
            (Some(reason), _) => UpdateStatus::Failed { reason },
            (None, Some(what)) => UpdateStatus::Unknown { what },
            (None, None) => UpdateStatus::Successful,
        };
        for function in state.functions.values_mut() {
            if function.update == UpdateStatus::InProgress {
                function.update = ended.clone();
                function.revision += 1;
            }
        }
    }
}

fn alias_update(request: Value) -> ForeignCall<'static> {
    call_on_checkout("UpdateAlias20150331", "alias-changed-past-gate", request)
}

impl WorldState {
    /// Notes what somebody does, and answers when it is.
    pub(super) fn someone(&mut self, does: &str) -> u64 {
        self.ticks += 1;
        self.note(|| format!("                someone {does}"));
        self.ticks
    }

    /// The upload of a put.
    pub fn upload_of(&self, put: usize) -> countersign_gate::domain::Upload {
        let put = &self.puts[put];
        countersign_gate::domain::Upload {
            id: UploadId {
                bucket: UPLOADS.to_owned(),
                key: put.key.clone(),
                version: put.version.clone(),
            },
            at: put.at,
        }
    }

    /// The target of a put: the key without its suffix.
    pub fn target_of(&self, put: usize) -> String {
        self.puts[put].key.trim_end_matches(".zip").to_owned()
    }

    /// Which put this version is.
    pub fn seq_of(&self, version: &VersionId) -> Option<usize> {
        self.puts.iter().position(|put| put.version == *version)
    }
}
