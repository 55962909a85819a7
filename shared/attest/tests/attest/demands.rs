//! What is demanded, held against what is proven.

use std::{fmt::Debug, str::FromStr};

use countersign_attest::{
    Claim, Demand, Level, Mismatch, Pattern, Provenance, PublicKey, RefPattern, SourcePattern,
    WorkflowPattern, verify_with_key,
};
use countersign_testkit::pki::Key;
use serde_json::json;

use crate::{
    artifact,
    forge::{Forge, GITHUB, SOURCE, WORKFLOW, pem},
    parse, proven,
};

fn pattern<T: FromStr<Err: Debug>>(text: &str) -> T {
    text.parse().unwrap()
}

/// What everybody demands at least.
fn least() -> Demand {
    Demand::built_on_platform(pattern(SOURCE)).unwrap()
}

fn judged(demand: &Demand) -> Vec<Mismatch> {
    demand.judge(&proven(&Forge::new()))
}

#[test]
fn source_alone_is_met() {
    assert_eq!(judged(&least()), []);
}

#[test]
fn whole_demand_is_met() {
    let demand = least()
        .with_workflow(pattern(".github/workflows/release.yml"))
        .with_ref(pattern("refs/heads/main"))
        .with_trigger(pattern("push"))
        .with_level(Level::L2);
    assert_eq!(judged(&demand), []);
}

#[test]
fn every_shortfall_is_told_at_once() {
    let other = Demand::built_on_platform(pattern("https://github.com/acme/other"));
    let demand = other
        .unwrap()
        .with_workflow(pattern(".github/workflows/deploy.yml"))
        .with_ref(pattern("refs/tags/v*"))
        .with_trigger(pattern("schedule"))
        .with_level(Level::L3);
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
        ("https://GitHub.com:443/acme/shop", true),
        ("github.com/acme/*", true),
        ("github.com/acme/sh?p", true),
        ("github.com/acme/", true),
        ("github.com/acm/", false),
        ("github.com/acme/sho", false),
        ("gitlab.com/acme/shop", false),
    ] {
        let demand = Demand::built_on_platform(pattern(text)).unwrap();
        let mismatches = judged(&demand);
        assert_eq!(mismatches.is_empty(), fits, "{text}");
        assert!(fits || mismatches.iter().any(|told| told.claim == Claim::Source));
    }
}

/// Each of these would be met by a stranger's repository, or by none at all.
#[test]
fn source_of_strangers_or_of_nobody_is_not_read() {
    for text in [
        "*",
        "https://*",
        "https://github.com/*",
        "https://github.com/*/shop",
        "github.com/acme*",
        "github.com/acme*/shop",
        "*.com/acme/shop",
        "github.com",
        "github.com/",
        "github.com/acme",
        "acme/shop",
        "github.com/acme/shop/",
        "github.com/acme/shop/x",
        "github.com/acme/shop@refs/heads/main",
        "github.com/acme//shop",
        "github.com/../shop",
        "github.com./acme/shop",
        "http://github.com/acme/shop",
        "ssh://git@github.com/acme/shop",
        "https://https://github.com/acme/shop",
        "git@github.com:acme/shop",
    ] {
        let refusal = text.parse::<SourcePattern>();
        assert!(refusal.is_err(), "{text}: {refusal:?}");
    }
    // Other hosts have groups within groups, and repositories without any.
    for text in [
        "gitlab.com/acme/team/",
        "git.example/shop",
        "https://git:8443/acme/*",
    ] {
        assert!(text.parse::<SourcePattern>().is_ok(), "{text}");
    }
}

#[test]
fn pattern_that_fits_nothing_is_refused() {
    for text in ["main", "heads/main", "v*", "*"] {
        assert!(text.parse::<RefPattern>().is_err(), "{text}");
    }
    for text in [
        "release.yml@main",
        "release.yml@v1",
        "release.yml@*",
        "/.github/workflows/release.yml",
        "http://github.com/acme/shop/.github/workflows/release.yml",
        "https://*/acme/shop/.github/workflows/release.yml",
        "https://github.com/*/.github/workflows/release.yml",
        "https://github.com/acme*/flows/.github/workflows/build.yml",
        "https://github.com",
    ] {
        assert!(text.parse::<WorkflowPattern>().is_err(), "{text}");
    }
}

