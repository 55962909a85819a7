//! What is demanded, held against what is proven.

use countersign_attest::{Claim, Demand, Level, Mismatch, Pattern};

use crate::{
    forge::{Forge, SOURCE, WORKFLOW},
    proven,
};

fn pattern(text: &str) -> Pattern {
    text.parse().unwrap()
}

fn judged(demand: &Demand) -> Vec<Mismatch> {
    demand.judge(&proven(&Forge::new()))
}

#[test]
fn nothing_demanded_is_met() {
    assert_eq!(judged(&Demand::default()), []);
}

#[test]
fn whole_demand_is_met() {
    let demand = Demand {
        source: Some(pattern(SOURCE)),
        workflow: Some(pattern(".github/workflows/release.yml")),
        r#ref: Some(pattern("refs/heads/main")),
        trigger: Some(pattern("push")),
        level: Some(Level::L2),
    };
    assert_eq!(judged(&demand), []);
}

#[test]
fn every_shortfall_is_told_at_once() {
    let demand = Demand {
        source: Some(pattern("https://github.com/acme/other")),
        workflow: Some(pattern(".github/workflows/deploy.yml")),
        r#ref: Some(pattern("refs/tags/v*")),
        trigger: Some(pattern("schedule")),
        level: Some(Level::L3),
    };
    let told: Vec<String> = judged(&demand).iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "source repository: expected `https://github.com/acme/other`, found `https://github.com/acme/shop`",
            "workflow: expected `.github/workflows/deploy.yml`, found `.github/workflows/release.yml@refs/heads/main`",
            "ref: expected `refs/tags/v*`, found `refs/heads/main`",
            "event that started the build: expected `schedule`, found `push`",
            "build level: expected `L3 or more`, found `L2`",
        ]
    );
}

#[test]
fn source_is_written_as_people_write_it() {
    for (text, fits) in [
        ("github.com/acme/shop", true),
        ("https://github.com/acme/shop.git", true),
        ("git+https://github.com/acme/shop", true),
        ("https://github.com/acme/shop/", true),
        ("github.com/acme/*", true),
        ("https://github.com/*/shop", true),
        ("github.com/acme", false),
        ("acme/shop", false),
        ("github.com/acme/sho", false),
        ("http://github.com/acme/shop", false),
        ("gitlab.com/acme/shop", false),
    ] {
        let demand = Demand {
            source: Some(pattern(text)),
            ..Demand::default()
        };
        assert_eq!(judged(&demand).is_empty(), fits, "{text}");
    }
}

#[test]
fn workflow_with_a_ref_wants_that_ref() {
    for (text, fits) in [
        (".github/workflows/release.yml@refs/heads/main", true),
        (".github/workflows/*@refs/heads/*", true),
        (".github/workflows/release.yml@refs/tags/*", false),
        ("release.yml", false),
        (WORKFLOW, true),
        (
            "https://github.com/acme/shop/.github/workflows/release.yml",
            true,
        ),
        ("https://github.com/acme/other/*", false),
    ] {
        let demand = Demand {
            workflow: Some(pattern(text)),
            ..Demand::default()
        };
        assert_eq!(judged(&demand).is_empty(), fits, "{text}");
    }
}

fn built_by(workflow: &str) -> countersign_attest::Provenance {
    let whole = format!("{SOURCE}/{workflow}");
    let mut forge = Forge::new()
        .claim(9, Some(&whole))
        .claim(18, Some(&whole))
        .says("/predicate/runDetails/builder/id", serde_json::json!(whole))
        .says(
            "/predicate/buildDefinition/externalParameters/workflow",
            serde_json::json!({ "repository": SOURCE }),
        );
    forge.identity = Ok(whole);
    proven(&forge)
}

