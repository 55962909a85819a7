//! What beside its own code decides which code runs in a function: configuration, layers, whom configurations
//! trust, and functions outside the gate.

use countersign_gate::{
    domain::{AttachedLayer, Csc, CscArn, CscPolicy, ExecWrapper, ProfileStatus, WeakerParameter},
    events::SweepRun,
    records::{Drift, Outcome, Posture, SettingsPosture, UploadState},
    sweep::SweepSettings,
};

use crate::{
    happy_path::{GOOD, OTHER, change, go, sample_world, world},
    sweep::{found, found_with, pass, swept, told},
    world::{
        FUNCTION, FunctionState, LAYER, World,
        packages::{CSC, PROFILE_VERSION, job_arn},
        run::sweep_settings,
    },
};

const OTHER_CSC: &str =
    "arn:aws:lambda:us-east-1:111122223333:code-signing-config:csc-00000000000000001";

fn drift(world: &World, subject: &str, kind: &str) -> Drift {
    let path = format!("drift/{subject}/{kind}.json");
    world.state().record(&path).expect("it is on record")
}

fn layer(arn: &str, signed_by: Option<usize>) -> AttachedLayer {
    AttachedLayer {
        arn: arn.to_owned(),
        zip_bytes: None,
        job_arn: signed_by.map(job_arn),
        profile_version_arn: signed_by.map(|_| PROFILE_VERSION.to_owned()),
    }
}

/// Attaches another configuration to the function, whose publishers are these.
fn attach_other(world: &World, publishers: &[&str]) {
    let arn = CscArn::parse(OTHER_CSC).unwrap();
    let publishers = publishers.iter().copied().map(str::to_owned);
    let csc = Csc::new(Some(arn.clone()), CscPolicy::Enforce, publishers);
    world.state().cscs.insert(OTHER_CSC.to_owned(), csc);
    change(world, |function| function.csc = Some(arn));
}

#[test]
fn changed_configuration_is_told_until_it_is_deployed_or_put_back() {
    let world = sample_world();
    change(&world, |function| {
        function.configuration.exec_wrapper = ExecWrapper::Set("/opt/other".to_owned());
        function.config += 1;
    });
    for _ in 0..2 {
        assert_eq!(found(&world), ["CONFIGURATION_CHANGED"]);
    }
    assert_eq!(told(&world), 1);
    let open = drift(&world, "functions/checkout", "CONFIGURATION_CHANGED");
    let change_told = "the variable AWS_LAMBDA_EXEC_WRAPPER was not set, and is /opt/other";
    assert_eq!(open.found.as_deref(), Some(change_told));
    // Another change is another thing to tell.
    change(&world, |function| {
        function.configuration.handler = Some("other.handler".to_owned());
        function.config += 1;
    });
    found(&world);
    assert_eq!(told(&world), 2);
    // It was planned: the same package again, in the configuration of now.
    assert_eq!(go(&world, FUNCTION, GOOD).state, UploadState::Deployed);
    assert_eq!(found(&world), [""; 0]);
    assert!(!drift(&world, "functions/checkout", "CONFIGURATION_CHANGED").is_open());
    assert_eq!(told(&world), 3);
}

#[test]
fn variables_that_cannot_be_read_any_more_are_told_and_those_that_never_could_are_not() {
    let world = sample_world();
    change(&world, |function| {
        function.configuration.exec_wrapper = ExecWrapper::Unknown;
    });
    assert_eq!(found(&world), ["CONFIGURATION_CHANGED"]);
    let open = drift(&world, "functions/checkout", "CONFIGURATION_CHANGED");
    assert!(open.message.contains("not readable any more"), "{open:?}");
    change(&world, |function| {
        function.versions.last_mut().unwrap().configuration = function.configuration.clone();
    });
    assert_eq!(found(&world), [""; 0]);
}

#[test]
fn version_that_was_deployed_and_is_gone_is_told() {
    let world = sample_world();
    change(&world, |function| function.versions.clear());
    assert_eq!(found(&world), ["CONFIGURATION_CHANGED"]);
    let open = drift(&world, "functions/checkout", "CONFIGURATION_CHANGED");
    assert!(open.message.contains("is not there any more"), "{open:?}");
}

