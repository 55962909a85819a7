//! What certificate and statement say, one claim false at a time.

use countersign_attest::{AttestError, Claim, Level, PublicKey, Subject, verify, verify_with_key};
use serde_json::{Value, json};

use crate::{
    artifact, assert_refused,
    forge::{COMMIT, Entry, Forge, SOURCE, WORKFLOW, statement_v02},
    now, parse, proven, refused, root,
};

const GENERATOR: &str = "https://github.com/slsa-framework/slsa-github-generator/.github/workflows/generator_generic_slsa3.yml@refs/tags/v2.1.0";
const GENERATORS: &str =
    "https://github.com/slsa-framework/slsa-github-generator/.github/workflows/";
const REPOSITORY: &str = "/predicate/buildDefinition/externalParameters/workflow/repository";
const DEPENDENCY: &str = "/predicate/buildDefinition/resolvedDependencies/1";
const BUILDER: &str = "/predicate/runDetails/builder/id";

fn contradicted(forge: &Forge) -> Claim {
    match refused(forge) {
        AttestError::Contradiction { claim, .. } => claim,
        other => panic!("{other}"),
    }
}

#[test]
fn older_statement_proves_the_same() {
    let forge = Forge {
        statement: statement_v02(),
        ..Forge::new()
    };
    let provenance = proven(&forge);
    assert_eq!(provenance.source().unwrap().as_str(), SOURCE);
    assert_eq!(provenance.commit(), Some(COMMIT));
    assert_eq!(provenance.level(), Level::L2);
}

#[test]
fn contradiction_is_told_by_its_claim() {
    let workflow = "/predicate/buildDefinition/externalParameters/workflow";
    for (pointer, value, claim) in [
        (
            REPOSITORY.to_owned(),
            "https://github.com/acme/other",
            Claim::Source,
        ),
        (
            format!("{DEPENDENCY}/digest/gitCommit"),
            "0000",
            Claim::Commit,
        ),
        (
            format!("{DEPENDENCY}/uri"),
            "git+https://github.com/acme/shop@refs/heads/evil",
            Claim::Ref,
        ),
        (
            format!("{workflow}/path"),
            ".github/workflows/other.yml",
            Claim::Workflow,
        ),
        (
            format!("{workflow}/ref"),
            "refs/heads/evil",
            Claim::Workflow,
        ),
        (BUILDER.to_owned(), GENERATOR, Claim::Builder),
        (
            BUILDER.to_owned(),
            "https://github.com/actions/runner/self-hosted",
            Claim::Builder,
        ),
    ] {
        let forge = Forge::new().says(&pointer, json!(value));
        assert_eq!(contradicted(&forge), claim, "{pointer}");
    }
}

#[test]
fn contradiction_of_an_older_statement_is_told_by_its_claim() {
    let config = "/predicate/invocation/configSource";
    for (pointer, value, claim) in [
        (
            format!("{config}/entryPoint"),
            ".github/workflows/other.yml",
            Claim::Workflow,
        ),
        (
            "/predicate/builder/id".to_owned(),
            GENERATOR,
            Claim::Builder,
        ),
    ] {
        let forge = Forge {
            statement: statement_v02(),
            ..Forge::new()
        };
        assert_eq!(
            contradicted(&forge.says(&pointer, json!(value))),
            claim,
            "{pointer}"
        );
    }
    let forge = Forge {
        statement: statement_v02(),
        ..Forge::new()
    }
    .says("/predicate/materials", json!([]));
    for (pointer, value, claim) in [
        (
            "uri",
            json!("git+https://github.com/acme/other@refs/heads/main"),
            Claim::Source,
        ),
        (
            "uri",
            json!("git+https://github.com/acme/shop@refs/heads/evil"),
            Claim::Ref,
        ),
        ("digest", json!({ "sha1": "0000" }), Claim::Commit),
    ] {
        let forge = forge.clone().says(&format!("{config}/{pointer}"), value);
        assert_eq!(contradicted(&forge), claim, "{pointer}");
    }
}

/// A build by a reusable workflow of slsa-github-generator.
fn generated_by(signer: &str, builder: &str) -> Forge {
    let of = |file| format!("{GENERATORS}{file}");
    let forge = Forge::new()
        .claim(9, Some(&of(signer)))
        .says(BUILDER, json!(of(builder)));
    Forge {
        identity: Ok(of(signer)),
        ..forge
    }
}

