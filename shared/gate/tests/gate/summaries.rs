//! What others are told of a deployment: what it says, that it never stands in an upload's way, and that it comes in the
//! end.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use countersign_gate::{
    deployment::{Summarized, summarize},
    domain::StackArn,
    events::{JobEvent, SweepRun},
    outcome::{Finished, RetryableError},
    ports::UploadFunction,
    records::{Outcome, SummaryEnvelope, UploadState},
    sweep::{SweepReport, SweepSettings, sweep},
};
use serde_json::Value;
use sha2::{Digest as _, Sha256, Sha384};

use crate::{
    happy_path::{GOOD, OTHER, SAME_AS_GOOD, SWAPPED, go, world},
    sweep::pass,
    world::{
        FUNCTION, FaultAt, LAYER, World,
        packages::{STACK, SUMMARY_KEY},
        run::{
            admitted, deploy_job, deploy_settings, hands, last_attempt, patient, run_in, stack,
            sweep_settings,
        },
    },
};

pub(crate) fn summarized(
    world: &World,
    outcome: &Outcome,
) -> Result<Option<Summarized>, RetryableError> {
    let hands = hands(world, "deploy");
    let verifier = StackArn::parse(STACK).unwrap();
    let stack = stack();
    let attempt = patient(world);
    run_in(
        world,
        summarize(&hands, &hands, (&stack, &verifier), outcome, &attempt),
    )
}

fn envelope(world: &World, outcome: &Outcome) -> Option<SummaryEnvelope> {
    let path = format!("{}summary.dsse.json", outcome.upload.folder());
    world.state().record(&path)
}