#[test]
fn layers_are_held_against_the_publishers() {
    let ours = "arn:aws:lambda:us-east-1:111122223333:layer:common:1";
    let vendors = "arn:aws:lambda:us-east-1:444455556666:layer:vendor:12";
    let world = world();
    go(&world, LAYER, OTHER);
    change(&world, |function| {
        function.configuration.layers = vec![layer(ours, Some(OTHER))];
    });
    go(&world, FUNCTION, GOOD);
    assert_eq!(found(&world), [""; 0]);
    change(&world, |function| {
        function.configuration.layers.push(layer(vendors, None));
        function.versions.last_mut().unwrap().configuration = function.configuration.clone();
    });
    assert_eq!(found(&world), ["LAYER_NOT_TRUSTED"]);
    let open = drift(&world, "functions/checkout", "LAYER_NOT_TRUSTED");
    let sentence = format!("{vendors} (of the account 444455556666) is not signed");
    assert_eq!(
        (open.message, open.found.as_deref()),
        (sentence, Some(vendors))
    );
    let now = world.state().now;
    world.state().jobs_revoked_at = Some(now);
    let kinds = ["SIGNATURE_REVOKED", "LAYER_NOT_TRUSTED", "LAYER_REVOKED"];
    assert_eq!(found(&world)[..3], kinds);
    let open = drift(&world, "functions/checkout", "LAYER_REVOKED");
    assert_eq!(open.found.as_deref(), Some(ours));
    let posture: Posture = world.state().record("posture.json").unwrap();
    let layers = &posture.targets[0].layers;
    let known: Vec<_> = layers.iter().map(|it| (it.trusted, it.revoked)).collect();
    assert_eq!(known, [(Some(true), Some(true)), (Some(false), None)]);
}

/// Without a configuration there is nothing to judge by, and the layer runs on.
#[test]
fn layer_that_is_not_trusted_stays_told_when_the_csc_is_gone() {
    let world = world();
    go(&world, FUNCTION, GOOD);
    let vendors = "arn:aws:lambda:us-east-1:444455556666:layer:vendor:12";
    change(&world, |function| {
        function.configuration.layers = vec![layer(vendors, None)];
        function.versions.last_mut().unwrap().configuration = function.configuration.clone();
    });
    assert_eq!(found(&world), ["LAYER_NOT_TRUSTED"]);
    change(&world, |function| function.csc = None);
    assert_eq!(found(&world), ["CSC_MISSING"]);
    assert!(drift(&world, "functions/checkout", "LAYER_NOT_TRUSTED").is_open());
    change(&world, |function| {
        function.csc = Some(CscArn::parse(CSC).unwrap());
        function.configuration.layers.clear();
        function.versions.last_mut().unwrap().configuration = function.configuration.clone();
    });
    assert_eq!(found(&world), [""; 0]);
    assert!(!drift(&world, "functions/checkout", "LAYER_NOT_TRUSTED").is_open());
}

#[test]
fn layers_signed_elsewhere_are_not_asked_about() {
    let world = sample_world();
    let job = "arn:aws:signer:us-east-1:444455556666:/signing-jobs/cf0489c1-3eb6-4ff0-989e-1";
    change(&world, |function| {
        let mut foreign = layer("arn:aws:lambda:us-east-1:444455556666:layer:vendor:1", None);
        foreign.job_arn = Some(job.to_owned());
        function.configuration.layers = vec![foreign];
    });
    let asked = |world: &World| {
        let calls = &world.state().calls;
        let jobs = calls
            .iter()
            .filter(|call| **call == "signer:DescribeSigningJob");
        jobs.count()
    };
    let before = asked(&world);
    found(&world);
    assert_eq!(
        asked(&world) - before,
        2,
        "of the function and of the layer"
    );
}