#[test]
fn builder_of_the_generator_earns_level_three() {
    let go = "builder_go_slsa3.yml@refs/tags/v2.1.0";
    let provenance = proven(&generated_by(go, go));
    assert_eq!(provenance.level(), Level::L3);
    assert!(provenance.signer_workflow().unwrap().ends_with(go));
    // What was built is still the caller's repository, by the caller's workflow.
    assert_eq!(provenance.source().unwrap().as_str(), SOURCE);
    assert_eq!(
        provenance.workflow(),
        Some(".github/workflows/release.yml@refs/heads/main")
    );
}

/// It signs whatever digests it is handed in; where the artifact was built, nobody says.
#[test]
fn generator_that_builds_nothing_earns_no_level_three() {
    for generator in [
        "generator_generic_slsa3.yml",
        "generator_container_slsa3.yml",
    ] {
        let generator = format!("{generator}@refs/tags/v2.1.0");
        assert_eq!(
            proven(&generated_by(&generator, &generator)).level(),
            Level::L2
        );
    }
}

#[test]
fn delegator_vouches_for_the_builder_that_it_names() {
    let maven = "builder_maven_slsa3.yml@refs/tags/v2.1.0";
    for delegator in [
        "delegator_generic_slsa3.yml",
        "delegator_lowperms-generic_slsa3.yml",
    ] {
        let delegator = format!("{delegator}@refs/tags/v2.1.0");
        let provenance = proven(&generated_by(&delegator, maven));
        assert_eq!(provenance.level(), Level::L3);
        assert!(provenance.builder_id().ends_with(maven));
        let other = proven(&generated_by(&delegator, "other.yml@refs/tags/v2.1.0"));
        assert_eq!(other.level(), Level::L1);
    }
    for signer in [
        "delegator_generic_slsa3.yml@refs/heads/main",
        "generator_generic_slsa3.yml@refs/tags/v2.1.0",
    ] {
        assert_eq!(contradicted(&generated_by(signer, maven)), Claim::Builder);
    }
    let hosted = "https://github.com/actions/runner/self-hosted";
    let delegator = "delegator_generic_slsa3.yml@refs/tags/v2.1.0";
    let forge = generated_by(delegator, maven).says(BUILDER, json!(hosted));
    assert_eq!(contradicted(&forge), Claim::Builder);
}

#[test]
fn runner_of_ones_own_earns_level_one() {
    assert_eq!(
        proven(&Forge::new().claim(11, Some("self-hosted"))).level(),
        Level::L1
    );
    assert_eq!(proven(&Forge::new().claim(11, None)).level(), Level::L1);
    let hosted = "https://github.com/actions/runner/github-hosted";
    let forge = Forge::new().says(BUILDER, json!(hosted));
    assert_eq!(proven(&forge).level(), Level::L2);
    assert_eq!(
        contradicted(&forge.claim(11, Some("self-hosted"))),
        Claim::Builder
    );
}

#[test]
fn unknown_builder_earns_level_one() {
    let forge = Forge::new().says(BUILDER, json!("https://builder.example/v1"));
    assert_eq!(proven(&forge).level(), Level::L1);
}

#[test]
fn statement_may_leave_out_what_the_certificate_says() {
    let forge = Forge::new()
        .says("/predicate/buildDefinition/externalParameters", json!({}))
        .says(
            "/predicate/buildDefinition/resolvedDependencies",
            Value::Null,
        );
    let provenance = proven(&forge);
    assert_eq!(provenance.source().unwrap().as_str(), SOURCE);
    assert_eq!(provenance.commit(), Some(COMMIT));
}

#[test]
fn workflow_of_another_repository_is_a_whole_uri() {
    let elsewhere = "https://github.com/acme/rules/.github/workflows/ci.yml@refs/heads/main";
    let forge = Forge::new().claim(18, Some(elsewhere));
    let forge = forge.says(
        "/predicate/buildDefinition/externalParameters/workflow",
        json!({ "repository": SOURCE }),
    );
    assert_eq!(proven(&forge).workflow(), Some(elsewhere));
}

