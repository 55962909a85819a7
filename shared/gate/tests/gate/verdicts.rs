//! Walks every combination of policy, signature and source, and holds it against the tables in
//! `docs/verdicts.md`, which are the specification; and holds both against what AWS does.

use countersign_gate::{
    domain::{
        Architecture, AttachedLayer, Csc, CscPolicy, ExecWrapper, FunctionConfiguration,
        JobRevocation, JobStatus, ProfileName, ProfileStatus, Refusal, SignedObject, SigningJob,
        SigningJobId, SigningProfile, Target, Upload, UploadId, VersionId,
    },
    verdict::{
        Candidate, Check, Decision, DryRun, Evidence, Fact, IntegrityAuthority, Judgement,
        MissingCscPolicy, NoAnswer, OperatorPolicy, People, ProvenanceEvidence, UnstartablePolicy,
        Verdict, decide, examine, judge,
    },
};
use countersign_package::Limits;
use countersign_testkit::zip::{EntryForge, ZipForge};

use crate::world::packages::{
    ACCOUNT, CachingExaminer, PROFILE, PROFILE_VERSION, job_id, signed, zip,
};

const TABLES: &str = include_str!("../../../../docs/verdicts.md");

const SIGNATURES: [&str; 12] = [
    "none",
    "valid",
    "expired",
    "from the future",
    "foreign publisher",
    "profile canceled",
    "job revoked",
    "profile revoked before signing",
    "profile revoked after signing",
    "revocation unknown",
    "tampered",
    "of another job",
];
const SOURCES: [&str; 3] = ["present", "absent", "unavailable"];
const POLICIES: [&str; 4] = ["Enforce", "Warn", "no CSC", "CSC unknown"];

#[test]
fn gates_verdicts_are_those_of_the_table() {
    let mut expected = Vec::new();
    for signature in SIGNATURES {
        for source in SOURCES {
            let verdicts =
                POLICIES.map(|policy| spell(&decide(&evidence(signature, source, policy))));
            let mut row = vec![signature.to_owned(), source.to_owned()];
            row.extend(verdicts);
            expected.push(row);
        }
    }
    assert_table("What the gate decides", &expected);
}

#[test]
fn offline_verdicts_are_those_of_the_table() {
    let expected: Vec<Vec<String>> = SIGNATURES
        .into_iter()
        // Revocation and jobs are AWS's to tell, so offline these are all the same as `valid`.
        .filter(|signature| {
            [
                "none",
                "valid",
                "expired",
                "from the future",
                "foreign publisher",
                "tampered",
            ]
            .contains(signature)
        })
        .map(|signature| {
            let verdicts = ["Enforce", "Warn", "not given"].map(|policy| {
                let mut evidence = evidence(signature, "not asked", policy);
                evidence.job = Fact::NotAsked;
                evidence.profile = Fact::NotAsked;
                spell(&decide(&evidence))
            });
            [vec![signature.to_owned()], verdicts.to_vec()].concat()
        })
        .collect();
    assert_table("What `countersign verify` says offline", &expected);
}

#[test]
fn verdict_is_no_laxer_than_awss_where_that_is_known() {
    let ours = rows_of("What the gate decides");
    let aws = rows_of("What AWS does");
    assert_eq!(aws.len(), SIGNATURES.len());
    for row in &aws {
        for (column, policy) in ["Enforce", "Warn"].into_iter().enumerate() {
            let awss = &row[column + 1];
            assert!(
                ["takes (", "refuses (", "not known"]
                    .iter()
                    .any(|word| awss.starts_with(word)),
                "{awss}"
            );
            for source in SOURCES {
                let cell = ours
                    .iter()
                    .find(|cells| cells[0] == row[0] && cells[1] == source)
                    .map(|cells| &cells[column + 2])
                    .unwrap();
                let accepts = cell.starts_with("accept");
                assert!(
                    !(accepts && awss.starts_with("refuses")),
                    "{} under {policy}: AWS {awss}, we {cell}",
                    row[0]
                );
                let is_stricter = awss.starts_with("takes") && !accepts;
                assert!(
                    source != "present"
                        || is_stricter == row[3].contains(&format!("stricter under {policy}")),
                    "{} under {policy}: the table should say whether we are stricter, and why",
                    row[0]
                );
            }
        }
    }
}