#[test]
fn csc_that_trusts_others_is_told() {
    let world = sample_world();
    attach_other(&world, &[PROFILE_VERSION]);
    assert_eq!(found(&world), [""; 0], "nobody else is trusted");
    let other = "arn:aws:signer:us-east-1:111122223333:/signing-profiles/other_team/AbCdEfGh34";
    attach_other(&world, &[PROFILE_VERSION, other]);
    assert_eq!(found(&world), ["OTHER_CSC"]);
    let open = drift(&world, "functions/checkout", "OTHER_CSC");
    assert_eq!(open.expected.as_deref(), Some(CSC));
    assert!(open.found.unwrap().ends_with(&format!("trusts {other}")));
    let stacks = CscArn::parse(CSC).unwrap();
    change(&world, |function| function.csc = Some(stacks));
    assert_eq!(found(&world), [""; 0]);
    assert_eq!(told(&world), 2);
}

/// The ARN of the job that signed what was prepared for the function.
fn prepared_job(world: &World) -> String {
    let state = world.state();
    let path = state
        .records
        .keys()
        .find(|path| path.ends_with("/outcome.json"));
    let outcome: Outcome = state.record(path.unwrap()).unwrap();
    format!(
        "arn:aws:signer:us-east-1:111122223333:/signing-jobs/{}",
        outcome.job.unwrap()
    )
}

/// Whoever creates the function from what was prepared may take other code, or bring code beside it.
#[test]
fn function_that_was_created_otherwise_than_it_was_prepared_is_told() {
    let world = world();
    world.delete_function();
    go(&world, FUNCTION, GOOD);
    let mut function = FunctionState::new();
    function.job_arn = Some(job_arn(OTHER));
    function.configuration.exec_wrapper = ExecWrapper::Set("/opt/other".to_owned());
    function.configuration.layers = vec![layer(
        "arn:aws:lambda:us-east-1:444455556666:layer:vendor:12",
        None,
    )];
    world
        .state()
        .functions
        .insert("checkout".to_owned(), function);
    let kinds = [
        "OTHER_CODE_RUNS",
        "CONFIGURATION_CHANGED",
        "LAYER_NOT_TRUSTED",
    ];
    for _ in 0..2 {
        assert_eq!(found(&world), kinds);
    }
    assert_eq!(told(&world), 3);
    // Nothing was deployed, so that nothing can be rolled back to.
    let open = drift(&world, "functions/checkout", "OTHER_CODE_RUNS");
    assert!(open.of_prepared);
    assert!(open.fix().contains("countersign push"), "{}", open.fix());
    assert!(!open.fix().contains("--to LABEL"), "{}", open.fix());
    let job = prepared_job(&world);
    change(&world, |function| {
        function.job_arn = Some(job);
        function.configuration = FunctionState::new().configuration;
    });
    assert_eq!(found(&world), [""; 0]);
    assert_eq!(told(&world), 6);
    // Unsigned code is none that was prepared, either.
    change(&world, |function| function.job_arn = None);
    assert_eq!(found(&world), ["OTHER_CODE_RUNS"]);
}

/// The same publishers, and a policy under which Lambda runs anybody's code.
#[test]
fn csc_that_only_warns_is_told() {
    let world = sample_world();
    let arn = CscArn::parse(OTHER_CSC).unwrap();
    let csc = Csc::new(
        Some(arn.clone()),
        CscPolicy::Warn,
        [PROFILE_VERSION.to_owned()],
    );
    world.state().cscs.insert(OTHER_CSC.to_owned(), csc);
    change(&world, |function| function.csc = Some(arn));
    assert_eq!(found(&world), ["OTHER_CSC"]);
    let open = drift(&world, "functions/checkout", "OTHER_CSC");
    assert!(open.message.contains("only warns"), "{open:?}");
}

/// It was verified under the stack's configuration; who created the function from it attached another.
#[test]
fn function_that_was_created_under_another_csc_is_told() {
    let world = world();
    world.delete_function();
    assert_eq!(go(&world, FUNCTION, GOOD).state, UploadState::Prepared);
    assert_eq!(found(&world), [""; 0]);
    let mut function = FunctionState::new();
    function.job_arn = Some(prepared_job(&world));
    world
        .state()
        .functions
        .insert("checkout".to_owned(), function);
    assert_eq!(found(&world), [""; 0]);
    let other = "arn:aws:signer:us-east-1:111122223333:/signing-profiles/other_team/AbCdEfGh34";
    attach_other(&world, &[PROFILE_VERSION, other]);
    for _ in 0..2 {
        assert_eq!(found(&world), ["OTHER_CSC"]);
    }
    assert_eq!(told(&world), 1);
    let stacks = CscArn::parse(CSC).unwrap();
    change(&world, |function| function.csc = Some(stacks));
    assert_eq!(found(&world), [""; 0]);
    assert_eq!(told(&world), 2);
}

