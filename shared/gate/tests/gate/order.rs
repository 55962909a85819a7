//! What is older never takes the place of what is newer, and what cannot be read holds nothing up.

use std::pin::pin;

use countersign_gate::{
    admission::{Admission, admit},
    deployment::{Deployment, deploy},
    domain::{ReasonCode, SigningJobId, Target, VersionId},
    records::{Live, Outcome, Received, Signing, UploadState, history},
};

use crate::{
    applied::job_of,
    happy_path::{GOOD, OTHER, SAME_AS_GOOD, go, world},
    world::{
        FUNCTION, LAYER, World,
        packages::CachingExaminer,
        run::{
            admitted, deploy_job, deploy_settings, deployed, event, hands, last_attempt, patient,
            poll_in, run_in, sign_settings,
        },
    },
};

/// Admits an upload and ends its job.
pub(crate) fn signed(world: &World, key: &str, slot: usize) -> SigningJobId {
    let job = job_of(&admitted(world, key, slot));
    world.end_job(&job);
    job
}

/// Deploys a job's upload, and does something between two of its calls: as soon as `is_time`.
pub(crate) fn interrupted(
    world: &World,
    job: &SigningJobId,
    is_time: impl Fn(&[&'static str]) -> bool,
    interruption: impl FnOnce(),
) -> Outcome {
    let (ports, examiner, settings) = (
        hands(world, "older"),
        CachingExaminer::new(),
        deploy_settings(),
    );
    let attempt = patient(world);
    world.state().calls.clear();
    let mut deployment = pin!(deploy(
        &ports,
        &examiner,
        &settings,
        job,
        &attempt,
        &|_, _| {}
    ));
    while !is_time(&world.state().calls) {
        assert!(poll_in(world, deployment.as_mut()).is_pending());
    }
    interruption();
    let Deployment::Finished(finished) = run_in(world, deployment).unwrap() else {
        panic!("it is the stack's own job")
    };
    finished.outcome
}

fn live_of(world: &World, target: &str) -> Live {
    let live = world.state().record(&format!("{target}/live.json"));
    live.unwrap()
}

#[test]
fn live_record_is_not_put_back_by_an_older_upload() {
    let world = world();
    let older = signed(&world, FUNCTION, GOOD);
    let mut newer = None;
    let outcome = interrupted(
        &world,
        &older,
        |calls| calls.contains(&"lambda:GetFunction version"),
        || newer = Some(go(&world, FUNCTION, OTHER)),
    );
    assert_eq!(outcome.state, UploadState::Deployed);
    assert_eq!(outcome.deployed.unwrap().version.as_deref(), Some("1"));
    let newer = newer.unwrap();
    assert_eq!(newer.deployed.unwrap().version.as_deref(), Some("2"));
    assert_eq!(live_of(&world, "functions/checkout").upload, newer.upload);
}

/// The older upload was current when its function's revision was read. The newer one finds its own code running:
/// if it left the function alone, the older one's update would still be taken.
#[test]
fn older_upload_does_not_run_after_a_newer_one_whose_code_ran_already() {
    let world = world();
    go(&world, FUNCTION, GOOD);
    let older = signed(&world, FUNCTION, OTHER);
    let mut newer = None;
    let outcome = interrupted(
        &world,
        &older,
        |calls| calls.contains(&"lambda:UpdateFunctionCode DryRun"),
        || newer = Some(go(&world, FUNCTION, SAME_AS_GOOD)),
    );
    assert_eq!(outcome.state, UploadState::Superseded);
    assert!(!newer.unwrap().deployed.unwrap().unchanged);
    assert_eq!(world.state().applied, [GOOD, SAME_AS_GOOD]);
    // Nothing is unfinished now: the same code is left alone.
    let again = go(&world, FUNCTION, GOOD);
    assert!(again.deployed.unwrap().unchanged);
}

#[test]
fn live_record_of_a_function_that_is_gone_is_replaced() {
    let world = world();
    for slot in [GOOD, OTHER, SAME_AS_GOOD] {
        go(&world, FUNCTION, slot);
    }
    let before = live_of(&world, "functions/checkout");
    assert_eq!(before.deployed.version.as_deref(), Some("3"));
    world.delete_function();
    world.create_function();
    let outcome = go(&world, FUNCTION, OTHER);
    assert_eq!(outcome.deployed.unwrap().version.as_deref(), Some("2"));
    assert_eq!(live_of(&world, "functions/checkout").upload, outcome.upload);
}

#[test]
fn live_record_that_cannot_be_read_is_replaced() {
    for (key, target) in [(FUNCTION, "functions/checkout"), (LAYER, "layers/common")] {
        let world = world();
        let path = format!("{target}/live.json");
        world.state().records.insert(path, b"{\"schema\":9}".into());
        let outcome = go(&world, key, GOOD);
        assert_eq!(outcome.state, UploadState::Deployed);
        assert_eq!(live_of(&world, target).upload, outcome.upload);
    }
}

/// The older upload asks whether it is current, and the newer one comes before it publishes.
#[test]
fn layer_versions_are_published_in_the_order_of_their_uploads() {
    let world = world();
    let older = signed(&world, LAYER, GOOD);
    let mut newer = None;
    let outcome = interrupted(
        &world,
        &older,
        |calls| calls.contains(&"s3:CopyObject"),
        || {
            let job = signed(&world, LAYER, OTHER);
            // It waits for its turn, and goes back to its queue.
            let mut attempt = patient(&world);
            attempt.work_until = world.state().now + jiff::SignedDuration::from_secs(1);
            let error = deploy_job(&world, &deploy_settings(), &job, &attempt);
            assert!(error.unwrap_err().to_string().contains("being published"));
            newer = Some(job);
        },
    );
    // Either it was asked in time, or it was published first.
    assert_eq!(outcome.state, UploadState::Superseded);
    let newer = deploy_job(
        &world,
        &deploy_settings(),
        &newer.unwrap(),
        &patient(&world),
    )
    .unwrap();
    let deployed = newer.outcome.deployed.unwrap();
    assert_eq!(deployed.version.as_deref(), Some("1"));
    assert_eq!(
        live_of(&world, "layers/common").upload,
        newer.outcome.upload
    );
}

#[test]
fn turn_to_publish_that_was_cut_off_runs_out() {
    let world = world();
    let older = signed(&world, LAYER, GOOD);
    {
        let (ports, examiner, settings) = (
            hands(&world, "older"),
            CachingExaminer::new(),
            deploy_settings(),
        );
        let attempt = patient(&world);
        let mut deployment = pin!(deploy(
            &ports,
            &examiner,
            &settings,
            &older,
            &attempt,
            &|_, _| {}
        ));
        while !world.state().calls.contains(&"s3:CopyObject") {
            assert!(poll_in(&world, deployment.as_mut()).is_pending());
        }
    }
    let newer = signed(&world, LAYER, OTHER);
    deploy_job(&world, &deploy_settings(), &newer, &patient(&world)).unwrap_err();
    world.state().tick(200);
    let outcome = deploy_job(&world, &deploy_settings(), &newer, &patient(&world)).unwrap();
    assert_eq!(outcome.outcome.state, UploadState::Deployed);
}

#[test]
fn function_deleted_while_it_is_judged_is_not_there() {
    let world = world();
    let job = signed(&world, FUNCTION, GOOD);
    let is_time = |calls: &[&str]| calls.contains(&"s3:GetObject signed");
    let outcome = interrupted(&world, &job, is_time, || world.delete_function());
    assert_eq!(outcome.state, UploadState::Prepared, "{outcome:#?}");
}

#[test]
fn current_package_is_copied_whatever_its_metadata_claims() {
    let world = world();
    go(&world, FUNCTION, OTHER);
    let job = signed(&world, FUNCTION, GOOD);
    {
        let mut state = world.state();
        let code_sha256 = state.packages[GOOD].code_sha256.clone();
        let current = state.current.get_mut("functions/checkout").unwrap();
        current.last_mut().unwrap().code_sha256 = code_sha256;
    }
    deploy_job(&world, &deploy_settings(), &job, &patient(&world)).unwrap();
    let state = world.state();
    let current = state.current["functions/checkout"].last().unwrap();
    assert_eq!(
        current.bytes,
        state.signed.values().next_back().unwrap()[..]
    );
}

#[test]
fn record_that_cannot_be_read_ends_the_upload_at_its_last_attempt() {
    for file in ["signing.json", "verdict.json", "lease-deploy-2.json"] {
        let world = world();
        let job = signed(&world, FUNCTION, GOOD);
        // An accepting verdict is there, and nothing was applied.
        world.state().broken.insert("s3:CopyObject");
        deploy_job(&world, &deploy_settings(), &job, &patient(&world)).unwrap_err();
        world.state().broken.clear();
        {
            let mut state = world.state();
            let verdict = state
                .records
                .keys()
                .find(|path| path.ends_with("/verdict.json"));
            let path = verdict.unwrap().replace("verdict.json", file);
            state.records.insert(path, b"not json".into());
        }
        let mut second = patient(&world);
        "another/1".clone_into(&mut second.id);
        let error = deploy_job(&world, &deploy_settings(), &job, &second).unwrap_err();
        assert!(error.to_string().contains(file), "{file}: {error}");
        let mut last = last_attempt(&world);
        "another/2".clone_into(&mut last.id);
        let end = deploy_job(&world, &deploy_settings(), &job, &last).unwrap();
        assert_eq!(end.outcome.state, UploadState::Failed, "{file}");
        assert_eq!(end.outcome.code, Some(ReasonCode::NotCompleted), "{file}");
        assert!(
            end.outcome.message.contains(file),
            "{}",
            end.outcome.message
        );
        assert!(world.state().applied.is_empty());
        assert_eq!(world.state().events.len(), 1);
    }
}

#[test]
fn received_record_that_cannot_be_read_ends_the_upload_at_its_last_attempt() {
    for file in ["received.json", "signing.json"] {
        let world = world();
        let version = world.upload(FUNCTION, GOOD);
        let event = event(&world, FUNCTION, Some(version));
        world.state().broken.insert("signer:StartSigningJob");
        let ports = hands(&world, "sign");
        let again = |attempt| run_in(&world, admit(&ports, &sign_settings(), &event, &attempt));
        again(patient(&world)).unwrap_err();
        world.state().broken.clear();
        {
            let mut state = world.state();
            let received = state
                .records
                .keys()
                .find(|path| path.ends_with("/received.json"));
            let path = received.unwrap().replace("received.json", file);
            state.records.insert(path, b"not json".into());
        }
        let mut second = patient(&world);
        "another/1".clone_into(&mut second.id);
        again(second).unwrap_err();
        let mut last = last_attempt(&world);
        "another/2".clone_into(&mut last.id);
        let Admission::Finished(end) = again(last).unwrap() else {
            panic!("{file}: it does not end")
        };
        assert_eq!(end.outcome.state, UploadState::Failed, "{file}");
        assert!(
            end.outcome.message.contains(file),
            "{}",
            end.outcome.message
        );
    }
}

#[test]
fn uploads_of_one_second_are_listed_as_s3_took_them() {
    let world = world();
    let began = world.state().now;
    let mut labels = Vec::new();
    for (slot, sequencer) in [(GOOD, "0055AED6DCD90281E6"), (OTHER, "0055AED6DCD90281E5")] {
        let second = began - jiff::SignedDuration::from_secs(1);
        world.state().now = second;
        let version = world.upload(FUNCTION, slot);
        let mut event = event(&world, FUNCTION, Some(version));
        event.sequencer = Some(sequencer.to_owned());
        let put = world.state().puts.len() - 1;
        let sign = sign_settings();
        let ports = hands(&world, "sign");
        run_in(&world, admit(&ports, &sign, &event, &patient(&world))).unwrap();
        labels.push(world.state().upload_of(put).label());
    }
    let target = Target::from_key(FUNCTION).unwrap();
    let told = run_in(&world, history(&hands(&world, "cli"), &target, 10)).unwrap();
    let told: Vec<&str> = told.iter().map(|upload| upload.label.as_str()).collect();
    assert_eq!(told, labels.iter().map(String::as_str).collect::<Vec<_>>());
}

/// An event with a made-up uploader and sequencer, as whoever may invoke `sign` can hand to it.
fn admitted_by_made_up_event(world: &World, version: VersionId) -> Admission {
    let mut made_up = event(world, FUNCTION, Some(version));
    made_up.uploaded_by.principal = Some("the-ceo".to_owned());
    made_up.sequencer = Some("FFFFFFFFFFFFFFFFFF".to_owned());
    let mut attempt = patient(world);
    "made-up/2".clone_into(&mut attempt.id);
    attempt.attempt = 2;
    let (ports, settings) = (hands(world, "sign"), sign_settings());
    run_in(world, admit(&ports, &settings, &made_up, &attempt)).unwrap()
}

#[test]
fn made_up_event_does_not_change_who_uploaded() {
    let world = world();
    let admission = admitted(&world, FUNCTION, GOOD);
    let upload = world.state().upload_of(0);
    let genuine: Option<Received> = world
        .state()
        .record(&format!("{}received.json", upload.folder()));
    // Once while the upload is being signed, once after its end.
    let version = upload.id.version.clone();
    assert!(matches!(
        admitted_by_made_up_event(&world, version.clone()),
        Admission::Signing { is_new: false, .. }
    ));
    let attempt = patient(&world);
    let finished = deployed(&world, &deploy_settings(), admission, &attempt).unwrap();
    let Admission::Finished(again) = admitted_by_made_up_event(&world, version) else {
        panic!("it has come to its end")
    };
    assert_eq!(again.outcome, finished.outcome);
    assert_eq!(again.outcome.uploaded_by.principal.as_deref(), Some("ann"));
    let received = world
        .state()
        .record(&format!("{}received.json", upload.folder()));
    assert_eq!(received, genuine);
    assert_eq!(world.state().jobs.len(), 1);
}

#[test]
fn made_up_event_about_a_version_that_never_was_signs_nothing() {
    let world = world();
    world.upload(FUNCTION, GOOD);
    let version = VersionId::parse("never-there").unwrap();
    let Admission::Finished(end) = admitted_by_made_up_event(&world, version) else {
        panic!("there is nothing to sign")
    };
    assert_eq!(end.outcome.state, UploadState::Superseded);
    assert!(world.state().jobs.is_empty());
}

#[test]
fn made_up_event_that_takes_the_work_over_does_not_change_who_uploaded() {
    let world = world();
    let version = world.upload(FUNCTION, GOOD);
    let upload = world.state().upload_of(0);
    let genuine = event(&world, FUNCTION, Some(version.clone()));
    world.state().broken.insert("signer:StartSigningJob");
    let (ports, settings) = (hands(&world, "sign"), sign_settings());
    let given_up = run_in(&world, admit(&ports, &settings, &genuine, &patient(&world)));
    given_up.unwrap_err();
    world.state().broken.clear();
    assert!(matches!(
        admitted_by_made_up_event(&world, version),
        Admission::Signing { is_new: true, .. }
    ));
    let path = format!("{}signing.json", upload.folder());
    let signing: Signing = world.state().record(&path).unwrap();
    let who = signing.received.uploaded_by.principal;
    assert_eq!(who.as_deref(), Some("ann"));
    assert_eq!(signing.received.sequencer, None);
}