#[test]
fn second_opinion_is_weighed_as_in_the_table() {
    let mut expected = Vec::new();
    for authority in ["countersign", "lambda"] {
        for ours in [
            "valid",
            "signature not understood",
            "tampered",
            "foreign publisher",
        ] {
            for lambda in [
                "takes",
                "refuses the signature",
                "refuses otherwise",
                "no answer",
            ] {
                let mut evidence = match ours {
                    "signature not understood" => not_understood(),
                    ours => evidence(ours, "present", "Enforce"),
                };
                evidence.dry_run = match lambda {
                    "takes" => Fact::Known(DryRun::Accepted),
                    "refuses the signature" => refuses("CodeVerificationFailedException"),
                    "refuses otherwise" => refuses("InvalidParameterValueException"),
                    _ => Fact::Unavailable(NoAnswer::passing("throttled")),
                };
                if authority == "lambda" {
                    evidence.policy.integrity_authority = IntegrityAuthority::Lambda;
                }
                let judgement = judge(&evidence, candidate());
                assert_eq!(
                    is_accepted(&judgement),
                    judgement.verdict().decision.accepts(),
                    "with all the evidence, what is accepted may be deployed"
                );
                let row = [authority, ours, lambda, &spell(judgement.verdict())];
                expected.push(row.map(str::to_owned).to_vec());
            }
        }
    }
    assert_table("The second opinion", &expected);
}

#[test]
fn unstartable_package_is_judged_as_in_the_table() {
    let file = |name: &str, body: &[u8], mode: u16| EntryForge::file(name, body).mode(mode);
    let app = file("app.py", b"x", 0o100_644);
    let elsewhere = file("shop/app.py", b"x", 0o100_644);
    let closed = file("app.py", b"x", 0o100_600);
    let (script, mut arm) = (b"#!/bin/sh\n", [0_u8; 64]);
    arm[..6].copy_from_slice(b"\x7fELF\x02\x01");
    arm[18] = 183;
    let program = file("bootstrap", &arm, 0o100_755);
    let not_executable = file("bootstrap", script, 0o100_644);
    let mut expected = Vec::new();
    for (words, entry, runtime) in [
        ("the handler's file is there", &app, "python3.13"),
        (
            "the handler's file is in a folder",
            &elsewhere,
            "python3.13",
        ),
        ("a file that nobody can read", &closed, "python3.13"),
        (
            "`bootstrap` without execute bits",
            &not_executable,
            "provided.al2023",
        ),
        (
            "`bootstrap` for another processor",
            &program,
            "provided.al2023",
        ),
    ] {
        for function in [
            "as it says",
            "a wrapper",
            "a trusted layer",
            "a layer that is too large",
            "an untrusted layer",
            "not asked",
            "unavailable",
        ] {
            let mut evidence = evidence_of(&ZipForge::new([entry.clone()]));
            evidence.function = configured(runtime, function);
            let mut row = vec![words.replace('`', ""), function.to_owned()];
            for unstartable in [UnstartablePolicy::Warn, UnstartablePolicy::Refuse] {
                evidence.policy.unstartable = unstartable;
                row.push(spell(&decide(&evidence)));
            }
            expected.push(row);
        }
    }
    assert_table("Whether it can start", &expected);
}

/// The configuration of one cell.
fn configured(runtime: &str, words: &str) -> Fact<FunctionConfiguration> {
    let layer = |publisher: Option<&str>, zip_bytes| AttachedLayer {
        arn: "arn:aws:lambda:us-east-1:111122223333:layer:common:1".to_owned(),
        zip_bytes: Some(zip_bytes),
        job_arn: None,
        profile_version_arn: publisher.map(str::to_owned),
    };
    let mut function = FunctionConfiguration {
        runtime: Some(runtime.to_owned()),
        handler: Some("app.handler".to_owned()),
        architecture: Some(Architecture::X86_64),
        ..FunctionConfiguration::default()
    };
    match words {
        "a wrapper" => function.exec_wrapper = ExecWrapper::Set("/opt/wrapper".to_owned()),
        "a trusted layer" => function.layers = vec![layer(Some(PROFILE_VERSION), 1)],
        "a layer that is too large" => {
            function.layers = vec![layer(Some(PROFILE_VERSION), 262_144_000)];
        }
        "an untrusted layer" => function.layers = vec![layer(None, 1)],
        "not asked" => return Fact::NotAsked,
        "unavailable" => return Fact::Unavailable(NoAnswer::lasting("denied")),
        _ => {}
    }
    Fact::Known(function)
}

