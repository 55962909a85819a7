//! The logins that people have, against an AWS on loopback: each gives credentials, and each that is
//! wrong is explained in its own words.

#![expect(
    clippy::unwrap_used,
    reason = "a test stops at the first thing that is not as it should be"
)]

use std::{fs, process::Command};

use countersign_testkit::{
    checkout,
    fake_aws::{FakeAws, exception, json},
    http::Response,
};
use tempfile::TempDir;

/// Who is on file for the session `corp` in `~/.aws/sso/cache`: the name is the SHA-1 of `corp`.
const SSO_TOKEN: &str = ".aws/sso/cache/ee0bfd2552fbd840c02cc48b6e823320543c450f.json";

const SSO_PROFILE: &str = "[profile work]
sso_session = corp
sso_account_id = 111122223333
sso_role_name = Developer
[sso-session corp]
sso_region = eu-west-1
sso_start_url = https://corp.example.com/start
";

const CONSOLE_PROFILE: &str = "[profile work]
login_session = arn:aws:iam::111122223333:user/ann
";

/// The name is the SHA-256 of the session's ARN.
const CONSOLE_TOKEN: &str =
    ".aws/login/cache/617a42bf0cc7e52ae16d10443f260d451c255a489505091810c95d5c7ec927d1.json";

/// A person's machine: a home, and an AWS on loopback that knows no records.
struct Machine {
    aws: FakeAws,
    home: TempDir,
    variables: Vec<(&'static str, String)>,
}

impl Machine {
    /// With this `~/.aws/config`, and the profile `work` chosen.
    fn new(config: &str) -> Self {
        let machine = Self {
            aws: FakeAws::start().unwrap(),
            home: tempfile::tempdir().unwrap(),
            variables: Vec::new(),
        };
        machine.file(".aws/config", config);
        let machine = machine.with("AWS_PROFILE", "work");
        machine.with("AWS_REGION", "eu-west-1")
    }

    fn with(mut self, name: &'static str, value: &str) -> Self {
        self = self.without(name);
        self.variables.push((name, value.to_owned()));
        self
    }

    fn without(mut self, name: &'static str) -> Self {
        self.variables.retain(|(of, _)| *of != name);
        self
    }

    fn file(&self, path: &str, content: &str) {
        let path = self.home.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// Exit status and standard error of `countersign status`.
    fn status(&self) -> (Option<i32>, String) {
        self.status_with(&[])
    }

    fn status_with(&self, options: &[&str]) -> (Option<i32>, String) {
        let output = Command::new(checkout::program("countersign"))
            .args(["status", "functions/orders"])
            .args(options)
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", self.home.path())
            .env("COUNTERSIGN_RECORDS_BUCKET", "records")
            .env("AWS_ENDPOINT_URL", self.aws.endpoint())
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.code(), told)
    }

    /// The access key that S3 was asked with.
    fn key_used(&self) -> String {
        let (status, told) = self.status();
        assert_eq!(status, Some(0), "{told}");
        let calls = self.aws.calls();
        let call = calls
            .iter()
            .find(|call| call.name == "s3:ListObjectsV2")
            .unwrap();
        let authorization = call.request.header("authorization").unwrap();
        let (_, credential) = authorization.split_once("Credential=").unwrap();
        credential.split('/').next().unwrap().to_owned()
    }

