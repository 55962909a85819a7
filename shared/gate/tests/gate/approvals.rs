//! Approvals as people see and give them, and the notice that asks for them.

use countersign_gate::{
    alerts::{AlertSettings, Alerted, Page, Severity, alert},
    client::{ApprovalCount, ApprovalSubject, FoundApproval, NothingToApprove},
    domain::{PersonalRoles, Target, VersionId},
    outcome::APPROVAL_NEEDED_DETAIL_TYPE,
    ports::{CallerIdentity, StatementStore as _},
    records::{UploadRecords, Waiting, history},
};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::{
    happy_path::{GOOD, OTHER, world},
    page_samples::settings as alert_settings,
    people::{
        ANN, ANN_AGAIN, BEN, CEM, ORDER, approve, attempt, by, demanding, digest, frozen, hours,
        record, tell, uploaded_by, waits,
    },
    world::{
        FUNCTION, RECORDS, UPLOADS, World,
        run::{hands, run, run_in},
    },
};

fn target() -> Target {
    Target::from_key(FUNCTION).unwrap()
}

fn uploads(world: &World) -> Vec<UploadRecords> {
    run_in(world, history(&hands(world, "cli"), &target(), 100)).unwrap()
}

/// Whoever has this principal in S3's notifications.
fn caller(principal: &str) -> CallerIdentity {
    CallerIdentity {
        user_id: principal.strip_prefix("AWS:").unwrap().to_owned(),
        arn: "arn:aws:sts::111122223333:assumed-role/x/y".to_owned(),
    }
}

fn given(world: &World, subject: &ApprovalSubject<'_>) -> Vec<FoundApproval> {
    let hands = hands(world, "cli");
    run_in(world, subject.given(&hands, &hands, UPLOADS)).unwrap()
}

fn count(world: &World, subject: &ApprovalSubject<'_>) -> ApprovalCount {
    let now = world.state().now;
    subject.count(&given(world, subject), now)
}

/// How the approvals of the newest upload that waits stand.
fn standing(world: &World) -> ApprovalCount {
    let (uploads, target) = (uploads(world), target());
    let subject = ApprovalSubject::of_history(&target, &uploads, None).unwrap();
    count(world, &subject)
}

/// As `countersign approve` does it; S3 tells `sign`. Answers with the key.
fn give(world: &World, principal: &str) -> String {
    let (uploads, target) = (uploads(world), target());
    let subject = ApprovalSubject::of_history(&target, &uploads, None).unwrap();
    let key = subject.key_of(&caller(principal)).unwrap();
    let body = br#"{"schema": 1, "reason": "seen"}"#;
    run_in(world, hands(world, "cli").put_statement(&key, body)).unwrap();
    let version = world.state().statements[&key]
        .last()
        .unwrap()
        .version
        .clone();
    tell(world, &key, version, by(principal));
    key
}

#[test]
fn approvals_are_counted_as_the_verdict_does() {
    let (world, settings) = (world(), demanding(2));
    let job = uploaded_by(&world, FUNCTION, GOOD, ANN);
    waits(&world, &settings, &job);
    give(&world, BEN);
    approve(&world, GOOD, "again", BEN);
    approve(&world, GOOD, "own", ANN_AGAIN);
    let found = standing(&world);
    assert_eq!(found.standing, "waiting for people");
    assert_eq!((found.required, found.missing), (Some(2), Some(1)));
    let told = waits(&world, &settings, &job);
    for approval in &found.approvals {
        match (approval.counts, &approval.why_not) {
            (Some(true), None) => assert_eq!(approval.principal.as_deref(), Some(BEN)),
            (Some(false), Some(why)) => {
                let line = format!("{}: {why}", approval.key);
                assert!(told.contains(&line), "{line} is not in {told}");
            }
            other => panic!("{other:?}"),
        }
    }
    let reasons: Vec<_> = found
        .approvals
        .iter()
        .map(|of| of.reason.as_deref())
        .collect();
    assert_eq!(reasons, [Some("seen"), None, None]);
    give(&world, CEM);
    assert_eq!(standing(&world).missing, Some(0));
    attempt(&world, &settings, &job).unwrap();
    let ended = standing(&world);
    assert_eq!((ended.standing, ended.required), ("deployed", None));
    let counted = ended.approvals.iter().filter(|of| of.counts == Some(true));
    assert_eq!(counted.count(), 2, "{ended:?}");
}

