//! Targets that demand to know where their packages were built: what is there, what comes late, what never fits.

use std::{collections::BTreeSet, sync::Arc};

use countersign_gate::{
    deployment::DeploySettings,
    domain::{
        AttestationFolder, BUILDER_TAG, FunctionName, LEVEL_TAG, REF_TAG, ReasonCode, SOURCE_TAG,
        VersionId,
    },
    outcome::RetryableError,
    records::{Outcome, UploadState, VerdictRecord, Waiting},
    verdict::{
        BuilderRoot, BuilderTrust, Check, DemandParts, DemandedProvenance, Fact, FoundAttestations,
        NoAnswer, ProvenanceDemand, ProvenanceEvidence, SignedBy, Status, StoredAttestation,
        StoredContent, decide,
    },
};
use countersign_testkit::pki::Key;
use jiff::Timestamp;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::{
    attest_forge::{COMMIT, Forge, SIGNED, WORKFLOW, hex, pem},
    happy_path::{GOOD, OTHER, SAME_AS_GOOD, change, world},
    verdicts::{assert_table, evidence, spell},
    world::{
        FUNCTION, LAYER, World,
        run::{admitted, deploy_job, deploy_settings, deployed, last_attempt, patient, why},
    },
};

/// An attestation that somebody else published, of a file that is not here.
const OF_PYPI: &[u8] =
    include_bytes!("../../../attest/tests/genuine/pypi-attestations-0.0.19.slsa.attestation.json");
const LIST: &str = "s3:ListObjectsV2 attestations";
const GET: &str = "s3:GetObject attestation";

fn settings() -> DeploySettings {
    let mut settings = deploy_settings();
    settings.provenance.trust = trust();
    settings
}

/// The forge's own instance.
fn trust() -> BuilderTrust {
    let root = Forge::new().root().to_string().into_bytes();
    BuilderTrust {
        roots: vec![BuilderRoot::Json(Arc::from(root))],
        keys: Vec::new(),
    }
}

fn parts(tags: &[(&str, &str)]) -> DemandParts {
    let own = |&(name, value): &(&str, &str)| (name.to_owned(), value.to_owned());
    DemandParts::of_tags(&tags.iter().map(own).collect()).unwrap()
}

/// A world whose function has these tags.
fn tagged(tags: &[(&str, &str)]) -> World {
    let world = world();
    change(&world, |function| {
        for &(name, value) in tags {
            function.tags.insert(name.to_owned(), value.to_owned());
        }
    });
    world
}

fn demanding() -> World {
    tagged(&[(SOURCE_TAG, "github.com/acme/shop")])
}

fn digest(world: &World, slot: usize) -> [u8; 32] {
    Sha256::digest(&world.state().packages[slot].source).into()
}

/// The same builder, of this package.
fn of(forge: Forge, sha256: [u8; 32]) -> Forge {
    forge.says("/subject/0/digest/sha256", json!(hex(&sha256)))
}

fn of_other_repository() -> Forge {
    let evil = "https://github.com/evil/shop";
    let workflow = WORKFLOW.replace("acme", "evil");
    let mut forge = Forge::new()
        .claim(9, Some(&workflow))
        .claim(12, Some(evil))
        .claim(18, Some(&workflow))
        .says(
            "/predicate/buildDefinition/externalParameters/workflow/repository",
            json!(evil),
        )
        .says(
            "/predicate/buildDefinition/resolvedDependencies/1/uri",
            json!(format!("git+{evil}@refs/heads/main")),
        )
        .says("/predicate/runDetails/builder/id", json!(workflow));
    forge.identity = Ok(workflow);
    forge
}

fn put(world: &World, slot: usize, name: &str, bytes: impl Into<Vec<u8>>) {
    let folder = AttestationFolder::of(&digest(world, slot));
    let key = format!("{folder}{name}");
    world.state().attestations.insert(key, bytes.into());
}

fn attest(world: &World, slot: usize) {
    let bundle = of(Forge::new(), digest(world, slot)).bundle().to_string();
    put(world, slot, "build.sigstore.json", bundle);
}

fn go(world: &World, settings: &DeploySettings, key: &str, slot: usize) -> Outcome {
    let admission = admitted(world, key, slot);
    let attempt = last_attempt(world);
    deployed(world, settings, admission, &attempt)
        .unwrap()
        .outcome
}

fn calls(world: &World, name: &str) -> usize {
    world
        .state()
        .calls
        .iter()
        .filter(|call| **call == name)
        .count()
}

