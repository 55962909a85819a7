//! The command line, as people run it against a stack: adopting functions, putting dead letters back, auditing, and
//! pushing what a function of SAM is deployed from.

use std::{
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    time::Duration,
};

use countersign_e2e::{
    local_stack::{ADMINISTRATOR, Protection},
    observer::{Nobody, PATIENCE, Poll, wait_until},
    packages,
    session::{Credentials, text},
};
use countersign_testkit::checkout;
use serde_json::{Value, json};

use crate::{alone, beside_others, dead_letters::queue_url, local_stack};

/// Where the command line is, in the folder above this test's.
pub(crate) fn countersign() -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    let program = tests.ancestors().nth(2).unwrap().join("countersign");
    assert!(
        program.is_file(),
        "{} is not built: cargo xtask test --only unit",
        program.display()
    );
    program
}

/// The command line in somebody's name, with the stack's outputs in its environment.
fn command(credentials: &Credentials, arguments: &[&str]) -> Command {
    let stack = local_stack();
    let cloud = stack.cloud();
    let program = countersign();
    let mut command = cloud
        .tools()
        .command(&program.to_string_lossy(), &cloud.endpoint());
    command
        .args(arguments)
        .env("AWS_ACCESS_KEY_ID", &credentials.key)
        .env("AWS_SECRET_ACCESS_KEY", &credentials.secret);
    for (variable, output) in [
        ("COUNTERSIGN_UPLOADS_BUCKET", "UploadsBucket"),
        ("COUNTERSIGN_RECORDS_BUCKET", "RecordsBucket"),
        ("COUNTERSIGN_CSC_ARN", "CodeSigningConfig"),
    ] {
        command.env(variable, stack.stack().output(output).unwrap());
    }
    command
}

pub(crate) fn run(credentials: &Credentials, arguments: &[&str]) -> Output {
    command(credentials, arguments).output().unwrap()
}

/// Standard output of a run that ended so, as JSON.
#[track_caller]
fn document(output: &Output, status: i32) -> Value {
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(status), "{output:?}\n{told}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The code signing configuration of a function, or nothing.
fn csc_of(function: &str) -> String {
    let read = json!({"FunctionName": function});
    let answer = local_stack()
        .root()
        .call("lambda", "get_function_code_signing_config", read)
        .unwrap();
    text(&answer, "/CodeSigningConfigArn").unwrap_or_default()
}

fn states(report: &Value) -> Vec<&str> {
    let functions = report.pointer("/functions").unwrap().as_array().unwrap();
    let states = functions.iter().map(|row| row.pointer("/state").unwrap());
    states.map(|state| state.as_str().unwrap()).collect()
}

/// In which a run over everything ends, as a rule.
const A_RUN: Duration = Duration::from_secs(20);

/// Has sweep look at everything until something is there. A run gives way to one that is at work already.
pub(crate) fn sweep_until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    for _ in 0..10 {
        local_stack().fire("EverythingRule").unwrap();
        let seen = wait_until(&Nobody, what, A_RUN, || {
            Ok(look().map_or_else(|| Poll::Pending("not yet".to_owned()), Poll::Ready))
        });
        if let Ok(seen) = seen {
            return seen;
        }
    }
    panic!("{what} never came")
}

fn unprotected(name: &str) {
    let stack = local_stack();
    stack
        .create_function(name, "before", Protection::None)
        .unwrap();
    stack.wait_until_active(&Nobody, name).unwrap();
}

