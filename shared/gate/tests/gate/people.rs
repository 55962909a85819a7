//! What people say of an upload: here approvals, and what all statements have in common.

mod break_glass;
mod freezes;

use std::time::Duration;

use countersign_gate::{
    admission::{Admission, admit},
    deployment::{APPROVALS_TAG, DeploySettings},
    domain::{PersonalRoles, ReasonCode, SigningJobId, Target, UploadDigest, Uploader, VersionId},
    events::SweepRun,
    outcome::RetryableError,
    records::{Outcome, Statement, UploadState, VerdictRecord, Waiting, history},
};
use sha2::{Digest, Sha256};

use crate::{
    happy_path::{GOOD, OTHER, SAME_AS_GOOD, change, go, world},
    sweep::{pass, swept},
    world::{
        FUNCTION, LAYER, World,
        run::{deploy_job, deploy_settings, event, hands, patient, run_in, sign_settings},
    },
};

pub(crate) use break_glass::{EMERGENCY, allowing, break_glass};
pub(crate) use freezes::ORDER;

/// Two roles and a user. Whoever builds takes the first role.
pub(crate) const ANN: &str = "AWS:AROAEXAMPLEROLEID0000:ann";
pub(crate) const ANN_AGAIN: &str = "AWS:AROAEXAMPLEROLEID0000:bob";
pub(crate) const BEN: &str = "AWS:AROAEXAMPLEROLEID0001:ben";
pub(crate) const CEM: &str = "AWS:AIDAEXAMPLEUSERID0000";

pub(crate) fn by(principal: &str) -> Uploader {
    Uploader {
        principal: Some(principal.to_owned()),
        source_ip: None,
    }
}

/// Has `sign` told of an object version, as S3 would.
pub(crate) fn tell(world: &World, key: &str, version: VersionId, by: Uploader) -> Admission {
    let mut event = event(world, key, Some(version));
    event.uploaded_by = by;
    let (hands, attempt) = (hands(world, "sign"), patient(world));
    run_in(world, admit(&hands, &sign_settings(), &event, &attempt)).unwrap()
}

/// Uploads, has it signed, and answers with its job, which has ended.
pub(crate) fn uploaded_by(world: &World, key: &str, slot: usize, principal: &str) -> SigningJobId {
    let version = world.upload(key, slot);
    let Admission::Signing { job, .. } = tell(world, key, version, by(principal)) else {
        panic!("it is not signed")
    };
    world.end_job(&job);
    job
}

pub(crate) fn digest(world: &World, slot: usize) -> UploadDigest {
    let source = world.state().packages[slot].source.clone();
    UploadDigest::of_bytes(&Sha256::digest(source).into())
}

pub(crate) fn approval(world: &World, slot: usize, name: &str) -> String {
    let digest = digest(world, slot);
    format!("approvals/functions/checkout/{digest}/{name}.json")
}

/// Puts an approval there, and has `sign` told of it.
pub(crate) fn approve(world: &World, slot: usize, name: &str, principal: &str) -> String {
    let key = approval(world, slot, name);
    let version = world.state_that(&key, "{}");
    assert!(matches!(
        tell(world, &key, version, by(principal)),
        Admission::Statement(_)
    ));
    key
}

pub(crate) fn demanding(required_approvals: u32) -> DeploySettings {
    let mut settings = deploy_settings();
    settings.people.required_approvals = required_approvals;
    settings
}

pub(crate) fn frozen() -> DeploySettings {
    let mut settings = deploy_settings();
    settings.people.heeds_freezes = true;
    settings
}

pub(crate) fn attempt(
    world: &World,
    settings: &DeploySettings,
    job: &SigningJobId,
) -> Result<Outcome, RetryableError> {
    deploy_job(world, settings, job, &patient(world)).map(|finished| finished.outcome)
}

