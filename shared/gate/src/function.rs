//! Deploying to a function.
//!
//! One round reads the function and its revision, then whether the upload is still current, then
//! judges, then updates with that revision. A change by anyone in between makes Lambda refuse the
//! update, and the next round reads and judges again.

use std::time::Duration;

use crate::{
    code::Code,
    deploy::{Case, DeployWorld, check_current, judge_on_record},
    evidence::SecondOpinion,
    finish::{Ending, Stop},
    gather::{self, Specimen},
    names::{AliasName, FunctionName},
    ports::{
        AliasMove, CodeIdentity, CodeUpdate, Function, UpdateStatus, VersionPublish,
        VersionRequest, VersionState,
    },
    proof::{Approved, Expected},
    records::{self, Deployed, Live, Schema, State, VerdictRecord},
    retry::Retry,
    settings::{DeploySettings, Examine},
    verdict::{Decision, Verdict},
};

/// The tag of a function that names the alias to move.
pub const ALIAS_TAG: &str = "countersign:alias";

/// How often a function may change under our hands before the event goes back to its queue.
const ROUNDS: u32 = 6;

/// How long a function that is being updated is waited for, and how often it is looked at: a zip
/// function takes seconds, one in a VPC more. The function `deploy` itself has 150 seconds.
const LOOKS: u32 = 40;
const BETWEEN_LOOKS: Duration = Duration::from_secs(1);

/// How a round ends when the upload does not.
enum Round {
    End(Ending),
    Again,
}

/// Brings an upload to its end on a function.
pub(crate) async fn deploy<W: DeployWorld, E: Examine>(
    world: &W,
    examiner: &E,
    settings: &DeploySettings,
    case: &mut Case,
    name: &FunctionName,
) -> Result<Ending, Stop> {
    let mut specimen = None;
    for _ in 0..ROUNDS {
        if let Round::End(ending) =
            round(world, examiner, settings, case, name, &mut specimen).await?
        {
            return Ok(ending);
        }
    }
    Err(Retry::busy(format!("the function {name} keeps changing")).into())
}

async fn round<W: DeployWorld, E: Examine>(
    world: &W,
    examiner: &E,
    settings: &DeploySettings,
    case: &mut Case,
    name: &FunctionName,
    specimen: &mut Option<Specimen>,
) -> Result<Round, Stop> {
    let function = settled(world, case, name).await?;
    // After the revision was read, and not before: what the revision guards is this answer.
    check_current(world, &case.upload).await?;
    if let Some(resumed) = approved_before(case, &function.code) {
        return complete(world, case, name, &function, resumed).await;
    }
    if settings.stack.owns(name) {
        let message = format!("{name} is a function of the gate itself");
        return Err(Ending::rejected(Code::TargetIsGate, message).into());
    }
    let alias = alias_of(&function)?;
    if let Some(alias) = &alias
        && world.alias(name, alias).await?.is_none()
    {
        let message = format!("the function {name} has no alias {alias}");
        return Err(Ending::rejected(Code::AliasTag, message).into());
    }

    let specimen = match specimen {
        Some(specimen) => specimen,
        None => specimen.insert(gather::specimen(world, examiner, case).await?),
    };
    let governance = gather::governance_of(world, name).await;
    let mut evidence = gather::evidence(world, settings, case, specimen, governance).await;
    if let Some(live) = unchanged(world, case, specimen, &function).await?
        && crate::decide::decide(&evidence).decision.accepts()
    {
        let judgement = judge_on_record(world, case, specimen, &evidence).await?;
        return keep(world, case, name, alias, live, &judgement.verdict).await;
    }
    if gather::wants_second_opinion(&evidence) {
        let opinion = world.try_code(name, &specimen.signed, &function).await;
        evidence.second_opinion = match opinion {
            Ok(CodeUpdate::Taken(())) => SecondOpinion::Takes,
            Ok(CodeUpdate::Refused(refusal)) => SecondOpinion::Refuses(refusal),
            Ok(CodeUpdate::RevisionChanged | CodeUpdate::Gone) => return Ok(Round::Again),
            Ok(CodeUpdate::Busy) => {
                world.sleep(BETWEEN_LOOKS).await;
                return Ok(Round::Again);
            }
            Err(trouble) => SecondOpinion::Unavailable(trouble.in_full()),
        };
    }
    let judgement = judge_on_record(world, case, specimen, &evidence).await?;
    match (judgement.approved, judgement.verdict.decision) {
        (Some(approved), _) => {
            update(world, case, name, &function, &approved, &judgement.verdict).await
        }
        (None, Decision::Reject) => Ok(Round::End(Ending::by_verdict(&judgement.verdict))),
        // Accepted on evidence that is enough for an opinion and not for a deployment.
        (None, _) => Err(Retry::Inconclusive {
            verdict: Box::new(judgement.verdict),
        }
        .into()),
    }
}