#[test]
#[ignore = "needs the local AWS: cargo xtask test --only e2e"]
fn functions_are_adopted_as_they_are() {
    let _shared = beside_others();
    let stack = local_stack();
    let names = ["demo-adopt-a", "demo-adopt-b"];
    for name in names {
        unprotected(name);
    }
    let targets = ["functions/demo-adopt-a", "functions/demo-adopt-b"];
    let adopt = |more: &[&str]| {
        let arguments = [&["adopt"], &targets[..], &["--format", "json"], more].concat();
        run(&Credentials::root(), &arguments)
    };
    let planned = document(&adopt(&[]), 0);
    assert_eq!(states(&planned), ["planned", "planned"], "{planned}");
    assert_eq!(csc_of("demo-adopt-a"), "", "a dry run changes nothing");

    let done = document(&adopt(&["--apply"]), 0);
    assert_eq!(states(&done), ["done", "done"], "{done}");
    for name in names {
        assert_eq!(
            csc_of(name),
            stack.stack().output("CodeSigningConfig").unwrap()
        );
        assert_eq!(stack.ask(name).unwrap(), "before");
        let read = json!({"FunctionName": name});
        let found = stack
            .root()
            .call("lambda", "get_function_configuration", read)
            .unwrap();
        assert!(text(&found, "/SigningJobArn").is_ok(), "{found}");
    }
    let again = document(&adopt(&["--apply"]), 0);
    assert_eq!(states(&again), ["adopted", "adopted"], "{again}");
}

/// A command that is ended when it is dropped.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

