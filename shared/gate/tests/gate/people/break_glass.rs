//! Breaking the glass: what it lets through, and what not.

use countersign_gate::{
    admission::Admission,
    deployment::DeploySettings,
    domain::{ReasonCode, Refusal},
    records::{Outcome, UploadState},
};

use super::{ANN, ANN_AGAIN, BEN, CEM, ORDER, attempt, by, digest, end, tell, uploaded_by, waits};
use crate::{
    happy_path::{GOOD, OTHER, change, world},
    summaries::summarized,
    world::{FUNCTION, World, run::deploy_settings},
};

pub(crate) const EMERGENCY: &str =
    r#"{"schema":1,"justification":"the shop is down","until":"2026-09-29T12:00:00Z"}"#;

pub(crate) fn allowing() -> DeploySettings {
    let mut settings = deploy_settings();
    settings.people.allows_break_glass = true;
    settings
}

/// Breaks the glass for a slot's package, and has `sign` told of it.
pub(crate) fn break_glass(world: &World, slot: usize, body: &str, principal: &str) {
    let key = format!(
        "break-glass/functions/checkout/{}.json",
        digest(world, slot)
    );
    let version = world.state_that(&key, body);
    assert!(matches!(
        tell(world, &key, version, by(principal)),
        Admission::Statement(_)
    ));
}

/// Takes the function's code signing configuration away: the stack refuses to deploy to it, and Lambda would not.
pub(crate) fn without_csc(world: &World) {
    change(world, |function| function.csc = None);
}

fn codes_of(outcome: &Outcome) -> Vec<ReasonCode> {
    let findings = outcome.findings.iter();
    findings.filter_map(|finding| finding.code).collect()
}

#[test]
fn glass_is_broken_for_what_a_policy_refuses_and_shouts() {
    let (world, settings) = (world(), allowing());
    without_csc(&world);
    break_glass(&world, GOOD, EMERGENCY, BEN);
    let job = uploaded_by(&world, FUNCTION, GOOD, ANN);
    let outcome = attempt(&world, &settings, &job).unwrap();
    assert_eq!(outcome.state, UploadState::Deployed, "{outcome:#?}");
    assert!(outcome.critical, "it pages at once");
    assert_eq!(
        codes_of(&outcome),
        [ReasonCode::NoCodeSigningConfig, ReasonCode::BreakGlassUsed]
    );
    let told = &outcome.findings[1].message;
    assert!(
        told.contains(BEN) && told.contains("the shop is down"),
        "{told}"
    );
    assert_eq!(
        summarized(&world, &outcome).unwrap(),
        None,
        "nobody says that it was verified"
    );
    let version = world.state().functions["checkout"].versions[0].clone();
    assert!(version.description.contains(" BREAK-GLASS"), "{version:?}");
}

#[test]
fn glass_that_does_not_count_lets_nothing_through() {
    let late = EMERGENCY.replace("09-29T12:00:00Z", "09-30T12:00:00Z");
    let over = EMERGENCY.replace("09-29T12:00:00Z", "09-28T12:00:00Z");
    for (body, principal, words) in [
        (EMERGENCY, ANN, "uploaded"),
        (EMERGENCY, ANN_AGAIN, "uploaded"),
        (late.as_str(), BEN, "more than 24 hours"),
        (over.as_str(), BEN, "it ended at"),
        ("{}", BEN, "no break-glass statement"),
    ] {
        let (world, settings) = (world(), allowing());
        without_csc(&world);
        break_glass(&world, GOOD, body, principal);
        let job = uploaded_by(&world, FUNCTION, GOOD, ANN);
        let outcome = attempt(&world, &settings, &job).unwrap();
        assert_eq!(outcome.state, UploadState::Rejected);
        assert_eq!(outcome.code, Some(ReasonCode::NoCodeSigningConfig));
        let found = outcome.findings.last().unwrap();
        assert_eq!(found.code, Some(ReasonCode::BreakGlassInvalid));
        assert!(found.message.contains(words), "{}", found.message);
    }
    // Nobody is on record for it, or the stack does not allow it, or it is for other bytes.
    for (is_told, settings, slot) in [
        (false, allowing(), GOOD),
        (true, deploy_settings(), GOOD),
        (true, allowing(), OTHER),
    ] {
        let world = world();
        without_csc(&world);
        if is_told {
            break_glass(&world, slot, EMERGENCY, BEN);
        } else {
            let key = format!(
                "break-glass/functions/checkout/{}.json",
                digest(&world, slot)
            );
            world.state_that(&key, EMERGENCY);
        }
        let job = uploaded_by(&world, FUNCTION, GOOD, ANN);
        assert_eq!(
            end(&world, &settings, &job),
            (UploadState::Rejected, ReasonCode::NoCodeSigningConfig)
        );
    }
}

#[test]
fn broken_glass_ends_the_wait_for_people() {
    let (world, mut settings) = (world(), allowing());
    settings.people.heeds_freezes = true;
    settings.people.required_approvals = 2;
    world.state_that("freeze/friday.json", ORDER);
    let job = uploaded_by(&world, FUNCTION, GOOD, ANN);
    waits(&world, &settings, &job);
    break_glass(&world, GOOD, EMERGENCY, CEM);
    let outcome = attempt(&world, &settings, &job).unwrap();
    assert_eq!(outcome.state, UploadState::Deployed, "{outcome:#?}");
    assert_eq!(
        codes_of(&outcome),
        [
            ReasonCode::ApprovalMissing,
            ReasonCode::Frozen,
            ReasonCode::BreakGlassUsed
        ]
    );
}

#[test]
fn glass_is_never_broken_for_what_the_package_is_or_lambda_refuses() {
    // Revoked.
    let (world, settings) = (world(), allowing());
    break_glass(&world, GOOD, EMERGENCY, BEN);
    world.state().jobs_revoked_at = Some("2026-09-28T00:00:00Z".parse().unwrap());
    let job = uploaded_by(&world, FUNCTION, GOOD, ANN);
    assert_eq!(
        end(&world, &settings, &job),
        (UploadState::Rejected, ReasonCode::JobRevoked)
    );
    // Lambda says no.
    let world = crate::happy_path::world();
    without_csc(&world);
    break_glass(&world, GOOD, EMERGENCY, BEN);
    world.state().dry_run_refuses = Some(Refusal {
        exception: "InvalidCodeSignatureException".to_owned(),
        message: "no".to_owned(),
    });
    let job = uploaded_by(&world, FUNCTION, GOOD, ANN);
    assert_eq!(
        end(&world, &settings, &job),
        (UploadState::Rejected, ReasonCode::LambdaDisagrees)
    );
    assert!(world.state().applied.is_empty());
}