/// What the envelope holds, after the digest that was signed was made anew of it.
fn statement(world: &World, outcome: &Outcome) -> Value {
    let envelope = envelope(world, outcome).expect("there is a summary");
    assert_eq!(envelope.payload_type, "application/vnd.in-toto+json");
    let payload = STANDARD.decode(&envelope.payload).unwrap();
    let mut encoded =
        format!("DSSEv1 28 {} {} ", envelope.payload_type, payload.len()).into_bytes();
    encoded.extend(&payload);
    let [signature] = envelope.signatures.as_slice() else {
        panic!("{envelope:?}")
    };
    assert_eq!(signature.keyid, SUMMARY_KEY);
    assert_eq!(
        STANDARD.decode(&signature.sig).unwrap(),
        Sha384::digest(&encoded).to_vec()
    );
    serde_json::from_slice(&payload).unwrap()
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

fn subjects(statement: &Value) -> Vec<(String, String)> {
    let subjects = statement["subject"].as_array().unwrap().iter();
    subjects
        .map(|subject| {
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            (text(&subject["name"]), text(&subject["digest"]["sha256"]))
        })
        .collect()
}

/// The digests that a summary of this package in the world has to name.
fn digests(world: &World, uploaded: usize, runs: &str) -> Vec<(String, String)> {
    let source = hex(&Sha256::digest(&world.state().packages[uploaded].source));
    let package = hex(&STANDARD.decode(runs).unwrap());
    vec![
        ("upload".to_owned(), source),
        ("signed-package".to_owned(), package),
    ]
}

#[test]
fn summary_says_what_was_verified_and_where_it_runs() {
    let world = world();
    let outcome = go(&world, FUNCTION, GOOD);
    let done = summarized(&world, &outcome).unwrap().unwrap();
    assert_eq!(done.key, SUMMARY_KEY);
    let statement = statement(&world, &outcome);
    assert_eq!(statement["_type"], "https://in-toto.io/Statement/v1");
    assert_eq!(
        statement["predicateType"],
        "https://slsa.dev/verification_summary/v1"
    );
    let runs = world.state().functions["checkout"].code_sha256.clone();
    assert_eq!(subjects(&statement), digests(&world, GOOD, &runs));
    let said = &statement["predicate"];
    assert_eq!(said["verifier"]["id"], STACK);
    assert_eq!(
        said["verifier"]["version"]["countersign"],
        env!("CARGO_PKG_VERSION")
    );
    assert_eq!(
        said["resourceUri"],
        "arn:aws:lambda:us-east-1:111122223333:function:checkout:1"
    );
    assert_eq!(said["verificationResult"], "PASSED");
    // Nobody asked where it was built.
    assert_eq!(
        said["verifiedLevels"],
        serde_json::json!(["SLSA_BUILD_LEVEL_UNEVALUATED"])
    );
    assert_eq!(said["slsaVersion"], "1.1");
    for absent in ["dependencyLevels", "inputAttestations"] {
        assert!(said.get(absent).is_none(), "{absent}");
    }
    let folder = outcome.upload.folder();
    let verdict: Value = world
        .state()
        .record(&format!("{folder}verdict.json"))
        .unwrap();
    assert_eq!(said["timeVerified"], verdict["judged_at"]);
    // The policy is the document beside it, byte by byte.
    let policy = world.state().records[&format!("{folder}policy.json")].clone();
    assert_eq!(
        said["policy"]["uri"],
        format!("s3://records/{folder}policy.json")
    );
    assert_eq!(
        said["policy"]["digest"]["sha256"],
        hex(&Sha256::digest(&policy))
    );
    let policy: Value = serde_json::from_slice(&policy).unwrap();
    assert_eq!(
        policy["code_signing_config"],
        verdict["code_signing_config"]
    );
    assert_eq!(policy["operator_policy"]["without_csc"], "reject");
    let first = &policy["checks"][0];
    assert_eq!(
        (&first["check"], &first["on_failure"]),
        (&"structure".into(), &"block".into())
    );
}

/// The table of `docs/api-calls.md` is what the world counted.
#[test]
fn summary_costs_what_the_document_says() {
    let document = include_str!("../../../../docs/api-calls.md");
    let (_, section) = document.split_once("\n## A summary\n").unwrap();
    let (section, _) = section.split_once("\n## ").unwrap();
    let rows = section.lines().filter(|line| line.starts_with('|')).skip(2);
    let documented = rows.map(|row| row.split('|').nth(2).unwrap().trim().replace('`', ""));
    let documented: Vec<String> = documented.collect();
    let world = world();
    let outcome = go(&world, FUNCTION, GOOD);
    world.state().calls.clear();
    summarized(&world, &outcome).unwrap().unwrap();
    assert_eq!(world.state().calls, documented);
}

#[test]
fn layer_is_summarised_by_its_version() {
    let world = world();
    let outcome = go(&world, LAYER, GOOD);
    summarized(&world, &outcome).unwrap().unwrap();
    let statement = statement(&world, &outcome);
    let arn = outcome.deployed.as_ref().unwrap().layer_version_arn.clone();
    assert_eq!(
        statement["predicate"]["resourceUri"].as_str(),
        arn.as_deref()
    );
}

/// What runs was signed for an earlier upload, and was verified anew beside this one.
#[test]
fn unchanged_code_is_summarised_as_what_runs() {
    let world = world();
    go(&world, FUNCTION, GOOD);
    let runs = world.state().functions["checkout"].code_sha256.clone();
    let outcome = go(&world, FUNCTION, SAME_AS_GOOD);
    assert!(outcome.deployed.as_ref().unwrap().unchanged);
    summarized(&world, &outcome).unwrap().unwrap();
    let statement = statement(&world, &outcome);
    assert_eq!(subjects(&statement), digests(&world, SAME_AS_GOOD, &runs));
}

#[test]
fn prepared_package_is_summarised_without_a_version() {
    let world = world();
    world.state().functions.remove("checkout");
    let outcome = go(&world, FUNCTION, GOOD);
    assert_eq!(outcome.state, UploadState::Prepared, "{outcome:#?}");
    summarized(&world, &outcome).unwrap().unwrap();
    let statement = statement(&world, &outcome);
    let waits = world.state().packages[GOOD].code_sha256.clone();
    assert_eq!(subjects(&statement), digests(&world, GOOD, &waits));
    assert_eq!(
        statement["predicate"]["resourceUri"],
        "arn:aws:lambda:us-east-1:111122223333:function:checkout"
    );
}

#[test]
fn refused_upload_has_no_summary() {
    let world = world();
    let outcome = go(&world, FUNCTION, SWAPPED);
    assert_eq!(outcome.state, UploadState::Rejected);
    world.state().calls.clear();
    assert_eq!(summarized(&world, &outcome).unwrap(), None);
    assert_eq!(world.state().calls, [""; 0], "and costs no call");
}

/// The level is that of the provenance which met the demand, and that one is named.
#[test]
fn proven_level_and_its_attestation_are_named() {
    for (level, said) in [
        (1, "SLSA_BUILD_LEVEL_1"),
        (2, "SLSA_BUILD_LEVEL_2"),
        (3, "SLSA_BUILD_LEVEL_3"),
        (4, "SLSA_BUILD_LEVEL_UNEVALUATED"),
    ] {
        let world = world();
        let outcome = go(&world, FUNCTION, GOOD);
        let path = format!("{}verdict.json", outcome.upload.folder());
        let mut verdict: Value = world.state().record(&path).unwrap();
        verdict["verdict"]["provenance"] = serde_json::json!({
            "source": "https://github.com/acme/shop", "commit": null, "ref": null, "workflow": null,
            "signer_workflow": null, "trigger": null, "builder": "b", "build_type": "t", "level": level,
            "signed_by": {"kind": "key", "sha256": hex(&[7; 32])}, "signed_at": null,
            "attestation": {"key": "attestations/x/build.json", "version": "v9", "sha256": hex(&[9; 32])},
        });
        let body = serde_json::to_vec(&verdict).unwrap();
        world.state().records.insert(path, body);
        summarized(&world, &outcome).unwrap().unwrap();
        let statement = statement(&world, &outcome);
        let predicate = &statement["predicate"];
        assert_eq!(predicate["verifiedLevels"], serde_json::json!([said]));
        assert_eq!(
            predicate["inputAttestations"],
            serde_json::json!([{
                "uri": "s3://uploads/attestations/x/build.json",
                "digest": {"sha256": hex(&[9; 32])},
            }])
        );
    }
}

/// An outcome whose verdict does not tell the policy: nothing can be said of it.
#[test]
fn older_record_has_no_summary() {
    let world = world();
    let outcome = go(&world, FUNCTION, GOOD);
    let path = format!("{}verdict.json", outcome.upload.folder());
    let mut verdict: Value = world.state().record(&path).unwrap();
    verdict.as_object_mut().unwrap().remove("operator_policy");
    let body = serde_json::to_vec(&verdict).unwrap();
    world.state().records.insert(path, body);
    assert_eq!(summarized(&world, &outcome).unwrap(), None);
    assert_eq!(envelope(&world, &outcome), None);
    pass(&world, 10);
    assert_eq!(sweeps(&world, SweepRun::Everything).resent, []);
}

/// A key that is away, or an answer that is lost, at whatever call: the outcome stays what it is, the next delivery signs,
/// nothing is deployed again, and one signature stays.
#[test]
fn trouble_changes_nothing_and_is_made_up_for() {
    let calls_of_a_summary = {
        let world = world();
        let outcome = go(&world, FUNCTION, GOOD);
        world.state().calls.clear();
        summarized(&world, &outcome).unwrap().unwrap();
        world.state().calls.len()
    };
    for nth in 0..calls_of_a_summary {
        for fault in [FaultAt::Throttled, FaultAt::AnswerLost] {
            let world = world();
            let outcome = go(&world, FUNCTION, GOOD);
            let before = world.state().functions["checkout"].clone();
            let at = world.state().calls.len() + nth;
            world.state().fault_at = Some((at, fault));
            let first = summarized(&world, &outcome);
            let error = first.unwrap_err();
            assert!(error.waits_for_aws(), "{nth}: {error:?}");
            let job = outcome.job.clone().unwrap();
            let again = deploy_job(&world, &deploy_settings(), &job, &patient(&world)).unwrap();
            assert_eq!(
                again,
                Finished {
                    outcome: outcome.clone(),
                    is_new: false
                }
            );
            summarized(&world, &again.outcome).unwrap();
            let kept = envelope(&world, &outcome);
            statement(&world, &outcome);
            // A third attempt finds it.
            world.state().calls.clear();
            assert_eq!(summarized(&world, &outcome).unwrap(), None);
            assert_eq!(world.state().calls, ["s3:GetObject record"]);
            assert_eq!(envelope(&world, &outcome), kept);
            let state = world.state();
            assert_eq!(
                state.functions["checkout"].versions, before.versions,
                "{nth}"
            );
            assert_eq!(state.events.len(), 1);
        }
    }
}

/// A stack with other settings by now says which policy was in force then.
#[test]
fn summary_that_comes_late_tells_the_policy_of_its_time() {
    let world = world();
    let outcome = go(&world, FUNCTION, GOOD);
    let path = format!("{}policy.json", outcome.upload.folder());
    world
        .state()
        .records
        .insert(path.clone(), b"as an earlier version wrote it".to_vec());
    summarized(&world, &outcome).unwrap().unwrap();
    let digest = hex(&Sha256::digest(b"as an earlier version wrote it"));
    assert_eq!(
        statement(&world, &outcome)["predicate"]["policy"]["digest"]["sha256"],
        digest
    );
}

fn sweeps(world: &World, run: SweepRun) -> SweepReport {
    sweeps_with(world, run, true)
}

fn sweeps_with(world: &World, run: SweepRun, summarizes: bool) -> SweepReport {
    let settings = SweepSettings {
        summarizes,
        ..sweep_settings()
    };
    let attempt = patient(world);
    run_in(
        world,
        sweep(&hands(world, "sweep"), &settings, run, &attempt),
    )
    .unwrap()
}

/// The message was lost after the outcome was announced: `sweep` sends the event again, once in a patience.
#[test]
fn missing_summary_is_found_by_sweep() {
    for run in [SweepRun::Unfinished, SweepRun::Everything] {
        let world = world();
        let outcome = go(&world, FUNCTION, GOOD);
        pass(&world, 10);
        assert_eq!(
            sweeps_with(&world, run, false).resent,
            [],
            "there is no key"
        );
        let swept = sweeps(&world, run);
        assert_eq!((swept.resent.len(), swept.unfinished), (1, 0));
        assert_eq!(swept.drift, []);
        let resent = world.take_resent();
        let [(UploadFunction::Deploy, body)] = resent.as_slice() else {
            panic!("{resent:?}")
        };
        let job = JobEvent::parse(body).unwrap().job;
        assert_eq!(Some(&job), outcome.job.as_ref());
        pass(&world, 30);
        assert_eq!(sweeps(&world, run).resent, [], "it is on its way");
        pass(&world, 40);
        assert_eq!(sweeps(&world, run).resent.len(), 1);
        let again = deploy_job(&world, &deploy_settings(), &job, &last_attempt(&world)).unwrap();
        summarized(&world, &again.outcome).unwrap().unwrap();
        pass(&world, 70);
        assert_eq!(sweeps(&world, run).resent, []);
    }
}

#[test]
fn refused_upload_is_not_sent_for_a_summary() {
    let world = world();
    go(&world, FUNCTION, SWAPPED);
    admitted(&world, LAYER, OTHER);
    pass(&world, 10);
    let swept = sweeps(&world, SweepRun::Everything);
    assert_eq!(
        (swept.resent.len(), swept.unfinished),
        (0, 1),
        "the layer's job runs"
    );
}