fn verdict(world: &World) -> VerdictRecord {
    let state = world.state();
    let is_verdict = |path: &&String| path.ends_with("/verdict.json");
    let path = state.records.keys().rfind(is_verdict).unwrap().clone();
    state.record(&path).unwrap()
}

fn refused(outcome: &Outcome) -> ReasonCode {
    assert_eq!(outcome.state, UploadState::Rejected, "{outcome:?}");
    outcome.code.unwrap()
}

#[test]
fn nothing_is_looked_for_where_nothing_is_demanded() {
    let world = world();
    attest(&world, GOOD);
    assert_eq!(
        go(&world, &settings(), FUNCTION, GOOD).state,
        UploadState::Deployed
    );
    assert_eq!((calls(&world, LIST), calls(&world, GET)), (0, 0));
    let verdict = verdict(&world).verdict.unwrap();
    assert_eq!(verdict.finding(Check::Provenance), None);
    assert_eq!(verdict.provenance, None);
}

#[test]
fn package_that_was_built_as_demanded_is_deployed_and_its_record_says_how() {
    let world = tagged(&[
        (SOURCE_TAG, "github.com/acme/"),
        (REF_TAG, "refs/heads/main"),
        (LEVEL_TAG, "2"),
    ]);
    attest(&world, GOOD);
    let outcome = go(&world, &settings(), FUNCTION, GOOD);
    assert_eq!(outcome.state, UploadState::Deployed, "{outcome:?}");
    assert_eq!((calls(&world, LIST), calls(&world, GET)), (1, 1));
    let verdict = verdict(&world).verdict.unwrap();
    let finding = verdict.finding(Check::Provenance).unwrap();
    assert_eq!(finding.status, Status::Pass);
    assert!(finding.message.contains(COMMIT), "{}", finding.message);
    let found = verdict.provenance.unwrap();
    assert_eq!(
        found.source.as_deref(),
        Some("https://github.com/acme/shop")
    );
    assert_eq!(found.commit.as_deref(), Some(COMMIT));
    assert_eq!(found.git_ref.as_deref(), Some("refs/heads/main"));
    assert_eq!(
        found.workflow.as_deref(),
        Some(".github/workflows/release.yml@refs/heads/main")
    );
    assert_eq!((found.level, found.trigger.as_deref()), (2, Some("push")));
    assert_eq!(found.builder, WORKFLOW);
    assert_eq!(found.signed_at.unwrap().as_second(), SIGNED);
    assert!(matches!(found.signed_by, SignedBy::Build { .. }));
    let line = format!(
        "https://github.com/acme/shop at {COMMIT} (refs/heads/main) by \
         .github/workflows/release.yml@refs/heads/main, L2"
    );
    assert_eq!(found.to_string(), line);
    let state = world.state();
    let (key, bytes) = state.attestations.iter().next().unwrap();
    assert_eq!(found.attestation.key, *key);
    assert_eq!(found.attestation.sha256, hex(&Sha256::digest(bytes)));
    let json = serde_json::to_value(&found.signed_by).unwrap();
    assert_eq!(json["kind"], "build");
}

#[test]
fn late_attestation_is_waited_for() {
    let world = demanding();
    let admission = admitted(&world, FUNCTION, GOOD);
    let job = world.state().jobs.keys().next().unwrap().clone();
    let error = deployed(&world, &settings(), admission, &patient(&world)).unwrap_err();
    let RetryableError::Inconclusive {
        verdict,
        waits_for_aws,
        ..
    } = why(&error)
    else {
        panic!("{error:?}")
    };
    assert!(!waits_for_aws, "it is not AWS that is waited for");
    let finding = verdict.finding(Check::Provenance).unwrap();
    assert_eq!(finding.code, Some(ReasonCode::ProvenanceMissing));
    let waiting: Waiting = {
        let state = world.state();
        let is_waiting = |path: &&String| path.ends_with("/waiting.json");
        let path = state.records.keys().find(is_waiting).unwrap().clone();
        state.record(&path).unwrap()
    };
    assert!(
        waiting
            .why
            .contains("waited for until 2026-09-28T12:01:01Z"),
        "{}",
        waiting.why
    );
    assert!(world.state().applied.is_empty());
    world.state().tick(30);
    attest(&world, GOOD);
    let outcome = deploy_job(&world, &settings(), &job, &patient(&world))
        .unwrap()
        .outcome;
    assert_eq!(outcome.state, UploadState::Deployed, "{outcome:?}");
}

