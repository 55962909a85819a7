//! `countersign audit` against an AWS on loopback: what it finds, in each of its forms, and what it does with
//! text that means harm.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at the first thing that is not as it should be"
)]

mod schema;

use countersign_testkit::{
    fake_aws::{FakeAws, exception, s3_error},
    http::Response,
};
use serde_json::{Value, json};

const SCHEMA: &str = include_str!("../../docs/schemas/audit.schema.json");

const CSC: &str = "arn:aws:lambda:us-east-1:111122223333:code-signing-config:csc-0123456789abcdef0";
const WARN: &str =
    "arn:aws:lambda:us-east-1:111122223333:code-signing-config:csc-0123456789abcdef1";
const IDLE: &str =
    "arn:aws:lambda:us-east-1:111122223333:code-signing-config:csc-0123456789abcdef2";
const SHOP: &str = "arn:aws:signer:us-east-1:111122223333:/signing-profiles/shop/AbCdEfGh12";
const OTHER: &str = "arn:aws:signer:us-east-1:999988887777:/signing-profiles/other/AbCdEfGh12";
const JOB: &str =
    "arn:aws:signer:us-east-1:111122223333:/signing-jobs/3f0a5c1e-7a3d-4a52-9a77-6f5f0f6f7d11";
const DEAD: &str = "no-arn; touch x";
const HOSTILE: &str = "=cmd|'<script>alert(1)</script>\"\u{202e}\u{1b}[2J";

fn target(name: &str, drift: &Value) -> Value {
    json!({"target": name, "current": "l", "state": "deployed", "deployed": "20260928T120001Z-v", "version": "7",
        "runs": "c2hh", "signing_job": JOB, "signing_profile_version": SHOP, "drift": drift})
}

fn function(name: &str, csc: Option<&str>, policy: Option<&str>, signer: Option<&str>) -> Value {
    json!({"name": name, "code_sha256": "c2hh", "package_type": "Zip", "signing_job": signer.map(|_| JOB),
        "signing_profile_version": signer, "code_signing_config": csc, "policy": policy})
}

/// One of everything that can be found.
fn posture() -> Value {
    #[expect(
        clippy::disallowed_methods,
        reason = "the command asks the clock how old the posture is"
    )]
    let ended_at = jiff::Timestamp::now().to_string();
    let mut image = function("image", None, None, None);
    image["package_type"] = json!("Image");
    let mut failed = target("layers/tls", &json!([]));
    failed["state"] = json!("failed");
    json!({
        "schema": 1, "stack": "gate", "began_at": ended_at, "ended_at": ended_at, "unfinished": 2,
        "targets": [target("functions/shop", &json!(["OTHER_CODE_RUNS"])), failed],
        "functions": [
            function("shop", Some(CSC), Some("Enforce"), Some(SHOP)),
            function("bare", None, None, None),
            function("lax", Some(WARN), Some("Warn"), Some(SHOP)),
            function(HOSTILE, None, None, None),
            function("gate-sign", None, None, None),
            image,
        ],
        "configurations": [
            {"arn": CSC, "policy": "Enforce", "publishers": [SHOP]},
            {"arn": WARN, "policy": "Warn", "publishers": [OTHER, DEAD]},
            {"arn": IDLE, "policy": "Enforce", "publishers": [SHOP]},
        ],
        "troubles": [],
    })
}

fn drift() -> Value {
    json!({"schema": 1, "kind": "OTHER_CODE_RUNS", "subject": "functions/shop", "target": "functions/shop",
        "message": format!("runs {HOSTILE}"), "expected": null, "found": null, "upload": null,
        "found_at": "2026-11-21T21:44:00Z", "closed_at": null, "announced_at": null})
}

fn aws(posture: &Value) -> FakeAws {
    let aws = FakeAws::start().unwrap();
    aws.put("records", "posture.json", posture.to_string());
    aws.put(
        "records",
        "drift/functions/shop/OTHER_CODE_RUNS.json",
        drift().to_string(),
    );
    aws
}

