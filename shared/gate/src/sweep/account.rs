//! What is told of the account as a whole: whom its code signing configurations trust, which functions
//! are outside the gate, and which parameters of the stack are weaker than their defaults.

use std::collections::BTreeSet;

use countersign_package::ProfileVersionArn;

use super::{rate_limits::RateLimits, settings::SweepWorld, signatures::Signatures};
use crate::{
    domain::{Arn, Csc, ProfileName, ProfileStatus, WeakerParameter},
    outcome::RetryableError,
    records::{
        ACCOUNT_FUNCTIONS, Drift, DriftKind, STACK_PARAMETERS, STACK_SETTINGS, SettingsPosture,
    },
};

/// How many names a page has; the posture has all.
const MAX_NAMES_TOLD: usize = 20;

/// The subject of a configuration's drift, `configurations/csc-…`.
pub(super) fn subject_of_csc(csc: &Csc) -> Option<String> {
    let id = csc.arn()?.as_str().rsplit(':').next()?;
    Some(format!("configurations/{id}"))
}

/// Looks at the publishers of a configuration.
pub(super) async fn look_at_publishers<W: SweepWorld>(
    world: &W,
    (signatures, rate_limits): (&mut Signatures, &RateLimits),
    csc: &Csc,
) -> Result<Option<Drift>, RetryableError> {
    let (Some(subject), Some(arn)) = (subject_of_csc(csc), csc.arn()) else {
        return Ok(None);
    };
    let account = Arn::parse(arn.as_str()).map_or("", |arn| arn.account);
    let mut doubts = Vec::new();
    for publisher in csc.publishers() {
        if let Some(doubt) =
            publisher_problem(world, signatures, rate_limits, publisher, account).await?
        {
            doubts.push(format!("{publisher} {doubt}"));
        }
    }
    if doubts.is_empty() {
        return Ok(None);
    }
    let doubts = doubts.join("; ");
    let message = format!("of the publishers of {arn}, {doubts}");
    let mut drift = Drift::new(
        DriftKind::PublisherQuestionable,
        subject,
        message,
        world.now(),
    );
    drift.found = Some(doubts);
    Ok(Some(drift))
}

/// What is to be asked about a publisher. Signer tells of a profile's current version alone: an older one that
/// a configuration trusts is not known to be canceled or revoked.
async fn publisher_problem<W: SweepWorld>(
    world: &W,
    signatures: &mut Signatures,
    rate_limits: &RateLimits,
    publisher: &str,
    account: &str,
) -> Result<Option<String>, RetryableError> {
    let Ok(publisher) = publisher.parse::<ProfileVersionArn>() else {
        return Ok(Some("is no version of a signing profile".to_owned()));
    };
    if publisher.account() != account {
        return Ok(Some(format!(
            "is of the account {}, where nobody here can look",
            publisher.account()
        )));
    }
    let Ok(name) = ProfileName::parse(publisher.profile_name()) else {
        return Ok(None);
    };
    let Some(profile) = signatures
        .profile(world, rate_limits, &name, account)
        .await?
    else {
        return Ok(Some("is not there".to_owned()));
    };
    if profile.version_arn != publisher {
        return Ok(None);
    }
    Ok(match profile.status {
        ProfileStatus::Active => None,
        ProfileStatus::Canceled => Some("was canceled".to_owned()),
        ProfileStatus::Revoked { effective_from } => {
            Some(format!("is revoked from {effective_from}"))
        }
    })
}

/// Functions outside the gate, in one. `told` are those that were told before.
pub(super) fn not_gated<W: SweepWorld>(
    world: &W,
    names: &BTreeSet<String>,
    told: &BTreeSet<String>,
) -> Option<Drift> {
    if names.is_empty() {
        return None;
    }
    // Those that are new come first: the others were told.
    let new = names.iter().filter(|name| !told.contains(*name));
    let old = names.iter().filter(|name| told.contains(*name));
    let first: Vec<&str> = new
        .chain(old)
        .take(MAX_NAMES_TOLD)
        .map(String::as_str)
        .collect();
    let more = names.len().saturating_sub(first.len());
    let more = if more == 0 {
        String::new()
    } else {
        format!(" and {more} more, which posture.json has")
    };
    let message = format!("{} functions: {}{more}", names.len(), first.join(", "));
    let subject = ACCOUNT_FUNCTIONS.to_owned();
    let mut drift = Drift::new(DriftKind::NotGated, subject, message, world.now());
    drift.found = Some(format!("{} functions", names.len()));
    drift.functions = names.iter().cloned().collect();
    Some(drift)
}

/// Weaker parameters, in one.
pub(super) fn weaker_parameters<W: SweepWorld>(
    world: &W,
    parameters: &[WeakerParameter],
) -> Option<Drift> {
    if parameters.is_empty() {
        return None;
    }
    let told = |parameter: &WeakerParameter| format!("{parameter}: {}", parameter.lets_through());
    let message = parameters.iter().map(told).collect::<Vec<_>>().join("; ");
    let names: Vec<&str> = parameters
        .iter()
        .map(|parameter| parameter.as_str())
        .collect();
    let subject = STACK_PARAMETERS.to_owned();
    let mut drift = Drift::new(DriftKind::WeakerParameters, subject, message, world.now());
    drift.found = Some(names.join(", "));
    Some(drift)
}

/// What of the parameters that decide what is watched and who is believed is not as the run before saw it, in one; as far as
/// it lets more past the gate. A pattern of targets may do so in any direction but to all.
pub(super) fn changed_settings<W: SweepWorld>(
    world: &W,
    before: &SettingsPosture,
    now: &SettingsPosture,
) -> Option<Drift> {
    let mut changes = Vec::new();
    for (name, before, now) in [
        (
            "TargetFunctions",
            &before.target_functions,
            &now.target_functions,
        ),
        ("TargetLayers", &before.target_layers, &now.target_layers),
    ] {
        if before != now && now != "*" {
            changes.push(format!("{name} was {before}, and is {now}"));
        }
    }
    for (name, before, now) in [
        ("PeerRoles", &before.peer_roles, &now.peer_roles),
        ("TrustRoots", &before.trust_roots, &now.trust_roots),
    ] {
        let list = |of: &[&str]| {
            if of.is_empty() {
                "nothing".to_owned()
            } else {
                of.join(", ")
            }
        };
        let added: Vec<&str> = now.difference(before).map(String::as_str).collect();
        let removed: Vec<&str> = before.difference(now).map(String::as_str).collect();
        if !added.is_empty() {
            changes.push(format!(
                "{name} has {} since, and no longer {}",
                list(&added),
                list(&removed)
            ));
        }
    }
    if changes.is_empty() {
        return None;
    }
    let changes = changes.join("; ");
    let subject = STACK_SETTINGS.to_owned();
    let mut drift = Drift::new(
        DriftKind::SettingsChanged,
        subject,
        changes.clone(),
        world.now(),
    );
    drift.found = Some(changes);
    Some(drift)
}