#[test]
fn attestation_that_never_comes_refuses_when_its_time_is_over() {
    let world = demanding();
    let admission = admitted(&world, FUNCTION, GOOD);
    let job = world.state().jobs.keys().next().unwrap().clone();
    deployed(&world, &settings(), admission, &patient(&world)).unwrap_err();
    world.state().tick(58);
    deploy_job(&world, &settings(), &job, &patient(&world)).unwrap_err();
    world.state().tick(2);
    let outcome = deploy_job(&world, &settings(), &job, &patient(&world))
        .unwrap()
        .outcome;
    assert_eq!(refused(&outcome), ReasonCode::ProvenanceMissing);
    assert!(
        outcome.message.contains("attestations/"),
        "{}",
        outcome.message
    );
    assert!(
        outcome.message.contains("github.com/acme/shop"),
        "{}",
        outcome.message
    );
    assert!(world.state().applied.is_empty());
}

#[test]
fn wait_ends_with_the_patience_and_not_undecided() {
    let world = demanding();
    let mut settings = settings();
    settings.provenance.wait = std::time::Duration::from_hours(12);
    let outcome = go(&world, &settings, FUNCTION, GOOD);
    assert_eq!(refused(&outcome), ReasonCode::ProvenanceMissing);
}

#[test]
fn demand_of_the_stack_holds_whatever_a_tag_says() {
    for (tag, code) in [
        (None, None),
        (Some("github.com/acme/shop"), None),
        (
            Some("github.com/evil/shop"),
            Some(ReasonCode::ProvenanceMismatch),
        ),
        (Some("nonsense"), Some(ReasonCode::ProvenanceDemand)),
    ] {
        let tags: Vec<_> = tag.into_iter().map(|tag| (SOURCE_TAG, tag)).collect();
        let world = tagged(&tags);
        let mut settings = settings();
        settings.provenance.demand = parts(&[(SOURCE_TAG, "github.com/acme/")]);
        attest(&world, GOOD);
        let outcome = go(&world, &settings, FUNCTION, GOOD);
        assert_eq!(outcome.code, code, "{tag:?}: {}", outcome.message);
        let evil = of(of_other_repository(), digest(&world, OTHER)).bundle();
        put(&world, OTHER, "evil.json", evil.to_string());
        let outcome = go(&world, &settings, FUNCTION, OTHER);
        assert_eq!(outcome.state, UploadState::Rejected, "{tag:?}");
    }
}

#[test]
fn layers_and_new_functions_are_judged_by_the_stack() {
    let mut settings = settings();
    settings.provenance.demand = parts(&[(SOURCE_TAG, "github.com/acme/")]);
    let new = "functions/new.zip";
    for (key, state) in [(LAYER, UploadState::Deployed), (new, UploadState::Prepared)] {
        let world = world();
        let outcome = go(&world, &settings, key, GOOD);
        assert_eq!(refused(&outcome), ReasonCode::ProvenanceMissing);
        assert!(world.state().current.is_empty(), "nothing is offered");
        attest(&world, GOOD);
        assert_eq!(go(&world, &settings, key, SAME_AS_GOOD).state, state);
        let verdict = verdict(&world).verdict.unwrap();
        assert!(verdict.provenance.is_some(), "{key}");
    }
}

/// It is the gate's own, and nobody built it.
#[test]
fn daily_probe_is_not_asked_where_it_was_built() {
    let mut settings = settings();
    settings.provenance.demand = parts(&[(SOURCE_TAG, "github.com/acme/")]);
    settings.people.probe = Some(FunctionName::parse("new").unwrap());
    let world = world();
    let outcome = go(&world, &settings, "functions/new.zip", GOOD);
    assert_eq!(outcome.state, UploadState::Prepared, "{outcome:?}");
    assert_eq!(calls(&world, LIST), 0);
    let outcome = go(&world, &settings, FUNCTION, GOOD);
    assert_eq!(refused(&outcome), ReasonCode::ProvenanceMissing);
}

#[test]
fn code_that_runs_already_is_not_taken_for_proven() {
    let world = world();
    assert_eq!(
        go(&world, &settings(), FUNCTION, GOOD).state,
        UploadState::Deployed
    );
    let mut settings = settings();
    settings.provenance.demand = parts(&[(SOURCE_TAG, "github.com/acme/")]);
    let outcome = go(&world, &settings, FUNCTION, SAME_AS_GOOD);
    assert_eq!(refused(&outcome), ReasonCode::ProvenanceMissing);
    attest(&world, GOOD);
    let outcome = go(&world, &settings, FUNCTION, SAME_AS_GOOD);
    assert!(outcome.deployed.unwrap().unchanged);
    assert!(verdict(&world).verdict.unwrap().provenance.is_some());
}