/// What the upload waits for. It is people.
pub(crate) fn waits(world: &World, settings: &DeploySettings, job: &SigningJobId) -> String {
    let error = attempt(world, settings, job).unwrap_err();
    let RetryableError::WaitingForPeople { .. } = &error else {
        panic!("it waits for something else: {error:?}")
    };
    assert!(world.state().applied.is_empty(), "it was deployed");
    error.error_chain()
}

fn end(world: &World, settings: &DeploySettings, job: &SigningJobId) -> (UploadState, ReasonCode) {
    let outcome = attempt(world, settings, job).unwrap();
    (outcome.state, outcome.code.expect("there is a reason"))
}

pub(crate) fn hours(world: &World, hours: i64) {
    world.state().tick(hours * 3600);
}

pub(crate) fn record<T: for<'de> serde::Deserialize<'de>>(world: &World, file: &str) -> T {
    let state = world.state();
    let path = state.records.keys().find(|path| path.ends_with(file));
    state.record(path.unwrap()).unwrap()
}

/// What `status` calls the newest upload of the function.
fn standing(world: &World) -> &'static str {
    let target = Target::from_key(FUNCTION).unwrap();
    let found = run_in(world, history(&hands(world, "cli"), &target, 1)).unwrap();
    found[0].status()
}

#[test]
fn upload_waits_for_as_many_people_as_are_demanded() {
    let (world, settings) = (world(), demanding(2));
    let job = uploaded_by(&world, FUNCTION, GOOD, ANN);
    assert!(waits(&world, &settings, &job).contains("0 of 2 approvals; it waits until"));
    assert_eq!(standing(&world), "waiting for people");
    approve(&world, GOOD, "ben", BEN);
    let why = waits(&world, &settings, &job);
    assert!(
        why.contains(&format!("1 of 2 approvals, by {BEN}")),
        "{why}"
    );
    approve(&world, GOOD, "cem", CEM);
    let outcome = attempt(&world, &settings, &job).unwrap();
    assert_eq!(outcome.state, UploadState::Deployed, "{outcome:#?}");
    let verdict: VerdictRecord = record(&world, "/verdict.json");
    let approvers: Vec<_> = verdict.approved_by.iter().map(|by| &by.principal).collect();
    assert_eq!(approvers, [BEN, CEM]);
}

#[test]
fn only_other_people_count_and_each_once() {
    let named = PersonalRoles::parse("AROAEXAMPLEROLEID0000").unwrap();
    for (principal, roles, expected) in [
        (ANN, None, Some("uploaded")),
        (ANN_AGAIN, None, Some("uploaded")),
        (ANN_AGAIN, Some(&named), None),
        (ANN, Some(&named), Some("uploaded")),
        (BEN, None, None),
        (CEM, None, None),
    ] {
        let (world, mut settings) = (world(), demanding(1));
        settings.people.personal_roles = roles.cloned().unwrap_or_default();
        let job = uploaded_by(&world, FUNCTION, GOOD, ANN);
        approve(&world, GOOD, "x", principal);
        if let Some(words) = expected {
            let why = waits(&world, &settings, &job);
            assert!(why.contains(words), "{principal}: {why}");
        } else {
            let state = attempt(&world, &settings, &job).unwrap().state;
            assert_eq!(state, UploadState::Deployed, "{principal}");
        }
    }
    let (world, settings) = (world(), demanding(2));
    let job = uploaded_by(&world, FUNCTION, GOOD, ANN);
    approve(&world, GOOD, "one", BEN);
    approve(&world, GOOD, "two", BEN);
    let why = waits(&world, &settings, &job);
    assert!(
        why.contains("two.json: AWS:AROAEXAMPLEROLEID0001:ben approved already"),
        "{why}"
    );
}