#[test]
fn build_of_gitlab_is_proven() {
    let workflow = "https://gitlab.com/acme/shop//.gitlab-ci.yml@refs/heads/main";
    let forge = Forge::new()
        .claim(8, Some("https://gitlab.com"))
        .claim(9, Some(workflow))
        .claim(11, Some("gitlab-hosted"))
        .claim(12, Some("https://gitlab.com/acme/shop"))
        .claim(18, Some(workflow))
        .says(
            "/predicate/buildDefinition/externalParameters",
            json!({ "source": "https://gitlab.com/acme/shop" }),
        )
        .says(BUILDER, json!("https://gitlab.com/acme/shop/-/runners/1"));
    let forge = Forge {
        identity: Ok(workflow.to_owned()),
        ..forge
    };
    let provenance = proven(&forge);
    assert_eq!(
        provenance.workflow(),
        Some(".gitlab-ci.yml@refs/heads/main")
    );
    assert_eq!(provenance.level(), Level::L1);
    let elsewhere = forge.claim(8, Some(crate::forge::GITHUB));
    assert_refused!(refused(&elsewhere), AttestError::ForeignIssuer { .. });
}

#[test]
fn certificate_of_a_person_is_no_build() {
    let person = Forge {
        identity: Err("eve@example.com".to_owned()),
        claims: vec![(8, "https://accounts.example".to_owned())],
        ..Forge::new()
    };
    assert_refused!(refused(&person), AttestError::NotABuild { .. });
    // A statement of theirs about somebody's repository proves nothing, whatever else they have.
    let with_source = person.claim(12, Some(SOURCE));
    assert_refused!(refused(&with_source), AttestError::NotABuild { .. });
    assert_refused!(
        refused(&Forge::new().claim(12, None)),
        AttestError::NotABuild { .. }
    );
}

#[test]
fn other_platforms_have_no_say_about_github() {
    for issuer in [
        "https://oidc.codefresh.io",
        "https://gitlab.com",
        "https://token.actions.githubusercontent.com.evil.example",
    ] {
        let forge = Forge::new().claim(8, Some(issuer));
        assert_refused!(refused(&forge), AttestError::ForeignIssuer { .. });
    }
    assert_refused!(
        refused(&Forge::new().claim(8, None)),
        AttestError::UnusableClaim { .. }
    );
    let enterprise = format!("{}/acme", crate::forge::GITHUB);
    assert_eq!(
        proven(&Forge::new().claim(8, Some(&enterprise))).level(),
        Level::L2
    );
    // Nor has GitHub's issuer a say about other hosts, or a port make another host of the same one.
    for source in [
        "https://github.com:443/acme/shop",
        "https://git.example/acme/shop",
    ] {
        let issuer = if source.contains("443") {
            "https://oidc.codefresh.io"
        } else {
            crate::forge::GITHUB
        };
        let forge = Forge::new().claim(8, Some(issuer)).claim(12, Some(source));
        assert_refused!(refused(&forge), AttestError::ForeignIssuer { .. });
    }
    let mut own_host =
        Forge::new().says("/predicate/buildDefinition/externalParameters", json!({}));
    own_host.claims = vec![
        (8, "https://oidc.git.example".to_owned()),
        (12, "https://git.example/acme/shop".to_owned()),
    ];
    own_host = own_host.says(BUILDER, json!("https://git.example/runner"));
    assert_eq!(proven(&own_host).level(), Level::L1);
}

#[test]
fn extension_twice_is_refused() {
    let mut forge = Forge::new();
    forge
        .claims
        .push((12, "https://github.com/acme/other".to_owned()));
    assert_refused!(refused(&forge), AttestError::RepeatedExtension { .. });
}