    /// What is said when there are no credentials; S3 was not asked then.
    fn complaint(&self) -> String {
        let (status, told) = self.status();
        assert_eq!(status, Some(2), "{told}");
        let called = self.aws.called();
        assert!(
            !called.iter().any(|call| call.starts_with("s3:")),
            "{called:?}"
        );
        told
    }
}

/// The region that S3 was asked in, by the signature of the call.
fn region_asked(machine: &Machine) -> String {
    let calls = machine.aws.calls();
    let call = calls
        .iter()
        .rev()
        .find(|call| call.name == "s3:ListObjectsV2");
    let authorization = call.unwrap().request.header("authorization").unwrap();
    let (_, credential) = authorization.split_once("Credential=").unwrap();
    credential.split('/').nth(2).unwrap().to_owned()
}

#[test]
fn profile_and_region_are_options_and_go_before_the_variables() {
    let config = "[profile work]\naws_access_key_id = OFWORK\naws_secret_access_key = s\nregion = eu-central-1\n\
        [profile other]\naws_access_key_id = OFOTHER\naws_secret_access_key = s\n";
    let machine = Machine::new(config);
    for (options, region) in [
        (&[][..], "eu-west-1"),
        (&["--profile", "other"], "eu-west-1"),
        (&["--region", "us-west-2"], "us-west-2"),
    ] {
        let (status, told) = machine.status_with(options);
        assert_eq!(status, Some(0), "{told}");
        assert_eq!(region_asked(&machine), region, "{options:?}");
    }
    let keys: Vec<bool> = machine
        .aws
        .calls()
        .iter()
        .map(|call| {
            call.request
                .header("authorization")
                .unwrap()
                .contains("OFOTHER")
        })
        .collect();
    assert!(!keys[0] && keys.contains(&true), "{keys:?}");
    let (status, told) = machine.status_with(&["--profile", "othr"]);
    assert_eq!(status, Some(2), "{told}");
    assert!(
        told.contains("--profile names it") && told.contains("other"),
        "{told}"
    );
}

#[test]
fn empty_region_counts_as_unset() {
    let config = "[profile work]\naws_access_key_id = OFWORK\naws_secret_access_key = s\nregion = eu-central-1\n";
    let machine = Machine::new(config).with("AWS_REGION", "");
    let (status, told) = machine.status();
    assert_eq!(status, Some(0), "{told}");
    assert_eq!(region_asked(&machine), "eu-central-1");
    let machine = machine.with("AWS_DEFAULT_REGION", "us-east-2");
    machine.status();
    assert_eq!(region_asked(&machine), "us-east-2");
    let config = config.replace("region = eu-central-1\n", "");
    let machine = Machine::new(&config).with("AWS_REGION", "");
    let (status, told) = machine.status();
    assert_eq!(status, Some(2), "{told}");
    assert!(told.contains("which region the stack is in"), "{told}");
}

#[test]
fn without_any_profile_it_is_told_how_to_make_one() {
    let machine = Machine::new("").without("AWS_PROFILE");
    let told = machine.complaint();
    assert!(
        told.contains("make a profile with `aws configure sso` (then `aws sso login`)"),
        "{told}"
    );
    assert!(!told.to_lowercase().contains("imds"), "{told}");
}

fn sso_token(expires_at: &str) -> String {
    format!(
        r#"{{"accessToken": "token", "expiresAt": "{expires_at}", "region": "eu-west-1",
        "startUrl": "https://corp.example.com/start"}}"#
    )
}

fn console_token(expires_at: &str) -> String {
    format!(
        r#"{{"accessToken": {{"accessKeyId": "FROMLOGIN", "secretAccessKey": "s",
        "sessionToken": "t", "accountId": "111122223333", "expiresAt": "{expires_at}"}},
        "tokenType": "aws_sigv4", "refreshToken": "r", "clientId": "c", "dpopKey": "none"}}"#
    )
}

fn role_credentials(action: &str, key: &str) -> Response {
    Response::new(
        200,
        format!(
            "<{action}Response><{action}Result><Credentials><AccessKeyId>{key}</AccessKeyId>\
             <SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>\
             <Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></{action}Result>\
             </{action}Response>"
        ),
    )
}

#[test]
fn sso_login_is_used() {
    let machine = Machine::new(SSO_PROFILE);
    machine.file(SSO_TOKEN, &sso_token("2099-01-01T00:00:00Z"));
    let credentials = r#"{"roleCredentials": {"accessKeyId": "FROMSSO", "secretAccessKey": "s",
        "sessionToken": "t", "expiration": 4070908800000}}"#;
    machine
        .aws
        .answers("sso:GetRoleCredentials", json(credentials));
    assert_eq!(machine.key_used(), "FROMSSO");
}

#[test]
fn console_login_is_used() {
    let machine = Machine::new(CONSOLE_PROFILE);
    machine.file(CONSOLE_TOKEN, &console_token("2099-01-01T00:00:00Z"));
    assert_eq!(machine.key_used(), "FROMLOGIN");
}

#[test]
fn credential_process_is_used() {
    let printed = r#"{"Version": 1, "AccessKeyId": "FROMPROCESS", "SecretAccessKey": "s"}"#;
    let config = format!("[profile work]\ncredential_process = echo '{printed}'\n");
    assert_eq!(Machine::new(&config).key_used(), "FROMPROCESS");
}

#[test]
fn web_identity_is_used() {
    let machine = Machine::new("");
    machine.file("token", "a.b.c");
    let token = machine.home.path().join("token").display().to_string();
    let action = "AssumeRoleWithWebIdentity";
    machine.aws.answers(
        &format!("sts:{action}"),
        role_credentials(action, "FROMTOKEN"),
    );
    let machine = machine
        .without("AWS_PROFILE")
        .with("AWS_WEB_IDENTITY_TOKEN_FILE", &token)
        .with("AWS_ROLE_ARN", "arn:aws:iam::111122223333:role/ci");
    assert_eq!(machine.key_used(), "FROMTOKEN");
}

const ROLE_PROFILE: &str = "[profile work]
role_arn = arn:aws:iam::111122223333:role/dev
source_profile = base
[profile base]
aws_access_key_id = BASE
aws_secret_access_key = s
";

