//! `countersign adopt`: finds the functions, looks at each, and does what is planned.

use countersign_gate::{
    client::{AdoptionGoal, audit::read_swept},
    domain::{Csc, CscArn, CscPolicy, FunctionName, GateFunction, NamePattern},
    ports::{Adoption as _, FunctionInventory as _, Functions as _, Pages},
};

use super::{
    apply::{OnItsWay, Step, apply, wait},
    args::Arguments,
    look::{Found, look, pace_control_plane},
    report::{Report, Row, render},
};
use crate::{
    aws::session::{Session, block_on},
    following::reporter::Reporter,
    io::{
        error::CliError,
        exit_status::ExitStatus,
        output::{self, Format},
    },
};

/// Uploads on their way at a time: as many as the gate signs and deploys side by side.
const MAX_ON_THEIR_WAY: usize = 5;

/// Looks, does, reports.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitStatus, CliError> {
    arguments.csc.arn()?;
    let records_bucket = arguments.records_bucket.name()?;
    let uploads_bucket = if arguments.apply && !arguments.enforce {
        Some(arguments.uploads_bucket.name()?)
    } else {
        None
    };
    // What happens on the way is for people, on standard error; JSON is the report alone.
    let reporter = Reporter::new(Format::Text);
    let report = block_on(async {
        let session = Session::connect()
            .await?
            .with_uploads(uploads_bucket)
            .with_records(records_bucket);
        adopt(&session, arguments, &reporter).await
    })?;
    match arguments.format {
        Format::Json => output::print_json(&report)?,
        Format::Text => output::print(&render(&report))?,
    }
    Ok(report.status())
}

async fn adopt(
    session: &Session,
    arguments: &Arguments,
    reporter: &Reporter,
) -> Result<Report, CliError> {
    check_configurations(session, arguments).await?;
    let gate = gate_of(session).await?;
    let goal = AdoptionGoal {
        csc: arguments.csc.arn()?.clone(),
        first: arguments.warn_csc.clone(),
        enforces: arguments.enforce,
        scope: gate.scope,
        requires_managed_tag: gate.requires_managed_tag,
    };
    let names = if arguments.all {
        all_functions(session, gate.stack.as_deref()).await?
    } else {
        arguments.targets.clone()
    };
    let mut rows = Vec::new();
    let mut waiting: Vec<OnItsWay> = Vec::new();
    for (index, name) in names.iter().enumerate() {
        let number = index.saturating_add(1);
        reporter.wait(
            &format!("{number} of {}: functions/{name}", names.len()),
            std::time::Duration::ZERO,
        );
        match one(session, arguments, &goal, name).await {
            Step::Ended(row) => rows.push(row),
            Step::Waits(upload) => waiting.push(*upload),
        }
        reporter.done();
        if waiting.len() >= MAX_ON_THEIR_WAY {
            let batch = std::mem::take(&mut waiting);
            rows.extend(wait(session, batch, arguments.timeout, reporter).await);
        }
    }
    rows.extend(wait(session, waiting, arguments.timeout, reporter).await);
    rows.sort_by(|a, b| a.target.cmp(&b.target));
    Ok(Report {
        applied: arguments.apply,
        csc: arguments.csc.arn()?.to_string(),
        warn_csc: arguments.warn_csc.as_ref().map(ToString::to_string),
        functions: rows,
    })
}

async fn one(
    session: &Session,
    arguments: &Arguments,
    goal: &AdoptionGoal,
    name: &FunctionName,
) -> Step {
    let (plan, package) = match look(session, goal, name).await {
        Found::Plan { plan, package } => (plan, package),
        Found::Obstacle(refusal) => {
            return Step::Ended(Row::new(name, super::report::State::Refused).refused(refusal));
        }
        Found::NotKnown(why) => {
            return Step::Ended(Row::new(name, super::report::State::NotKnown).not_known(why));
        }
    };
    if !arguments.apply {
        return Step::Ended(Row::planned(name, &plan));
    }
    apply(session, name, &plan, package.as_deref()).await
}

