//! What Lambda took is never called rejected or superseded, whatever comes after, and nobody is told of
//! something that is not so.

use countersign_gate::{
    admission::{Admission, admit},
    deployment::deploy,
    domain::{ReasonCode, SigningJobId, VersionId},
    outcome::{DeliveryAttempt, RetryableError},
    records::{Outcome, UploadState, VerdictRecord, Waiting},
};

use crate::{
    happy_path::{BROKEN, GOOD, OTHER, SAME_AS_GOOD, change, go, world},
    world::{
        FUNCTION, Job, LAYER, World,
        packages::CachingExaminer,
        run::{
            admitted, deploy_job, deploy_settings, deployed, event, hands, last_attempt, patient,
            poll_in, run_in, sign_settings, why,
        },
    },
};

/// The id of an upload's signing job.
pub(crate) fn job_of(admission: &Admission) -> SigningJobId {
    match admission {
        Admission::Signing { job, .. } => job.clone(),
        other => panic!("{other:?}"),
    }
}

/// A deployment that is cut off after Lambda took the update.
fn cut_off_after_the_update(world: &World, slot: usize) -> SigningJobId {
    let job = job_of(&admitted(world, FUNCTION, slot));
    world.end_job(&job);
    world.state().broken.insert("lambda:PublishVersion");
    deploy_job(world, &deploy_settings(), &job, &patient(world)).unwrap_err();
    world.state().broken.clear();
    assert_eq!(world.state().applied.last(), Some(&slot));
    job
}

fn end(world: &World, job: &SigningJobId) -> Outcome {
    deploy_job(world, &deploy_settings(), job, &patient(world))
        .unwrap()
        .outcome
}

#[test]
fn applied_upload_is_deployed_though_a_newer_one_was_rejected_meanwhile() {
    let world = world();
    let job = cut_off_after_the_update(&world, GOOD);
    let rejected = admitted(&world, FUNCTION, BROKEN);
    assert!(matches!(rejected, Admission::Finished(_)));
    let outcome = end(&world, &job);
    assert_eq!(outcome.state, UploadState::Deployed);
    assert_eq!(outcome.deployed.unwrap().version.as_deref(), Some("1"));
}

#[test]
fn applied_upload_is_deployed_though_its_key_was_deleted_meanwhile() {
    let world = world();
    let job = cut_off_after_the_update(&world, GOOD);
    world.delete(FUNCTION);
    assert_eq!(end(&world, &job).state, UploadState::Deployed);
}

#[test]
fn applied_upload_has_failed_when_a_newer_one_is_applied_before_it_is_published() {
    let world = world();
    let job = cut_off_after_the_update(&world, GOOD);
    assert_eq!(go(&world, FUNCTION, OTHER).state, UploadState::Deployed);
    let outcome = end(&world, &job);
    assert_eq!(
        (outcome.state, outcome.code),
        (UploadState::Failed, Some(ReasonCode::Replaced))
    );
    assert!(
        outcome
            .message
            .contains("whether Lambda took it is not known"),
        "{}",
        outcome.message
    );
}

#[test]
fn update_whose_answer_is_lost_is_found_again() {
    let world = world();
    let job = job_of(&admitted(&world, FUNCTION, GOOD));
    world.end_job(&job);
    world.state().broken.insert("lambda:UpdateFunctionCode");
    deploy_job(&world, &deploy_settings(), &job, &patient(&world)).unwrap_err();
    world.state().broken.clear();
    // Whether it was taken is not known to the next delivery, and so it is no longer superseded.
    admitted(&world, FUNCTION, OTHER);
    let outcome = end(&world, &job);
    assert_eq!(outcome.state, UploadState::Failed, "{outcome:#?}");
}

#[test]
fn attempt_that_knows_that_nothing_was_applied_may_still_be_superseded() {
    let world = world();
    let job = job_of(&admitted(&world, FUNCTION, GOOD));
    world.end_job(&job);
    world.state().broken.insert("s3:CopyObject");
    deploy_job(&world, &deploy_settings(), &job, &patient(&world)).unwrap_err();
    world.state().broken.clear();
    admitted(&world, FUNCTION, OTHER);
    let outcome = end(&world, &job);
    assert_eq!(
        (outcome.state, outcome.code),
        (UploadState::Superseded, Some(ReasonCode::Replaced))
    );
}

#[test]
fn resumed_deployment_verifies_again_and_trusts_no_record() {
    let world = world();
    let job = job_of(&admitted(&world, FUNCTION, GOOD));
    world.end_job(&job);
    world.state().broken.insert("lambda:PublishVersion");
    deploy_job(&world, &deploy_settings(), &job, &patient(&world)).unwrap_err();
    world.state().broken.clear();
    // The function gets other code, and somebody writes a verdict that says it was approved.
    world.intrude();
    let foreign = world.state().functions["checkout"].code_sha256.clone();
    let path = {
        let state = world.state();
        let is_verdict = |path: &&String| path.ends_with("/verdict.json");
        state.records.keys().find(is_verdict).unwrap().clone()
    };
    let mut record: VerdictRecord = world.state().record(&path).unwrap();
    record
        .verdict
        .as_mut()
        .unwrap()
        .package
        .sha256
        .clone_from(&foreign);
    world
        .state()
        .records
        .insert(path, serde_json::to_vec(&record).unwrap());
    let outcome = end(&world, &job);
    assert_eq!(outcome.state, UploadState::Deployed, "{outcome:#?}");
    assert_ne!(outcome.deployed.unwrap().code_sha256, foreign);
}

