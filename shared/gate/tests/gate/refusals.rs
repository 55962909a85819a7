//! One upload at a time, on its way to each end but the straight one: refused, superseded, failed.

use countersign_gate::{
    admission::{Admission, PROFILE_TAG, SignSettings, admit},
    deployment::{DeploySettings, Deployment, deploy},
    domain::{
        MANAGED_TAG, NamePattern, ProfileStatus, ReasonCode, Refusal, Scope, SigningJobId,
        VersionId,
    },
    outcome::{DeliveryAttempt, RetryableError},
    ports::UpdateStatus,
    records::{Outcome, UploadState, VerdictRecord},
    verdict::{Decision, IntegrityAuthority, MissingCscPolicy, OperatorPolicy, PackageExaminer},
};
use countersign_package::Limits;
use countersign_testkit::zip::{EntryForge, ZipForge};
use jiff::SignedDuration;

use crate::{
    happy_path::{BROKEN, GOOD, OTHER, SWAPPED, UNSIGNABLE, change, go, world},
    world::{
        FUNCTION, LAYER, World,
        packages::{CachingExaminer, job_id, slots},
        run::{
            admitted, deploy_job, deploy_settings, deployed, event, hands, last_attempt, patient,
            run_in, sign_settings, why,
        },
    },
};

