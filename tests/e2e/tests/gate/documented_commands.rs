//! Commands and policies of the docs, pasted as they stand there, with the names of this stack.

use std::path::Path;

use countersign_e2e::{
    HarnessError,
    cloud::{self, Cloud},
    local_stack::{LocalStack, Protection, Upload, create_user},
    observer::{Nobody, PATIENCE, Poll, wait_until},
    packages,
    session::{Credentials, text},
    tools::Tools,
};
use countersign_testkit::checkout;
use serde_json::{Value, json};

use crate::{
    alone, assert_denied, beside_others,
    command_line::{countersign, sweep_until},
    dead_letters::queue_url,
    local_stack,
};

const DEPLOYING: &str = "docs/deploying.md";
const OPERATING: &str = "docs/operating.md";
const README: &str = "README.md";
const FIRST_DAY: &str = "docs/first-day.md";

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

/// What makes commands of the pages work here as they stand there. Version 1 of `aws`, which is the pinned one,
/// reads no endpoint for SQS from the environment; the command line is there already, in the folder above this
/// test's; and what the local AWS signed has another root than AWS.
fn shims(folder: &Path) -> String {
    let countersign = countersign();
    let root = local_stack().cloud().signer_root();
    format!(
        r#"cd "{}"
aws() {{ command aws "$@" --endpoint-url "$AWS_ENDPOINT_URL"; }}
countersign() {{
  if [ "$1" = verify ]; then set -- "$@" --trust-root "{}"; fi
  "{}" "$@"
}}
cargo() {{ while [ "$1" != -- ]; do shift; done; shift; countersign "$@"; }}"#,
        folder.display(),
        root.display(),
        countersign.display()
    )
}

/// Does what a step of a page says: its commands are pasted as they stand there. Answers what they said.
#[track_caller]
pub(crate) fn follow(page: &Value, words: &str) -> String {
    let steps = page
        .pointer("/next_steps")
        .and_then(Value::as_array)
        .unwrap();
    let mut steps = steps.iter().filter_map(Value::as_str);
    let step = steps.find(|step| step.contains(words));
    let step = step.unwrap_or_else(|| panic!("no step says {words:?}: {page:#}"));
    let commands = commands_of(step);
    assert!(!commands.is_empty(), "no command in {step:?}");
    let folder = tempfile::tempdir().unwrap();
    let begin = shims(folder.path());
    let lines = std::iter::once(begin.as_str()).chain(commands.iter().map(String::as_str));
    let told = paste(&lines.collect::<Vec<_>>());
    told.unwrap_or_else(|error| panic!("{step:?}: {error}"))
}

/// The commands in a sentence, each from the program's name to its region and what may follow that.
fn commands_of(step: &str) -> Vec<String> {
    const REGION: &str = "--region ";
    let mut commands = Vec::new();
    let mut rest = step;
    while let Some(at) = ["aws ", "countersign "]
        .iter()
        .filter_map(|name| rest.find(name))
        .min()
    {
        let (_, found) = rest.split_at(at);
        let Some((before, region)) = found.split_once(REGION) else {
            break;
        };
        let end = region.find([' ', ',', ')']).unwrap_or(region.len());
        let (region, after) = region.split_at(end);
        commands.push(format!("{before}{REGION}{}", region.trim_end_matches('.')));
        rest = after;
    }
    commands
}

#[test]
fn commands_are_found_in_steps() {
    let found = commands_of(
        "See it: aws lambda get-alias --name x --region us-east-1, and countersign history functions/x --region us-east-1. It may be none.",
    );
    assert_eq!(
        found,
        [
            "aws lambda get-alias --name x --region us-east-1",
            "countersign history functions/x --region us-east-1",
        ]
    );
}