#[test]
fn forged_live_record_does_not_pass_other_code_off_as_unchanged() {
    let world = world();
    go(&world, FUNCTION, GOOD);
    world.intrude();
    let foreign = world.state().functions["checkout"].code_sha256.clone();
    {
        let mut state = world.state();
        let current = state.current.get_mut("functions/checkout").unwrap();
        current.last_mut().unwrap().code_sha256 = foreign;
    }
    let outcome = go(&world, FUNCTION, SAME_AS_GOOD);
    assert_eq!(outcome.state, UploadState::Deployed);
    assert!(!outcome.deployed.unwrap().unchanged);
    assert_eq!(world.state().applied, [GOOD, SAME_AS_GOOD]);
}

#[test]
fn foreign_job_under_the_uploads_token_rejects_it_as_critical() {
    let world = world();
    let version = world.upload(FUNCTION, GOOD);
    let id = SigningJobId::parse("f0re1gn").unwrap();
    let source = countersign_gate::domain::UploadId {
        bucket: crate::world::UPLOADS.to_owned(),
        key: FUNCTION.to_owned(),
        version: version.clone(),
    };
    let request = countersign_gate::ports::JobRequest {
        profile: World::profile_name(),
        source: countersign_gate::domain::UploadId {
            key: "functions/another.zip".to_owned(),
            ..source.clone()
        },
        bucket: "attackers".to_owned(),
        prefix: String::new(),
        token: source.client_token(),
    };
    {
        let mut state = world.state();
        state.tokens.insert(source.client_token(), id.clone());
        let job = Job {
            completed_at: None,
            request,
            succeeded: None,
        };
        state.jobs.insert(id, job);
    }
    let event = event(&world, FUNCTION, Some(version));
    let ports = hands(&world, "sign");
    let admission = run_in(
        &world,
        admit(&ports, &sign_settings(), &event, &patient(&world)),
    );
    let Admission::Finished(finished) = admission.unwrap() else {
        panic!("it is signed by somebody else")
    };
    let outcome = finished.outcome;
    assert_eq!(outcome.code, Some(ReasonCode::ForeignSigningJob));
    assert!(outcome.critical);
    assert!(outcome.message.contains("functions/another.zip"));
}

#[test]
fn upload_without_a_function_is_prepared_and_can_be_created_from() {
    let world = world();
    let outcome = go(&world, "functions/nobody.zip", GOOD);
    assert_eq!((outcome.state, outcome.code), (UploadState::Prepared, None));
    let package = outcome.package.unwrap();
    assert_eq!(package.key, "current/functions/nobody.zip");
    assert!(outcome.message.contains(&package.key));
    assert!(world.state().applied.is_empty());
}

#[test]
fn current_package_is_the_last_verified_one_for_functions_and_layers() {
    let world = world();
    go(&world, FUNCTION, GOOD);
    assert!(matches!(
        admitted(&world, FUNCTION, BROKEN),
        Admission::Finished(_)
    ));
    go(&world, LAYER, OTHER);
    let state = world.state();
    let current = |name: &str| state.current[name].last().unwrap().code_sha256.clone();
    assert_eq!(
        current("functions/checkout"),
        state.packages[GOOD].code_sha256
    );
    assert_eq!(current("layers/common"), state.packages[OTHER].code_sha256);
}

#[test]
fn version_deleted_for_good_is_deleted_and_not_replaced() {
    let world = world();
    world.upload(FUNCTION, OTHER);
    let admission = admitted(&world, FUNCTION, GOOD);
    world.delete_for_good(FUNCTION, 1);
    let outcome = deployed(&world, &deploy_settings(), admission, &patient(&world))
        .unwrap()
        .outcome;
    assert_eq!(
        (outcome.state, outcome.code),
        (UploadState::Superseded, Some(ReasonCode::Deleted))
    );
    assert!(
        outcome.message.contains("deleted for good"),
        "{}",
        outcome.message
    );
}

#[test]
fn last_attempt_that_runs_out_of_time_ends_the_upload() {
    let world = world();
    let job = job_of(&admitted(&world, FUNCTION, GOOD));
    world.end_job(&job);
    // The function is busy for longer than the attempt lasts.
    world.state().updates_never_end = true;
    change(&world, |function| {
        function.update = countersign_gate::ports::UpdateStatus::InProgress;
    });
    let error = deploy_job(&world, &deploy_settings(), &job, &patient(&world)).unwrap_err();
    assert!(
        matches!(why(&error), RetryableError::Busy { .. }),
        "{error}"
    );
    let outcome = deploy_job(&world, &deploy_settings(), &job, &last_attempt(&world))
        .unwrap()
        .outcome;
    assert_eq!(
        (outcome.state, outcome.code),
        (UploadState::Rejected, Some(ReasonCode::Undecided))
    );
    assert!(
        outcome.message.contains("is being updated"),
        "{}",
        outcome.message
    );
}

