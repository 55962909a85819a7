//! Commands and policies of the docs, pasted as they stand there, with the names of this stack.

use countersign_e2e::{
    HarnessError,
    local_stack::{Protection, Upload, create_user},
    observer::Nobody,
    packages,
    session::{Credentials, text},
};
use countersign_testkit::checkout;
use serde_json::{Value, json};

use crate::{assert_denied, beside_others, local_stack};

const DEPLOYING: &str = "docs/deploying.md";
const OPERATING: &str = "docs/operating.md";

/// The block of code below `heading` that holds `marker`.
#[track_caller]
fn block(document: &str, heading: &str, marker: &str) -> String {
    let text = std::fs::read_to_string(checkout::path(document)).unwrap();
    let (_, section) = text.split_once(&format!("\n## {heading}\n")).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let blocks = section.split("\n```").skip(1).step_by(2);
    let found = blocks.filter_map(|block| Some(block.split_once('\n')?.1));
    let mut found = found.filter(|block| block.contains(marker));
    found
        .next()
        .unwrap_or_else(|| panic!("{document} has no {marker} below {heading}"))
        .to_owned()
}

fn paste(lines: &[&str]) -> Result<String, HarnessError> {
    let stack = local_stack();
    stack.cloud().paste(&Credentials::root(), &lines.join("\n"))
}

#[test]
#[ignore = "needs the local AWS: cargo xtask test --only e2e"]
fn documented_rollback_finds_and_copies_what_was_deployed() {
    let _shared = beside_others();
    let stack = local_stack();
    let target = "functions/demo-rollback";
    stack
        .create_function("demo-rollback", "before", Protection::Enforce)
        .unwrap();
    for (package, state) in [
        (packages::function("good").unwrap(), "deployed"),
        (packages::function("regretted").unwrap(), "deployed"),
        (packages::malformed(), "rejected"),
    ] {
        let upload = stack.upload(target, &package).unwrap();
        stack.wait_for_end(&Nobody, &upload, state).unwrap();
    }
    let names = block(OPERATING, "Where things are", "output()");
    let names = names.replace("NAME=shop", "NAME=demo-rollback");
    let list = block(OPERATING, "Roll back", "list-objects-v2");
    let listed = paste(&[&names, &list]).unwrap();
    // Uploads of one second are in the order of their versions, so that the words are looked up.
    let states: Vec<&str> = listed
        .lines()
        .filter_map(|line| line.split_once(" \"state\": "))
        .map(|(_, state)| state)
        .collect();
    assert_eq!(states.len(), 3, "{listed}");
    let rejected = states.iter().filter(|state| **state == "\"rejected\"");
    assert_eq!(rejected.count(), 1, "{listed}");
    let deployed: Vec<&str> = listed
        .lines()
        .filter(|line| line.contains("deployed"))
        .filter_map(|line| line.split('/').nth(2)?.split_once('-'))
        .map(|(_, version)| version)
        .collect();
    let copy = block(OPERATING, "Roll back", "copy-object");
    let mut words = Vec::new();
    for version in deployed {
        let answer = paste(&[&names, &format!("VERSION={version}"), &copy]).unwrap();
        let answer: Value = serde_json::from_str(&answer).unwrap();
        let upload = Upload {
            target: target.to_owned(),
            version: text(&answer, "/VersionId").unwrap(),
        };
        stack.wait_for_end(&Nobody, &upload, "deployed").unwrap();
        words.push(stack.ask("demo-rollback").unwrap());
    }
    words.sort();
    assert_eq!(words, ["good", "regretted"]);
}

/// Under Enforce, with no moment at which unsigned code would have to be let in.
#[test]
#[ignore = "needs the local AWS: cargo xtask test --only e2e"]
fn documented_command_creates_a_function_from_its_prepared_package() {
    let _shared = beside_others();
    let stack = local_stack();
    let package = packages::function("first of all").unwrap();
    let upload = stack.upload("functions/demo-new", &package).unwrap();
    let outcome = stack.wait_for_end(&Nobody, &upload, "prepared").unwrap();
    let key = text(&outcome, "/package/key").unwrap();
    assert_eq!(key, "current/functions/demo-new.zip");

    let names = block(DEPLOYING, "Bring a function under the gate", "output()");
    let create = block(
        DEPLOYING,
        "Bring a function under the gate",
        "create-function",
    );
    let create = create.replace("shop", "demo-new");
    let role = format!("ROLE_ARN={}", stack.role());
    paste(&[&names, &role, &create]).unwrap();
    stack.wait_until_active(&Nobody, "demo-new").unwrap();
    assert_eq!(stack.ask("demo-new").unwrap(), "first of all");

    let package = packages::function("second").unwrap();
    let upload = stack.upload("functions/demo-new", &package).unwrap();
    stack.wait_for_end(&Nobody, &upload, "deployed").unwrap();
    assert_eq!(stack.ask("demo-new").unwrap(), "second");
}

#[test]
#[ignore = "needs the local AWS: cargo xtask test --only e2e"]
fn documented_policy_lets_a_team_deploy_and_read_its_own_records_only() {
    let _shared = beside_others();
    let stack = local_stack();
    let output = |name| stack.stack().output(name).unwrap();
    let policy = block(DEPLOYING, "Who may deploy what", "\"Statement\"")
        .replace("UPLOADS_BUCKET", output("UploadsBucket"))
        .replace("RECORDS_BUCKET", output("RecordsBucket"))
        .replace("\"KEY\"", &json!(output("Key")).to_string())
        .replace("shop-", "demo-team-");
    let policy: Value = serde_json::from_str(&policy).unwrap();
    let statements = policy.pointer("/Statement").unwrap();
    let keys = create_user(stack.root(), "team", statements).unwrap();
    let team = stack.cloud().session(&keys).unwrap();

    let put = |key: &str| json!({"Bucket": output("UploadsBucket"), "Key": key, "Body": "no zip"});
    let answer = team
        .call("s3", "put_object", put("functions/demo-team-a.zip"))
        .unwrap();
    assert_denied(&team, "s3", "put_object", &put("functions/demo-other.zip"));

    let upload = Upload {
        target: "functions/demo-team-a".to_owned(),
        version: text(&answer, "/VersionId").unwrap(),
    };
    stack.wait_for_end(&Nobody, &upload, "rejected").unwrap();
    let list =
        |prefix: &str| json!({"Bucket": output("RecordsBucket"), "Prefix": prefix, "MaxKeys": 1});
    let answer = team
        .call("s3", "list_objects_v2", list("functions/demo-team-a/"))
        .unwrap();
    let key = text(&answer, "/Contents/0/Key").unwrap();
    let get = json!({"Bucket": output("RecordsBucket"), "Key": key});
    team.call("s3", "get_object", get).unwrap();
    assert_denied(
        &team,
        "s3",
        "list_objects_v2",
        &list("functions/demo-other/"),
    );
}