/// From README, all that one does with a function: bring it under the gate, deploy, look, verify, roll back.
#[test]
#[ignore = "needs the local AWS: cargo xtask test --only e2e"]
fn readme_is_pasted_from_beginning_to_end() {
    let _shared = beside_others();
    let stack = local_stack();
    let folder = tempfile::tempdir().unwrap();
    stack
        .create_function("demo-readme", "before", Protection::None)
        .unwrap();
    let of_readme = |heading, marker| block(README, heading, marker).replace("shop", "demo-readme");
    let names = of_readme("Deploy it to AWS", "output()");
    let begin = format!("{}\n{names}", shims(folder.path()));
    let attach = of_readme("Deploy it to AWS", "put-function-code-signing-config");
    paste(&[&begin, &attach]).unwrap();

    let drop = of_readme("Drop a zip", "aws s3 cp");
    let package = folder.path().join("demo-readme.zip");
    let mut versions = Vec::new();
    for words in ["first", "second"] {
        std::fs::write(&package, packages::function(words).unwrap()).unwrap();
        paste(&[&begin, &drop]).unwrap();
        let upload = stack.current("functions/demo-readme").unwrap();
        let outcome = stack.wait_for_end(&Nobody, &upload, "deployed").unwrap();
        assert_eq!(text(&outcome, "/metadata/commit").unwrap(), "4f2a91c");
        assert_eq!(stack.ask("demo-readme").unwrap(), words);
        versions.push(upload.version);
    }
    let verify = of_readme("What it decides, and on what", "curl");
    let told = paste(&[&begin, &verify]).unwrap();
    assert!(told.contains("would be deployed"), "{told}");
    let status = of_readme("Operate it", " status ");
    let told = paste(&[&begin, &status]).unwrap();
    assert_eq!(told.matches("deployed").count(), 2, "{told}");

    let copy = of_readme("Drop a zip", "copy-object");
    let version = format!("VERSION={}", versions.first().unwrap());
    paste(&[&begin, &version, &copy]).unwrap();
    let upload = stack.current("functions/demo-readme").unwrap();
    stack.wait_for_end(&Nobody, &upload, "deployed").unwrap();
    assert_eq!(stack.ask("demo-readme").unwrap(), "first");
}

/// Words that no compression makes short: the package has to be longer than what the page cuts off.
fn long_words() -> String {
    let mut state = 1_u32;
    let letters = (0..4000).map(|_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        char::from_digit((state >> 24) % 36, 36).unwrap()
    });
    letters.collect()
}

/// From adopting three functions to the audit, in the order of the page. The stack of the suite enforces already.
#[test]
#[ignore = "needs the local AWS: cargo xtask test --only e2e"]
fn first_day_is_walked_from_beginning_to_end() {
    let stack = local_stack();
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let names = ["shop", "orders", "pay"];
    let of_page = |heading: &str, marker: &str| {
        let mut text = block(FIRST_DAY, heading, marker);
        for name in names {
            for before in ["functions/", "--function-name ", "--function "] {
                let old = format!("{before}{name}");
                text = text.replace(&old, &format!("{before}demo-day-{name}"));
            }
        }
        text
    };
    for name in names {
        let name = format!("demo-day-{name}");
        stack
            .create_function(&name, "before", Protection::None)
            .unwrap();
        stack.wait_until_active(&Nobody, &name).unwrap();
    }
    let begin = format!(
        "{}\n{}",
        shims(folder.path()),
        of_page("Install", "output()")
    );

    let told = paste(&[&begin, &of_page("Adopt three functions", " adopt ")]).unwrap();
    assert!(told.matches("planned").count() >= 3, "{told}");
    let told = paste(&[&begin, &of_page("Adopt three functions", "--apply")]).unwrap();
    assert!(told.matches("done").count() >= 3, "{told}");
    let told = paste(&[&begin, &of_page("Adopt three functions", " history ")]).unwrap();
    assert!(told.contains("deployed"), "{told}");

    let words = long_words();
    let package = packages::function(&words).unwrap();
    assert!(package.len() > 1500);
    std::fs::write(folder.path().join("shop.zip"), package).unwrap();
    let told = paste(&[&begin, &of_page("Push", " push ")]).unwrap();
    assert!(told.contains("functions/demo-day-shop"), "{told}");
    assert_eq!(stack.ask("demo-day-shop").unwrap(), words);

    // Each of these commands says by its exit status that the package is refused.
    let refusal = of_page("See a refusal", "broken.zip");
    let told = paste(&[&begin, "set +e", &refusal, "true"]).unwrap();
    assert!(told.contains("would be rejected"), "{told}");
    assert!(told.contains("functions/demo-day-shop"), "{told}");
    let upload = stack.current("functions/demo-day-shop").unwrap();
    stack.wait_for_end(&Nobody, &upload, "rejected").unwrap();
    assert_eq!(stack.ask("demo-day-shop").unwrap(), words);

    let told = paste(&[&begin, &of_page("Roll back", "--dry-run")]).unwrap();
    assert!(told.contains("deployed"), "{told}");
    assert_eq!(stack.ask("demo-day-shop").unwrap(), "before");

    let intrusion = of_page("Read a page", "update-function-code");
    let told = paste(&[&begin, "set +e", &intrusion, "true"]).unwrap();
    assert!(!told.contains("CodeSha256"), "Lambda refuses it: {told}");
    stack
        .pages
        .wait_for(&Nobody, "the page", PATIENCE, |page| {
            page.text.contains("demo-day-pay")
        })
        .unwrap();

    let audit = of_page("Audit", "countersign audit");
    sweep_until("the audit", || {
        paste(&[&begin, "set +e", &audit, "true"]).unwrap();
        // The page lists every function; in a terminal stands what is to be done.
        let page = std::fs::read_to_string(folder.path().join("posture.html"));
        page.is_ok_and(|page| page.contains("demo-day-shop"))
            .then_some(())
    });
}