/// Of two values under one name one reader takes the first, another one the last.
#[test]
fn name_twice_in_a_statement_is_refused() {
    let other = "00".repeat(32);
    for (from, to) in [
        (
            "\"sha256\":".to_owned(),
            format!("\"sha256\":\"{other}\",\"sha256\":"),
        ),
        (
            "\"repository\":".to_owned(),
            "\"repository\":\"https://github.com/acme/other\",\"repository\":".to_owned(),
        ),
        (
            "\"id\":".to_owned(),
            "\"i\\u0064\":\"x\",\"id\":".to_owned(),
        ),
        (
            "\"predicateType\":".to_owned(),
            "\"predicateType\":\"x\",\"predicateType\":".to_owned(),
        ),
    ] {
        let forge = Forge {
            rewritten: Some((from, to)),
            ..Forge::new()
        };
        assert_refused!(refused(&forge), AttestError::Statement { .. });
        let key = countersign_testkit::pki::Key::p256("ours");
        let forge = Forge {
            signs_statement: key.clone(),
            ..forge
        };
        let pem = crate::forge::pem("PUBLIC KEY", &key.public_key_info());
        let key = PublicKey::from_pem(pem.as_bytes()).unwrap();
        let refusal = verify_with_key(&parse(&forge.envelope()), &key, &artifact()).unwrap_err();
        assert_refused!(refusal, AttestError::Statement { .. });
    }
}

#[test]
fn certificate_for_another_workflow_than_it_names_is_refused() {
    let forge = Forge::new()
        .claim(9, Some(GENERATOR))
        .says(BUILDER, json!(GENERATOR));
    assert_refused!(
        refused(&forge),
        AttestError::UnusableClaim {
            claim: Claim::SignerWorkflow,
            ..
        }
    );
}

#[test]
fn claims_that_garble_or_mislead_are_refused() {
    for (number, text, claim) in [
        (12, "git@github.com:acme/shop", Claim::Source),
        (12, "http://github.com/acme/shop", Claim::Source),
        (
            12,
            "https://github.com/acme/shop@refs/heads/main",
            Claim::Source,
        ),
        (13, "a b", Claim::Commit),
        (14, "refs/heads/\u{202e}niam", Claim::Ref),
        (18, "a\nb", Claim::Workflow),
    ] {
        match refused(&Forge::new().claim(number, Some(text))) {
            AttestError::UnusableClaim { claim: found, .. } => assert_eq!(found, claim, "{text}"),
            other => panic!("{other}"),
        }
    }
    for (pointer, text) in [
        (REPOSITORY, "git@github.com:acme/shop"),
        (BUILDER, "https://builder.example/\u{1b}[2J"),
        (BUILDER, ""),
    ] {
        let forge = Forge::new().says(pointer, json!(text));
        assert_refused!(refused(&forge), AttestError::UnusableClaim { .. });
    }
}

#[test]
fn other_artifact_is_refused() {
    let forge = Forge::new().says("/subject/0/digest/sha256", json!("00".repeat(32)));
    assert_refused!(refused(&forge), AttestError::OtherSubject { .. });
}

/// Digits of another case are another text, and another digest for who compares texts.
#[test]
fn digest_in_another_form_is_told_as_such() {
    let upper = crate::forge::hex(&crate::forge::ARTIFACT).to_uppercase();
    for (digest, value) in [
        ("sha256", upper.as_str()),
        ("sha256", "5a"),
        ("sha256", ""),
        ("sha512", &"F".repeat(128)),
    ] {
        let forge = Forge::new().says("/subject/0/digest", json!({ digest: value }));
        let refusal = refused(&forge);
        assert!(refusal.to_string().contains("lower-case"), "{refusal}");
        assert_refused!(refusal, AttestError::Statement { .. });
    }
}

#[test]
fn artifact_among_several_is_found() {
    let mut subjects = vec![json!({ "name": "a", "digest": { "sha256": "11".repeat(32) } })];
    subjects.push(Forge::new().statement["subject"][0].clone());
    let forge = Forge::new().says("/subject", json!(subjects));
    assert_eq!(proven(&forge).subject_name(), "shop.zip");
}

#[test]
fn sha512_counts_where_it_is_known() {
    let forge = Forge::new().says("/subject/0/digest", json!({ "sha512": "22".repeat(64) }));
    assert_refused!(refused(&forge), AttestError::OtherDigest { .. });
    let (bundle, trusted) = (parse(&forge.bundle()), root(&forge.root()));
    let known = artifact().with_sha512([0x22; 64]);
    assert_eq!(
        verify(&bundle, &trusted, &known, now()).unwrap().subject(),
        &known
    );
    let other = artifact().with_sha512([0x23; 64]);
    let refusal = verify(&bundle, &trusted, &other, now()).unwrap_err();
    assert_refused!(refusal, AttestError::OtherSubject { .. });
}

