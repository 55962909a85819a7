//! `countersign csc`: looks, plans, and changes where it was asked to.

use std::collections::BTreeSet;

use countersign_gate::{
    client::{CscUser, Rotation, TrustChange, compare_trust, plan_rotation, plan_trust},
    domain::{Arn, Csc, CscPolicy},
};
use countersign_package::ProfileVersionArn;

use super::{
    args::{Arguments, Common, DiffArguments, ListArguments, Question, RotateArguments},
    change::set_publishers,
    look::{configuration, doubts, users_of},
    report::{ChangeReport, DiffReport, ListReport, Listed, Side, Step},
    text,
};
use crate::{
    aws::{
        listing::{configurations, functions_of},
        session::{Session, ask},
    },
    io::{
        error::CliError,
        exit_status::ExitStatus,
        output::{self, Format},
    },
};

const BY_HAND: &str = "if this is the gate's own configuration, change the stack's parameters, too \
                       (AdditionalPublishers, SigningProfileVersionArn): the next update of the stack takes back what \
                       was changed by hand";

/// Looks, plans, changes.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitStatus, CliError> {
    match &arguments.question {
        Question::List(arguments) => list(arguments),
        Question::Diff(arguments) => diff(arguments),
        Question::Add(arguments) => {
            let change = TrustChange::Add(arguments.publisher.clone());
            apply(&arguments.common, &change, true)
        }
        Question::Remove(arguments) => {
            let change = TrustChange::Remove(arguments.publisher.clone());
            apply(&arguments.common, &change, arguments.force)
        }
        Question::Rotate(arguments) => rotate(arguments),
    }
}

fn list(arguments: &ListArguments) -> Result<ExitStatus, CliError> {
    let report = ask("asking Lambda for configurations and functions", async {
        let session = Session::connect().await?;
        let mut listed = Vec::new();
        for csc in configurations(&session).await? {
            let functions = match csc.arn() {
                Some(arn) => functions_of(&session, arn).await?,
                None => BTreeSet::new(),
            };
            listed.push(Listed {
                arn: csc.arn().map(ToString::to_string).unwrap_or_default(),
                policy: csc.policy(),
                publishers: csc.publishers().map(str::to_owned).collect(),
                functions: functions.into_iter().collect(),
            });
        }
        Ok(ListReport {
            configurations: listed,
        })
    })?;
    match arguments.format {
        Format::Json => output::print_json(&report)?,
        Format::Text => output::print(&text::list(&report))?,
    }
    Ok(ExitStatus::Success)
}

fn diff(arguments: &DiffArguments) -> Result<ExitStatus, CliError> {
    let records_bucket = arguments.records_bucket.name().ok();
    let report = ask("asking Lambda for configurations and functions", async {
        let session = Session::connect().await?.with_records(records_bucket);
        let old = configuration(&session, &arguments.old).await?;
        let new = configuration(&session, &arguments.new).await?;
        let users = users_of(&session, &arguments.old, records_bucket.is_some()).await?;
        let of = |csc: &Csc| csc.publishers().map(str::to_owned).collect::<BTreeSet<_>>();
        let (before, after) = (of(&old), of(&new));
        let (let_in, locked_out) = compare_trust(&before, &after, &users);
        Ok(DiffReport {
            added: after.difference(&before).cloned().collect(),
            removed: before.difference(&after).cloned().collect(),
            let_in,
            locked_out,
            old: Side {
                arn: arguments.old.to_string(),
                policy: old.policy(),
            },
            new: Side {
                arn: arguments.new.to_string(),
                policy: new.policy(),
            },
        })
    })?;
    match arguments.format {
        Format::Json => output::print_json(&report)?,
        Format::Text => output::print(&text::diff(&report))?,
    }
    Ok(ExitStatus::Success)
}

/// A configuration and its functions, as they were seen.
struct Seen {
    session: Session,
    csc: Csc,
    users: Vec<CscUser>,
    warnings: Vec<String>,
}

async fn see(common: &Common) -> Result<Seen, CliError> {
    // Before AWS is asked for anything.
    let arn = common.csc.arn()?;
    let records_bucket = common.records_bucket.name().ok();
    let session = Session::connect().await?.with_records(records_bucket);
    let csc = configuration(&session, arn).await?;
    let has_records = records_bucket.is_some();
    let users = users_of(&session, arn, has_records).await?;
    let mut warnings = vec![BY_HAND.to_owned()];
    if !has_records {
        warnings.push(
            "layers were not looked at: give the records bucket with --records-bucket".to_owned(),
        );
    }
    Ok(Seen {
        session,
        csc,
        users,
        warnings,
    })
}