#[test]
#[ignore = "needs the local AWS: cargo xtask test --only e2e"]
fn documented_commands_show_the_last_outcome() {
    let _shared = beside_others();
    let stack = local_stack();
    let folder = tempfile::tempdir().unwrap();
    stack
        .create_function("demo-outcome", "before", Protection::Enforce)
        .unwrap();
    for (package, state) in [
        (packages::function("good").unwrap(), "deployed"),
        (packages::malformed(), "rejected"),
    ] {
        let upload = stack.upload("functions/demo-outcome", &package).unwrap();
        stack.wait_for_end(&Nobody, &upload, state).unwrap();
    }
    let names = block(OPERATING, "Where things are", "output()");
    let names = names.replace("NAME=shop", "NAME=demo-outcome");
    let begin = format!("{}\n{names}", shims(folder.path()));
    let status = block(OPERATING, "Where things are", " status ");
    let told = paste(&[&begin, &status]).unwrap();
    let mut words = told
        .lines()
        .filter_map(|line| line.split_whitespace().next());
    let newest = words.find(|word| matches!(*word, "deployed" | "rejected"));
    assert_eq!(newest, Some("rejected"), "{told}");
    let last = block(OPERATING, "Where things are", "sort_by");
    let told = paste(&[&begin, &last]).unwrap();
    let outcome: Value = serde_json::from_str(&told).unwrap();
    assert_eq!(text(&outcome, "/state").unwrap(), "rejected");
}

#[test]
#[ignore = "needs the local AWS: cargo xtask test --only e2e"]
fn documented_commands_bring_a_function_and_a_layer_under_the_gate() {
    let _shared = beside_others();
    let stack = local_stack();
    let folder = tempfile::tempdir().unwrap();
    stack
        .create_function("demo-page", "before", Protection::None)
        .unwrap();
    let of_page = |marker| {
        let text = block(DEPLOYING, "Bring a function under the gate", marker);
        text.replace("shop", "demo-page")
            .replace("util", "demo-util")
    };
    let begin = format!("{}\n{}", shims(folder.path()), of_page("output()"));
    let put = |name: &str, package: Vec<u8>| {
        std::fs::write(folder.path().join(name), package).unwrap();
    };
    put(
        "demo-page.zip",
        packages::function("under the gate").unwrap(),
    );
    put("demo-util.zip", packages::layer("shared").unwrap());
    let attach = of_page("put-function-code-signing-config");
    paste(&[&begin, &attach, &of_page("functions/shop.zip")]).unwrap();
    let upload = stack.current("functions/demo-page").unwrap();
    stack.wait_for_end(&Nobody, &upload, "deployed").unwrap();
    assert_eq!(stack.ask("demo-page").unwrap(), "under the gate");
    let roles = paste(&[&begin, &of_page("describe-stack-resources")]).unwrap();
    let roles: Vec<String> = serde_json::from_str(&roles).unwrap();
    assert_eq!(roles.len(), 2);

    paste(&[&begin, &of_page("compatible-runtimes")]).unwrap();
    let upload = stack.current("layers/demo-util").unwrap();
    let outcome = stack.wait_for_end(&Nobody, &upload, "deployed").unwrap();
    let arn = text(&outcome, "/deployed/layer_version_arn").unwrap();
    let layer = json!({"Arn": arn});
    let layer = stack
        .root()
        .call("lambda", "get_layer_version_by_arn", layer);
    let runtimes = layer.unwrap()["CompatibleRuntimes"].clone();
    assert_eq!(runtimes, json!(["python3.13", "python3.14"]));
}