#[test]
fn finding_says_what_is_wrong_with_this_package_and_what_to_do() {
    let mut evidence = evidence_of(&ZipForge::new([EntryForge::file("shop/app.py", "x")]));
    evidence.function = configured("python3.13", "as it says");
    let verdict = decide(&evidence);
    let finding = verdict.finding(Check::Startable).unwrap();
    assert!(finding.message.contains("app.py"), "{finding:?}");
    let fix = finding.fix.as_deref().unwrap();
    assert!(fix.contains("zip what is in that folder"), "{finding:?}");
    for (launch, why) in [
        ("a wrapper", "because the function has a wrapper"),
        ("a trusted layer", "because the function has layers"),
    ] {
        let mut evidence = evidence_of(&ZipForge::new([EntryForge::file("main.py", "x")]));
        evidence.function = configured("python3.13", launch);
        let passed = decide(&evidence);
        let passed = passed.finding(Check::Startable).unwrap();
        assert_eq!(passed.status, countersign_gate::verdict::Status::Pass);
        assert!(passed.message.contains(why), "{passed:?}");
    }
}

#[test]
fn name_shown_differently_is_on_record_and_no_warning() {
    let mut entry = EntryForge::file("größe.txt", "x");
    entry.change_both(|header| header.flags = 0);
    let verdict = decide(&evidence_of(&ZipForge::new([entry])));
    assert_eq!(verdict.decision, Decision::Accept);
    let structure = verdict.finding(Check::Structure).unwrap();
    assert!(structure.message.contains("größe.txt"), "{structure:?}");
}

#[test]
fn clocks_may_differ_by_five_minutes() {
    let at = |now: &str| {
        let evidence = Evidence {
            now: now.parse().unwrap(),
            ..evidence("valid", "present", "Enforce")
        };
        decide(&evidence)
    };
    assert_eq!(
        countersign_testkit::signature::SIGNED_AT,
        "2026-09-28T09:19:26.806Z"
    );
    assert_eq!(spell(&at("2026-09-28T09:14:26.806Z")), "accept");
    let verdict = at("2026-09-28T09:14:26.805Z");
    assert_eq!(spell(&verdict), "inconclusive EXPIRY_UNKNOWN");
    let message = &verdict.finding(Check::Expiry).unwrap().message;
    for time in ["2026-09-28T09:19:26.806Z", "2026-09-28T09:14:26.805Z"] {
        assert!(message.contains(time), "{message}");
    }
}

#[test]
fn target_without_a_configuration_can_be_allowed() {
    let mut allowed = evidence("valid", "present", "no CSC");
    allowed.policy.without_csc = MissingCscPolicy::Allow;
    assert_eq!(
        spell(&decide(&allowed)),
        "accept, warn NO_CODE_SIGNING_CONFIG"
    );
    // What AWS would not look at is judged all the same.
    let mut expired = evidence("expired", "present", "no CSC");
    expired.policy.without_csc = MissingCscPolicy::Allow;
    assert_eq!(spell(&decide(&expired)), "reject SIGNATURE_EXPIRED");
}

fn is_accepted<P>(judgement: &Judgement<P>) -> bool {
    matches!(judgement, Judgement::Accepted(..))
}

#[test]
fn nothing_is_approved_without_all_the_evidence() {
    let whole = || {
        let mut evidence = evidence("valid", "present", "Enforce");
        evidence.dry_run = Fact::Known(DryRun::Accepted);
        evidence
    };
    assert!(is_accepted(&judge(&whole(), candidate())));

    let unasked = Evidence {
        dry_run: Fact::NotAsked,
        ..whole()
    };
    let no_job = Evidence {
        job: Fact::NotAsked,
        ..whole()
    };
    let no_source = Evidence {
        package: evidence("valid", "not asked", "Enforce").package,
        ..whole()
    };
    for evidence in [unasked, no_job, no_source] {
        let judgement = judge(&evidence, candidate());
        assert!(decide(&evidence).decision.accepts());
        assert!(!is_accepted(&judgement));
    }
    let other = Candidate {
        target: Target::from_key("functions/other.zip").unwrap(),
        ..candidate()
    };
    assert!(
        !is_accepted(&judge(&whole(), other)),
        "the upload is for something else"
    );
}