#[test]
fn withdrawn_or_old_approval_does_not_count() {
    let (world, settings) = (world(), demanding(1));
    let key = approve(&world, GOOD, "ben", BEN);
    let job = uploaded_by(&world, FUNCTION, GOOD, ANN);
    world.withdraw(&key);
    assert!(waits(&world, &settings, &job).contains("0 of 1 approvals; it waits"));
    approve(&world, GOOD, "ben", BEN);
    hours(&world, 24);
    assert!(waits(&world, &settings, &job).contains("it is too old"));
    approve(&world, GOOD, "ben-again", BEN);
    let outcome = attempt(&world, &settings, &job).unwrap();
    assert_eq!(outcome.state, UploadState::Deployed, "{outcome:#?}");
}

#[test]
fn overwritten_approval_is_the_second_persons() {
    let (world, settings) = (world(), demanding(1));
    let job = uploaded_by(&world, FUNCTION, GOOD, ANN);
    let key = approve(&world, GOOD, "ben", BEN);
    // The uploader replaces it: S3 tells of her.
    let version = world.state_that(&key, "{}");
    tell(&world, &key, version, by(ANN));
    assert!(waits(&world, &settings, &job).contains("uploaded"));
}

#[test]
fn who_approved_is_known_from_the_first_event_alone() {
    let (world, settings) = (world(), demanding(1));
    let job = uploaded_by(&world, FUNCTION, GOOD, ANN);
    let key = approval(&world, GOOD, "x");
    let version = world.state_that(&key, r#"{"by": "ben"}"#);
    // Its notification is lost.
    assert!(waits(&world, &settings, &job).contains("who gave it is not on record"));
    // Events that name nobody put nothing on record, so that they are in nobody's way.
    for nobody in [Uploader::default(), by("111122223333"), by("ben")] {
        let told = tell(&world, &key, version.clone(), nobody);
        assert!(matches!(told, Admission::NotOurs(_)), "{told:?}");
    }
    tell(&world, &key, version.clone(), by(ANN));
    // Made up afterwards.
    tell(&world, &key, version.clone(), by(BEN));
    let statement: Statement = record(&world, &format!("-{version}.json"));
    assert_eq!(statement.by.principal.as_deref(), Some(ANN));
    assert!(waits(&world, &settings, &job).contains("uploaded"));
    // An event about a version that is not there.
    let other = VersionId::parse("w99").unwrap();
    let told = tell(&world, &key, other, by(BEN));
    assert!(matches!(told, Admission::NotOurs(_)), "{told:?}");
}

#[test]
fn approval_is_of_these_bytes_for_this_target() {
    let (world, settings) = (world(), demanding(1));
    let job = uploaded_by(&world, FUNCTION, GOOD, ANN);
    approve(&world, OTHER, "ben", BEN);
    let of_good = digest(&world, GOOD);
    for key in [
        format!("approvals/functions/other/{of_good}/ben.json"),
        format!("approvals/layers/checkout/{of_good}/ben.json"),
    ] {
        let version = world.state_that(&key, "{}");
        tell(&world, &key, version, by(BEN));
    }
    assert!(waits(&world, &settings, &job).contains("0 of 1 approvals; it waits"));
}

#[test]
fn unknown_uploader_is_refused_and_not_waited_for() {
    let (world, settings) = (world(), demanding(1));
    approve(&world, GOOD, "ben", BEN);
    // As sweep would send it again, or as EventBridge tells of it.
    for uploader in [Uploader::default(), by("111122223333")] {
        let version = world.upload(FUNCTION, GOOD);
        let Admission::Signing { job, .. } = tell(&world, FUNCTION, version, uploader) else {
            panic!("it is not signed")
        };
        world.end_job(&job);
        assert_eq!(
            end(&world, &settings, &job),
            (UploadState::Rejected, ReasonCode::UploaderUnknown)
        );
    }
    assert!(world.state().applied.is_empty());
}

#[test]
fn tag_demands_more_than_the_stack_and_never_less() {
    for (stack, tag, code) in [
        (0, "1", Some(ReasonCode::ApprovalMissing)),
        (1, "0", Some(ReasonCode::ApprovalMissing)),
        (0, "0", None),
        (0, "two", Some(ReasonCode::ApprovalsTag)),
        (0, "11", Some(ReasonCode::ApprovalsTag)),
        (0, "-1", Some(ReasonCode::ApprovalsTag)),
        (0, "", Some(ReasonCode::ApprovalsTag)),
    ] {
        let (world, settings) = (world(), demanding(stack));
        change(&world, |function| {
            let tag = (APPROVALS_TAG.to_owned(), tag.to_owned());
            function.tags.extend([tag]);
        });
        let job = uploaded_by(&world, FUNCTION, GOOD, ANN);
        hours(&world, 72);
        let outcome = attempt(&world, &settings, &job).unwrap();
        assert_eq!(outcome.code, code, "{stack} {tag}: {outcome:#?}");
    }
}

#[test]
fn layers_are_approved_too() {
    let (world, settings) = (world(), demanding(1));
    let job = uploaded_by(&world, LAYER, GOOD, ANN);
    waits(&world, &settings, &job);
    let digest = digest(&world, GOOD);
    let key = format!("approvals/layers/common/{digest}/ben.json");
    let version = world.state_that(&key, "");
    tell(&world, &key, version, by(BEN));
    let outcome = attempt(&world, &settings, &job).unwrap();
    assert_eq!(outcome.state, UploadState::Deployed, "{outcome:#?}");
    let verdict: VerdictRecord = record(&world, "/verdict.json");
    assert_eq!(verdict.approved_by.len(), 1);
}

#[test]
fn nobody_waits_for_ever() {
    let (world, mut settings) = (world(), demanding(1));
    settings.people.max_wait = Duration::from_hours(24);
    let job = uploaded_by(&world, FUNCTION, GOOD, ANN);
    // Far longer than the patience, and each time as late as was said.
    let mut rounds = 0;
    loop {
        match attempt(&world, &settings, &job) {
            Ok(outcome) => {
                assert_eq!(outcome.state, UploadState::Rejected);
                assert_eq!(outcome.code, Some(ReasonCode::ApprovalMissing));
                break;
            }
            Err(RetryableError::WaitingForPeople { delay, .. }) => {
                rounds += 1;
                let seconds = i64::try_from(delay.as_secs()).unwrap();
                world.state().tick(seconds);
                let waiting: Waiting = record(&world, "/waiting.json");
                assert!(waiting.waits_for_people);
                let now = world.state().now;
                assert!(now.duration_since(waiting.next_try_at).as_secs() <= 1);
            }
            Err(error) => panic!("{error}"),
        }
    }
    assert!((100..400).contains(&rounds), "{rounds}");
}

#[test]
fn newer_upload_supersedes_one_that_waits() {
    let (world, settings) = (world(), demanding(1));
    let job = uploaded_by(&world, FUNCTION, GOOD, ANN);
    waits(&world, &settings, &job);
    let newer = uploaded_by(&world, FUNCTION, OTHER, ANN);
    assert_eq!(
        end(&world, &settings, &job),
        (UploadState::Superseded, ReasonCode::Replaced)
    );
    approve(&world, OTHER, "ben", BEN);
    let outcome = attempt(&world, &settings, &newer).unwrap();
    assert_eq!(outcome.state, UploadState::Deployed);
}

#[test]
fn same_code_takes_approval_as_well() {
    let world = world();
    go(&world, FUNCTION, GOOD);
    let job = uploaded_by(&world, FUNCTION, SAME_AS_GOOD, ANN);
    let error = attempt(&world, &demanding(1), &job).unwrap_err();
    assert!(matches!(error, RetryableError::WaitingForPeople { .. }));
}

#[test]
fn sweep_lets_it_wait_and_takes_it_up_when_nobody_does() {
    let (world, settings) = (world(), demanding(1));
    let job = uploaded_by(&world, FUNCTION, GOOD, ANN);
    for _ in 0..5 {
        waits(&world, &settings, &job);
        swept(&world, SweepRun::Everything);
        assert!(world.state().resent.is_empty(), "its message is there");
        hours(&world, 1);
    }
    let is_stuck = |drift: &String| drift.contains("UPLOAD_STUCK");
    assert!(!world.state().drift_told.iter().any(is_stuck));
    // Its message is lost.
    pass(&world, 60);
    swept(&world, SweepRun::Everything);
    assert_eq!(world.state().resent.len(), 1);
}

#[test]
fn people_who_cannot_be_asked_are_not_taken_for_silent() {
    for (settings, call) in [
        (demanding(1), "s3:ListObjectsV2 uploads"),
        (frozen(), "s3:ListObjectsV2 uploads"),
        (frozen(), "s3:GetObject statement"),
    ] {
        let world = world();
        world.state_that("freeze/friday.json", &ORDER.replace("check", "x"));
        let job = uploaded_by(&world, FUNCTION, GOOD, ANN);
        world.state().broken.insert(call);
        let error = attempt(&world, &settings, &job).unwrap_err();
        assert!(error.waits_for_aws(), "{call}: {error:?}");
        assert!(world.state().applied.is_empty());
    }
}

#[test]
fn code_that_lambda_took_is_brought_to_its_end_whatever_people_say_then() {
    let (world, mut settings) = (world(), demanding(1));
    settings.people.heeds_freezes = true;
    let job = uploaded_by(&world, FUNCTION, GOOD, ANN);
    let key = approve(&world, GOOD, "ben", BEN);
    world.state().broken.insert("lambda:PublishVersion");
    attempt(&world, &settings, &job).unwrap_err();
    assert_eq!(world.state().applied.len(), 1, "the update was made");
    world.state().broken.clear();
    world.withdraw(&key);
    world.state_that("freeze/friday.json", ORDER);
    let outcome = attempt(&world, &settings, &job).unwrap();
    assert_eq!(outcome.state, UploadState::Deployed, "{outcome:#?}");
    assert_eq!(world.state().applied.len(), 1);
}

#[test]
fn statements_are_no_uploads() {
    let world = world();
    let digest = digest(&world, GOOD);
    for (key, is_statement) in [
        (format!("attestations/{digest}/build.sigstore.json"), true),
        (
            format!("approvals/functions/checkout/{digest}/ben.json"),
            true,
        ),
        ("freeze/friday.json".to_owned(), true),
        (
            format!("break-glass/functions/checkout/{digest}.json"),
            true,
        ),
        ("approvals/".to_owned(), false),
        ("approvals/functions/checkout/ben.json".to_owned(), false),
        ("freeze/friday.txt".to_owned(), false),
    ] {
        let version = world.state_that(&key, "");
        let told = tell(&world, &key, version, by(BEN));
        let is_taken = matches!(told, Admission::Statement(_));
        assert_eq!(is_taken, is_statement, "{key}: {told:?}");
        assert!(
            is_taken || matches!(told, Admission::NotOurs(_)),
            "{told:?}"
        );
    }
    let state = world.state();
    assert!(state.outcomes().is_empty() && state.jobs.is_empty());
    assert!(
        state
            .records
            .keys()
            .all(|path| !path.starts_with("unrecognised/"))
    );
}

#[test]
fn nobody_is_asked_about_what_is_accepted_as_it_is() {
    let world = world();
    let before = world.state().calls.len();
    let job = uploaded_by(&world, FUNCTION, GOOD, ANN);
    attempt(&world, &allowing(), &job).unwrap();
    let calls = world.state().calls[before..].to_vec();
    let of_people =
        |call: &&&str| call.contains("statement") || call.contains("ListObjectsV2 uploads");
    assert_eq!(calls.iter().filter(of_people).count(), 0, "{calls:?}");
}