/// As an administrator for whom the queues are open.
#[test]
#[ignore = "needs the local AWS: cargo xtask test --only e2e"]
fn documented_commands_look_at_dead_letters_and_send_them_through_again() {
    let stack = local_stack();
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let queue = queue_url(stack.root(), "deploy");
    let message = json!({"QueueUrl": queue, "MessageBody": "no event at all"});
    stack
        .administrator()
        .call("sqs", "send_message", message)
        .unwrap();
    let begin = shims(folder.path());
    let look = block(OPERATING, "Dead letters", "receive-message");
    let again = block(OPERATING, "Dead letters", "start-message-move-task");
    let pasted = |lines: &[&str]| {
        let keys = stack.administrator_keys();
        stack.cloud().paste(keys, &lines.join("\n"))
    };
    wait_until(&Nobody, "the dead letter", PATIENCE, || {
        let told = pasted(&[&begin, &look])?;
        Ok(
            if told.contains("no event at all") && told.contains("\"reason\"") {
                Poll::Ready(())
            } else {
                Poll::Pending(told)
            },
        )
    })
    .unwrap();
    let told = pasted(&[&begin, &look, &again]).unwrap();
    assert!(told.contains("TaskHandle"), "{told}");
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

#[test]
#[ignore = "needs the local AWS: cargo xtask test --only e2e"]
fn documented_command_shows_what_stands_out() {
    let stack = local_stack();
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let names = block(OPERATING, "Where things are", "output()");
    let look = block(OPERATING, "What sweep finds", "posture.json");
    let begin = format!("{}\n{names}", shims(folder.path()));
    stack
        .create_function("demo-standing-out", "before", Protection::Warn)
        .unwrap();
    stack
        .wait_until_active(&Nobody, "demo-standing-out")
        .unwrap();
    let target = "functions/demo-standing-out";
    let ours = packages::function("ours").unwrap();
    let upload = stack.upload(target, &ours).unwrap();
    stack.wait_for_end(&Nobody, &upload, "deployed").unwrap();
    let foreign = packages::function("foreign").unwrap();
    stack.intrude("demo-standing-out", &foreign).unwrap();
    wait_until(&Nobody, "the posture", PATIENCE, || {
        // A run gives way to one that is still at work for another test.
        stack.fire("EverythingRule")?;
        let told = paste(&[&begin, &look])?;
        let is_it = told.contains(target) && told.contains("OTHER_CODE_RUNS");
        Ok(if is_it {
            Poll::Ready(())
        } else {
            Poll::Pending(told)
        })
    })
    .unwrap();
}

/// From docs/deploying.md, "Without SAM" and "Who countersigns the gate": the folder of `cargo xtask package`, by the
/// AWS command line alone, on a local AWS of its own; first unsigned, then signed and under a configuration of its own.
/// What it deploys does its work.
#[test]
#[ignore = "needs the local AWS: cargo xtask test --only e2e"]
fn documented_commands_deploy_and_countersign_a_release_without_sam() {
    let tools = Tools::prepare(&checkout::root(), &Nobody).unwrap();
    let release = checkout::path("target/package");
    assert!(
        release.join("countersign.json").is_file(),
        "no release in {}: cargo xtask package",
        release.display()
    );
    let cloud = Cloud::start(&tools, cloud::free_port().unwrap(), &Nobody).unwrap();
    let root = cloud.session(&Credentials::root()).unwrap();
    // The command line's waiter looks every 20 seconds.
    root.call("control", "PUT settings", json!({"signing_seconds": 0.01}))
        .unwrap();
    let answers = format!(
        "AlertEmail=none TrustRoots=\"$(cat '{}')\"",
        cloud.signer_root().display()
    );
    let with_answers = |commands: &str| {
        assert!(
            commands.contains("AlertEmail=you@example.com"),
            "{commands}"
        );
        commands.replace("AlertEmail=you@example.com", &answers)
    };
    let without_sam = |marker| block(DEPLOYING, "Without SAM", marker);
    let countersigned = |marker| block(DEPLOYING, "Who countersigns the gate", marker);
    let bootstrap = countersigned("bootstrap.yaml").replace(
        "--stack-name countersign-gate\ngate()",
        "--stack-name countersign-gate --parameter-overrides CreateCodeBucket=true\ngate()",
    );
    let first = with_answers(&without_sam("CODE_BUCKET="))
        .replace("CODE_BUCKET=…", "CODE_BUCKET=$(gate CodeBucket)");
    let lines = [
        "set -u",
        r#"aws() { command aws "$@" --endpoint-url "$AWS_ENDPOINT_URL"; }"#,
        &without_sam("SHA256SUMS"),
        &bootstrap,
        &first,
        // The stack is there, and keeps its answers.
        &countersigned("start-signing-job"),
        "gate GateProfile",
    ];
    let told = cloud
        .paste(&Credentials::root(), &lines.join("\n"))
        .unwrap();
    let profile = told.lines().last().unwrap();
    for name in ["sign", "deploy", "alert", "sweep"] {
        let read = json!({"FunctionName": format!("countersign-{name}")});
        let function = root.call("lambda", "get_function_configuration", read);
        let signed_by = text(&function.unwrap(), "/SigningProfileVersionArn").unwrap();
        let expected = format!(":/signing-profiles/{profile}/");
        assert!(
            signed_by.contains(&expected),
            "{name} is signed by {signed_by}"
        );
    }
    let deployed = cloud.stack("countersign").unwrap();
    let stack = LocalStack::populate(&cloud, &deployed).unwrap();
    stack
        .create_function("demo", "before", Protection::Enforce)
        .unwrap();
    let package = packages::function("after").unwrap();
    let upload = stack.upload("functions/demo", &package).unwrap();
    stack.wait_for_end(&Nobody, &upload, "deployed").unwrap();
    assert_eq!(stack.ask("demo").unwrap(), "after");
}