#[test]
fn json_is_the_documented_one() {
    let verdict = decide(&evidence("foreign publisher", "present", "Warn"));
    let json = serde_json::to_value(&verdict).unwrap();
    assert_eq!(json["decision"], "accept_with_warnings");
    let finding = &json["findings"][5];
    assert_eq!(finding["check"], "publisher");
    assert_eq!(finding["status"], "fail");
    assert_eq!(finding["action"], "warn");
    assert_eq!(finding["code"], "PUBLISHER_NOT_ALLOWED");
    assert!(finding["message"].is_string() && finding["fix"].is_string());
    assert_eq!(json["findings"][0]["code"], serde_json::Value::Null);
    assert_eq!(json["signature"]["profile_version_arn"], PROFILE_VERSION);
    assert_eq!(
        json["signature"]["certificates"][0]["sha256"]
            .as_str()
            .unwrap()
            .len(),
        64
    );
    assert_eq!(json["package"]["entries"], 3);
    let back: Verdict = serde_json::from_value(json).unwrap();
    assert_eq!(back, verdict);
}

/// A verdict in a cell: the decision, and the codes it rests on.
pub(crate) fn spell(verdict: &Verdict) -> String {
    let codes = |findings: Vec<&countersign_gate::verdict::Finding>| -> String {
        let mut codes: Vec<&str> = findings
            .iter()
            .filter_map(|finding| Some(finding.code?.as_str()))
            .collect();
        // Two checks may have the same to say.
        codes.dedup();
        codes.join(", ")
    };
    match verdict.decision {
        Decision::Accept => "accept".to_owned(),
        Decision::AcceptWithWarnings => {
            format!("accept, warn {}", codes(verdict.warnings().collect()))
        }
        Decision::Reject => format!("reject {}", codes(verdict.grounds().collect())),
        Decision::Inconclusive => format!("inconclusive {}", codes(verdict.grounds().collect())),
    }
}

/// The evidence of one cell.
pub(crate) fn evidence(signature: &str, source: &str, policy: &str) -> Evidence {
    let unsigned = zip("export const answer = 42;");
    let package = match signature {
        "none" => unsigned.clone(),
        "tampered" => signed(&unsigned, 0).with(|zip| {
            zip.entries[0] = EntryForge::file("index.mjs", "export const answer = 43;").stored();
        }),
        _ => signed(&unsigned, 0),
    };
    let unsigned = unsigned.build();
    let source = match source {
        "present" => Fact::Known(Some(unsigned.as_slice())),
        "absent" => Fact::Known(None),
        "unavailable" => Fact::Unavailable(NoAnswer::passing("throttled")),
        _ => Fact::NotAsked,
    };
    let examiner = CachingExaminer::new();
    let core = examiner.core();
    let signed_at: jiff::Timestamp = countersign_testkit::signature::SIGNED_AT.parse().unwrap();
    let hour = jiff::SignedDuration::from_hours(1);
    let now = match signature {
        "expired" => "2038-01-01T00:00:00Z",
        "from the future" => "2026-09-28T09:00:00Z",
        _ => "2026-09-29T00:00:00Z",
    };
    let allowed = match signature {
        "foreign publisher" => PROFILE_VERSION.replace(PROFILE, "other_profile"),
        _ => PROFILE_VERSION.to_owned(),
    };
    let csc = |policy| Fact::Known(Some(Csc::new(None, policy, [allowed.clone()])));
    Evidence {
        package: examine(&package.build(), source, &Limits::default(), core.roots()),
        now: now.parse().unwrap(),
        csc: match policy {
            "Enforce" => csc(CscPolicy::Enforce),
            "Warn" => csc(CscPolicy::Warn),
            "no CSC" => Fact::Known(None),
            "not given" => Fact::NotAsked,
            _ => Fact::Unavailable(NoAnswer::passing("throttled")),
        },
        job: Fact::Known(SigningJob {
            id: SigningJobId::parse(job_id(usize::from(signature == "of another job"))).unwrap(),
            status: JobStatus::Succeeded,
            source: None,
            signed: None,
            profile: ProfileName::parse(PROFILE).unwrap(),
            profile_version: "AbCdEfGh12".to_owned(),
            owner: ACCOUNT.to_owned(),
            completed_at: None,
            expires_at: None,
            revocation: (signature == "job revoked").then(|| JobRevocation {
                at: signed_at + hour,
                reason: "mistake".to_owned(),
            }),
        }),
        profile: match signature {
            "revocation unknown" => Fact::Unavailable(NoAnswer::lasting("denied")),
            _ => Fact::Known(SigningProfile {
                version_arn: PROFILE_VERSION.parse().unwrap(),
                status: match signature {
                    "profile canceled" => ProfileStatus::Canceled,
                    "profile revoked before signing" => ProfileStatus::Revoked {
                        effective_from: signed_at - hour,
                    },
                    "profile revoked after signing" => ProfileStatus::Revoked {
                        effective_from: signed_at + hour,
                    },
                    _ => ProfileStatus::Active,
                },
            }),
        },
        function: Fact::NotAsked,
        provenance: ProvenanceEvidence::NotDemanded,
        dry_run: Fact::NotAsked,
        people: People::not_asked(),
        policy: OperatorPolicy::default(),
    }
}

