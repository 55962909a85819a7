//! A folder with what the command is tried on.

use std::{
    fs,
    path::PathBuf,
    process::{Command, Output},
};

use countersign_cases::PKI;
use countersign_testkit::{
    checkout,
    package::{sample, sign},
    signature::PROFILE_VERSION,
};
use tempfile::TempDir;

/// A folder with a signed package, its source, its root, and two configurations.
pub(crate) struct Bench {
    folder: TempDir,
}

impl Bench {
    pub(crate) fn new() -> Self {
        let bench = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        bench.put("source.zip", &sample().build());
        bench.put("signed.zip", &sign(&sample(), &PKI).build());
        bench.put("root.pem", PKI.root_pem().as_bytes());
        bench.put("enforce.json", csc("Enforce", PROFILE_VERSION).as_bytes());
        bench.put("warn.json", csc("Warn", PROFILE_VERSION).as_bytes());
        let other = PROFILE_VERSION.replace("a1B2c3D4e5", "a1B2c3D4e6");
        bench.put("enforce-other.json", csc("Enforce", &other).as_bytes());
        bench.put("warn-other.json", csc("Warn", &other).as_bytes());
        bench
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn put(&self, name: &str, bytes: &[u8]) {
        fs::write(self.path(name), bytes).unwrap();
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(checkout::program("countersign"));
        command.args(arguments).current_dir(self.folder.path());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }
}

/// A configuration as the AWS command prints it.
fn csc(policy: &str, publisher: &str) -> String {
    format!(
        r#"{{"CodeSigningConfig": {{
            "CodeSigningConfigId": "csc-0123456789abcdef0",
            "CodeSigningConfigArn": "arn:aws:lambda:us-east-1:123456789012:code-signing-config:csc-0123456789abcdef0",
            "AllowedPublishers": {{"SigningProfileVersionArns": ["{publisher}"]}},
            "CodeSigningPolicies": {{"UntrustedArtifactOnDeployment": "{policy}"}},
            "LastModified": "2026-09-01T12:00:00.000+0000"}}}}"#
    )
}
