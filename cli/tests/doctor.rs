//! `countersign doctor` against an AWS on loopback: a stack in which there is nothing to find passes, and each thing that is wrong with it fails
//! exactly the check for it.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops at the first thing that is not as it should be"
)]

mod doctor_faults;
mod healthy_stack;
mod schema;

use std::collections::BTreeSet;

use countersign_gate::{
    client::doctor::{KINDS, LOGICAL_IDS, REGIONS_WITHOUT_CODE_SIGNING, RULE_TARGETS},
    probe::PROBE_FACTS,
};
use countersign_package::format::{FACTS, FormatFact};
use countersign_testkit::{
    checkout,
    fake_aws::{FakeAws, exception, json, s3_error},
};
use doctor_faults::faults;
use healthy_stack::{
    CSC, TOPIC, attributes, changed_mapping, described, healthy_stack, policy, targets,
};
use serde_json::Value;

const SCHEMA: &str = include_str!("../../docs/schemas/doctor.schema.json");

fn report(aws: &FakeAws) -> (i32, Value) {
    let output = aws
        .countersign()
        .args(["doctor", "--stack", "gate", "--format", "json"])
        .output()
        .unwrap();
    let report = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
    (output.status.code().unwrap(), report)
}

/// The checks that did not pass: name, subject and result.
fn bad(report: &Value) -> Vec<(String, String, String)> {
    let text = |check: &Value, field: &str| check[field].as_str().unwrap().to_owned();
    let checks = report["checks"].as_array().unwrap().iter();
    checks
        .filter(|check| check["result"] != "pass")
        .map(|check| {
            (
                text(check, "id"),
                text(check, "subject"),
                text(check, "result"),
            )
        })
        .collect()
}