#[test]
fn all_known_digests_have_to_fit() {
    let both = json!({
        "sha256": crate::forge::hex(&crate::forge::ARTIFACT),
        "sha512": "22".repeat(64),
    });
    let forge = Forge::new().says("/subject/0/digest", both);
    let (bundle, trusted) = (parse(&forge.bundle()), root(&forge.root()));
    assert!(verify(&bundle, &trusted, &artifact(), now()).is_ok());
    assert!(
        verify(
            &bundle,
            &trusted,
            &artifact().with_sha512([0x22; 64]),
            now()
        )
        .is_ok()
    );
    let other: Subject = artifact().with_sha512([0x23; 64]);
    let refusal = verify(&bundle, &trusted, &other, now()).unwrap_err();
    assert_refused!(refusal, AttestError::OtherSubject { .. });
}

#[test]
fn other_digest_is_told() {
    let forge = Forge::new().says("/subject/0/digest", json!({ "gitCommit": COMMIT }));
    match refused(&forge) {
        AttestError::OtherDigest { found, .. } => assert_eq!(found, "gitCommit"),
        other => panic!("{other}"),
    }
}

#[test]
fn statement_of_another_kind_is_refused() {
    let forge = Forge::new().says("/_type", json!("https://in-toto.io/Statement/v2"));
    assert_refused!(refused(&forge), AttestError::Statement { .. });
    let forge = Forge::new().says("/subject", json!([]));
    assert_refused!(refused(&forge), AttestError::Statement { .. });
    let many = vec![Forge::new().statement["subject"][0].clone(); 1025];
    let forge = Forge::new().says("/subject", json!(many));
    assert_refused!(refused(&forge), AttestError::Statement { .. });
    let mut deep = json!(1);
    for _ in 0..40 {
        deep = json!([deep]);
    }
    let forge = Forge::new().says("/predicate/buildDefinition/externalParameters", deep);
    assert_refused!(refused(&forge), AttestError::Statement { .. });
    let forge = Forge {
        statement: json!("text"),
        ..Forge::new()
    };
    assert_refused!(refused(&forge), AttestError::Statement { .. });
    let forge = Forge::new().says(
        "/predicateType",
        json!("https://slsa.dev/verification_summary/v1"),
    );
    assert_refused!(refused(&forge), AttestError::NotProvenance { .. });
}

#[test]
fn payload_of_another_type_is_refused() {
    for entry in [Entry::Dsse, Entry::Intoto] {
        let forge = Forge {
            payload_type: "application/json".to_owned(),
            entry,
            ..Forge::new()
        };
        assert_refused!(refused(&forge), AttestError::Statement { .. });
    }
}

#[test]
fn provenance_without_its_parts_is_refused() {
    for pointer in [
        "/predicate",
        "/predicate/buildDefinition",
        "/predicate/buildDefinition/buildType",
        "/predicate/runDetails",
        "/predicate/runDetails/builder",
        BUILDER,
    ] {
        for value in [Value::Null, json!(7)] {
            let forge = Forge::new().says(pointer, value);
            assert_refused!(refused(&forge), AttestError::Predicate { .. });
        }
    }
    for pointer in ["/predicate/builder", "/predicate/buildType"] {
        let forge = Forge {
            statement: statement_v02(),
            ..Forge::new()
        };
        assert_refused!(
            refused(&forge.says(pointer, Value::Null)),
            AttestError::Predicate { .. }
        );
    }
}

#[test]
fn provenance_that_says_something_twice_is_refused() {
    let twice = json!([
        { "uri": format!("git+{SOURCE}@refs/heads/main"), "digest": { "gitCommit": COMMIT } },
        { "uri": format!("git+{SOURCE}@refs/heads/main"), "digest": { "gitCommit": "0000" } },
    ]);
    let forge = Forge::new().says("/predicate/buildDefinition/resolvedDependencies", twice);
    assert_refused!(refused(&forge), AttestError::Predicate { .. });
    let parameters = json!({
        "workflow": { "repository": SOURCE },
        "source": { "uri": "git+https://github.com/acme/other@refs/heads/main" },
    });
    let forge = Forge::new().says("/predicate/buildDefinition/externalParameters", parameters);
    assert_refused!(refused(&forge), AttestError::Predicate { .. });
    assert!(WORKFLOW.starts_with(SOURCE));
}