/// One change. `may_lock_out` lets it go ahead although functions run what would not be let in again.
fn apply(
    common: &Common,
    change: &TrustChange,
    may_lock_out: bool,
) -> Result<ExitStatus, CliError> {
    let report = ask("asking Lambda for configurations and functions", async {
        let seen = see(common).await?;
        changed(common, &seen, change, may_lock_out).await
    })?;
    print(common, &report)?;
    Ok(status(&report))
}

async fn changed(
    common: &Common,
    seen: &Seen,
    change: &TrustChange,
    may_lock_out: bool,
) -> Result<ChangeReport, CliError> {
    let (step, publisher) = match change {
        TrustChange::Add(publisher) => (Step::Add, publisher),
        TrustChange::Remove(publisher) => (Step::Remove, publisher),
    };
    let mut report = ChangeReport::of(&seen.csc, step, seen.users.len());
    report.warnings = warnings(seen, step, publisher).await;
    let plan = match plan_trust(&seen.csc, change, &seen.users) {
        Ok(plan) => plan,
        Err(obstacle) => {
            report.publisher = Some(publisher.to_string());
            return Ok(report.refused(obstacle.to_string(), obstacle.fix()));
        }
    };
    let mut report = report.planned(&publisher.to_string(), &plan);
    let locks_out = !plan.locked_out.is_empty() && seen.csc.policy() == CscPolicy::Enforce;
    if locks_out && !may_lock_out {
        return Ok(report.refused(
            "functions run what it signed, and could not be rolled back to it".to_owned(),
            "have another publisher sign them first: countersign csc rotate; or remove it all the same with --force",
        ));
    }
    if common.yes {
        set_publishers(
            &seen.session,
            common.csc.arn()?,
            &seen.csc,
            &plan.publishers,
        )
        .await?;
        report.applied = true;
    }
    Ok(report)
}

/// What should be known before.
async fn warnings(seen: &Seen, step: Step, publisher: &ProfileVersionArn) -> Vec<String> {
    let mut warnings = seen.warnings.clone();
    if step != Step::Add {
        return warnings;
    }
    let csc = seen.csc.arn().map(ToString::to_string).unwrap_or_default();
    let own = Arn::parse(&csc);
    if own.map(|own| own.account) != Some(publisher.account()) {
        warnings.push(format!(
            "it is of the account {}: whoever may use it there decides what may run here",
            publisher.account()
        ));
    }
    if own.map(|own| own.region) != Some(publisher.region()) {
        warnings.push(format!("it is of the region {}", publisher.region()));
    }
    warnings.extend(doubts(&seen.session, publisher).await);
    warnings
}

fn rotate(arguments: &RotateArguments) -> Result<ExitStatus, CliError> {
    let common = &arguments.common;
    let report = ask("asking Lambda for configurations and functions", async {
        let seen = see(common).await?;
        let (from, to) = (&arguments.from, &arguments.to);
        match plan_rotation(&seen.csc, from, to, &seen.users) {
            Ok(Rotation::Add(_)) => {
                changed(common, &seen, &TrustChange::Add(to.clone()), false).await
            }
            Ok(Rotation::Remove(_)) => {
                changed(common, &seen, &TrustChange::Remove(from.clone()), false).await
            }
            Ok(Rotation::Wait(functions)) => {
                let mut report = ChangeReport::of(&seen.csc, Step::Wait, seen.users.len());
                report.waits_for = functions;
                report.warnings.clone_from(&seen.warnings);
                report.fix = Some(
                    "let the gate sign with the new profile (the stack's parameter SigningProfileVersionArn, or the \
                     tag countersign:profile), push what these run once more, and run this again"
                        .to_owned(),
                );
                Ok(report)
            }
            Ok(Rotation::Done) => Ok(ChangeReport::of(&seen.csc, Step::Done, seen.users.len())),
            Err(obstacle) => Ok(ChangeReport::of(&seen.csc, Step::Wait, seen.users.len())
                .refused(obstacle.to_string(), obstacle.fix())),
        }
    })?;
    print(common, &report)?;
    Ok(status(&report))
}

fn print(common: &Common, report: &ChangeReport) -> Result<(), CliError> {
    match common.format {
        Format::Json => output::print_json(report),
        Format::Text => output::print(&text::change(report)),
    }
}

fn status(report: &ChangeReport) -> ExitStatus {
    if report.message.is_some() {
        ExitStatus::Rejected
    } else if report.step == Step::Wait {
        ExitStatus::Inconclusive
    } else {
        ExitStatus::Success
    }
}
