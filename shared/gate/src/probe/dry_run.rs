//! Lambda's own judgement of a valid, an unsigned and an altered package, by dry runs.

use countersign_package::format::Answer;

use super::{
    facts::{DRY_ALTERED, DRY_CHANGES_NOTHING, DRY_UNSIGNED, DRY_VALID, ProbeFact},
    package::altered,
    report::{ProbedFact, judged, told},
    signing::Found,
    world::{ProbeSetup, ProbeWorld, Sent, plain_error},
};
use crate::{
    domain::{CscPolicy, FunctionName, SignedObject},
    ports::{
        CodeUpdate, Function, FunctionCsc, Functions, PortError, Records, SignedObjects,
        UpdateOptions,
    },
};

const FACTS: [ProbeFact; 4] = [DRY_VALID, DRY_UNSIGNED, DRY_ALTERED, DRY_CHANGES_NOTHING];
/// What Lambda answers to contents that were changed (grade C).
const CHANGED_CONTENTS: &str = "CodeVerificationFailedException";

pub(super) async fn facts<U, R, O, S, L, C>(
    world: &ProbeWorld<'_, U, R, O, S, L, C>,
    setup: &ProbeSetup<'_>,
    sent: &Sent,
    found: &Found,
) -> Vec<ProbedFact>
where
    R: Records,
    O: SignedObjects,
    L: Functions,
{
    let Some(name) = setup.dry_run_function else {
        let why = "no function was given for it (--dry-run-function)";
        return FACTS.map(|fact| told(fact, Answer::NotAsked, why)).into();
    };
    let all = |why: String| {
        FACTS
            .map(|fact| told(fact, Answer::Unknown, why.as_str()))
            .into()
    };
    let Ok(Some((signed, bytes))) = &found.signed else {
        return all("there is no signed package".to_owned());
    };
    let (seen, policy) = match function(world.lambda, name).await {
        Ok(Some(found)) => found,
        Ok(None) => return all("there is no such function, or it has no configuration".to_owned()),
        Err(error) => return all(plain_error(&error)),
    };
    // Nothing is changed, so that the plainest way to keep code is asked about, whatever the stack's.
    let options = UpdateOptions::default();
    let dry_run = async |object| {
        world
            .lambda
            .dry_run_update(name, object, &seen, options)
            .await
    };
    let valid = dry_run(signed).await;
    let source = SignedObject {
        bucket: sent.upload.id.bucket.clone(),
        key: sent.upload.id.key.clone(),
        version: sent.upload.id.version.clone(),
    };
    let unsigned = dry_run(&source).await;
    let mut facts = vec![accepted(DRY_VALID, valid), unsigned_fact(policy, unsigned)];
    facts.push(match put_altered(world, setup, sent, bytes).await {
        Ok(Some(object)) => {
            let answer = dry_run(&object).await;
            refused_as(DRY_ALTERED, answer, Some(CHANGED_CONTENTS))
        }
        Ok(None) => told(
            DRY_ALTERED,
            Answer::Unknown,
            "the package could not be altered",
        ),
        Err(error) => told(DRY_ALTERED, Answer::Unknown, plain_error(&error)),
    });
    facts.push(match world.lambda.function(name).await {
        Ok(Some(now)) => judged(
            DRY_CHANGES_NOTHING,
            now.revision == seen.revision && now.code == seen.code,
            "compared before and after",
        ),
        Ok(None) => told(DRY_CHANGES_NOTHING, Answer::Unknown, "the function is gone"),
        Err(error) => told(DRY_CHANGES_NOTHING, Answer::Unknown, plain_error(&error)),
    });
    facts
}

/// The function, with the policy of its configuration.
async fn function<L: Functions>(
    lambda: &L,
    name: &FunctionName,
) -> Result<Option<(Function, CscPolicy)>, PortError> {
    let Some(function) = lambda.function(name).await? else {
        return Ok(None);
    };
    let FunctionCsc::Attached(csc) = lambda.function_csc(name).await? else {
        return Ok(None);
    };
    Ok(lambda.csc(&csc).await?.map(|csc| (function, csc.policy())))
}

/// Puts the altered package beside the reports, where Lambda reads it for whoever asks.
async fn put_altered<U, R, O, S, L, C>(
    world: &ProbeWorld<'_, U, R, O, S, L, C>,
    setup: &ProbeSetup<'_>,
    sent: &Sent,
    signed: &[u8],
) -> Result<Option<SignedObject>, PortError>
where
    R: Records,
    O: SignedObjects,
{
    let Some(bytes) = altered(signed) else {
        return Ok(None);
    };
    let path = format!("doctor/altered-{}.zip", sent.upload.id.version);
    world.records.create_record(&path, &bytes).await?;
    let stored = world
        .signed
        .read_signed(setup.records_bucket, &path)
        .await?;
    Ok(stored.map(|(object, _)| object))
}

fn accepted(fact: ProbeFact, answer: Result<CodeUpdate<()>, PortError>) -> ProbedFact {
    match answer {
        Ok(CodeUpdate::Accepted(())) => judged(fact, true, "taken"),
        other => refused_as(fact, other, Some("")),
    }
}

fn unsigned_fact(policy: CscPolicy, answer: Result<CodeUpdate<()>, PortError>) -> ProbedFact {
    match policy {
        CscPolicy::Enforce => refused_as(DRY_UNSIGNED, answer, None),
        CscPolicy::Warn => {
            let why = "the function's configuration warns: it takes unsigned code";
            told(DRY_UNSIGNED, Answer::NotAsked, why)
        }
    }
}

/// Confirmed if it was refused as `exception`, or as anything without one.
fn refused_as(
    fact: ProbeFact,
    answer: Result<CodeUpdate<()>, PortError>,
    exception: Option<&str>,
) -> ProbedFact {
    match answer {
        Ok(CodeUpdate::Refused(refusal)) => {
            let is_meant = exception.is_none_or(|exception| exception == refusal.exception);
            judged(fact, is_meant, refusal.exception)
        }
        Ok(CodeUpdate::Accepted(())) => judged(fact, false, "taken"),
        Ok(CodeUpdate::RevisionChanged) => told(
            fact,
            Answer::Unknown,
            "somebody changed the function meanwhile",
        ),
        Ok(CodeUpdate::Busy) => told(
            fact,
            Answer::Unknown,
            "an update of the function is under way",
        ),
        Ok(CodeUpdate::Gone) => told(fact, Answer::Unknown, "the function is gone"),
        Err(error) => told(fact, Answer::Unknown, plain_error(&error)),
    }
}