#[test]
fn denied_role_is_named() {
    for (code, expected) in [
        ("AccessDenied", "role/dev of the profile \"work\""),
        ("InvalidClientTokenId", "aws configure --profile base"),
    ] {
        let machine = Machine::new(ROLE_PROFILE);
        let denied = format!(
            "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>no</Message></Error>\
             <RequestId>1</RequestId></ErrorResponse>"
        );
        machine
            .aws
            .answers("sts:AssumeRole", Response::new(403, denied));
        let told = machine.complaint();
        assert!(told.contains(expected), "no {expected} in:\n{told}");
    }
}

#[test]
fn assumed_role_is_used() {
    let machine = Machine::new(ROLE_PROFILE);
    machine
        .aws
        .answers("sts:AssumeRole", role_credentials("AssumeRole", "FROMROLE"));
    assert_eq!(machine.key_used(), "FROMROLE");
}

#[test]
fn empty_profile_variable_means_the_default() {
    let config = "[default]\naws_access_key_id = DEFAULT\naws_secret_access_key = s\n";
    let machine = Machine::new(config).with("AWS_PROFILE", "");
    assert_eq!(machine.key_used(), "DEFAULT");
}

#[test]
fn misspelt_profile_is_named() {
    let machine = Machine::new("[profile prod]\nregion = eu-west-1\n").with("AWS_PROFILE", "prdo");
    let told = machine.complaint();
    for expected in ["no profile \"prdo\"", "AWS_PROFILE=prod"] {
        assert!(told.contains(expected), "no {expected} in:\n{told}");
    }
    assert!(!told.contains("region"), "{told}");
}

#[test]
fn missing_region_names_the_profile() {
    let machine =
        Machine::new("[profile work]\naws_access_key_id = K\naws_secret_access_key = s\n")
            .without("AWS_REGION");
    let told = machine.complaint();
    assert!(
        told.contains("aws configure set region REGION --profile work"),
        "{told}"
    );
}

#[test]
fn useless_logins_are_explained() {
    let sso_without_role = SSO_PROFILE.replace("sso_role_name = Developer\n", "");
    let sso_without_session = SSO_PROFILE.replace("[sso-session corp]", "[sso-session other]");
    for (config, expected) in [
        (SSO_PROFILE, &["aws sso login --profile work"][..]),
        (&sso_without_role, &["sso_role_name", "aws configure sso"]),
        (&sso_without_session, &["aws configure sso --profile work"]),
        (CONSOLE_PROFILE, &["aws login --profile work"]),
        (
            "[profile work]\ncredential_process = /opt/no-such-program --secret hush\n",
            &["credential_process", "/opt/no-such-program"],
        ),
        (
            "[profile work]\ncredential_process = echo nonsense\n",
            &["credential_process", "Version 1"],
        ),
        (
            "[profile work]\nrole_arn = arn:aws:iam::111122223333:role/dev\nsource_profile = gone\n",
            &["\"gone\"", "source_profile", "does not exist"],
        ),
        (
            "[profile work]\nrole_arn = arn:aws:iam::111122223333:role/dev\nsource_profile = mfa\n\
             mfa_serial = arn:aws:iam::111122223333:mfa/ann\n[profile mfa]\nregion = x\n",
            &["mfa_serial", "export-credentials --profile work"],
        ),
        (
            "[profile work]\nrole_arn = arn:aws:iam::111122223333:role/ci\n\
             web_identity_token_file = /no/such/token\n",
            &["/no/such/token", "trust policy"],
        ),
        (
            "[profile work]\naws_access_key_id = K\n",
            &["aws_secret_access_key", "aws configure --profile work"],
        ),
        (
            "[profile work]\nregion = eu-west-1\n",
            &["aws login", "work"],
        ),
        ("[profile work\n", &["configuration file"]),
    ] {
        let told = Machine::new(config).complaint();
        for expected in expected {
            assert!(
                told.contains(expected),
                "{config}: no {expected} in:\n{told}"
            );
        }
        assert!(
            !told.contains("hush"),
            "an argument may be a secret:\n{told}"
        );
    }
}

#[test]
fn nothing_at_all_is_explained() {
    let told = Machine::new("").without("AWS_PROFILE").complaint();
    assert!(
        told.contains("aws login") && told.contains("aws sso login"),
        "{told}"
    );
}

#[test]
fn expired_sso_session_asks_for_a_new_login() {
    let machine = Machine::new(SSO_PROFILE);
    machine.file(SSO_TOKEN, &sso_token("2020-01-01T00:00:00Z"));
    let told = machine.complaint();
    assert!(told.contains("aws sso login --profile work"), "{told}");
}

#[test]
fn sso_role_of_somebody_else_is_named() {
    let machine = Machine::new(SSO_PROFILE);
    machine.file(SSO_TOKEN, &sso_token("2099-01-01T00:00:00Z"));
    let denied = exception(403, "ForbiddenException", "No access");
    machine.aws.answers("sso:GetRoleCredentials", denied);
    let told = machine.complaint();
    for expected in ["Developer", "111122223333", "not assigned"] {
        assert!(told.contains(expected), "no {expected} in:\n{told}");
    }
}