fn run(aws: &FakeAws, arguments: &[&str]) -> (i32, String, String) {
    let output = aws
        .countersign()
        .arg("audit")
        .args(arguments)
        .env("COUNTERSIGN_RECORDS_BUCKET", "records")
        .output()
        .unwrap();
    (
        output.status.code().unwrap(),
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

fn report(aws: &FakeAws, arguments: &[&str]) -> (i32, Value) {
    let (status, out, err) = run(aws, &[arguments, &["--format", "json"]].concat());
    (
        status,
        serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}{err}")),
    )
}

/// The kinds that were found about a subject.
fn kinds(report: &Value, subject: &str) -> Vec<String> {
    let findings = report["findings"].as_array().unwrap().iter();
    findings
        .filter(|finding| finding["subject"] == subject)
        .map(|finding| finding["kind"].as_str().unwrap().to_owned())
        .collect()
}

/// A posture in which there is nothing to find.
fn sound() -> Value {
    let mut posture = posture();
    posture["targets"] = json!([target("functions/shop", &json!([]))]);
    posture["functions"] = json!([
        function("shop", Some(CSC), Some("Enforce"), Some(SHOP)),
        function("gate-sign", None, None, None)
    ]);
    posture["configurations"] = json!([{"arn": CSC, "policy": "Enforce", "publishers": [SHOP]}]);
    posture
}

#[test]
fn everything_is_found_and_nothing_else() {
    let (status, report) = report(&aws(&posture()), &[]);
    assert_eq!(status, 1);
    for (subject, expected) in [
        ("functions/shop", &["OTHER_CODE_RUNS"][..]),
        ("functions/bare", &["NO_CSC", "UNSIGNED", "NOT_GATED"]),
        (
            "functions/lax",
            &["CSC_WARNS", "SIGNER_NOT_ALLOWED", "NOT_GATED"],
        ),
        ("functions/image", &["CONTAINER_IMAGE"]),
        ("functions/gate-sign", &[]),
        ("layers/tls", &["UPLOAD_FAILED"]),
        (CSC, &[]),
        (
            WARN,
            &["PUBLISHER_DEAD", "PUBLISHER_FOREIGN", "PUBLISHER_IDLE"],
        ),
        (IDLE, &["CSC_UNUSED"]),
    ] {
        assert_eq!(kinds(&report, subject), expected, "{subject}");
    }
    assert_eq!(
        report["findings"][0]["kind"], "OTHER_CODE_RUNS",
        "the worst is first"
    );
    assert_eq!(report["findings"][0]["found_at"], "2026-11-21T21:44:00Z");
    assert_eq!(report["summary"]["code"]["gated"], 1);
    assert_eq!(report["summary"]["code"]["unsigned"], 2);
    assert_eq!(report["summary"]["code"]["gate"], 1);
    assert_eq!(report["summary"]["protection"]["none"], 2);
    assert_eq!(report["summary"]["signers"][SHOP], 3);
}

#[test]
fn configuration_that_another_makes_superfluous_is_told() {
    let mut posture = sound();
    posture["functions"][1] = function("pay", Some(IDLE), Some("Enforce"), Some(SHOP));
    posture["functions"].as_array_mut().unwrap().push(function(
        "pay2",
        Some(IDLE),
        Some("Enforce"),
        Some(SHOP),
    ));
    posture["configurations"] = json!([
        {"arn": CSC, "policy": "Enforce", "publishers": [SHOP]},
        {"arn": IDLE, "policy": "Enforce", "publishers": [SHOP]},
    ]);
    let (_, report) = report(&aws(&posture), &[]);
    assert_eq!(kinds(&report, CSC), ["CSC_SHADOWED"]);
    assert_eq!(kinds(&report, IDLE), [""; 0]);
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    assert_eq!(schema::faults(&schema, &report), [""; 0]);
    let findings = report["findings"].as_array().unwrap();
    let told = findings.iter().find(|it| it["kind"] == "CSC_SHADOWED");
    let command = format!("countersign csc diff {CSC} {IDLE}");
    assert_eq!(told.unwrap()["command"], command);
}

#[test]
fn json_is_as_its_schema_says() {
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    for posture in [posture(), sound()] {
        let (_, report) = report(&aws(&posture), &[]);
        assert_eq!(schema::faults(&schema, &report), [""; 0]);
    }
    let (_, mut wrong) = report(&aws(&posture()), &[]);
    wrong["findings"][0]["kind"] = json!("ANOTHER");
    wrong["more"] = json!(1);
    wrong.as_object_mut().unwrap().remove("stack");
    assert_eq!(schema::faults(&schema, &wrong).len(), 3);
}

#[test]
fn exit_status_tells_sound_from_not_known() {
    let (status, shown) = report(&aws(&sound()), &[]);
    assert_eq!(status, 0, "{shown}");
    assert_eq!(shown["findings"], json!([]));

    let mut old = sound();
    old["ended_at"] = json!("2026-11-21T21:44:00Z");
    let (status, text, _) = run(&aws(&old), &[]);
    assert_eq!(status, 3);
    assert!(text.contains("older than two hours"), "{text}");

    let mut half = sound();
    half["troubles"] = json!(["functions/pay: denied"]);
    let (status, text, _) = run(&aws(&half), &[]);
    assert_eq!(status, 3);
    assert!(
        text.contains("not looked at: functions/pay: denied"),
        "{text}"
    );

    // A gate that did not look at who signed what.
    let mut before = sound();
    let functions = json!([{"name": "shop", "code_sha256": "c2hh", "code_signing_config": CSC, "policy": "Enforce"},
        {"name": "pay", "code_sha256": "c2hh", "code_signing_config": CSC, "policy": "Enforce"}]);
    before["functions"] = functions;
    let (status, shown) = report(&aws(&before), &[]);
    assert_eq!(
        (status, kinds(&shown, "functions/pay")),
        (3, vec!["NOT_GATED".to_owned()])
    );

    let nothing = FakeAws::start().unwrap();
    let (status, out, err) = run(&nothing, &[]);
    assert_eq!((status, out.as_str()), (3, ""));
    assert!(err.contains("SweepMissedAlarm"), "{err}");
    nothing.put("records", "posture.json", "{}");
    assert_eq!(
        run(&nothing, &[]).0,
        2,
        "a record that cannot be read is no absence"
    );
}

#[test]
fn trusted_account_is_not_foreign() {
    let (_, report) = report(&aws(&posture()), &["--trusted-account", "999988887777"]);
    assert_eq!(kinds(&report, WARN), ["PUBLISHER_DEAD", "PUBLISHER_IDLE"]);
    let (status, _, err) = run(&aws(&posture()), &["--trusted-account", "me"]);
    assert!(status == 2 && err.contains("twelve digits"), "{err}");
}

#[test]
fn hostile_text_is_inert_in_every_form() {
    let aws = aws(&posture());
    for form in ["text", "csv", "sarif", "html"] {
        let (status, out, _) = run(&aws, &["--format", form]);
        assert_eq!(status, 1);
        assert!(out.contains("alert(1)"), "{form}: it is shown");
        assert!(!out.contains(['\u{202e}', '\u{1b}']), "{form}: {out}");
    }
    let (_, html, _) = run(&aws, &["--format", "html"]);
    assert!(!html.contains("<script>alert"), "{html}");
    assert_eq!(html.matches("<script").count(), 1);
    let (_, csv, _) = run(&aws, &["--format", "csv"]);
    for line in csv.lines() {
        let cells = line.trim_matches('"').split("\",\"");
        for cell in cells {
            assert!(!cell.starts_with(['=', '+', '-', '@']), "{cell}");
        }
    }
    // Nobody is told to paste a name that Lambda never gave.
    let (_, report) = report(&aws, &[]);
    let findings = report["findings"].as_array().unwrap().iter();
    for finding in findings.filter(|finding| finding["subject"] == format!("functions/{HOSTILE}")) {
        assert_eq!(finding["command"], Value::Null, "{finding}");
    }
    for finding in report["findings"].as_array().unwrap() {
        let command = finding["command"].as_str().unwrap_or_default();
        assert!(
            !command.contains([';', '$', '`', '|', '&', '\'']),
            "{command}"
        );
    }
}

#[test]
fn page_needs_nothing_from_elsewhere() {
    let (_, html, _) = run(&aws(&posture()), &["--format", "html"]);
    for foreign in [
        "http:", "https:", "src=", "href=", "url(", "@import", "style=\"", "onclick",
    ] {
        assert!(!html.contains(foreign), "{foreign}");
    }
    assert!(html.contains("default-src 'none'; style-src 'sha256-"));
    for expected in [
        "50 %",
        "NIST 800-53 SI-7(15)",
        "CIS AWS Compute Services 4.8",
        "countersign adopt functions/bare --apply",
    ] {
        assert!(html.contains(expected), "no {expected}");
    }
    for element in [
        "section", "table", "tr", "td", "figure", "svg", "bdi", "main", "ul", "ol", "li", "div",
    ] {
        let opened = html.matches(&format!("<{element}>")).count()
            + html.matches(&format!("<{element} ")).count();
        assert_eq!(
            opened,
            html.matches(&format!("</{element}>")).count(),
            "{element}"
        );
    }
}

#[test]
fn sarif_has_a_rule_and_a_place_for_each_result() {
    let (_, out, _) = run(&aws(&posture()), &["--format", "sarif"]);
    let log: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(log["version"], "2.1.0");
    let rules = log.pointer("/runs/0/tool/driver/rules").unwrap();
    let results = log.pointer("/runs/0/results").unwrap().as_array().unwrap();
    assert_eq!(results[0]["level"], "error");
    let mut fingerprints: Vec<&str> = Vec::new();
    for result in results {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], result["ruleId"]);
        let uri = result.pointer("/locations/0/physicalLocation/artifactLocation/uri");
        let uri = uri.unwrap().as_str().unwrap();
        assert!(
            uri.chars()
                .all(|c| c.is_ascii_alphanumeric() || "%-_./".contains(c)),
            "{uri}"
        );
        fingerprints.push(
            result["partialFingerprints"]["subjectAndKind/v1"]
                .as_str()
                .unwrap(),
        );
    }
    let all = fingerprints.len();
    fingerprints.sort_unstable();
    fingerprints.dedup();
    assert_eq!(fingerprints.len(), all);
}