#[test]
fn so_many_objects_are_looked_at_and_no_more() {
    for (junk, is_seen) in [(19, true), (20, false)] {
        let world = demanding();
        for at in 0..junk {
            put(&world, GOOD, &format!("a{at:02}.json"), "{}");
        }
        attest(&world, GOOD);
        let outcome = go(&world, &settings(), FUNCTION, GOOD);
        assert_eq!(
            outcome.state == UploadState::Deployed,
            is_seen,
            "{}",
            outcome.message
        );
        assert_eq!(calls(&world, GET), 20);
        if !is_seen {
            assert_eq!(refused(&outcome), ReasonCode::ProvenanceInvalid);
            let told = "more objects than the 20";
            assert!(outcome.message.contains(told), "{}", outcome.message);
            assert!(
                outcome.message.contains("and 17 more"),
                "{}",
                outcome.message
            );
        }
    }
}

#[test]
fn huge_object_is_not_read() {
    let world = demanding();
    put(&world, GOOD, "huge.json", vec![b' '; (1 << 20) + 1]);
    let outcome = go(&world, &settings(), FUNCTION, GOOD);
    assert_eq!(refused(&outcome), ReasonCode::ProvenanceInvalid);
    assert_eq!(calls(&world, GET), 0);
    assert!(
        outcome.message.contains("1048577 bytes"),
        "{}",
        outcome.message
    );
}

#[test]
fn object_that_is_deleted_meanwhile_proves_nothing() {
    let world = demanding();
    attest(&world, GOOD);
    world.state().attestations_vanish = true;
    let outcome = go(&world, &settings(), FUNCTION, GOOD);
    assert_eq!(refused(&outcome), ReasonCode::ProvenanceMissing);
}

#[test]
fn name_of_an_object_cannot_garble_a_message() {
    let world = demanding();
    let name = format!("\u{1b}[2J\u{202e}{}", "x".repeat(800));
    put(&world, GOOD, &name, "{}");
    let outcome = go(&world, &settings(), FUNCTION, GOOD);
    assert_eq!(refused(&outcome), ReasonCode::ProvenanceInvalid);
    assert!(!outcome.message.contains(['\u{1b}', '\u{202e}']));
    assert!(outcome.message.len() < 1_000, "{}", outcome.message.len());
}

#[test]
fn no_answer_is_neither_absence_nor_proof() {
    for call in [LIST, GET] {
        let world = demanding();
        attest(&world, GOOD);
        world.state().broken = BTreeSet::from([call]);
        let admission = admitted(&world, FUNCTION, GOOD);
        let job = world.state().jobs.keys().next().unwrap().clone();
        let error = deployed(&world, &settings(), admission, &patient(&world)).unwrap_err();
        assert!(error.waits_for_aws(), "{call}: {error:?}");
        assert!(world.state().applied.is_empty());
        world.state().broken.clear();
        let outcome = deploy_job(&world, &settings(), &job, &patient(&world))
            .unwrap()
            .outcome;
        assert_eq!(outcome.state, UploadState::Deployed, "{call}: {outcome:?}");
    }
}

#[test]
fn key_of_ones_own_is_believed_where_it_is_demanded() {
    let key = Key::p256("ours");
    let public = pem("PUBLIC KEY", &key.public_key_info());
    let mut settings = settings();
    let other = pem("PUBLIC KEY", &Key::p256("other").public_key_info());
    settings.provenance.trust.keys =
        BuilderTrust::keys_from_pem(&format!("{other}\n{public}")).unwrap();
    let name = format!(
        "sha256:{}",
        hex(&settings.provenance.trust.keys[1].sha256())
    );
    let source = (SOURCE_TAG, "github.com/acme/shop");
    for (tags, fits) in [
        (vec![source, (BUILDER_TAG, name.as_str())], true),
        (vec![source], false),
        (
            vec![source, (BUILDER_TAG, name.as_str()), (LEVEL_TAG, "2")],
            false,
        ),
    ] {
        let world = tagged(&tags);
        let mut forge = of(Forge::new(), digest(&world, GOOD));
        forge.signs_statement = key.clone();
        put(&world, GOOD, "ours.json", forge.envelope().to_string());
        let outcome = go(&world, &settings, FUNCTION, GOOD);
        let code = (!fits).then_some(ReasonCode::ProvenanceMismatch);
        assert_eq!(outcome.code, code, "{tags:?}: {}", outcome.message);
        if fits {
            let found = verdict(&world).verdict.unwrap().provenance.unwrap();
            assert!(matches!(found.signed_by, SignedBy::Key { .. }));
            assert_eq!(found.signed_at, None);
        }
    }
    assert!(BuilderTrust::keys_from_pem("").unwrap().is_empty());
    assert!(BuilderTrust::keys_from_pem(&format!("{public}x")).is_err());
}

