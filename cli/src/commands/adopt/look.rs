//! What Lambda and the records say of a function that is to come under the gate.

use countersign_gate::{
    client::{AdoptionFacts, AdoptionGoal, AdoptionPlan, CodeStep, Obstacle, plan_adoption},
    domain::{ALIAS_TAG, AliasName, FunctionName, Target, sha256_base64},
    ports::{
        Adoption as _, AdoptionCandidate, CONTROL_PLANE_INTERVAL, Clock as _, CodeLocation,
        FunctionCsc, Functions as _, GET_FUNCTION_INTERVAL, PortError,
    },
    records::{RecordError, history, live},
    verdict::{check_signable, check_size},
};
use countersign_package::Limits;

use crate::aws::session::Session;

/// Waits before a call of the control plane.
pub(super) async fn pace_control_plane(session: &Session) {
    session.clock.sleep(CONTROL_PLANE_INTERVAL).await;
}

/// What was found about a function.
pub(super) enum Found {
    /// It can be done, or is.
    Plan {
        plan: AdoptionPlan,
        /// What it runs, where that is to be signed.
        package: Option<Vec<u8>>,
    },
    /// Something stands against it.
    Obstacle(Refusal),
    /// There was no answer.
    NotKnown(String),
}

/// What stands against a function, and what to do.
pub(super) struct Refusal {
    pub(super) message: String,
    pub(super) fix: String,
}

impl From<Obstacle> for Refusal {
    fn from(obstacle: Obstacle) -> Self {
        Self {
            message: obstacle.to_string(),
            fix: obstacle.fix().to_owned(),
        }
    }
}

/// Why nothing was found out.
pub(super) enum Failure {
    Port(PortError),
    Record(RecordError),
}

impl From<PortError> for Failure {
    fn from(error: PortError) -> Self {
        Self::Port(error)
    }
}

impl From<RecordError> for Failure {
    fn from(error: RecordError) -> Self {
        Self::Record(error)
    }
}

impl Failure {
    /// In a sentence.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Port(error) => error.error_chain(),
            Self::Record(error) => countersign_gate::ports::error_chain(error),
        }
    }
}

/// Looks at a function, and at its package if that is to be signed.
pub(super) async fn look(session: &Session, goal: &AdoptionGoal, name: &FunctionName) -> Found {
    match try_look(session, goal, name).await {
        Ok(found) => found,
        Err(failure) => Found::NotKnown(failure.text()),
    }
}

async fn try_look(
    session: &Session,
    goal: &AdoptionGoal,
    name: &FunctionName,
) -> Result<Found, Failure> {
    let candidate = candidate(session, name).await?;
    pace_control_plane(session).await;
    let csc = session.lambda.function_csc(name).await?;
    let target = Target::Function(name.clone());
    let live = live(&session.records, &target).await?;
    let newest = history(&session.records, &target, 1)
        .await?
        .into_iter()
        .next();
    let alias = match &candidate {
        Some(candidate) if live.is_none() => alias(session, name, candidate).await?,
        _ => None,
    };
    let facts = AdoptionFacts {
        name,
        candidate: candidate.as_ref(),
        csc: &csc,
        live: live.as_ref(),
        newest: newest.as_ref(),
        alias: alias
            .as_ref()
            .map(|(alias, code)| (alias.as_str(), code.as_str())),
    };
    let plan = match plan_adoption(goal, &facts) {
        Ok(plan) => plan,
        Err(obstacle) => return Ok(Found::Obstacle(obstacle.into())),
    };
    if plan.code != CodeStep::Sign {
        return Ok(Found::Plan {
            plan,
            package: None,
        });
    }
    let Some(candidate) = &candidate else {
        return Ok(Found::Obstacle(Obstacle::NoFunction.into()));
    };
    Ok(match package(session, candidate).await? {
        Ok(package) => Found::Plan {
            plan,
            package: Some(package),
        },
        Err(refusal) => Found::Obstacle(refusal),
    })
}

async fn candidate(
    session: &Session,
    name: &FunctionName,
) -> Result<Option<AdoptionCandidate>, PortError> {
    session.clock.sleep(GET_FUNCTION_INTERVAL).await;
    session.lambda.candidate(name).await
}

/// Whether the function still is as it was when its package was read, but for its configuration.
pub(super) async fn still_runs(
    session: &Session,
    name: &FunctionName,
    package: &[u8],
) -> Result<bool, PortError> {
    let now = candidate(session, name).await?;
    Ok(now.is_some_and(|now| now.function.code.sha256 == sha256_base64(package)))
}

/// The configuration that the function has now.
pub(super) async fn csc_now(
    session: &Session,
    name: &FunctionName,
) -> Result<FunctionCsc, PortError> {
    pace_control_plane(session).await;
    session.lambda.function_csc(name).await
}

/// The alias that the function's tag names, and the code of the version that it points at.
async fn alias(
    session: &Session,
    name: &FunctionName,
    candidate: &AdoptionCandidate,
) -> Result<Option<(String, String)>, PortError> {
    let tag = candidate.function.tags.get(ALIAS_TAG);
    let Some(alias) = tag.and_then(|tag| AliasName::parse(tag.as_str()).ok()) else {
        return Ok(None);
    };
    pace_control_plane(session).await;
    let Some(found) = session.lambda.alias(name, &alias).await? else {
        return Ok(None);
    };
    session.clock.sleep(GET_FUNCTION_INTERVAL).await;
    let version = session.lambda.version(name, &found.version).await?;
    Ok(version.map(|version| (alias.to_string(), version.code.sha256)))
}

/// The package that the function runs, as Lambda has it, or what the gate would refuse it for.
async fn package(
    session: &Session,
    candidate: &AdoptionCandidate,
) -> Result<Result<Vec<u8>, Refusal>, PortError> {
    let Some(location) = &candidate.location else {
        return Ok(Err(Obstacle::NoLocation.into()));
    };
    let package = download(session, location).await?;
    let found = sha256_base64(&package);
    let expected = &candidate.function.code.sha256;
    if found != *expected {
        return Ok(Err(Refusal {
            message: format!("its package has the SHA-256 {found}, and Lambda tells {expected}"),
            fix: "somebody may have deployed just now: run the command again".to_owned(),
        }));
    }
    let limits = Limits::default();
    let size = u64::try_from(package.len()).unwrap_or(u64::MAX);
    let checked = check_size(size, &limits).and_then(|()| check_signable(&package, &limits));
    Ok(match checked {
        Ok(()) => Ok(package),
        Err(error) => Err(Refusal {
            message: format!("{}: {}", error.code, error.message),
            fix: error.fix.to_owned(),
        }),
    })
}

async fn download(session: &Session, location: &CodeLocation) -> Result<Vec<u8>, PortError> {
    session.lambda.download(location).await
}