/// Hands the approved package to Lambda.
async fn update<W: DeployWorld>(
    world: &W,
    case: &Case,
    name: &FunctionName,
    function: &Function,
    approved: &Approved,
    verdict: &Verdict,
) -> Result<Round, Stop> {
    match world.update_code(name, approved, function).await? {
        CodeUpdate::Taken(code) => {
            let expected = approved.expected();
            check_deployed(case, &expected, &code, verdict)?;
            let resumed = Resumed {
                expected,
                verdict: verdict.clone(),
            };
            let settled = settled(world, case, name).await?;
            complete(world, case, name, &settled, resumed).await
        }
        CodeUpdate::Refused(refusal) => {
            let code = if refusal.is_about_signature() {
                Code::LambdaDisagrees
            } else {
                Code::LambdaRefused
            };
            let message = format!("{}: {}", refusal.exception, refusal.message);
            Err(Ending {
                findings: Ending::notable(verdict),
                ..Ending::rejected(code, message)
            }
            .into())
        }
        CodeUpdate::RevisionChanged | CodeUpdate::Gone => Ok(Round::Again),
        CodeUpdate::Busy => {
            world.sleep(BETWEEN_LOOKS).await;
            Ok(Round::Again)
        }
    }
}

/// What was approved and handed to Lambda, by this delivery or an earlier one.
struct Resumed {
    expected: Expected,
    verdict: Verdict,
}

/// Whether the function runs what an accepting verdict on record is about: an earlier delivery was
/// cut off after the update.
fn approved_before(case: &Case, code: &CodeIdentity) -> Option<Resumed> {
    let record = case
        .verdict
        .as_ref()
        .filter(|record| record.decision.accepts())?;
    let verdict = record.verdict.as_ref()?;
    (verdict.package.sha256 == code.sha256).then(|| Resumed {
        expected: Expected::of_record(verdict),
        verdict: verdict.clone(),
    })
}

/// After Lambda took the package: compares, publishes, moves the alias.
async fn complete<W: DeployWorld>(
    world: &W,
    case: &Case,
    name: &FunctionName,
    function: &Function,
    resumed: Resumed,
) -> Result<Round, Stop> {
    let Resumed { expected, verdict } = resumed;
    if function.code.sha256 != expected.code_sha256 {
        // Someone else's change came after ours: this upload is what should run.
        return Ok(Round::Again);
    }
    check_deployed(case, &expected, &function.code, &verdict)?;
    let mut deployed = Deployed {
        code_sha256: expected.code_sha256.clone(),
        ..Deployed::default()
    };
    if let UpdateStatus::Failed { reason } = &function.update {
        let message = format!("Lambda could not make it run: {reason}; no alias was moved");
        return Err(failed(Code::UpdateFailed, message, deployed, &verdict).into());
    }
    let version = match publish(world, case, name, &expected).await? {
        Published::Version(version) => version,
        Published::Again => return Ok(Round::Again),
        Published::Refused(code, message) => {
            return Err(failed(code, message, deployed, &verdict).into());
        }
    };
    let unfit = wait_for(world, name, &version).await?;
    deployed.version = Some(version);
    if let Some(message) = unfit {
        return Err(failed(Code::UpdateFailed, message, deployed, &verdict).into());
    }
    let deployed = point_alias(world, case, name, alias_of(function)?, deployed).await?;
    settle(world, case, expected, deployed, &verdict).await
}

enum Published {
    Version(String),
    Again,
    Refused(Code, String),
}

async fn publish<W: DeployWorld>(
    world: &W,
    case: &Case,
    name: &FunctionName,
    expected: &Expected,
) -> Result<Published, Stop> {
    let request = VersionRequest {
        function: name.clone(),
        code_sha256: expected.code_sha256.clone(),
        description: gather::description(case),
    };
    for _ in 0..LOOKS {
        return Ok(match world.publish_version(&request).await? {
            VersionPublish::Version(version) => Published::Version(version),
            VersionPublish::CodeChanged => Published::Again,
            VersionPublish::Gone => Published::Refused(
                Code::TargetNotFound,
                format!("the function {name} was deleted after the update"),
            ),
            VersionPublish::Refused(refusal) => Published::Refused(
                Code::LambdaRefused,
                format!(
                    "it runs, and no version could be published: {}: {}",
                    refusal.exception, refusal.message
                ),
            ),
            VersionPublish::Busy => {
                world.sleep(BETWEEN_LOOKS).await;
                continue;
            }
        });
    }
    Err(Retry::busy(format!("the function {name} is being updated for long")).into())
}