#[test]
fn own_approval_that_would_not_count_is_known_before_it_is_given() {
    let (world, settings) = (world(), demanding(1));
    let job = uploaded_by(&world, FUNCTION, GOOD, ANN);
    waits(&world, &settings, &job);
    let (uploads, target) = (uploads(&world), target());
    let subject = ApprovalSubject::of_history(&target, &uploads, None).unwrap();
    for (principal, words) in [
        (ANN, Some("uploaded")),
        (ANN_AGAIN, Some("uploaded")),
        (BEN, None),
    ] {
        let (caller, now) = (caller(principal), world.state().now);
        let key = subject.key_of(&caller).unwrap();
        let own = FoundApproval::of_caller(&caller, &key, None, now);
        let all = subject.with_own(&[], own);
        let found = subject.count(&all, now);
        let why = found.approvals[0].why_not.clone().unwrap_or_default();
        assert!(
            why.contains(words.unwrap_or_default()),
            "{principal}: {why}"
        );
        assert_eq!(found.missing, Some(u32::from(words.is_some())));
    }
    for nobody in ["111122223333", "AROAEXAMPLEROLEID0000", "ann"] {
        let caller = CallerIdentity {
            user_id: nobody.to_owned(),
            arn: String::new(),
        };
        assert_eq!(subject.key_of(&caller), None, "{nobody}");
    }
}

#[test]
fn each_has_a_key_of_his_own_and_withdraws_no_other() {
    let (world, mut settings) = (world(), demanding(2));
    settings.people.personal_roles = PersonalRoles::parse("AROAEXAMPLEROLEID0000").unwrap();
    let job = uploaded_by(&world, FUNCTION, GOOD, CEM);
    waits(&world, &settings, &job);
    let keys = [ANN, ANN_AGAIN, BEN].map(|principal| give(&world, principal));
    // It is not told yet who gave this one.
    let (uploads, target) = (uploads(&world), target());
    let subject = ApprovalSubject::of_history(&target, &uploads, None).unwrap();
    let untold = subject
        .key_of(&caller("AWS:AIDAEXAMPLEUSERID0001"))
        .unwrap();
    world.state_that(&untold, "{}");
    let found = given(&world, &subject);
    assert_eq!(found.len(), 4);
    for (principal, key) in [
        (ANN, &keys[0]),
        (ANN_AGAIN, &keys[1]),
        (BEN, &keys[2]),
        ("AWS:AIDAEXAMPLEUSERID0001", &untold),
    ] {
        let own = subject.own(&found, &caller(principal));
        let own: Vec<_> = own.iter().map(|own| &own.given.key).collect();
        assert_eq!(own, [key], "{principal}");
    }
    assert!(subject.own(&found, &caller(CEM)).is_empty());
    run_in(&world, hands(&world, "cli").delete_statement(&keys[2])).unwrap();
    let left = standing(&world);
    assert_eq!((left.approvals.len(), left.missing), (3, Some(0)));
}

#[test]
fn upload_is_found_by_its_version_by_its_bytes_and_by_waiting() {
    let (world, settings) = (world(), demanding(1));
    let target = target();
    let nothing = ApprovalSubject::of_history(&target, &[], None).unwrap_err();
    assert_eq!(nothing, NothingToApprove::NoUpload);
    let job = uploaded_by(&world, FUNCTION, GOOD, ANN);
    waits(&world, &settings, &job);
    uploaded_by(&world, FUNCTION, OTHER, ANN);
    let uploads = uploads(&world);
    let bytes = |subject: ApprovalSubject<'_>| (subject.upload.clone(), subject.records.is_some());
    let newest = ApprovalSubject::of_history(&target, &uploads, None).unwrap();
    assert_eq!(bytes(newest), (digest(&world, GOOD), true), "it waits");
    let newer = uploads[0].label.rsplit_once('-').unwrap().1;
    let version = VersionId::parse(newer).unwrap();
    let named = ApprovalSubject::of_history(&target, &uploads, Some(&version)).unwrap();
    assert_eq!(bytes(named), (digest(&world, OTHER), true));
    let version = VersionId::parse("nobody").unwrap();
    let error = ApprovalSubject::of_history(&target, &uploads, Some(&version)).unwrap_err();
    assert_eq!(error, NothingToApprove::NoSuchVersion { version });
    let there = ApprovalSubject::of_bytes(&target, digest(&world, OTHER), &uploads);
    assert_eq!(bytes(there), (digest(&world, OTHER), true));
    let ahead = ApprovalSubject::of_bytes(&target, digest(&world, OTHER), &[]);
    let found = count(&world, &ahead);
    assert_eq!((found.standing, found.required), ("not uploaded", None));
}