fn rejected_at_once(world: &World, key: &str, slot: usize) -> Outcome {
    match admitted(world, key, slot) {
        Admission::Finished(finished) => {
            assert!(finished.is_new);
            assert!(world.state().jobs.is_empty(), "nothing was signed");
            finished.outcome
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn layer_without_a_configuration_to_judge_it_by_is_refused() {
    let world = world();
    let mut settings = deploy_settings();
    settings.layer_csc = None;
    let outcome = deployed(
        &world,
        &settings,
        admitted(&world, LAYER, GOOD),
        &patient(&world),
    )
    .unwrap();
    assert_eq!(outcome.outcome.code, Some(ReasonCode::NoCodeSigningConfig));
    assert!(world.state().layers.is_empty());
}

#[test]
fn upload_that_can_never_be_deployed_is_refused_at_once() {
    let cases: [(&str, usize, ReasonCode); 8] = [
        ("readme.zip", GOOD, ReasonCode::KeyPrefix),
        ("functions/team/checkout.zip", GOOD, ReasonCode::KeyNested),
        ("functions/checkout.ZIP", GOOD, ReasonCode::KeySuffix),
        ("functions/check out.zip", GOOD, ReasonCode::KeyName),
        ("functions/../checkout.zip", GOOD, ReasonCode::KeyNested),
        ("functions/grün.zip", GOOD, ReasonCode::KeyName),
        ("functions/gate-deploy.zip", GOOD, ReasonCode::TargetIsGate),
        (FUNCTION, BROKEN, ReasonCode::NotAZip),
    ];
    for (key, slot, code) in cases {
        let world = world();
        let outcome = rejected_at_once(&world, key, slot);
        assert_eq!(
            (outcome.state, outcome.code),
            (UploadState::Rejected, Some(code)),
            "{key}"
        );
        assert!(outcome.fix.is_some());
        assert_eq!(world.state().events.len(), 1, "someone is told");
        let is_received = |path: &String| path.ends_with("/received.json");
        assert!(world.state().records.keys().any(is_received));
    }
}

#[test]
fn target_that_the_gate_was_not_given_is_refused_without_a_look_at_it() {
    let only = |pattern: &str| NamePattern::parse(pattern).unwrap();
    let mut settings = sign_settings();
    settings.scope = Scope {
        functions: only("shop-*"),
        layers: only("shop-*"),
        tagged_profiles: None,
    };
    for key in [FUNCTION, LAYER] {
        let world = world();
        let version = world.upload(key, GOOD);
        let event = event(&world, key, Some(version));
        let admission = run_in(
            &world,
            admit(&hands(&world, "sign"), &settings, &event, &patient(&world)),
        )
        .unwrap();
        let Admission::Finished(finished) = admission else {
            panic!("{admission:?}")
        };
        assert_eq!(finished.outcome.code, Some(ReasonCode::TargetNotManaged));
        assert!(
            world.state().jobs.is_empty() && !world.state().calls.contains(&"lambda:GetFunction")
        );
    }
}

#[test]
fn function_without_the_tag_that_the_stack_demands_is_refused() {
    let mut settings = sign_settings();
    settings.requires_managed_tag = true;
    let refused = |value: Option<&str>, settings: &SignSettings| {
        let world = world();
        change(&world, |function| {
            let tag = value.map(|value| (MANAGED_TAG.to_owned(), value.to_owned()));
            function.tags.extend(tag);
        });
        let version = world.upload(FUNCTION, GOOD);
        let event = event(&world, FUNCTION, Some(version));
        let hands = hands(&world, "sign");
        match run_in(&world, admit(&hands, settings, &event, &patient(&world))).unwrap() {
            Admission::Signing { .. } => None,
            Admission::Finished(finished) => Some(finished.outcome),
            other => panic!("{other:?}"),
        }
    };
    for value in [None, Some("false"), Some("True"), Some("")] {
        let outcome = refused(value, &settings).unwrap();
        assert_eq!(outcome.code, Some(ReasonCode::TargetNotManaged));
        assert!(
            outcome.message.contains("countersign:managed"),
            "{outcome:?}"
        );
        let fix = outcome.fix.unwrap();
        assert!(fix.contains("--tags countersign:managed=true"), "{fix}");
    }
    assert_eq!(refused(Some("true"), &settings), None);
    assert_eq!(refused(None, &sign_settings()), None);
}

#[test]
fn tag_that_is_taken_off_while_a_package_is_signed_stops_its_deployment() {
    let world = world();
    let admission = admitted(&world, FUNCTION, GOOD);
    let mut settings = deploy_settings();
    settings.requires_managed_tag = true;
    let outcome = deployed(&world, &settings, admission, &patient(&world))
        .unwrap()
        .outcome;
    assert_eq!(
        (outcome.state, outcome.code),
        (UploadState::Rejected, Some(ReasonCode::TargetNotManaged))
    );
    assert!(world.state().applied.is_empty());
}

#[test]
fn tag_chooses_among_the_profiles_that_the_gate_was_given() {
    let signed_with = |tag: &str, given: Option<&str>| {
        let mut settings = sign_settings();
        settings.scope.tagged_profiles = given.map(|given| NamePattern::parse(given).unwrap());
        let world = world();
        change(&world, |function| {
            function.tags.insert(PROFILE_TAG.to_owned(), tag.to_owned());
        });
        let version = world.upload(FUNCTION, GOOD);
        let event = event(&world, FUNCTION, Some(version));
        match run_in(
            &world,
            admit(&hands(&world, "sign"), &settings, &event, &patient(&world)),
        )
        .unwrap()
        {
            Admission::Signing { job, .. } => {
                let state = world.state();
                let profile = state.jobs.get(&job).map(|job| job.request.profile.clone());
                Ok(profile.unwrap().to_string())
            }
            Admission::Finished(finished) => Err(finished.outcome.code.unwrap()),
            Admission::NotOurs(why) | Admission::Statement(why) => panic!("{why}"),
        }
    };
    let own = World::profile_name();
    assert_eq!(signed_with(own.as_str(), None), Ok(own.to_string()));
    assert_eq!(
        signed_with("payments", Some("pay*")),
        Ok("payments".to_owned())
    );
    for given in [None, Some("shop*")] {
        assert_eq!(
            signed_with("payments", given),
            Err(ReasonCode::ProfileNotManaged)
        );
    }
}

#[test]
fn upload_that_target_or_bucket_cannot_take_is_refused_at_once() {
    let image = world();
    change(&image, |function| function.is_image = true);
    assert_eq!(
        rejected_at_once(&image, FUNCTION, GOOD).code,
        Some(ReasonCode::TargetIsImage)
    );

    let tagged = world();
    change(&tagged, |function| {
        function
            .tags
            .insert(PROFILE_TAG.to_owned(), "arn:aws:signer:x".to_owned());
    });
    assert_eq!(
        rejected_at_once(&tagged, FUNCTION, GOOD).code,
        Some(ReasonCode::ProfileTag)
    );

    let unversioned = world();
    unversioned.state().is_unversioned = true;
    let outcome = rejected_at_once(&unversioned, FUNCTION, GOOD);
    assert_eq!(outcome.code, Some(ReasonCode::BucketNotVersioned));

    let large = world();
    large.state().claimed_size = Some(262_144_001);
    assert_eq!(
        rejected_at_once(&large, FUNCTION, GOOD).code,
        Some(ReasonCode::PackageTooLarge)
    );
    assert!(
        !large.state().calls.contains(&"s3:GetObject upload"),
        "it is not even fetched"
    );
}

#[test]
fn signed_package_is_not_signed_again() {
    let mut packages = Vec::new();
    for slot in slots().iter() {
        packages.push(crate::world::packages::Slot {
            nature: slot.nature,
            source: slot.signed.clone().unwrap_or_default(),
            signed: None,
            code_sha256: slot.code_sha256.clone(),
        });
    }
    let world = World::new(packages.into(), 1);
    assert_eq!(
        rejected_at_once(&world, FUNCTION, GOOD).code,
        Some(ReasonCode::AlreadySigned)
    );
}

/// A world in which every upload is this zip.
fn world_of(zip: &[u8]) -> World {
    let slots: Vec<_> = slots()
        .iter()
        .map(|slot| crate::world::packages::Slot {
            nature: slot.nature,
            source: zip.to_vec(),
            signed: None,
            code_sha256: slot.code_sha256.clone(),
        })
        .collect();
    World::new(slots.into(), 1)
}

#[test]
fn package_without_a_file_is_refused_before_a_job_is_started() {
    let world = world_of(&ZipForge::new([]).build());
    let outcome = rejected_at_once(&world, FUNCTION, GOOD);
    assert_eq!(outcome.code, Some(ReasonCode::PackageEmpty));
}

/// A code has several causes, and each its own fix.
#[test]
fn refusal_names_the_fix_of_its_cause() {
    let named = |name| world_of(&ZipForge::new([EntryForge::file(name, "x")]).build());
    let outcome = rejected_at_once(&named("src\\app.py"), FUNCTION, GOOD);
    assert_eq!(outcome.code, Some(ReasonCode::EntryName));
    assert!(outcome.fix.unwrap().contains("PowerShell"));
    let outcome = rejected_at_once(&named("/app.py"), FUNCTION, GOOD);
    assert!(outcome.fix.unwrap().contains("relative names"));
}

#[test]
fn upload_that_is_no_longer_current_is_superseded() {
    let world = world();
    let first = admitted(&world, FUNCTION, GOOD);
    let second = admitted(&world, FUNCTION, OTHER);
    // The jobs end out of order.
    let newer = deployed(&world, &deploy_settings(), second, &patient(&world))
        .unwrap()
        .outcome;
    let older = deployed(&world, &deploy_settings(), first, &patient(&world))
        .unwrap()
        .outcome;
    assert_eq!(newer.state, UploadState::Deployed);
    assert_eq!(
        (older.state, older.code),
        (UploadState::Superseded, Some(ReasonCode::Replaced))
    );
    assert_eq!(world.state().applied, [OTHER]);
}

#[test]
fn deleted_upload_is_superseded() {
    let world = world();
    let admission = admitted(&world, FUNCTION, GOOD);
    world.delete(FUNCTION);
    let outcome = deployed(&world, &deploy_settings(), admission, &patient(&world))
        .unwrap()
        .outcome;
    assert_eq!(
        (outcome.state, outcome.code),
        (UploadState::Superseded, Some(ReasonCode::Deleted))
    );

    // And one whose version is gone before it was even looked at.
    let gone = event(&world, FUNCTION, Some(VersionId::parse("gone").unwrap()));
    let admission = run_in(
        &world,
        admit(
            &hands(&world, "sign"),
            &sign_settings(),
            &gone,
            &patient(&world),
        ),
    )
    .unwrap();
    let Admission::Finished(finished) = admission else {
        panic!()
    };
    assert_eq!(finished.outcome.code, Some(ReasonCode::Deleted));
}

#[test]
fn package_that_comes_back_changed_is_critical() {
    let world = world();
    let outcome = go(&world, FUNCTION, SWAPPED);
    assert_eq!(
        (outcome.state, outcome.code),
        (UploadState::Rejected, Some(ReasonCode::OriginMismatch))
    );
    assert!(outcome.critical);
    assert!(world.state().applied.is_empty());
}

/// One of the few invocations that all uploads share is not held by an upload that cannot go on.
#[test]
fn absent_package_and_busy_function_give_their_invocation_back() {
    let world = world();
    let Admission::Signing { job, .. } = admitted(&world, FUNCTION, GOOD) else {
        panic!("it is not signed")
    };
    world.end_job(&job);
    let held_for = |seconds: i64| {
        let before = world.state().now;
        let attempt = patient(&world);
        let retry = deploy_job(&world, &deploy_settings(), &job, &attempt).unwrap_err();
        let held = world.state().now.duration_since(before);
        assert!(
            held <= SignedDuration::from_secs(seconds),
            "{held}: {retry}"
        );
        why(&retry).to_string()
    };
    let signed = std::mem::take(&mut world.state().signed);
    assert!(held_for(11).contains("is not there"));
    world.state().signed = signed;
    let mut state = world.state();
    let function = state.functions.get_mut("checkout").unwrap();
    function.update = UpdateStatus::Unknown {
        what: "its state is Thawing".to_owned(),
    };
    drop(state);
    assert!(held_for(11).contains("Thawing"));
}

#[test]
fn job_that_fails_ends_its_upload() {
    let world = world();
    let outcome = go(&world, FUNCTION, UNSIGNABLE);
    assert_eq!(
        (outcome.state, outcome.code),
        (UploadState::Rejected, Some(ReasonCode::SigningFailed))
    );
}

#[test]
fn jobs_of_others_are_told_apart() {
    let world = world();
    let unknown = SigningJobId::parse(job_id(7)).unwrap();
    let of_other_stack = {
        let Admission::Signing { job, .. } = admitted(&world, FUNCTION, GOOD) else {
            panic!()
        };
        world.end_job(&job);
        job
    };
    let mut settings = deploy_settings();
    settings.stack.uploads_bucket = "another".to_owned();
    let examiner = CachingExaminer::new();
    let answer = |settings: &DeploySettings, job: &SigningJobId, attempt: &DeliveryAttempt| {
        let hands = hands(&world, "deploy");
        run_in(
            &world,
            deploy(&hands, &examiner, settings, job, attempt, &|_, _| {}),
        )
    };
    let foreign = answer(&settings, &of_other_stack, &patient(&world));
    assert!(matches!(foreign, Ok(Deployment::NotOurs(_))));
    // Signer may know it a moment later.
    let early = answer(&deploy_settings(), &unknown, &patient(&world));
    assert!(matches!(early, Err(RetryableError::Busy { .. })));
    let late = answer(&deploy_settings(), &unknown, &last_attempt(&world));
    assert!(matches!(late, Ok(Deployment::NotOurs(_))));
}

#[test]
fn no_configuration_no_deployment_unless_allowed() {
    let world = world();
    change(&world, |function| function.csc = None);
    let outcome = go(&world, FUNCTION, GOOD);
    assert_eq!(outcome.code, Some(ReasonCode::NoCodeSigningConfig));
    assert!(
        outcome
            .fix
            .unwrap()
            .contains("put-function-code-signing-config")
    );

    let mut settings = deploy_settings();
    settings.policy = OperatorPolicy {
        without_csc: MissingCscPolicy::Allow,
        ..OperatorPolicy::default()
    };
    let admission = admitted(&world, FUNCTION, OTHER);
    let outcome = deployed(&world, &settings, admission, &patient(&world))
        .unwrap()
        .outcome;
    assert_eq!(outcome.state, UploadState::Deployed);
    assert_eq!(
        outcome.findings[0].code,
        Some(ReasonCode::NoCodeSigningConfig)
    );
}

#[test]
fn unknown_evidence_is_tried_again_and_then_refused() {
    for call in [
        "signer:GetSigningProfile",
        "lambda:GetCodeSigningConfig",
        "lambda:GetFunctionCodeSigningConfig",
        "lambda:UpdateFunctionCode DryRun",
    ] {
        let world = world();
        let Admission::Signing { job, .. } = admitted(&world, FUNCTION, GOOD) else {
            panic!()
        };
        world.end_job(&job);
        world.state().broken.insert(call);
        let again = deploy_job(&world, &deploy_settings(), &job, &patient(&world));
        assert!(
            matches!(
                again.as_ref().map_err(why),
                Err(RetryableError::Inconclusive { .. })
            ),
            "{call}: {again:?}"
        );
        assert!(world.state().outcomes().is_empty());

        let last = deploy_job(&world, &deploy_settings(), &job, &last_attempt(&world))
            .unwrap()
            .outcome;
        assert_eq!(
            (last.state, last.code),
            (UploadState::Rejected, Some(ReasonCode::Undecided)),
            "{call}"
        );
        assert!(
            last.message.contains(call.split(' ').next().unwrap()),
            "{}",
            last.message
        );
        assert!(world.state().applied.is_empty());

        // And it stays refused when the weather clears.
        world.state().broken.clear();
        let after = deploy_job(&world, &deploy_settings(), &job, &patient(&world)).unwrap();
        assert_eq!(after.outcome, last);
    }
}

#[test]
fn accepted_upload_that_cannot_be_completed_has_failed() {
    let world = world();
    let Admission::Signing { job, .. } = admitted(&world, FUNCTION, GOOD) else {
        panic!()
    };
    world.end_job(&job);
    world.state().broken.insert("lambda:PublishVersion");
    assert!(deploy_job(&world, &deploy_settings(), &job, &patient(&world)).is_err());
    let last = deploy_job(&world, &deploy_settings(), &job, &last_attempt(&world))
        .unwrap()
        .outcome;
    assert_eq!(
        (last.state, last.code),
        (UploadState::Failed, Some(ReasonCode::NotCompleted))
    );
}

#[test]
fn disagreement_with_lambda_deploys_nothing() {
    let world = world();
    world.state().dry_run_refuses = Some(Refusal {
        exception: "CodeVerificationFailedException".to_owned(),
        message: "The code is not properly signed.".to_owned(),
    });
    let outcome = go(&world, FUNCTION, GOOD);
    assert_eq!(
        (outcome.state, outcome.code),
        (UploadState::Rejected, Some(ReasonCode::LambdaDisagrees))
    );
    assert!(outcome.critical && world.state().applied.is_empty());
    let path = format!("{}verdict.json", outcome.upload.folder());
    let record: VerdictRecord = world.state().record(&path).unwrap();
    assert_eq!(record.decision, Decision::Reject);
    let json = serde_json::to_value(&record.lambda).unwrap();
    assert_eq!(json["answer"], "refuses");
    assert_eq!(json["exception"], "CodeVerificationFailedException");
}

#[test]
fn code_that_lambda_reports_is_compared() {
    let world = world();
    world.state().reports_another_job = true;
    let outcome = go(&world, FUNCTION, GOOD);
    assert_eq!(
        (outcome.state, outcome.code),
        (UploadState::Failed, Some(ReasonCode::DeployedMismatch))
    );
    assert!(outcome.critical);
    assert!(outcome.message.contains("SigningJobArn is another"));
}

/// Where Lambda's word stands for ours, what it says of the job is held against the job that ran.
#[test]
fn on_lambdas_word_the_job_is_compared_too() {
    for (reports_another_job, state, code) in [
        (false, UploadState::Deployed, None),
        (
            true,
            UploadState::Failed,
            Some(ReasonCode::DeployedMismatch),
        ),
    ] {
        let world = world();
        world.state().reports_another_job = reports_another_job;
        let Admission::Signing { job, .. } = admitted(&world, FUNCTION, GOOD) else {
            panic!("it is signed")
        };
        world.end_job(&job);
        // These roots do not vouch for the forge.
        let examiner = PackageExaminer::new(Limits::default(), None);
        let mut settings = deploy_settings();
        settings.policy.integrity_authority = IntegrityAuthority::Lambda;
        let hands = hands(&world, "deploy");
        let deployment = run_in(
            &world,
            deploy(
                &hands,
                &examiner,
                &settings,
                &job,
                &patient(&world),
                &|_, _| {},
            ),
        )
        .unwrap();
        let Deployment::Finished(finished) = deployment else {
            panic!("{deployment:?}")
        };
        let outcome = finished.outcome;
        assert_eq!((outcome.state, outcome.code), (state, code), "{outcome:#?}");
        assert_eq!(
            outcome.message.contains("SigningJobArn is another"),
            reports_another_job
        );
    }
}

#[test]
fn missing_function_is_rejected_when_nothing_is_prepared() {
    let world = world();
    let admission = admitted(&world, FUNCTION, GOOD);
    world.state().functions.clear();
    let mut settings = deploy_settings();
    settings.new_function_csc = None;
    let outcome = deployed(&world, &settings, admission, &patient(&world))
        .unwrap()
        .outcome;
    assert_eq!(
        (outcome.state, outcome.code),
        (UploadState::Rejected, Some(ReasonCode::TargetNotFound))
    );
}

#[test]
fn target_deleted_after_its_update_is_a_failure() {
    let world = world();
    let admission = admitted(&world, FUNCTION, GOOD);
    // The update is taken, and the delivery is cut off before it can publish.
    world.state().broken.insert("lambda:PublishVersion");
    let Admission::Signing { job, .. } = admission.clone() else {
        panic!("{admission:?}")
    };
    assert!(deployed(&world, &deploy_settings(), admission, &patient(&world)).is_err());
    assert_eq!(world.state().applied, [GOOD]);
    world.state().functions.clear();
    let outcome = deploy_job(&world, &deploy_settings(), &job, &patient(&world))
        .unwrap()
        .outcome;
    assert_eq!(
        (outcome.state, outcome.code),
        (UploadState::Failed, Some(ReasonCode::TargetNotFound))
    );
}

#[test]
fn revoked_profile_blocks_what_was_signed_after() {
    let world = world();
    world.state().profile = ProfileStatus::Revoked {
        effective_from: "2026-09-01T00:00:00Z".parse().unwrap(),
    };
    assert_eq!(
        go(&world, FUNCTION, GOOD).code,
        Some(ReasonCode::ProfileRevoked)
    );
}