#[test]
fn questionable_publishers_are_told_once_for_a_configuration() {
    let world = sample_world();
    let foreign = "arn:aws:signer:us-east-1:444455556666:/signing-profiles/vendor/AbCdEfGh12";
    attach_other(&world, &[PROFILE_VERSION, foreign, "no ARN"]);
    for _ in 0..2 {
        assert_eq!(found(&world), ["OTHER_CSC", "PUBLISHER_QUESTIONABLE"]);
    }
    assert_eq!(told(&world), 2);
    let subject = "configurations/csc-00000000000000001";
    let open = drift(&world, subject, "PUBLISHER_QUESTIONABLE");
    let doubts = open.found.unwrap();
    assert!(
        doubts.contains("444455556666, where nobody here can look"),
        "{doubts}"
    );
    assert!(doubts.contains("no ARN is no version"), "{doubts}");
    // The stack's own is looked at as well.
    world.state().profile = ProfileStatus::Canceled;
    found(&world);
    let own = drift(
        &world,
        "configurations/csc-0123456789abcdef0",
        "PUBLISHER_QUESTIONABLE",
    );
    assert!(own.message.contains("was canceled"), "{}", own.message);
    // A configuration that is used no more is none of ours.
    let stacks = CscArn::parse(CSC).unwrap();
    change(&world, |function| function.csc = Some(stacks));
    world.state().profile = ProfileStatus::Active;
    assert_eq!(found(&world), [""; 0]);
    assert!(!drift(&world, subject, "PUBLISHER_QUESTIONABLE").is_open());
}

#[test]
fn functions_outside_the_gate_are_one_page_and_a_later_one_is_another() {
    let world = sample_world();
    let add = |name: &str| {
        let mut function = FunctionState::new();
        function.csc = None;
        world.state().functions.insert(name.to_owned(), function);
    };
    for number in 0..200 {
        add(&format!("old-{number:03}"));
    }
    let stack = crate::world::run::sweep_settings().stack.name;
    add(&format!("{stack}-sign"));
    for _ in 0..2 {
        assert_eq!(found(&world), ["NOT_GATED"]);
    }
    assert_eq!(told(&world), 1);
    let open = || drift(&world, "account/functions", "NOT_GATED");
    let message = open().message;
    assert!(
        message.starts_with("200 functions: old-000, old-001"),
        "{message}"
    );
    assert!(
        message.ends_with("old-019 and 180 more, which posture.json has"),
        "{message}"
    );
    assert_eq!(open().functions.len(), 200);
    // What comes later comes first.
    add("young");
    found(&world);
    assert_eq!(told(&world), 2);
    assert!(open().message.starts_with("201 functions: young, old-000"));
    // One that came under the gate is nothing to tell.
    let stacks = CscArn::parse(CSC).unwrap();
    world.state().functions.get_mut("old-000").unwrap().csc = Some(stacks);
    found(&world);
    assert_eq!((told(&world), open().functions.len()), (2, 200));
    // But it is when it leaves it.
    world.state().functions.get_mut("old-000").unwrap().csc = None;
    found(&world);
    assert_eq!(told(&world), 3);
    world.state().functions.retain(|name, _| name == "checkout");
    assert_eq!(found(&world), [""; 0]);
    assert!(!open().is_open());
}

#[test]
fn function_that_was_deployed_without_a_csc_is_not_outside() {
    let world = sample_world();
    change(&world, |function| function.csc = None);
    assert_eq!(found(&world), ["CSC_MISSING"]);
    // Nor one of whose records nothing can be said.
    let live = "functions/checkout/live.json".to_owned();
    world.state().records.insert(live, b"{".to_vec());
    pass(&world, 10);
    let run = swept(&world, SweepRun::Everything);
    assert_eq!((run.troubles.len(), run.drift.len()), (1, 0));
}