#[test]
fn provenance_is_judged_as_in_the_table() {
    let ours = [7; 32];
    let fits = || of(Forge::new(), ours).bundle().to_string().into_bytes();
    let evil = || {
        of(of_other_repository(), ours)
            .bundle()
            .to_string()
            .into_bytes()
    };
    let mut forged = of(Forge::new(), ours);
    forged.signs_statement = Key::p256("somebody");
    let forged = forged.bundle().to_string().into_bytes();
    let of_other = of(Forge::new(), [8; 32]).bundle().to_string().into_bytes();
    let junk = b"{}".to_vec();
    let mut expected = Vec::new();
    for (words, found) in [
        ("nothing", Fact::Known(vec![])),
        ("one that fits", Fact::Known(vec![fits()])),
        ("one of another repository", Fact::Known(vec![evil()])),
        ("one of another file", Fact::Known(vec![of_other])),
        ("one by somebody else's key", Fact::Known(vec![forged])),
        (
            "a genuine one, by an instance that is not trusted",
            Fact::Known(vec![OF_PYPI.to_vec()]),
        ),
        ("something else", Fact::Known(vec![junk.clone()])),
        (
            "something else, and one of another repository",
            Fact::Known(vec![junk.clone(), evil()]),
        ),
        (
            "all of these, and one that fits",
            Fact::Known(vec![junk, evil(), fits()]),
        ),
        (
            "no answer",
            Fact::Unavailable(NoAnswer::passing("throttled")),
        ),
        ("not looked for: the source is not proven", Fact::NotAsked),
    ] {
        let found = match found {
            Fact::Known(objects) => Fact::Known((AttestationFolder::of(&ours), examined(objects))),
            Fact::NotAsked => Fact::NotAsked,
            Fact::Unavailable(why) => Fact::Unavailable(why),
        };
        let mut row = vec![words.to_owned()];
        for awaited_until in [Some("2030-01-01T00:00:00Z"), None] {
            // Without a proven source, the check `origin` fails.
            let source = if matches!(found, Fact::NotAsked) {
                "absent"
            } else {
                "present"
            };
            let mut evidence = evidence("valid", source, "Enforce");
            let demand = parts(&[(SOURCE_TAG, "github.com/acme/shop")]);
            let demand = ProvenanceDemand::of(&DemandParts::default(), &demand);
            evidence.provenance = ProvenanceEvidence::Demanded(Box::new(DemandedProvenance {
                demand: demand.unwrap().unwrap(),
                attestations: found.clone(),
                awaited_until: awaited_until.map(|until| until.parse().unwrap()),
            }));
            let verdict = decide(&evidence);
            assert_eq!(
                verdict.provenance.is_some(),
                words.contains("one that fits")
            );
            row.push(spell(&verdict));
        }
        expected.push(row);
    }
    let mut evidence = evidence("valid", "present", "Warn");
    let tags = [(SOURCE_TAG.to_owned(), "acme".to_owned())];
    let error = DemandParts::of_tags(&tags.into()).unwrap_err();
    evidence.provenance = ProvenanceEvidence::Unreadable(error);
    let cell = spell(&decide(&evidence));
    expected.push(vec![
        "anything, and the demand cannot be read".to_owned(),
        cell.clone(),
        cell,
    ]);
    assert_table("Where it was built", &expected);
}

fn examined(objects: Vec<Vec<u8>>) -> FoundAttestations {
    let stored = objects
        .into_iter()
        .enumerate()
        .map(|(at, bytes)| StoredAttestation {
            key: format!("attestations/7/{at}.json"),
            content: StoredContent::Read {
                version: VersionId::parse("a1").unwrap(),
                bytes,
            },
        });
    let now: Timestamp = "2026-09-28T12:00:00Z".parse().unwrap();
    FoundAttestations::examine(stored.collect(), false, &[7; 32], &trust(), now).unwrap()
}