/// The values of a function's tags have no `*` in them.
#[test]
fn slash_at_the_end_is_everything_below() {
    let workflow = |text| least().with_workflow(pattern(text));
    let git_ref = |text| least().with_ref(pattern(text));
    for (demand, fits) in [
        (workflow(".github/workflows/"), true),
        (workflow(".github/workflows/@refs/heads/"), true),
        (workflow("https://github.com/acme/"), true),
        (workflow("https://github.com/acm/"), false),
        (workflow(".github/workflows/@refs/tags/"), false),
        (workflow(".gitlab/"), false),
        (git_ref("refs/heads/"), true),
        (git_ref("refs/"), true),
        (git_ref("refs/tags/"), false),
    ] {
        assert_eq!(judged(&demand).is_empty(), fits, "{demand:?}");
    }
}

/// A build of another platform on a public repository of a third one.
fn of_another_platform() -> Forge {
    let source = "https://bitbucket.org/acme/shop";
    let mut forge = Forge::new().says(
        "/predicate/buildDefinition/externalParameters",
        json!({ "source": source }),
    );
    forge.claims = vec![
        (8, "https://oidc.codefresh.io".to_owned()),
        (12, source.to_owned()),
    ];
    forge.says(
        "/predicate/runDetails/builder/id",
        json!("https://g.codefresh.io/build/1"),
    )
}

/// Anybody may build a public repository elsewhere, and the certificate then names the repository all the same.
#[test]
fn host_without_a_platform_wants_an_issuer() {
    let source = || pattern::<SourcePattern>("bitbucket.org/acme/shop");
    assert!(Demand::built_on_platform(source()).is_err());
    let provenance = proven(&of_another_platform());
    for (issuer, fits) in [
        ("https://oidc.codefresh.io", true),
        ("https://oidc.codefresh.io/acme", false),
        ("https://oidc.circleci.com/org/7", false),
    ] {
        let demand = Demand::vouched_for_by(source(), issuer).unwrap();
        let claims: Vec<_> = demand
            .judge(&provenance)
            .iter()
            .map(|told| told.claim)
            .collect();
        assert_eq!(claims.is_empty(), fits, "{issuer}");
        assert!(fits || claims == [Claim::Issuer], "{claims:?}");
    }
    // An event is demanded where the certificate names one.
    let proposed = proven(&of_another_platform().claim(20, Some("merge_request_event")));
    let demand = Demand::vouched_for_by(source(), "https://oidc.codefresh.io").unwrap();
    assert_eq!(demand.judge(&proposed).len(), 1);
    for issuer in [
        "",
        "oidc.codefresh.io",
        "https://a b",
        GITHUB,
        "https://gitlab.com",
    ] {
        assert!(
            Demand::vouched_for_by(source(), issuer).is_err(),
            "{issuer}"
        );
    }
}

#[test]
fn issuer_of_an_enterprise_can_be_demanded() {
    let enterprise = format!("{GITHUB}/acme");
    let demand = Demand::vouched_for_by(pattern(SOURCE), &enterprise).unwrap();
    let provenance = proven(&Forge::new().claim(8, Some(&enterprise)));
    assert_eq!(demand.judge(&provenance), []);
    assert_eq!(least().judge(&provenance), []);
    let told = demand.judge(&proven(&Forge::new()));
    assert_eq!(
        told[0].to_string(),
        format!("issuer of the identity: expected `{enterprise}`, found `{GITHUB}`")
    );
    assert!(Demand::vouched_for_by(pattern(SOURCE), "https://oidc.codefresh.io").is_err());
}