/// The evidence of a package that is signed as it should be.
fn evidence_of(unsigned: &ZipForge) -> Evidence {
    let examiner = CachingExaminer::new();
    let (source, package) = (unsigned.build(), signed(unsigned, 0).build());
    let source = Fact::Known(Some(source.as_slice()));
    Evidence {
        package: examine(
            &package,
            source,
            &Limits::default(),
            examiner.core().roots(),
        ),
        ..evidence("valid", "present", "Enforce")
    }
}

/// A package as uploaded, whose signature cannot be read: what a new format would look like.
fn not_understood() -> Evidence {
    let unsigned = zip("export const answer = 42;");
    let whole = signed(&unsigned, 0);
    let package = whole.with(|zip| {
        let at = zip.entries.len() - 1;
        let entry = EntryForge::file(
            countersign_testkit::signature::ENTRY_NAME,
            "-----BEGIN PKCS7-----\nAAAA\n-----END PKCS7-----\n",
        );
        zip.entries[at] = entry.mode(0o600);
    });
    let examiner = CachingExaminer::new();
    let source = unsigned.build();
    let package = examine(
        &package.build(),
        Fact::Known(Some(&source)),
        &Limits::default(),
        examiner.core().roots(),
    );
    Evidence {
        package,
        ..evidence("valid", "present", "Enforce")
    }
}

fn refuses(exception: &str) -> Fact<DryRun> {
    Fact::Known(DryRun::Refused(Refusal {
        exception: exception.to_owned(),
        message: "no".to_owned(),
    }))
}

fn candidate() -> Candidate {
    let version = VersionId::parse("v1").unwrap();
    Candidate {
        target: Target::from_key("functions/checkout.zip").unwrap(),
        upload: Upload {
            id: UploadId {
                bucket: "uploads".to_owned(),
                key: "functions/checkout.zip".to_owned(),
                version: version.clone(),
            },
            at: "2026-09-28T12:00:00Z".parse().unwrap(),
        },
        signed: SignedObject {
            bucket: "signed".to_owned(),
            key: "k".to_owned(),
            version,
        },
    }
}

/// The rows of the table under a heading of the document.
fn rows_of(heading: &str) -> Vec<Vec<String>> {
    let section = TABLES
        .split("\n## ")
        .find(|section| section.starts_with(heading))
        .unwrap_or_else(|| panic!("docs/verdicts.md has no section {heading:?}"));
    section
        .lines()
        .filter(|line| line.starts_with('|'))
        .skip(2)
        .map(|line| {
            line.trim_matches('|')
                .split('|')
                .map(|cell| cell.trim().replace('`', ""))
                .collect()
        })
        .collect()
}

pub(crate) fn assert_table(heading: &str, expected: &[Vec<String>]) {
    let found = rows_of(heading);
    let as_table: Vec<String> = expected
        .iter()
        .map(|row| format!("| {} |", row.join(" | ")))
        .collect();
    assert!(
        found == expected,
        "the section {heading:?} of docs/verdicts.md says otherwise; the code does:\n{}",
        as_table.join("\n")
    );
}