#[test]
fn impact_names_what_runs() {
    let aws = aws(&posture());
    let (status, report) = report(&aws, &["impact", SHOP]);
    assert_eq!(status, 1);
    let runs: Vec<&str> = report["runs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|of| of["subject"].as_str().unwrap())
        .collect();
    assert_eq!(runs, ["functions/lax", "functions/shop", "layers/tls"]);
    assert_eq!(report["trusted_by"], json!([CSC, IDLE]));
    let (status, text, _) = run(&aws, &["impact", JOB]);
    assert!(
        status == 1 && text.contains("functions/shop, version 7"),
        "{text}"
    );
    let (status, text, _) = run(&aws, &["impact", OTHER]);
    assert!(
        status == 0 && text.contains("nothing runs that it signed") && text.contains(WARN),
        "{text}"
    );
    let (status, _, err) = run(&aws, &["impact", "functions/shop"]);
    assert!(status == 2 && err.contains("ARN of a signing job"), "{err}");
    assert_eq!(
        run(&aws, &["--records-bucket", "records", "impact", OTHER]).0,
        0
    );
}

#[test]
fn wildcards_in_iam_are_found_when_asked_for() {
    let aws = aws(&sound());
    let wide = "%7B%22Statement%22%3A%7B%22Effect%22%3A%22Allow%22%2C%22Action%22%3A%22lambda%3A%2A%22%2C%22Resource%22%3A%22%2A%22%7D%7D";
    let all = wide.replace("lambda%3A%2A", "%2A");
    let answer = format!(
        "<GetAccountAuthorizationDetailsResponse><GetAccountAuthorizationDetailsResult><IsTruncated>false</IsTruncated>\
         <UserDetailList><member><Arn>arn:aws:iam::111122223333:user/ann</Arn><AttachedManagedPolicies><member>\
         <PolicyName>Admin</PolicyName><PolicyArn>arn:aws:iam::aws:policy/Admin</PolicyArn></member>\
         </AttachedManagedPolicies></member></UserDetailList>\
         <GroupDetailList><member><Arn>arn:aws:iam::111122223333:group/readers</Arn></member></GroupDetailList>\
         <RoleDetailList><member><Arn>arn:aws:iam::111122223333:role/ci</Arn><RolePolicyList><member>\
         <PolicyName>deploys</PolicyName><PolicyDocument>{wide}</PolicyDocument></member></RolePolicyList></member>\
         <member><Arn>arn:aws:iam::111122223333:role/odd</Arn><AttachedManagedPolicies><member><PolicyName>Gone</PolicyName>\
         <PolicyArn>arn:aws:iam::aws:policy/Gone</PolicyArn></member></AttachedManagedPolicies></member></RoleDetailList>\
         <Policies><member><Arn>arn:aws:iam::aws:policy/Admin</Arn><PolicyVersionList><member><VersionId>v1</VersionId>\
         <IsDefaultVersion>true</IsDefaultVersion><Document>{all}</Document></member></PolicyVersionList></member></Policies>\
         </GetAccountAuthorizationDetailsResult></GetAccountAuthorizationDetailsResponse>"
    );
    let answer = Response::new(200, answer).with("content-type", "text/xml");
    aws.answers("iam:GetAccountAuthorizationDetails", answer);
    let (status, without) = report(&aws, &[]);
    assert_eq!(
        (status, without["findings"].as_array().unwrap().len()),
        (0, 0)
    );
    let (status, found) = report(&aws, &["--iam"]);
    assert_eq!(status, 1);
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    assert_eq!(schema::faults(&schema, &found), [""; 0]);
    for (subject, kind) in [
        ("role/ci", "CSC_OPEN_BY_WILDCARD"),
        ("user/ann", "CSC_OPEN_TO_ADMINISTRATOR"),
        ("role/odd", "POLICY_UNREAD"),
    ] {
        let subject = format!("arn:aws:iam::111122223333:{subject}");
        assert_eq!(kinds(&found, &subject), [kind]);
    }
    assert_eq!(found["findings"].as_array().unwrap().len(), 3);
    let (_, text, _) = run(&aws, &["--iam"]);
    assert!(
        text.contains("its policy deploys allows lambda:*"),
        "{text}"
    );
    for form in ["csv", "sarif", "ocsf", "asff", "html"] {
        let (_, out, err) = run(&aws, &["--iam", "--format", form]);
        assert!(
            out.contains("role/ci") || out.contains("role%2Fci"),
            "{form}: {out}{err}"
        );
    }
    aws.answers(
        "iam:GetAccountAuthorizationDetails",
        exception(403, "AccessDenied", "no"),
    );
    let (status, _, err) = run(&aws, &["--iam"]);
    assert!(
        status == 2 && err.contains("iam:GetAccountAuthorizationDetails"),
        "{err}"
    );
}

/// A listing of `posture.json` with these versions and days, the newest first.
fn versions_of_posture(versions: &[(&str, &str)]) -> Response {
    let listed = versions.iter().map(|(id, day)| {
        format!(
            "<Version><Key>posture.json</Key><VersionId>{id}</VersionId><IsLatest>false</IsLatest>\
             <LastModified>{day}T10:00:00.000Z</LastModified><Size>9</Size></Version>"
        )
    });
    let listed: String = listed.collect();
    let list = format!(
        "<ListVersionsResult><IsTruncated>false</IsTruncated>{listed}</ListVersionsResult>"
    );
    Response::new(200, list).with("content-type", "application/xml")
}

#[test]
fn trend_has_the_last_sweep_of_each_day() {
    let aws = aws(&sound());
    let mut earlier = posture();
    earlier["ended_at"] = json!("2026-11-20T10:00:00Z");
    let [first, broken] =
        [earlier.to_string(), "{}".to_owned()].map(|body| aws.put("records", "posture.json", body));
    let last = aws.put("records", "posture.json", sound().to_string());
    let ended_at: jiff::Timestamp = sound()["ended_at"].as_str().unwrap().parse().unwrap();
    let [today, yesterday, before] = [0, 24, 48].map(|hours| {
        let day = ended_at - jiff::SignedDuration::from_hours(hours);
        day.strftime("%Y-%m-%d").to_string()
    });
    aws.answers(
        "s3:ListObjectVersions",
        versions_of_posture(&[
            (&last, &today),
            (&broken, &yesterday),
            (&first, &before),
            ("older-of-that-day", &before),
            ("too-old", "2020-01-01"),
        ]),
    );
    let (_, report) = report(&aws, &["--trend-days", "7"]);
    let trend = report["trend"].as_array().unwrap();
    assert_eq!(trend.len(), 2, "{trend:?}");
    assert_eq!(trend[0]["at"], "2026-11-20T10:00:00Z");
    assert!(trend[0]["signed"].as_u64() < trend[0]["functions"].as_u64());
    assert_eq!(trend[1]["signed"], trend[1]["functions"]);
    let (_, html, _) = run(&aws, &["--format", "html"]);
    assert!(html.contains("<polyline"), "{html}");
    let (_, html, _) = run(&aws, &["--format", "html", "--trend-days", "0"]);
    assert!(!html.contains("<polyline"), "{html}");
}

#[test]
fn report_without_the_right_to_old_versions_has_no_trend() {
    let aws = aws(&sound());
    aws.answers("s3:ListObjectVersions", s3_error(403, "AccessDenied"));
    let (status, html, err) = run(&aws, &["--format", "html"]);
    assert_eq!(status, 0, "{err}");
    assert!(
        html.contains("</html>") && !html.contains("<polyline"),
        "{html}"
    );
    assert!(err.contains("s3:ListBucketVersions"), "{err}");
    // Who asked for it is told that it failed.
    assert_eq!(run(&aws, &["--trend-days", "3"]).0, 2);
}

#[test]
fn nothing_but_records_is_read() {
    let aws = aws(&posture());
    run(&aws, &[]);
    assert_eq!(
        aws.called(),
        ["s3:GetObject", "s3:ListObjectsV2", "s3:GetObject"]
    );
}

#[test]
fn other_tools_get_every_finding_in_their_form() {
    let aws = aws(&posture());
    let (_, report) = report(&aws, &[]);
    let findings = report["findings"].as_array().unwrap();
    for format in ["ocsf", "asff"] {
        let (status, out, err) = run(&aws, &["--format", format]);
        assert_eq!(status, 1, "{err}");
        assert!(!out.contains(['\u{202e}', '\u{1b}']), "{format}: {out}");
        let list: Value = serde_json::from_str(&out).unwrap();
        let list = list.as_array().unwrap();
        assert_eq!(list.len(), findings.len(), "{format}");
        let ids: std::collections::BTreeSet<String> = list
            .iter()
            .map(|one| {
                one.get("Id")
                    .unwrap_or(&one["finding_info"]["uid"])
                    .to_string()
            })
            .collect();
        assert_eq!(ids.len(), list.len(), "{format}: each has an id of its own");
        let (again, told) = (run(&aws, &["--format", format]).1, format);
        assert_eq!(again, out, "{told}: ids do not change");
    }
}

#[test]
fn ocsf_and_asff_name_the_resource_and_its_controls() {
    let aws = aws(&posture());
    let of = |format: &str, subject: &str, kind: &str| {
        let (_, out, _) = run(&aws, &["--format", format]);
        let list: Value = serde_json::from_str(&out).unwrap();
        let mut list = list.as_array().unwrap().iter();
        let is_it = |one: &&Value| {
            let text = one.to_string();
            text.contains(&format!("{subject}\"")) && text.contains(&format!("{kind}\""))
        };
        list.find(is_it).unwrap().clone()
    };
    let arn = "arn:aws:lambda:us-east-1:111122223333:function:bare";
    let ocsf = of("ocsf", arn, "NO_CSC");
    assert_eq!(
        (&ocsf["class_uid"], &ocsf["type_uid"]),
        (&json!(2003), &json!(200_301))
    );
    assert_eq!(ocsf["compliance"]["status_id"], 3);
    assert!(
        ocsf["compliance"]["standards"]
            .to_string()
            .contains("CIS AWS Compute")
    );
    assert_eq!(ocsf["cloud"]["account"]["uid"], "111122223333");
    let asff = of("asff", arn, "NO_CSC");
    assert_eq!(asff["Resources"][0]["Type"], "AwsLambdaFunction");
    assert_eq!(asff["Compliance"]["Status"], "FAILED");
    assert_eq!(asff["AwsAccountId"], "111122223333");
    let unused = of("asff", IDLE, "CSC_UNUSED");
    assert_eq!(unused["Resources"][0]["Type"], "Other");

    let mut nowhere = posture();
    nowhere["configurations"] = json!([]);
    let nowhere = self::aws(&nowhere);
    let (status, _, err) = run(&nowhere, &["--format", "asff"]);
    assert_eq!(status, 2);
    assert!(err.contains("the account is not known"), "{err}");
}