/// The holder of a key is believed in everything, so a key has to be meant.
#[test]
fn key_is_believed_for_the_source_that_names_it_alone() {
    let (ours, theirs) = (Key::p256("ours"), Key::p256("theirs"));
    let public = |key: &Key| {
        PublicKey::from_pem(pem("PUBLIC KEY", &key.public_key_info()).as_bytes()).unwrap()
    };
    let forge = Forge {
        signs_statement: ours.clone(),
        ..Forge::new()
    };
    let provenance =
        verify_with_key(&parse(&forge.envelope()), &public(&ours), &artifact()).unwrap();
    let by =
        |key: &Key, source: &str| Demand::signed_with_key(pattern(source), public(key).sha256());
    let claims = |demand: Demand| -> Vec<Claim> {
        demand
            .judge(&provenance)
            .iter()
            .map(|told| told.claim)
            .collect()
    };
    assert_eq!(claims(by(&ours, SOURCE)), []);
    assert_eq!(claims(by(&theirs, SOURCE)), [Claim::Key]);
    assert_eq!(claims(by(&ours, "github.com/acme/other")), [Claim::Source]);
    assert_eq!(claims(least()), [Claim::Issuer]);
    let told = by(&ours, SOURCE).judge(&proven(&Forge::new()));
    assert_eq!(told[0].claim, Claim::Key);
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
        let demand = least().with_workflow(pattern(text));
        assert_eq!(judged(&demand).is_empty(), fits, "{text}");
    }
}

fn built_by(workflow: &str) -> Provenance {
    let whole = format!("{SOURCE}/{workflow}");
    let mut forge = Forge::new()
        .claim(9, Some(&whole))
        .claim(18, Some(&whole))
        .says("/predicate/runDetails/builder/id", json!(whole))
        .says(
            "/predicate/buildDefinition/externalParameters/workflow",
            json!({ "repository": SOURCE }),
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
        let demand = least().with_workflow(pattern(text));
        let mismatches = demand.judge(&built_by(built_by_workflow));
        assert_eq!(mismatches.is_empty(), fits, "{built_by_workflow} {text}");
    }
}

#[test]
fn reusable_workflow_is_demanded_by_its_uri() {
    let shared = "https://github.com/acme/flows/.github/workflows/build.yml@refs/tags/v1";
    let mut forge = Forge::new()
        .claim(9, Some(shared))
        .says("/predicate/runDetails/builder/id", json!(shared));
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
        let demand = least().with_workflow(pattern(text));
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
    let usual = least();
    for (event, fits) in [
        (Some("push"), true),
        (Some("release"), true),
        (Some("workflow_dispatch"), true),
        (Some("schedule"), true),
        (Some("pull_request_target"), false),
        (Some("pull_request"), false),
        (Some("issue_comment"), false),
        (Some("workflow_run"), false),
        (Some("parent_pipeline"), false),
        (Some("an_event_of_tomorrow"), false),
        (None, false),
    ] {
        let provenance = proven(&Forge::new().claim(20, event));
        assert_eq!(provenance.trigger(), event);
        let mismatches = usual.judge(&provenance);
        assert_eq!(mismatches.is_empty(), fits, "{event:?}");
        assert!(mismatches.iter().all(|told| told.claim == Claim::Trigger));
    }
    let named = usual.with_trigger(pattern("workflow_run"));
    for (event, fits) in [("workflow_run", true), ("push", false)] {
        let provenance = proven(&Forge::new().claim(20, Some(event)));
        assert_eq!(named.judge(&provenance).is_empty(), fits, "{event}");
    }
}

#[test]
fn unproven_claim_does_not_meet_a_demand() {
    let provenance = proven(&Forge::new().claim(14, None).claim(18, None).claim(20, None));
    let demand = least()
        .with_workflow(pattern("*"))
        .with_ref(pattern("refs/*"))
        .with_trigger(pattern("*"));
    let mismatches = demand.judge(&provenance);
    assert_eq!(mismatches.len(), 3);
    assert!(mismatches.iter().all(|mismatch| mismatch.found.is_none()));
    assert_eq!(
        mismatches[1].to_string(),
        "ref: expected `refs/*`, none is proven"
    );
}

#[test]
fn pattern_is_plain_text() {
    for text in ["", "a b", "a\nb"] {
        assert!(text.parse::<Pattern>().is_err(), "{text:?}");
        assert!(text.parse::<WorkflowPattern>().is_err(), "{text:?}");
    }
    let long = "a".repeat(513).parse::<Pattern>().unwrap_err();
    assert!(long.to_string().contains("longer than 512 bytes"), "{long}");
}
