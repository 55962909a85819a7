//! Uploads whose events were lost come to their end all the same.

use countersign_gate::{
    domain::SigningJobId,
    events::{JobEvent, SweepRun, UploadEvent},
    ports::UploadFunction,
    records::{Resent, UploadState},
};

use crate::{
    happy_path::{GOOD, OTHER, go, world},
    world::{
        FUNCTION,
        run::{admitted, deploy_job, deploy_settings, event, patient},
    },
};

use super::{drift, found, pass, swept, take_in, told};

#[test]
fn upload_whose_event_was_lost_is_sent_again() {
    let world = world();
    let version = world.upload(FUNCTION, GOOD);
    // It may still be on its way.
    assert_eq!(swept(&world, SweepRun::Unfinished).resent, []);
    pass(&world, 6);
    let run = swept(&world, SweepRun::Unfinished);
    assert_eq!(run.resent.len(), 1);
    assert_eq!(run.resent[0].id.version, version);
    let resent = world.take_resent();
    let [(UploadFunction::Sign, body)] = resent.as_slice() else {
        panic!("{resent:?}")
    };
    let events = UploadEvent::parse(body).unwrap();
    assert_eq!(events[0].version.as_ref(), Some(&version));
    // Once is enough for as long as sign tries.
    pass(&world, 30);
    assert_eq!(swept(&world, SweepRun::Everything).resent, []);
    // And it leads on.
    take_in(&world, &events[0]).unwrap();
    assert_eq!(world.state().jobs.len(), 1);
}

#[test]
fn job_whose_event_was_lost_is_sent_again() {
    let world = world();
    admitted(&world, FUNCTION, GOOD);
    pass(&world, 6);
    let run = swept(&world, SweepRun::Unfinished);
    assert_eq!(
        (run.unfinished, run.resent.len()),
        (1, 0),
        "it is in progress"
    );
    let job: SigningJobId = world.state().jobs.keys().next().unwrap().clone();
    world.end_job(&job);
    swept(&world, SweepRun::Unfinished);
    let resent = world.take_resent();
    let [(UploadFunction::Deploy, body)] = resent.as_slice() else {
        panic!("{resent:?}")
    };
    assert_eq!(JobEvent::parse(body).unwrap().job, job);
    let end = deploy_job(&world, &deploy_settings(), &job, &patient(&world)).unwrap();
    assert_eq!(end.outcome.state, UploadState::Deployed);
    pass(&world, 90);
    let run = swept(&world, SweepRun::Everything);
    assert_eq!((run.unfinished, run.resent.len()), (0, 0));
}

#[test]
fn outcome_that_was_not_announced_is() {
    let world = world();
    go(&world, FUNCTION, GOOD);
    world
        .state()
        .records
        .retain(|path, _| !path.ends_with("/announced.json"));
    pass(&world, 6);
    assert_eq!(swept(&world, SweepRun::Unfinished).resent.len(), 1);
    let (_, body) = world.take_resent().remove(0);
    let before = world.state().events.len();
    let job = JobEvent::parse(&body).unwrap().job;
    deploy_job(&world, &deploy_settings(), &job, &patient(&world)).unwrap();
    assert_eq!(world.state().events.len(), before + 1);
}

#[test]
fn upload_that_waits_for_its_next_attempt_is_left_alone() {
    let world = world();
    let version = world.upload(FUNCTION, GOOD);
    world.state().broken.insert("signer:StartSigningJob");
    let event = event(&world, FUNCTION, Some(version));
    pass(&world, 60);
    take_in(&world, &event).unwrap_err();
    assert_eq!(swept(&world, SweepRun::Unfinished).resent, []);
    // Its attempt was due long ago.
    pass(&world, 5);
    assert_eq!(swept(&world, SweepRun::Unfinished).resent.len(), 1);
}

#[test]
fn upload_that_never_ends_is_told_until_it_does() {
    let world = world();
    world.upload(FUNCTION, GOOD);
    for times in 1..=3 {
        pass(&world, 90);
        let run = swept(&world, SweepRun::Everything);
        assert_eq!(run.resent.len(), 1);
        assert_eq!(run.drift.len(), usize::from(times == 3));
    }
    let stuck = drift(&world, "UPLOAD_STUCK");
    assert!(stuck.is_open() && stuck.announced_at.is_some(), "{stuck:?}");
    let paths = world.state().records.clone();
    let path = paths
        .keys()
        .find(|path| path.ends_with("resent.json"))
        .unwrap();
    let resent: Resent = world.state().record(path).unwrap();
    assert_eq!((resent.times, resent.to.as_str()), (3, "sign"));
    // A run that does not send it again does not close it.
    pass(&world, 10);
    swept(&world, SweepRun::Everything);
    assert!(drift(&world, "UPLOAD_STUCK").is_open());
    for (_, body) in world.take_resent() {
        let event = UploadEvent::parse(&body).unwrap().remove(0);
        take_in(&world, &event).unwrap();
    }
    let job = world.state().jobs.keys().next().unwrap().clone();
    world.end_job(&job);
    deploy_job(&world, &deploy_settings(), &job, &patient(&world)).unwrap();
    found(&world);
    assert!(!drift(&world, "UPLOAD_STUCK").is_open());
    assert_eq!(told(&world), 2, "once that it is so, once that it is not");
}

#[test]
fn several_stuck_uploads_of_a_target_are_told_one_at_a_time() {
    let world = world();
    world.upload(FUNCTION, GOOD);
    world.upload(FUNCTION, OTHER);
    for _ in 0..6 {
        pass(&world, 90);
        swept(&world, SweepRun::Everything);
        pass(&world, 5);
        swept(&world, SweepRun::Unfinished);
    }
    assert!(drift(&world, "UPLOAD_STUCK").is_open());
    assert_eq!(told(&world), 1);
}

#[test]
fn key_that_names_no_target_is_looked_after_as_well() {
    let world = world();
    world.upload("functions/a/b.zip", GOOD);
    world.upload("functions/", GOOD);
    pass(&world, 6);
    let run = swept(&world, SweepRun::Everything);
    // One of them is a folder that the S3 console makes, if it has no bytes.
    assert_eq!(run.resent.len(), 2);
    assert_eq!(run.targets, 0);
}

#[test]
fn upload_that_was_deleted_for_good_on_its_way_comes_to_its_end() {
    let world = world();
    admitted(&world, FUNCTION, GOOD);
    let job = world.state().jobs.keys().next().unwrap().clone();
    world.end_job(&job);
    world.delete_for_good(FUNCTION, 0);
    pass(&world, 10);
    assert_eq!(swept(&world, SweepRun::Everything).resent.len(), 1);
    let end = deploy_job(&world, &deploy_settings(), &job, &patient(&world)).unwrap();
    assert_eq!(end.outcome.state, UploadState::Superseded);
}