/// Waits until a version that was just published can be invoked. Answers with nothing, or why it never will.
///
/// Lambda publishes at once and gets ready after that, where there is a network or a snapshot to prepare. Until
/// then it refuses to invoke the version and to do other things with it.
async fn wait_for<W: DeployWorld>(
    world: &W,
    name: &FunctionName,
    version: &str,
) -> Result<Option<String>, Stop> {
    for _ in 0..LOOKS {
        match world.version(name, version).await? {
            Some(VersionState::Ready) => return Ok(None),
            Some(VersionState::Failed { reason }) => {
                let message = format!("version {version} cannot be invoked: {reason}");
                return Ok(Some(format!("{message}; no alias was moved")));
            }
            // Deleted by now, with its function or alone: the next delivery sees which.
            Some(VersionState::Pending) | None => world.sleep(BETWEEN_LOOKS).await,
        }
    }
    // The next delivery finds the version again: Lambda publishes the same code only once.
    let what = format!("version {version} of {name} is getting ready for long");
    Err(Retry::busy(what).into())
}

/// Has the alias, where there is to be one, point at the version that is live. Where that fails, the ending
/// says how far it came.
async fn point_alias<W: DeployWorld>(
    world: &W,
    case: &Case,
    name: &FunctionName,
    alias: Option<AliasName>,
    mut deployed: Deployed,
) -> Result<Deployed, Stop> {
    deployed.alias = None;
    let (Some(alias), Some(version)) = (alias, &deployed.version) else {
        return Ok(deployed);
    };
    match move_alias(world, case, name, &alias, version).await {
        Ok(()) => {
            deployed.alias = Some(alias.to_string());
            Ok(deployed)
        }
        Err(Stop::End(ending)) => Err(Ending {
            deployed: Some(deployed),
            ..*ending
        }
        .into()),
        Err(stop) => Err(stop),
    }
}

/// Moves the alias, guarded like the update: its revision first, then whether the upload is current.
async fn move_alias<W: DeployWorld>(
    world: &W,
    case: &Case,
    name: &FunctionName,
    alias: &AliasName,
    version: &str,
) -> Result<(), Stop> {
    let gone = |message| Ending::new(State::Failed, Code::AliasTag, message);
    for _ in 0..ROUNDS {
        let Some(found) = world.alias(name, alias).await? else {
            return Err(gone(format!("{name} has no alias {alias}")).into());
        };
        if found.version == version && !found.splits_traffic {
            return Ok(());
        }
        check_current(world, &case.upload).await?;
        match world
            .move_alias(name, alias, version, &found.revision)
            .await?
        {
            AliasMove::Moved => return Ok(()),
            AliasMove::RevisionChanged => {}
            AliasMove::Busy => world.sleep(BETWEEN_LOOKS).await,
            AliasMove::Gone => {
                let message =
                    format!("{name} has no alias {alias} or no version {version} any more");
                return Err(gone(message).into());
            }
        }
    }
    Err(Retry::busy(format!("the alias {alias} of {name} keeps changing")).into())
}

/// Ends an upload whose content the function runs already. The alias is another matter: it may have been
/// moved since, or only now be asked for.
async fn keep<W: DeployWorld>(
    world: &W,
    case: &Case,
    name: &FunctionName,
    alias: Option<AliasName>,
    mut live: Live,
    verdict: &Verdict,
) -> Result<Round, Stop> {
    live.deployed.unchanged = true;
    live.deployed = point_alias(world, case, name, alias, live.deployed).await?;
    Ok(Round::End(unchanged_ending(live, verdict)))
}

/// Notes what is live, and ends the upload.
async fn settle<W: DeployWorld>(
    world: &W,
    case: &Case,
    expected: Expected,
    deployed: Deployed,
    verdict: &Verdict,
) -> Result<Round, Stop> {
    note_live(world, case, expected.profile_version_arn, &deployed).await?;
    let version = deployed.version.as_deref().unwrap_or_default();
    let message = match &deployed.alias {
        Some(alias) => format!("version {version} is live, and {alias} points at it"),
        None => format!("version {version} is live"),
    };
    Ok(Round::End(deployed_ending(message, deployed, verdict)))
}