/// What `alert` makes of the events that ask for approvals.
fn told(world: &World) -> Vec<Option<Page>> {
    let settings = AlertSettings {
        stack: "gate".to_owned(),
        records_bucket: RECORDS.to_owned(),
        ..alert_settings()
    };
    let asked = world.state().approvals_asked.clone();
    let bodies = asked.iter().enumerate().map(|(number, detail)| {
        let detail: Value = serde_json::from_str(detail).unwrap();
        json!({"id": format!("event-{number}"), "source": "countersign",
            "detail-type": APPROVAL_NEEDED_DETAIL_TYPE, "time": "2026-09-28T12:00:00Z",
            "detail": detail})
        .to_string()
    });
    bodies
        .map(|body| {
            let hands = hands(world, "alert");
            match run(alert(&hands, &settings, &body, Timestamp::MAX)).unwrap() {
                Alerted::Paged(page) => Some(*page),
                Alerted::Known(_) | Alerted::Silent => None,
                other => panic!("{other:?}"),
            }
        })
        .collect()
}

#[test]
fn approvers_are_told_once_with_the_command() {
    let (world, settings) = (world(), demanding(2));
    let job = uploaded_by(&world, FUNCTION, GOOD, ANN);
    for _ in 0..3 {
        waits(&world, &settings, &job);
        hours(&world, 1);
    }
    let told = told(&world);
    let [Some(page)] = told.as_slice() else {
        panic!("{told:?}")
    };
    assert_eq!(page.severity, Severity::Notice);
    assert_eq!(page.title, "Approval needed: functions/checkout");
    let version = uploads(&world)[0]
        .label
        .rsplit_once('-')
        .unwrap()
        .1
        .to_owned();
    let command = format!(
        "countersign approve functions/checkout --version-id {version} --uploads-bucket {UPLOADS} \
         --records-bucket {RECORDS} --region us-east-1"
    );
    assert!(page.next_steps[0].ends_with(&command), "{page:#?}");
    assert!(page.text.contains("2 people"), "{}", page.text);
    assert!(
        page.facts
            .contains(&("SHA-256", digest(&world, GOOD).to_string()))
    );
    let waiting: Waiting = record(&world, "/waiting.json");
    assert!(waiting.approvers_told_at.is_some());
    // A newer upload asks again.
    let job = uploaded_by(&world, FUNCTION, OTHER, ANN);
    waits(&world, &settings, &job);
    assert_eq!(world.state().approvals_asked.len(), 2);
}

#[test]
fn event_that_could_not_be_sent_is_sent_by_the_next_attempt() {
    let (world, settings) = (world(), demanding(1));
    let job = uploaded_by(&world, FUNCTION, GOOD, ANN);
    world.state().broken.insert("events:PutEvents");
    waits(&world, &settings, &job);
    assert!(world.state().approvals_asked.is_empty());
    world.state().broken.clear();
    waits(&world, &settings, &job);
    assert_eq!(told(&world).iter().flatten().count(), 1);
    // An event that comes twice, as after a cut between it and its record, is one notice.
    let again = world.state().approvals_asked[0].clone();
    world.state().approvals_asked.push(again);
    assert_eq!(told(&world).iter().flatten().count(), 0);
}

#[test]
fn approvers_are_told_of_nothing_that_needs_none() {
    // A freeze alone.
    let (world, mut settings) = (world(), frozen());
    world.state_that("freeze/friday.json", ORDER);
    let job = uploaded_by(&world, FUNCTION, GOOD, ANN);
    waits(&world, &settings, &job);
    assert!(world.state().approvals_asked.is_empty());
    // And approvals that are there.
    settings.people.required_approvals = 1;
    approve(&world, GOOD, "ben", BEN);
    waits(&world, &settings, &job);
    assert!(world.state().approvals_asked.is_empty());
    world.withdraw(&crate::people::approval(&world, GOOD, "ben"));
    waits(&world, &settings, &job);
    assert_eq!(world.state().approvals_asked.len(), 1);
    // The event comes late: it is deployed.
    approve(&world, GOOD, "ben", BEN);
    world.withdraw("freeze/friday.json");
    attempt(&world, &settings, &job).unwrap();
    assert_eq!(told(&world), [None]);
}

#[test]
fn trouble_with_aws_forgets_nothing_of_what_is_demanded() {
    let (world, settings) = (world(), demanding(1));
    let job = uploaded_by(&world, FUNCTION, GOOD, ANN);
    waits(&world, &settings, &job);
    world.state().broken.insert("lambda:GetFunction");
    attempt(&world, &settings, &job).unwrap_err();
    world.state().broken.clear();
    let found = standing(&world);
    assert_eq!(found.required, Some(1), "{found:?}");
    waits(&world, &settings, &job);
    assert_eq!(world.state().approvals_asked.len(), 1);
}
