//! A gate that does what a test tells it to: it writes records for the uploads that a command makes.

use std::{
    collections::BTreeMap,
    process::{Command, Output},
    thread,
    time::Duration,
};

use countersign_testkit::{
    fake_aws::FakeAws,
    package::sample,
    zip::{EntryForge, ZipForge},
};
use serde_json::{Value, json};
use tempfile::TempDir;

pub(crate) const RECORDS: &str = "records";
pub(crate) const UPLOADS: &str = "uploads";

/// When the fake S3 says that it took every object.
const AT: &str = "20261121T214400Z";

/// A folder to run commands in, and an AWS on loopback.
pub(crate) struct Gate {
    pub aws: FakeAws,
    pub folder: TempDir,
}

impl Gate {
    /// With `shop.zip`, an unsigned package, in the folder.
    pub(crate) fn new() -> Self {
        let gate = Self {
            aws: FakeAws::start().unwrap(),
            folder: tempfile::tempdir().unwrap(),
        };
        gate.file("shop.zip", &sample().build());
        gate
    }

    pub(crate) fn file(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.folder.path().join(name), bytes).unwrap();
    }

    /// A command with an environment of its own, in a folder that no repository is around.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.aws.countersign();
        // A test that waits in vain is to fail soon.
        if arguments.first() == Some(&"push") && !arguments.contains(&"--timeout") {
            command.args(arguments).args(["--timeout", "30s"]);
        } else {
            command.args(arguments);
        }
        command
            .current_dir(self.folder.path())
            .env("COUNTERSIGN_RECORDS_BUCKET", RECORDS)
            .env("COUNTERSIGN_UPLOADS_BUCKET", UPLOADS);
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        Ran::of(self.command(arguments).output().unwrap())
    }

    /// Runs a command, and ends every upload that it makes so.
    pub(crate) fn run_and_end(&self, arguments: &[&str], ends: &[(&str, Value)]) -> Ran {
        self.end_while(|| self.run(arguments), ends)
    }

    /// Ends every upload that is made while something runs.
    pub(crate) fn end_while(
        &self,
        run: impl FnOnce() -> Ran + Send,
        ends: &[(&str, Value)],
    ) -> Ran {
        thread::scope(|scope| {
            let running = scope.spawn(run);
            let mut waiting: BTreeMap<&str, Value> = ends.iter().cloned().collect();
            while !running.is_finished() && !waiting.is_empty() {
                for (target, end) in waiting.clone() {
                    if let Some(version) = self.uploaded(target) {
                        self.end(target, &version, &end);
                        waiting.remove(target);
                    }
                }
                thread::sleep(Duration::from_millis(20));
            }
            running.join().unwrap()
        })
    }

    /// The version that a command has uploaded of this target's key.
    fn uploaded(&self, target: &str) -> Option<String> {
        let path = format!("/{UPLOADS}/{target}.zip");
        let calls = self.aws.calls();
        let asked = calls.iter().find(|call| {
            call.name == "s3:HeadObject"
                && call.request.path == path
                && call.request.query_value("versionId").is_some()
        })?;
        asked.request.query_value("versionId").map(str::to_owned)
    }

    /// Puts an upload on record that ended so: an outcome's fields over the usual ones.
    pub(crate) fn end(&self, target: &str, version: &str, end: &Value) {
        let upload = json!({
            "id": {"bucket": UPLOADS, "key": format!("{target}.zip"), "version": version},
            "at": "2026-11-21T21:44:00Z",
        });
        let received = json!({
            "schema": 1, "upload": upload, "target": target, "bytes": 137,
            "source_sha256": format!("hash of {version}"), "metadata": {"commit": "4f2a91c"},
            "tags": {}, "uploaded_by": {"principal": "ann", "source_ip": null},
            "received_at": "2026-11-21T21:44:01Z",
        });
        let mut outcome = json!({
            "schema": 1, "upload": upload, "target": target, "state": "deployed", "code": null,
            "message": "version 7 is live", "fix": null, "critical": false, "findings": [],
            "deployed": {"code_sha256": "c2hh", "version": "7", "layer_version_arn": null,
                "alias": "live", "unchanged": false},
            "job": null, "uploaded_by": {"principal": "ann", "source_ip": null}, "metadata": {},
            "tags": {}, "decided_at": "2026-11-21T21:44:09Z", "took_ms": 9250,
        });
        let end = end.as_object().unwrap().clone();
        outcome.as_object_mut().unwrap().extend(end);
        self.record(target, version, "received", &received);
        self.record(target, version, "outcome", &outcome);
    }

    /// Says on record that an upload is live, as this version of a function.
    pub(crate) fn live(&self, target: &str, version: &str, deployed_version: &str) {
        let live = json!({
            "schema": 1,
            "upload": {
                "id": {"bucket": UPLOADS, "key": format!("{target}.zip"), "version": version},
                "at": "2026-11-21T21:44:00Z",
            },
            "source_sha256": format!("hash of {version}"),
            "profile_version_arn": "arn:aws:signer:us-east-1:111122223333:/signing-profiles/team/AbCdEfGh12",
            "deployed": {"code_sha256": "c2hh", "version": deployed_version,
                "layer_version_arn": null, "alias": "live", "unchanged": false},
        });
        let path = format!("{target}/live.json");
        self.aws.put(RECORDS, &path, live.to_string());
    }

    pub(crate) fn record(&self, target: &str, version: &str, name: &str, document: &Value) {
        let path = format!("{target}/{AT}-{version}/{name}.json");
        self.aws.put(RECORDS, &path, document.to_string());
    }

    /// Puts a package into the uploads bucket as `target`, and answers its version.
    pub(crate) fn upload(&self, target: &str, package: &ZipForge) -> String {
        self.aws
            .put(UPLOADS, &format!("{target}.zip"), package.build())
    }
}

/// A zip with one file.
pub(crate) fn package(name: &str, content: &str) -> ZipForge {
    ZipForge::new([EntryForge::file(name, content)])
}

/// The fields of an outcome that is a refusal.
pub(crate) fn refusal() -> Value {
    json!({"state": "rejected", "code": "NOT_A_ZIP", "message": "no zip", "fix": "upload a zip",
        "deployed": null})
}

/// How a command ended.
pub(crate) struct Ran {
    pub status: i32,
    pub out: String,
    pub err: String,
}

impl Ran {
    pub(crate) fn of(output: Output) -> Self {
        Self {
            status: output.status.code().unwrap(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// The status, with all that was said if it is another one.
    pub(crate) fn ends_with(&self, status: i32) -> &Self {
        let Self { out, err, .. } = self;
        assert_eq!(self.status, status, "{out}\n{err}");
        self
    }

    /// Standard output as JSON lines.
    pub(crate) fn events(&self) -> Vec<Value> {
        let lines = self.out.lines();
        lines
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }
}