#[test]
fn whole_stack_passes_and_nothing_is_changed() {
    let aws = healthy_stack();
    let (status, report) = report(&aws);
    assert_eq!(bad(&report), [], "{report:#}");
    assert_eq!(status, 0);
    let made: BTreeSet<&str> = report["checks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|check| check["id"].as_str().unwrap())
        .collect();
    let all: BTreeSet<&str> = KINDS.iter().map(|kind| kind.id).collect();
    assert_eq!(made, all, "every check is made");
    let reads = |call: &String| {
        let name = call.split_once(':').unwrap().1;
        let verbs = ["Get", "List", "Describe", "Simulate"];
        verbs.iter().any(|verb| name.starts_with(verb))
    };
    let changing: Vec<String> = aws
        .called()
        .into_iter()
        .filter(|call| !reads(call))
        .collect();
    assert_eq!(changing, [""; 0]);
}

#[test]
fn each_fault_fails_exactly_the_check_for_it() {
    let mut provoked = BTreeSet::new();
    for (index, (id, subject, result, change)) in faults().into_iter().enumerate() {
        let aws = healthy_stack();
        change(&aws);
        let (status, report) = report(&aws);
        let found = bad(&report);
        let expected = (id.to_owned(), subject.to_owned(), result.to_owned());
        assert_eq!(found, [expected], "fault {index}, {id}: {report:#}");
        let wanted = match result {
            "failure" => 1,
            "could_not_tell" => 3,
            _ => 0,
        };
        assert_eq!(status, wanted, "fault {index}, {id}");
        assert_has_commands(&report);
        provoked.insert(id);
    }
    // By a test of its own: everything of a stack elsewhere has another ARN.
    provoked.insert("stack-region");
    let all: BTreeSet<&str> = KINDS.iter().map(|kind| kind.id).collect();
    assert_eq!(provoked, all, "every check is provoked");
}

/// Each failure has the command that mends it or shows more, and `--fix-hint` prints it.
fn assert_has_commands(report: &Value) {
    let checks = report["checks"].as_array().unwrap().iter();
    for check in checks.filter(|check| check["result"] == "failure") {
        let command = check["command"].as_str().unwrap_or_default();
        let is_command = command.starts_with("aws ") || command.starts_with("countersign ");
        assert!(is_command, "no command: {check:#}");
    }
}

/// A stack that is without some of its parts fails what looks at them, with a command each.
#[test]
fn missing_parts_have_commands() {
    let aws = healthy_stack();
    let query = healthy_stack::query(
        "ListStackResources",
        "<StackResourceSummaries></StackResourceSummaries>",
    );
    aws.answers("cloudformation:ListStackResources", query);
    let (status, found) = report(&aws);
    assert_eq!(status, 1);
    let failed: BTreeSet<String> = bad(&found).into_iter().map(|(id, _, _)| id).collect();
    let looked_at = [
        "alarms",
        "bucket-versioning",
        "function",
        "key",
        "queue",
        "subscriptions",
    ];
    assert_eq!(failed, BTreeSet::from(looked_at.map(str::to_owned)));
    assert_has_commands(&found);
}

/// What CloudFormation made and somebody deleted past it.
#[test]
fn deleted_parts_have_commands() {
    let aws = healthy_stack();
    let missing = exception(404, "ResourceNotFoundException", "none");
    for call in [
        "lambda:GetFunctionConfiguration",
        "events:DescribeRule",
        "lambda:ListEventSourceMappings",
    ] {
        aws.forget(call);
        aws.answers(call, missing.clone());
    }
    let none = json(r#"{"EventSourceMappings":[]}"#);
    aws.answers("lambda:ListEventSourceMappings", none);
    aws.forget("s3:GetBucketVersioning");
    aws.answers("s3:GetBucketVersioning", s3_error(404, "NoSuchBucket"));
    aws.forget("sqs:GetQueueAttributes");
    let gone = exception(400, "QueueDoesNotExist", "none");
    aws.answers("sqs:GetQueueAttributes", gone);
    let (status, found) = report(&aws);
    assert_eq!(status, 1);
    let failed: BTreeSet<String> = bad(&found).into_iter().map(|(id, _, _)| id).collect();
    let looked_at = ["bucket-versioning", "function", "queue", "rule"];
    assert_eq!(
        failed,
        BTreeSet::from(looked_at.map(str::to_owned)),
        "{found:#}"
    );
    assert_has_commands(&found);
}

#[test]
fn region_without_signer_fails_the_check_for_it() {
    let rule = std::fs::read_to_string(checkout::path("template.yaml")).unwrap();
    let rule = rule.split("\n  RegionHasCodeSigning:\n").nth(1).unwrap();
    let rule = rule.split("- !Ref AWS::Region").next().unwrap();
    let listed: Vec<&str> = rule
        .lines()
        .map(|line| line.trim().trim_start_matches("- "))
        .filter(|it| it.contains('-') && !it.contains(':'))
        .collect();
    assert_eq!(listed, REGIONS_WITHOUT_CODE_SIGNING);
    for region in REGIONS_WITHOUT_CODE_SIGNING {
        let aws = healthy_stack();
        let home = described("CREATE_COMPLETE", "");
        let there = String::from_utf8(home.body).unwrap();
        let there = there.replace("eu-west-1", region);
        aws.answers("cloudformation:DescribeStacks", healthy_stack::xml(&there));
        let (status, report) = report(&aws);
        assert_eq!(status, 1);
        let checks = report["checks"].as_array().unwrap();
        let check = checks.iter().find(|check| check["id"] == "stack-region");
        let check = check.unwrap();
        assert_eq!(check["result"], "failure", "{check:#}");
        assert!(check["message"].as_str().unwrap().contains(region));
        assert_has_commands(&report);
    }
}

#[test]
fn whatever_is_denied_could_not_be_told() {
    for (call, id) in [
        ("cloudformation:DescribeStacks", "stack"),
        ("cloudformation:ListStackResources", "stack-resources"),
        ("signer:GetSigningProfile", "signing-profile"),
        ("iam:SimulatePrincipalPolicy", "role-rights"),
        ("kms:DescribeKey", "key"),
        ("s3:GetBucketPolicy", "bucket-versioning"),
        ("events:DescribeRule", "rule"),
        ("cloudwatch:DescribeAlarms", "alarms"),
        ("cloudtrail:DescribeTrails", "trail"),
        ("lambda:GetFunctionConcurrency", "function-concurrency"),
    ] {
        let aws = healthy_stack();
        let is_xml =
            ["cloudformation", "iam", "cloudwatch"].contains(&call.split(':').next().unwrap());
        let denied = if is_xml {
            let body = "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code>\
                <Message>no</Message></Error><RequestId>r</RequestId></ErrorResponse>";
            countersign_testkit::http::Response::new(403, body)
        } else if call.starts_with("s3:") {
            s3_error(403, "AccessDenied")
        } else {
            exception(403, "AccessDeniedException", "no")
        };
        aws.forget(call);
        aws.answers(call, denied);
        let (status, report) = report(&aws);
        assert_eq!(status, 3, "{call}: {report:#}");
        let found = bad(&report);
        assert!(!found.is_empty(), "{call}");
        for (found, _, result) in &found {
            // What rests on the profile's version is not known either, nor what is asked together with it.
            let together = [
                "code-signing-config",
                "uploads-notification",
                "target-profile",
                "summary-key",
            ];
            let is_of_bucket = call.starts_with("s3:") && found.starts_with("bucket-");
            let is_meant = found == id || is_of_bucket || together.contains(&found.as_str());
            assert!(is_meant, "{call}: {found}");
            assert_eq!(result, "could_not_tell", "{call}");
        }
        let checks = report["checks"].as_array().unwrap();
        let told = checks.iter().find(|check| check["id"] == id).unwrap();
        assert!(told["message"].as_str().unwrap().contains(call), "{told}");
        assert!(told["fix"].as_str().unwrap().contains(call), "{told}");
    }
}

/// As every other command says it, and not as a stack that could not be told.
#[test]
fn no_way_to_aws_is_an_error_and_no_diagnosis() {
    let aws = healthy_stack();
    for (variable, value, words) in [
        ("AWS_ACCESS_KEY_ID", "", "there are no credentials"),
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:1", "AWS_ENDPOINT_URL"),
    ] {
        let mut command = aws.countersign();
        command.args(["doctor", "--stack", "gate"]);
        command
            .env("AWS_MAX_ATTEMPTS", "1")
            .env("AWS_EC2_METADATA_DISABLED", "true");
        if value.is_empty() {
            command.env_remove(variable);
        } else {
            command.env(variable, value);
        }
        let output = command.output().unwrap();
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{text}");
        assert!(output.stdout.is_empty(), "{:?}", output.stdout);
        assert!(text.contains("cannot look at the stack gate in "), "{text}");
        assert!(text.contains(words), "{text}");
        assert!(!text.contains("run it again in a minute"), "{text}");
    }
}

#[test]
fn missing_stack_is_said_so() {
    let aws = healthy_stack();
    let none = "<ErrorResponse><Error><Type>Sender</Type><Code>ValidationError</Code>\
        <Message>Stack with id gate does not exist</Message></Error><RequestId>r</RequestId></ErrorResponse>";
    let none = countersign_testkit::http::Response::new(400, none);
    aws.answers("cloudformation:DescribeStacks", none);
    let (status, report) = report(&aws);
    assert_eq!(status, 1);
    assert_eq!(report["checks"].as_array().unwrap().len(), 1, "{report:#}");
    // Where it was looked for.
    assert_eq!(report["region"], "eu-west-1");
}

#[test]
fn text_shows_commands_only_when_asked() {
    let aws = healthy_stack();
    aws.answers("cloudtrail:GetTrailStatus", json(r#"{"IsLogging":false}"#));
    let run = |arguments: &[&str]| {
        let mut command = aws.countersign();
        command.args(["doctor", "--stack", "gate"]).args(arguments);
        String::from_utf8(command.output().unwrap().stdout).unwrap()
    };
    let command = "aws cloudtrail start-logging --name gate";
    let plain = run(&[]);
    assert!(!plain.contains(command), "{plain}");
    assert!(plain.contains("--fix-hint shows"), "{plain}");
    assert!(plain.contains("1 failed, 0 could not be told"), "{plain}");
    let hinted = run(&["--fix-hint"]);
    assert!(hinted.contains(command), "{hinted}");
    assert!(hinted.contains("docs/deploying.md#deploy"), "{hinted}");
}

/// What was changed is said, and the command makes it what the template says.
#[test]
fn filters_are_told_with_what_they_let_through_and_the_way_back() {
    let aws = healthy_stack();
    aws.answers(
        "sns:GetSubscriptionAttributes",
        attributes(Some(r#"{"severity":["none"]}"#)),
    );
    let changed = targets("UnfinishedRule", |it| {
        it[1]["InputTransformer"] = serde_json::json!({"InputTemplate": "\"x\""});
    });
    aws.answers_about("events:ListTargetsByRule", "UnfinishedRule", changed);
    let mapped = changed_mapping("Alert", "Enabled", &["ReportBatchItemFailures"], |it| {
        it["FilterCriteria"] = serde_json::json!({"Filters": [{"Pattern": "{\"body\":[1]}"}]});
    });
    aws.answers_about(
        "lambda:ListEventSourceMappings",
        "FunctionName=gate-alert",
        mapped,
    );
    let (_, report) = report(&aws);
    let told = |id: &str, subject: &str| {
        let checks = report["checks"].as_array().unwrap().iter();
        let mut of_id = checks.filter(|it| it["id"] == id && it["subject"] == subject);
        let check = of_id.next().unwrap();
        let text = |field: &str| check[field].as_str().unwrap().to_owned();
        (text("message"), text("command"))
    };
    let (message, command) = told("subscription-filters", "email 1");
    assert!(
        message.ends_with(r#"lets through: {"severity":["none"]}"#),
        "{message}"
    );
    let expected = format!(
        "aws sns set-subscription-attributes --subscription-arn {TOPIC}:1 --attribute-name FilterPolicy --attribute-value '{{}}'"
    );
    assert_eq!(command, expected);
    let (message, command) = told("rule", "UnfinishedRule");
    assert!(
        message.contains(
            "gate-alert gets what \"x\" makes of the event and not {\"run\": \"repeats\"}"
        ),
        "{message}"
    );
    let targets = command
        .split_once("--targets '")
        .unwrap()
        .1
        .trim_end_matches('\'');
    let targets: Value = serde_json::from_str(targets).unwrap();
    assert_eq!(targets[1]["Input"], r#"{"run": "repeats"}"#);
    assert_eq!(
        targets[1]["DeadLetterConfig"]["Arn"],
        "arn:aws:sqs:eu-west-1:111122223333:gate-alert-dead-letters"
    );
    let (message, command) = told("function-queue", "AlertFunction");
    assert!(
        message.contains("only what fits {\"body\":[1]}"),
        "{message}"
    );
    assert!(
        command.ends_with("--filter-criteria '{}' --kms-key-arn ''"),
        "{command}"
    );
}

/// Rule, queue and constant input, as the template has them.
#[test]
fn rules_of_the_template_are_those_that_are_compared() {
    let template = std::fs::read_to_string(checkout::path("template.yaml")).unwrap();
    let mut found = Vec::new();
    let resources = template.split("\nResources:\n").nth(1).unwrap();
    let starts =
        |line: &str| line.starts_with("  ") && !line.starts_with("   ") && line.ends_with(':');
    let (mut rule, mut is_rule) = ("", false);
    for line in resources.lines() {
        let text = line.trim();
        if starts(line) {
            (rule, is_rule) = (text.trim_end_matches(':'), false);
        }
        is_rule |= text == "Type: AWS::Events::Rule";
        if !is_rule {
            continue;
        }
        if let Some(queue) = text.strip_prefix("Arn: !GetAtt ") {
            let of = queue.strip_suffix("Queue.Arn").unwrap().to_lowercase();
            found.push((rule.to_owned(), of, None));
        }
        if let Some(input) = text.strip_prefix("Input: ") {
            found.last_mut().unwrap().2 = Some(input.trim_matches('\'').to_owned());
        }
        assert!(!text.starts_with("InputPath") && !text.starts_with("InputTransformer"));
    }
    let known = RULE_TARGETS
        .map(|(rule, of, input)| (rule.to_owned(), of.to_string(), input.map(str::to_owned)));
    assert_eq!(found, known);
}

#[test]
fn report_is_as_its_schema_says() {
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    let aws = healthy_stack();
    aws.answers("cloudtrail:GetTrailStatus", json(r#"{"IsLogging":false}"#));
    let (_, report) = report(&aws);
    assert_eq!(schema::faults(&schema, &report), [""; 0]);
    let ids = schema.pointer("/$defs/check/properties/id/enum").unwrap();
    let all: Vec<&str> = KINDS.iter().map(|kind| kind.id).collect();
    assert_eq!(*ids, serde_json::json!(all));
}

#[test]
fn template_has_every_part_that_is_looked_at() {
    let template = std::fs::read_to_string(checkout::path("template.yaml")).unwrap();
    let outputs = template.split("\nOutputs:\n").nth(1).unwrap();
    for id in LOGICAL_IDS.iter().chain(&["Bus", "OutcomeRule", "Trail"]) {
        assert!(
            template.contains(&format!("\n  {id}:\n")),
            "{id} is no resource"
        );
    }
    for output in [
        "UploadsBucket",
        "SignedBucket",
        "RecordsBucket",
        "CodeSigningConfig",
        "SigningProfile",
    ] {
        assert!(
            outputs.contains(&format!("  {output}:\n")),
            "{output} is no output"
        );
    }
    let policy = policy("");
    let policy: Value = serde_json::from_slice(&policy.body).unwrap();
    for statement in policy["Statement"].as_array().unwrap() {
        let sid = statement["Sid"].as_str().unwrap();
        assert!(template.contains(&format!("- Sid: {sid}\n")), "{sid}");
    }
    assert!(CSC.contains("code-signing-config"));
}

/// Whoever has the policy of an operator may make every check.
#[test]
fn operator_may_ask_all_of_it() {
    let policy = std::fs::read_to_string(checkout::path("policies/operator.json")).unwrap();
    for kind in KINDS {
        let words = kind
            .basis
            .split([',', ' '])
            .filter(|word| word.contains(':'));
        for action in words {
            assert!(
                policy.contains(&format!("\"{action}\"")),
                "{}: {action}",
                kind.id
            );
        }
    }
}

#[test]
fn checks_are_documented_and_lead_into_the_documents() {
    let documentation = include_str!("../../docs/cli.md");
    for kind in KINDS {
        let row = format!("| `{}` | {} | {} |", kind.id, kind.statement, kind.basis);
        assert!(documentation.contains(&row), "{row}");
        let (file, anchor) = kind.docs.split_once('#').unwrap();
        let document = std::fs::read_to_string(checkout::path(file)).unwrap();
        let slug = |heading: &str| -> String {
            let kept = heading.to_lowercase();
            let kept = kept
                .chars()
                .filter(|c| c.is_alphanumeric() || " -".contains(*c));
            kept.map(|c| if c == ' ' { '-' } else { c }).collect()
        };
        let headings = document.lines().filter(|line| line.starts_with('#'));
        let mut anchors = headings.map(|line| slug(line.trim_start_matches('#').trim()));
        assert!(
            anchors.any(|found| found == anchor),
            "{}: no {}",
            kind.id,
            kind.docs
        );
    }
}

/// Each row of docs/unconfirmed.md says who asks its fact, by a name that exists.
#[test]
fn unconfirmed_facts_name_who_asks_them() {
    let page = std::fs::read_to_string(checkout::path("docs/unconfirmed.md")).unwrap();
    let known: BTreeSet<&str> = FACTS
        .iter()
        .map(FormatFact::id)
        .chain(PROBE_FACTS.iter().map(|fact| fact.id))
        .chain(KINDS.iter().map(|kind| kind.id))
        .collect();
    let (mut asked, mut rows) = (0, 0);
    let rows_of = page.lines().filter(|line| line.starts_with("| "));
    for row in rows_of.filter(|row| !row.starts_with("| fact |")) {
        rows += 1;
        let last = row.trim_end_matches(" |").rsplit(" | ").next().unwrap();
        if last == "nothing" {
            continue;
        }
        asked += 1;
        for name in last.split(", ") {
            let name = name.strip_prefix('`').and_then(|it| it.strip_suffix('`'));
            assert!(
                name.is_some_and(|name| known.contains(name)),
                "{last} of: {row}"
            );
        }
    }
    assert!(asked > 10 && rows > 20, "{asked} of {rows}");
}

/// A package goes through the gate only when what is found has a place to go to.
#[test]
fn report_that_cannot_be_written_is_told_before_the_probe() {
    let aws = healthy_stack();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("no such folder").join("probe.json");
    let mut command = aws.countersign();
    let output = command
        .args(["doctor", "--stack", "gate", "--probe", "--probe-report"])
        .arg(&path)
        .output()
        .unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{told}");
    assert!(told.contains("cannot write"), "{told}");
    assert_eq!(aws.called(), [""; 0]);
}

#[test]
fn diagnosis_is_told_where_there_is_nothing_to_probe() {
    let aws = healthy_stack();
    let none = exception(400, "ValidationError", "Stack with id gate does not exist");
    aws.answers("cloudformation:DescribeStacks", none.clone());
    aws.answers("cloudformation:DescribeStackResources", none.clone());
    aws.answers("cloudformation:ListStackResources", none);
    let mut command = aws.countersign();
    let output = command
        .args(["doctor", "--stack", "gate", "--probe", "--format", "json"])
        .output()
        .unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{told}");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(!bad(&report).is_empty(), "{report:#}");
    assert_eq!(report["probe"], Value::Null);
    let error = report["error"]["what"].as_str().unwrap();
    assert!(error.contains("there is nothing to probe"), "{error}");
    assert!(told.contains("there is nothing to probe"), "{told}");
}

#[test]
fn facts_of_a_probe_are_documented_and_many() {
    let documentation = include_str!("../../docs/cli.md");
    for fact in PROBE_FACTS {
        let grade = fact.grade.as_str();
        let row = format!("| `{}` | {} | {grade} |", fact.id, fact.statement);
        assert!(documentation.contains(&row), "{row}");
    }
    assert!(PROBE_FACTS.len() + FACTS.len() >= 30);
}