/// The configurations have to be there, and to say what they are for.
async fn check_configurations(session: &Session, arguments: &Arguments) -> Result<(), CliError> {
    let csc = configuration(session, arguments.csc.arn()?).await?;
    if arguments.enforce && csc.policy() != CscPolicy::Enforce {
        return Err(CliError::new(
            format!(
                "the code signing configuration {} says Warn",
                arguments.csc.arn()?
            ),
            "let it enforce, which turns all its functions at once: if it is the stack's, `sam deploy \
             --parameter-overrides UntrustedCode=Enforce`",
        ));
    }
    let Some(warn) = &arguments.warn_csc else {
        return Ok(());
    };
    let first = configuration(session, warn).await?;
    if first.policy() != CscPolicy::Warn {
        return Err(CliError::new(
            format!("the code signing configuration {warn} says Enforce"),
            "give one that says Warn with --warn-csc, or leave it away",
        ));
    }
    let missing = csc
        .publishers()
        .find(|publisher| !first.publishers().any(|of| of == *publisher));
    match missing {
        Some(missing) => Err(CliError::new(
            format!(
                "the code signing configuration {warn} does not list {missing}, which {} does",
                arguments.csc.arn()?
            ),
            "give both the same publishers: what the one takes, the other has to take",
        )),
        None => Ok(()),
    }
}

async fn configuration(session: &Session, arn: &CscArn) -> Result<Csc, CliError> {
    pace_control_plane(session).await;
    let found = session.lambda.csc(arn).await.map_err(|error| {
        let what = format!("read the code signing configuration {arn}");
        session.failed_lambda_call(&what, "lambda:GetCodeSigningConfig", &error)
    })?;
    found.ok_or_else(|| {
        CliError::new(
            format!("there is no code signing configuration {arn}"),
            "give the stack's output CodeSigningConfig with --csc or in COUNTERSIGN_CSC_ARN",
        )
    })
}

/// What the records and the environment of the function `sign` say of the gate.
#[derive(Default)]
struct Gate {
    /// `None` before the first run of `sweep`.
    stack: Option<String>,
    /// `None` where it is not known.
    scope: Option<NamePattern>,
    /// False where it is not known.
    requires_managed_tag: bool,
}

/// The stack whose records these are, and the functions that it may deploy to. What is not known is not judged here; the
/// gate judges it.
async fn gate_of(session: &Session) -> Result<Gate, CliError> {
    let swept = read_swept(&session.records)
        .await
        .map_err(|error| session.unread("the posture", &error))?;
    let Some(stack) = swept.map(|swept| swept.posture.stack) else {
        return Ok(Gate::default());
    };
    let sign = match FunctionName::parse(format!("{stack}-sign")) {
        Ok(sign) => session.lambda.candidate(&sign).await.ok().flatten(),
        Err(_) => None,
    };
    let environment = sign.and_then(|sign| sign.gate);
    let requires_managed_tag = environment
        .as_ref()
        .is_some_and(|environment| environment.requires_managed_tag);
    let scope =
        environment.and_then(|environment| NamePattern::parse(environment.target_functions?).ok());
    Ok(Gate {
        stack: Some(stack),
        scope,
        requires_managed_tag,
    })
}

/// All functions but those that are named as the gate's own are.
async fn all_functions(
    session: &Session,
    stack: Option<&str>,
) -> Result<Vec<FunctionName>, CliError> {
    let mut names = Vec::new();
    let mut pages = Pages::of("lambda:ListFunctions");
    while pages.has_next() {
        pace_control_plane(session).await;
        let page = session.lambda.list_functions(pages.marker()).await;
        let items = page.and_then(|page| pages.take_items(page));
        let items = items.map_err(|error| {
            session.failed_lambda_call("list the functions", "lambda:ListFunctions", &error)
        })?;
        names.extend(
            items
                .into_iter()
                .filter_map(|function| FunctionName::parse(function.name).ok()),
        );
    }
    let is_own = |name: &FunctionName| {
        let own = stack.and_then(|stack| GateFunction::named(stack, name.as_str()));
        own.is_some()
    };
    names.retain(|name| !is_own(name));
    Ok(names)
}