/// `x@refs/tags/v1` is the name of a branch that anybody may make who may push, and a file may have an `@` in its name.
#[test]
fn path_and_ref_of_a_workflow_are_matched_apart() {
    let release = ".github/workflows/release.yml";
    for (built_by_workflow, text, fits) in [
        (
            ".github/workflows/evil.yml@refs/heads/x@refs/tags/v1",
            ".github/workflows/*@refs/tags/v*",
            false,
        ),
        (
            ".github/workflows/evil.yml@refs/heads/x@refs/heads/main",
            ".github/workflows/*@refs/heads/main",
            false,
        ),
        (
            ".github/workflows/evil.yml@refs/heads/x@refs/heads/main",
            "https://github.com/acme/shop/*@refs/heads/main",
            false,
        ),
        (
            ".github/workflows/release.yml@x.yml@refs/heads/main",
            release,
            false,
        ),
        (
            ".github/workflows/release.yml@refs/heads/x@refs/tags/v1",
            release,
            true,
        ),
        (
            ".github/workflows/release.yml@refs/tags/v1",
            ".github/workflows/*@refs/tags/v*",
            true,
        ),
        (
            ".github/workflows/release.yml@0123456789abcdef0123456789abcdef01234567",
            release,
            true,
        ),
    ] {
        let demand = Demand {
            workflow: Some(pattern(text)),
            ..Demand::default()
        };
        let mismatches = demand.judge(&built_by(built_by_workflow));
        assert_eq!(mismatches.is_empty(), fits, "{built_by_workflow} {text}");
    }
}

#[test]
fn reusable_workflow_is_demanded_by_its_uri() {
    let shared = "https://github.com/acme/flows/.github/workflows/build.yml@refs/tags/v1";
    let mut forge = Forge::new().claim(9, Some(shared)).says(
        "/predicate/runDetails/builder/id",
        serde_json::json!(shared),
    );
    forge.identity = Ok(shared.to_owned());
    let provenance = proven(&forge);
    for (text, claim) in [
        (
            "https://github.com/acme/flows/.github/workflows/build.yml@refs/tags/v*",
            None,
        ),
        (".github/workflows/release.yml", None),
        (WORKFLOW, Some(Claim::SignerWorkflow)),
        (".github/workflows/build.yml", Some(Claim::Workflow)),
    ] {
        let demand = Demand {
            workflow: Some(pattern(text)),
            ..Demand::default()
        };
        let mismatches = demand.judge(&provenance);
        assert_eq!(
            mismatches.first().map(|mismatch| mismatch.claim),
            claim,
            "{text}"
        );
    }
}

/// These builds have branch, commit and workflow of the repository, whoever's code they build.
#[test]
fn build_that_a_stranger_can_start_is_not_meant() {
    let usual = Demand::default();
    for (event, fits) in [
        (Some("push"), true),
        (Some("release"), true),
        (Some("workflow_dispatch"), true),
        (Some("schedule"), true),
        (Some("pull_request_target"), false),
        (Some("pull_request"), false),
        (Some("issue_comment"), false),
        (Some("workflow_run"), false),
        (Some("an_event_of_tomorrow"), false),
        (None, false),
    ] {
        let provenance = proven(&Forge::new().claim(20, event));
        assert_eq!(provenance.trigger(), event);
        let mismatches = usual.judge(&provenance);
        assert_eq!(mismatches.is_empty(), fits, "{event:?}");
        assert!(mismatches.iter().all(|told| told.claim == Claim::Trigger));
    }
    let named = Demand {
        trigger: Some(pattern("workflow_run")),
        ..usual
    };
    for (event, fits) in [("workflow_run", true), ("push", false)] {
        let provenance = proven(&Forge::new().claim(20, Some(event)));
        assert_eq!(named.judge(&provenance).is_empty(), fits, "{event}");
    }
}

#[test]
fn what_is_not_proven_does_not_meet_a_demand() {
    let provenance = proven(&Forge::new().claim(14, None).claim(18, None));
    let demand = Demand {
        workflow: Some(pattern("*")),
        r#ref: Some(pattern("*")),
        ..Demand::default()
    };
    let mismatches = demand.judge(&provenance);
    assert_eq!(mismatches.len(), 2);
    assert!(mismatches.iter().all(|mismatch| mismatch.found.is_none()));
    assert_eq!(
        mismatches[1].to_string(),
        "ref: expected `*`, none is proven"
    );
}

#[test]
fn pattern_is_plain_text() {
    for text in ["", "a b", "a\nb"] {
        assert!(text.parse::<Pattern>().is_err(), "{text:?}");
    }
    let long = "a".repeat(513).parse::<Pattern>().unwrap_err();
    assert!(long.to_string().contains("longer than 512 bytes"), "{long}");
}