#[test]
fn weaker_parameters_are_told_once_and_closed_when_they_are_back() {
    let world = sample_world();
    let sweep_with = |parameters: &[WeakerParameter]| {
        let settings = SweepSettings {
            weaker_parameters: parameters.to_vec(),
            ..sweep_settings()
        };
        found_with(&world, &settings)
    };
    assert_eq!(sweep_with(&[]), [""; 0]);
    for _ in 0..2 {
        let found = sweep_with(&[WeakerParameter::TargetWithoutCsc]);
        assert_eq!(found, ["WEAKER_PARAMETERS"]);
    }
    assert_eq!(told(&world), 1);
    let open = || drift(&world, "account/parameters", "WEAKER_PARAMETERS");
    let expected = "TargetWithoutCsc=allow: uploads for functions without a code signing configuration are deployed";
    assert_eq!(open().message, expected);
    // One more is another thing to tell.
    sweep_with(&[
        WeakerParameter::IntegrityAuthority,
        WeakerParameter::TargetWithoutCsc,
    ]);
    assert_eq!(told(&world), 2);
    let both = "IntegrityAuthority=lambda, TargetWithoutCsc=allow";
    assert_eq!(open().found.as_deref(), Some(both));
    assert_eq!(sweep_with(&[]), [""; 0]);
    assert!(!open().is_open());
}

/// CloudTrail hides the values of parameters, and no default says which pattern is the right one.
#[test]
fn changed_settings_are_told_once() {
    let world = sample_world();
    let with = |functions: &str, peers: &[&str], roots: &[&str]| {
        let set = |texts: &[&str]| texts.iter().copied().map(str::to_owned).collect();
        let settings = SweepSettings {
            watched: SettingsPosture {
                target_functions: functions.to_owned(),
                target_layers: "*".to_owned(),
                peer_roles: set(peers),
                trust_roots: set(roots),
            },
            ..sweep_settings()
        };
        found_with(&world, &settings)
    };
    let quiet = |functions, peers, roots| {
        assert_eq!(with(functions, peers, roots), [""; 0]);
    };
    // There is nothing to compare with at first.
    quiet("*", &["one"], &["root"]);
    quiet("*", &["one"], &["root"]);
    assert_eq!(with("check*", &["one"], &["root"]), ["SETTINGS_CHANGED"]);
    let open = || drift(&world, "account/settings", "SETTINGS_CHANGED");
    assert_eq!(open().message, "TargetFunctions was *, and is check*");
    assert_eq!(told(&world), 1);
    // It happened, and nobody hears that it is over.
    quiet("check*", &["one"], &["root"]);
    quiet("check*", &["one"], &["root"]);
    assert_eq!(told(&world), 1);
    assert!(!open().is_open());
    let kinds = with("check*", &["one", "two"], &["other"]);
    assert_eq!(kinds, ["SETTINGS_CHANGED"]);
    let expected = "PeerRoles has two since, and no longer nothing; TrustRoots has other since, and no longer root";
    assert_eq!(open().message, expected);
    assert_eq!(told(&world), 2);
    // What lets less through is nothing to tell.
    quiet("*", &[], &["other"]);
    assert_eq!(told(&world), 2);
}

/// The run ended between the document and its event.
#[test]
fn change_of_settings_whose_event_was_lost_is_told_by_the_next_run() {
    let world = sample_world();
    found(&world);
    let narrowed = SweepSettings {
        watched: SettingsPosture {
            target_functions: "check*".to_owned(),
            ..sweep_settings().watched
        },
        ..sweep_settings()
    };
    found_with(&world, &narrowed);
    assert_eq!(told(&world), 1);
    let path = "drift/account/settings/SETTINGS_CHANGED.json";
    let mut lost: Drift = world.state().record(path).unwrap();
    lost.announced_at = None;
    let body = serde_json::to_vec(&lost).unwrap();
    world.state().records.insert(path.to_owned(), body);
    found_with(&world, &narrowed);
    assert_eq!(told(&world), 2);
    found_with(&world, &narrowed);
    assert_eq!(told(&world), 2);
}