#[test]
fn waiting_upload_says_attempt_reason_and_next_try() {
    let world = world();
    let job = cut_off_after_the_update(&world, GOOD);
    let waiting: Waiting = {
        let state = world.state();
        let is_waiting = |path: &&String| path.ends_with("/waiting.json");
        let path = state.records.keys().find(is_waiting).unwrap().clone();
        state.record(&path).unwrap()
    };
    assert!(
        waiting.why.contains("lambda:PublishVersion"),
        "{}",
        waiting.why
    );
    assert!(waiting.next_try_at > waiting.at);
    assert_eq!(
        waiting.applied.unwrap().code_sha256,
        world.state().packages[GOOD].code_sha256
    );
    assert_eq!(end(&world, &job).state, UploadState::Deployed);
}

#[test]
fn second_delivery_steps_back_while_the_first_works_and_goes_on_when_it_was_cut_off() {
    let world = world();
    let job = job_of(&admitted(&world, FUNCTION, GOOD));
    world.end_job(&job);
    let mut first = patient(&world);
    "first/1".clone_into(&mut first.id);
    let mut second = patient(&world);
    "second/1".clone_into(&mut second.id);
    let examiner = crate::world::packages::CachingExaminer::new();
    let ports = hands(&world, "first");
    let settings = deploy_settings();
    {
        let deployment = countersign_gate::deployment::deploy(
            &ports,
            &examiner,
            &settings,
            &job,
            &first,
            &|_, _| {},
        );
        let mut deployment = std::pin::pin!(deployment);
        while world.state().applied.is_empty() {
            assert!(crate::world::run::poll_in(&world, deployment.as_mut()).is_pending());
        }
        // It stands still after the update.
        let error = deploy_job(&world, &settings, &job, &second).unwrap_err();
        assert!(matches!(error, RetryableError::LeaseHeld { .. }), "{error}");
    }
    // It was cut off; its lease runs out.
    world.state().tick(200);
    let mut third = patient(&world);
    "second/2".clone_into(&mut third.id);
    let outcome = deploy_job(&world, &settings, &job, &third).unwrap().outcome;
    assert_eq!(outcome.state, UploadState::Deployed);
    assert_eq!(world.state().applied, [GOOD], "the work was done once");
}

#[test]
fn console_folder_is_no_upload() {
    let world = world();
    let version: VersionId = world.upload("functions/", BROKEN);
    world.state().claimed_size = Some(0);
    let event = event(&world, "functions/", Some(version));
    let ports = hands(&world, "sign");
    let admission = run_in(
        &world,
        admit(&ports, &sign_settings(), &event, &patient(&world)),
    );
    assert!(
        matches!(admission, Ok(Admission::NotOurs(_))),
        "{admission:?}"
    );
    assert!(world.state().records.is_empty());
}

#[test]
fn upload_that_one_delivery_refuses_is_not_deployed_by_another_beside_it() {
    let world = world();
    let job = job_of(&admitted(&world, FUNCTION, GOOD));
    world.end_job(&job);
    let examiner = CachingExaminer::new();
    let settings = deploy_settings();
    let first = hands(&world, "first");
    let attempt = patient(&world);
    let mut deployment = Box::pin(deploy(
        &first,
        &examiner,
        &settings,
        &job,
        &attempt,
        &|_, _| {},
    ));
    // The first has read a function without a tag.
    while !world.state().calls.contains(&"s3:GetObject signed") {
        assert!(poll_in(&world, deployment.as_mut()).is_pending());
    }
    world.tag(Some("nope"));
    let attempt = DeliveryAttempt {
        id: "second".to_owned(),
        ..patient(&world)
    };
    let second = deploy_job(&world, &settings, &job, &attempt).unwrap();
    assert_eq!(second.outcome.code, Some(ReasonCode::AliasTag));
    let error = run_in(&world, deployment).unwrap_err();
    assert!(
        matches!(error, RetryableError::LeaseHeld { .. }),
        "{error:?}"
    );
    assert!(world.state().applied.is_empty());
}

#[test]
fn upload_under_whose_token_a_job_has_failed_already_is_rejected() {
    let world = world();
    let version = world.upload(FUNCTION, GOOD);
    world.hijack(0, None);
    let job = world.state().jobs.keys().next().unwrap().clone();
    world.state().jobs.get_mut(&job).unwrap().succeeded = Some(false);
    let event = event(&world, FUNCTION, Some(version));
    let ports = hands(&world, "sign");
    let settings = sign_settings();
    let admission = run_in(&world, admit(&ports, &settings, &event, &patient(&world)));
    let Ok(Admission::Finished(finished)) = admission else {
        panic!("{admission:?}")
    };
    assert_eq!(finished.outcome.code, Some(ReasonCode::SigningFailed));
}