#[test]
#[ignore = "needs the local AWS: cargo xtask test --only e2e"]
fn adoption_that_was_cut_off_goes_on() {
    let _shared = beside_others();
    let stack = local_stack();
    unprotected("demo-adopt-cut");
    let arguments = [
        "adopt",
        "functions/demo-adopt-cut",
        "--apply",
        "--format",
        "json",
    ];
    let running = command(&Credentials::root(), &arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let running = Running(running);
    wait_until(&Nobody, "the configuration", PATIENCE, || {
        Ok(match csc_of("demo-adopt-cut").as_str() {
            "" => Poll::Pending("not attached".to_owned()),
            _ => Poll::Ready(()),
        })
    })
    .unwrap();
    drop(running);
    let report = document(&run(&Credentials::root(), &arguments), 0);
    let state = states(&report).concat();
    assert!(["done", "adopted"].contains(&state.as_str()), "{report}");
    assert_eq!(stack.ask("demo-adopt-cut").unwrap(), "before");
    let current = stack.current("functions/demo-adopt-cut").unwrap();
    stack.wait_for_end(&Nobody, &current, "deployed").unwrap();
}

/// To look, and to put back, as somebody for whom the queues are open.
#[test]
#[ignore = "needs the local AWS: cargo xtask test --only e2e"]
fn dead_letter_is_listed_and_put_back() {
    let stack = local_stack();
    let _alone = alone();
    let administrator = stack.administrator_keys();
    let queue = queue_url(stack.root(), "deploy");
    let message = json!({"QueueUrl": queue, "MessageBody": "nothing to redrive"});
    stack
        .administrator()
        .call("sqs", "send_message", message)
        .unwrap();
    let list = ["redrive", "--function", "deploy", "--format", "json"];
    let mut found = Value::Null;
    wait_until(&Nobody, "the dead letter", PATIENCE, || {
        let report = document(&run(administrator, &list), 0);
        let letters = report.pointer("/letters").and_then(Value::as_array);
        Ok(match letters.and_then(|letters| letters.first()) {
            Some(letter) => {
                found = letter.clone();
                Poll::Ready(())
            }
            None => Poll::Pending(report.to_string()),
        })
    })
    .unwrap();
    assert_eq!(found.pointer("/action").unwrap(), "kept", "{found}");
    let id = text(&found, "/message").unwrap();
    let again = ["redrive", "--message", &id, "--format", "json"];
    let mut report = Value::Null;
    // What was just looked at is not to be had for some seconds.
    wait_until(&Nobody, "the message to be put back", PATIENCE, || {
        let output = run(administrator, &again);
        if !output.status.success() {
            return Ok(Poll::Pending(format!("{output:?}")));
        }
        report = document(&output, 0);
        Ok(Poll::Ready(()))
    })
    .unwrap();
    let action = text(&report, "/letters/0/action").unwrap();
    assert_ne!(action, "kept", "{ADMINISTRATOR} puts it back: {report}");
}

#[test]
#[ignore = "needs the local AWS: cargo xtask test --only e2e"]
fn audit_shows_what_the_sweep_saw() {
    let _alone = alone();
    unprotected("demo-audit");
    let audit = |more: &[&str]| {
        let arguments = [&["audit"], more].concat();
        run(&Credentials::root(), &arguments)
    };
    let report = sweep_until("the posture", || {
        let output = audit(&["--format", "json"]);
        let seen = String::from_utf8_lossy(&output.stdout).contains("functions/demo-audit");
        seen.then(|| document(&output, 1))
    });
    let findings = report.pointer("/findings").unwrap().as_array().unwrap();
    let is_it = |finding: &&Value| {
        finding.pointer("/subject").and_then(Value::as_str) == Some("functions/demo-audit")
            && finding.pointer("/kind").and_then(Value::as_str) == Some("NO_CSC")
    };
    assert!(findings.iter().any(|finding| is_it(&finding)), "{report}");
    let html = audit(&["--format", "html"]);
    let page = String::from_utf8_lossy(&html.stdout).into_owned();
    assert!(page.contains("demo-audit") && page.contains("</html>"));
}

/// The vendor is the gate itself under another layer's name: what it published is signed, and by a known publisher.
#[test]
#[ignore = "needs the local AWS: cargo xtask test --only e2e"]
fn layer_of_a_vendor_is_countersigned() {
    let _shared = beside_others();
    let stack = local_stack();
    let package = packages::layer("of a vendor").unwrap();
    let upload = stack.upload("layers/demo-vendor", &package).unwrap();
    let outcome = stack.wait_for_end(&Nobody, &upload, "deployed").unwrap();
    let vendor = text(&outcome, "/deployed/layer_version_arn").unwrap();
    let root = stack.cloud().signer_root();
    let root = root.to_str().unwrap();
    let adopt = |more: &[&str]| {
        let arguments = ["layer", "adopt", &vendor, "--as", "layers/demo-own"];
        let common = ["--trust-root", root, "--format", "json"];
        run(
            &Credentials::root(),
            &[&arguments[..], &common, more].concat(),
        )
    };
    let planned = document(&adopt(&[]), 0);
    assert_eq!(text(&planned, "/state").unwrap(), "planned", "{planned}");
    let publisher = text(&planned, "/signature/profile_version_arn").unwrap();
    let other = publisher.replace("/signing-profiles/", "/signing-profiles/other_");
    let refused = document(&adopt(&["--publisher", &other, "--apply"]), 1);
    assert_eq!(text(&refused, "/state").unwrap(), "refused", "{refused}");

    let done = document(&adopt(&["--publisher", &publisher, "--apply"]), 0);
    assert_eq!(text(&done, "/state").unwrap(), "done", "{done}");
    let own = text(&done, "/layer_version_arn").unwrap();
    assert!(own.contains(":layer:demo-own:"), "{own}");
    let metadata = done.pointer("/metadata/vendor-layer").unwrap();
    assert_eq!(metadata, &vendor, "{done}");
    assert_eq!(
        done.pointer("/bytes").unwrap(),
        &json!(package.len()),
        "what was uploaded first is had back: {done}"
    );
    let again = document(&adopt(&["--apply"]), 0);
    assert_eq!(text(&again, "/state").unwrap(), "adopted", "{again}");

    unprotected("demo-uses-layer");
    let layers = json!({"FunctionName": "demo-uses-layer", "Layers": [own]});
    stack
        .root()
        .call("lambda", "update_function_configuration", layers)
        .unwrap();
    let csc = stack.stack().output("CodeSigningConfig").unwrap();
    let listed = run(
        &Credentials::root(),
        &["layer", "list", "--csc", csc, "--format", "json"],
    );
    // Functions of other tests may use what nobody signed.
    let status = listed.status.code().unwrap();
    let listed = document(&listed, status.min(1));
    let functions = listed.pointer("/functions").unwrap().as_array().unwrap();
    let user = functions
        .iter()
        .find(|row| text(row, "/function").unwrap() == "demo-uses-layer")
        .unwrap();
    assert_eq!(text(user, "/layers/0/arn").unwrap(), own, "{user}");
    assert_eq!(text(user, "/layers/0/enforce").unwrap(), "takes", "{user}");
}

/// Copies the example of SAM, for another function.
fn sam_example(folder: &Path, name: &str, timeout: u32) {
    let template = std::fs::read_to_string(checkout::path("examples/sam/template.yaml")).unwrap();
    let template = template
        .replace("FunctionName: shop", &format!("FunctionName: {name}"))
        .replace("functions/shop.zip", &format!("functions/{name}.zip"))
        .replace(
            "Handler: app.handler",
            &format!("Handler: app.handler\n      Timeout: {timeout}"),
        );
    std::fs::write(folder.join("template.yaml"), template).unwrap();
}

/// As docs/with-sam.md has it, but that the package is zipped here: `sam build` wants the Python of the runtime.
fn sam_deploy(folder: &Path) {
    let stack = local_stack();
    let output = |name| stack.stack().output(name).unwrap();
    let cloud = stack.cloud();
    let mut command = cloud.tools().command("sam", &cloud.endpoint());
    let ended = command
        .current_dir(folder)
        .args(["deploy", "--template-file", "template.yaml"])
        .args(["--stack-name", "demo-sam", "--resolve-s3"])
        .args(["--capabilities", "CAPABILITY_IAM"])
        .args(["--no-confirm-changeset", "--no-progressbar"])
        .arg("--parameter-overrides")
        .arg(format!("SignedBucket={}", output("SignedBucket")))
        .arg(format!("CodeSigningConfig={}", output("CodeSigningConfig")))
        .output()
        .unwrap();
    assert!(ended.status.success(), "{ended:?}");
}

/// Under Enforce, from its first package, through the gate, and deployed again without a change of the code.
#[test]
#[ignore = "needs the local AWS: cargo xtask test --only e2e"]
fn sam_deploys_what_the_gate_verified() {
    let _shared = beside_others();
    let stack = local_stack();
    let folder = tempfile::tempdir().unwrap();
    let push = |words: &str, state: &str| {
        let package = folder.path().join("package.zip");
        std::fs::write(&package, packages::function(words).unwrap()).unwrap();
        let argument = format!("functions/demo-sam={}", package.display());
        let output = run(
            &Credentials::root(),
            &["push", &argument, "--no-git", "--format", "json"],
        );
        assert!(output.status.success(), "{output:?}");
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        let ended: Value = serde_json::from_str(told.lines().last().unwrap()).unwrap();
        assert_eq!(text(&ended, "/outcome/state").unwrap(), state);
    };
    let code = || {
        let read = json!({"FunctionName": "demo-sam"});
        let found = stack
            .root()
            .call("lambda", "get_function_configuration", read)
            .unwrap();
        text(&found, "/CodeSha256").unwrap()
    };
    push("first of SAM", "prepared");
    sam_example(folder.path(), "demo-sam", 4);
    sam_deploy(folder.path());
    stack.wait_until_active(&Nobody, "demo-sam").unwrap();
    assert_eq!(
        csc_of("demo-sam"),
        stack.stack().output("CodeSigningConfig").unwrap()
    );
    assert_eq!(stack.ask("demo-sam").unwrap(), "first of SAM");

    push("second of SAM", "deployed");
    assert_eq!(stack.ask("demo-sam").unwrap(), "second of SAM");
    let before = code();
    sam_example(folder.path(), "demo-sam", 5);
    sam_deploy(folder.path());
    stack.wait_until_active(&Nobody, "demo-sam").unwrap();
    assert_eq!(code(), before);
    assert_eq!(stack.ask("demo-sam").unwrap(), "second of SAM");
}