/// Writes `live.json`, by which unchanged code is recognised.
pub(crate) async fn note_live<W: DeployWorld>(
    world: &W,
    case: &Case,
    profile_version_arn: Option<String>,
    deployed: &Deployed,
) -> Result<(), Stop> {
    if let Some(source_sha256) = case.signing.received.source_sha256.clone() {
        let live = Live {
            schema: Schema,
            upload: case.upload.clone(),
            source_sha256,
            profile_version_arn,
            deployed: deployed.clone(),
        };
        records::replace(world, &live_path(case), &live).await?;
    }
    Ok(())
}

/// What the last deployment was, if it had the same content and publisher as this one.
pub(crate) async fn same_as_live<W: DeployWorld>(
    world: &W,
    case: &Case,
    specimen: &Specimen,
) -> Result<Option<Live>, Stop> {
    let live: Option<Live> = records::read(world, &live_path(case)).await?;
    let publisher = specimen
        .examined
        .proven_claims()
        .map(|c| c.profile_version().to_string());
    Ok(live.filter(|live| {
        case.signing.received.source_sha256.as_ref() == Some(&live.source_sha256)
            && publisher.is_some()
            && live.profile_version_arn == publisher
    }))
}

fn live_path(case: &Case) -> String {
    format!("{}/live.json", case.target)
}

/// Whether the function already runs this content, from an earlier upload.
async fn unchanged<W: DeployWorld>(
    world: &W,
    case: &Case,
    specimen: &Specimen,
    function: &Function,
) -> Result<Option<Live>, Stop> {
    let live = same_as_live(world, case, specimen).await?;
    Ok(live.filter(|live| {
        live.deployed.code_sha256 == function.code.sha256
            && function.update == UpdateStatus::Successful
    }))
}

/// The end of an upload whose content is live already.
pub(crate) fn unchanged_ending(live: Live, verdict: &Verdict) -> Ending {
    let mut message = format!(
        "the same code is live already, from the upload {}",
        live.upload.label()
    );
    if let Some(alias) = &live.deployed.alias {
        message = format!("{message}, and {alias} points at it");
    }
    deployed_ending(
        message,
        Deployed {
            unchanged: true,
            ..live.deployed
        },
        verdict,
    )
}

pub(crate) fn deployed_ending(message: String, deployed: Deployed, verdict: &Verdict) -> Ending {
    Ending {
        state: State::Deployed,
        code: None,
        message,
        findings: Ending::notable(verdict),
        deployed: Some(deployed),
    }
}

fn failed(code: Code, message: String, deployed: Deployed, verdict: &Verdict) -> Ending {
    Ending {
        findings: Ending::notable(verdict),
        deployed: Some(deployed),
        ..Ending::new(State::Failed, code, message)
    }
}

/// Verified bytes are deployed bytes, or someone is woken.
fn check_deployed(
    case: &Case,
    expected: &Expected,
    code: &CodeIdentity,
    verdict: &Verdict,
) -> Result<(), Stop> {
    let difference = expected
        .difference(code)
        .or_else(|| expected.job_difference(&case.job.id, code.job_arn.as_deref()));
    match difference {
        None => Ok(()),
        Some(difference) => {
            let deployed = Deployed {
                code_sha256: code.sha256.clone(),
                ..Deployed::default()
            };
            Err(failed(Code::DeployedMismatch, difference, deployed, verdict).into())
        }
    }
}

/// The function, once no update is under way.
///
/// When it is gone and an accepting verdict is on record, the update may have been taken before, by
/// this delivery or another: then the upload is not called rejected.
async fn settled<W: DeployWorld>(
    world: &W,
    case: &Case,
    name: &FunctionName,
) -> Result<Function, Stop> {
    for _ in 0..LOOKS {
        let Some(function) = world.function(name).await? else {
            let is_accepted = |record: &VerdictRecord| record.decision.accepts();
            let ending = if case.verdict.as_ref().is_some_and(is_accepted) {
                let message = format!("it was accepted, and there is no function {name} any more");
                Ending::new(State::Failed, Code::TargetNotFound, message)
            } else {
                let message = format!("there is no function {name}");
                Ending::rejected(Code::TargetNotFound, message)
            };
            return Err(ending.into());
        };
        if function.update != UpdateStatus::InProgress {
            return Ok(function);
        }
        world.sleep(BETWEEN_LOOKS).await;
    }
    Err(Retry::busy(format!("the function {name} is being updated for long")).into())
}

/// The alias that the function's tag names, if there is a tag.
fn alias_of(function: &Function) -> Result<Option<AliasName>, Stop> {
    match function
        .tags
        .get(ALIAS_TAG)
        .map(|tag| AliasName::parse(tag.as_str()))
    {
        None => Ok(None),
        Some(Ok(alias)) => Ok(Some(alias)),
        Some(Err(error)) => Err(Ending::rejected(Code::AliasTag, error.to_string()).into()),
    }
}
