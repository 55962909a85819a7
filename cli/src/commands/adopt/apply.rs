//! Does what is planned: the configuration first, then the upload, then its outcome.

use std::{collections::BTreeMap, time::Duration};

use countersign_gate::{
    client::{AdoptionPlan, CodeStep},
    domain::{CscArn, FunctionName, Target, Upload, UploadId},
    ports::{Adoption as _, CscAttachment, FunctionCsc, UploadStore as _},
    records::UploadState,
};

use super::{
    look::{Failure, Refusal, csc_now, pace_control_plane, still_runs},
    report::{Row, State},
};
use crate::{
    aws::session::Session,
    following::{
        pin::pin_stored,
        reporter::Reporter,
        watch::{Followed, watch},
    },
    io::error::CliError,
};

/// The metadata that says that this is what a function ran before it came under the gate.
const ADOPTED_METADATA: (&str, &str) = ("adopted", "what the function ran");

/// A function whose upload is on its way.
pub(super) struct OnItsWay {
    row: Row,
    followed: Followed,
}

/// How far a function came.
pub(super) enum Step {
    /// To its end.
    Ended(Row),
    /// An upload has to come to its end.
    Waits(Box<OnItsWay>),
}

/// Attaches the configuration and uploads, as far as that is planned.
pub(super) async fn apply(
    session: &Session,
    name: &FunctionName,
    plan: &AdoptionPlan,
    package: Option<&[u8]>,
) -> Step {
    let row = Row::planned(name, plan);
    if let Some(csc) = &plan.attach {
        match attach(session, name, csc).await {
            Ok(None) => {}
            Ok(Some(refusal)) => return Step::Ended(row.refused(refusal)),
            Err(failure) => return Step::Ended(row.not_known(failure.text())),
        }
    }
    match (&plan.code, package) {
        (CodeStep::Adopted, _) => Step::Ended(Row {
            state: if plan.is_done() {
                State::Adopted
            } else {
                State::Done
            },
            ..row
        }),
        (CodeStep::Follow { label }, _) => follow(name, label, row),
        (CodeStep::Sign, Some(package)) => upload(session, name, package, row).await,
        (CodeStep::Sign, None) => Step::Ended(row.not_known("its package was not read".to_owned())),
    }
}

/// Attaches the configuration; answers why not. It counts when Lambda tells that the function has it.
async fn attach(
    session: &Session,
    name: &FunctionName,
    csc: &CscArn,
) -> Result<Option<Refusal>, Failure> {
    pace_control_plane(session).await;
    let (message, fix) = match session.lambda.attach_csc(name, csc).await? {
        CscAttachment::Attached => {
            let now = csc_now(session, name).await?;
            if now == FunctionCsc::Attached(csc.clone()) {
                return Ok(None);
            }
            (
                "it has another code signing configuration again",
                "find out in CloudTrail who changes it",
            )
        }
        CscAttachment::NoFunction => ("there is no such function any more", "leave it out"),
        CscAttachment::NoCsc => (
            "there is no such code signing configuration any more",
            "check --csc and --warn-csc",
        ),
        CscAttachment::Busy => (
            "an update of it is under way",
            "run the command again in a minute",
        ),
    };
    Ok(Some(Refusal {
        message: message.to_owned(),
        fix: fix.to_owned(),
    }))
}

fn follow(name: &FunctionName, label: &str, row: Row) -> Step {
    let target = Target::Function(name.clone());
    let Some((at, version)) = Upload::parse_label(label) else {
        return Step::Ended(row.not_known(format!("{label} is no label of an upload")));
    };
    // A label says all that the records are found by.
    let id = UploadId {
        bucket: String::new(),
        key: target.key(),
        version,
    };
    let followed = Followed::new(target, Upload { id, at });
    Step::Waits(Box::new(OnItsWay { row, followed }))
}

async fn upload(session: &Session, name: &FunctionName, package: &[u8], row: Row) -> Step {
    match still_runs(session, name, package).await {
        Ok(true) => {}
        Ok(false) => {
            return Step::Ended(row.refused(Refusal {
                message: "other code was deployed to it meanwhile".to_owned(),
                fix: "run the command again".to_owned(),
            }));
        }
        Err(error) => return Step::Ended(row.not_known(error.error_chain())),
    }
    let target = Target::Function(name.clone());
    let (key, value) = ADOPTED_METADATA;
    let metadata = BTreeMap::from([(key.to_owned(), value.to_owned())]);
    let stored = session
        .uploads
        .put_upload(&target, package, &metadata)
        .await;
    let upload = match stored {
        Ok(stored) => pin_stored(session, &target, stored).await,
        Err(error) => Err(session.failed_upload("write", &target, "s3:PutObject", &error)),
    };
    match upload {
        Ok(upload) => Step::Waits(Box::new(OnItsWay {
            row,
            followed: Followed::new(target, upload),
        })),
        Err(CliError { what, fix }) => Step::Ended(Row {
            fix: Some(fix),
            ..row.not_known(what)
        }),
    }
}

/// Waits until all of them have ended, or for `timeout`. Where nobody can look any more, that is in the rows of those that
/// have not ended.
pub(super) async fn wait(
    session: &Session,
    waiting: Vec<OnItsWay>,
    timeout: Duration,
    reporter: &Reporter,
) -> Vec<Row> {
    let (rows, mut followed): (Vec<Row>, Vec<Followed>) = waiting
        .into_iter()
        .map(|on_its_way| (on_its_way.row, on_its_way.followed))
        .unzip();
    let watched = watch(session, &mut followed, timeout, reporter).await;
    let unseen = watched.err();
    let ended = rows.into_iter().zip(&followed);
    ended
        .map(|(row, followed)| ended_row(row, followed, unseen.as_ref()))
        .collect()
}

fn ended_row(row: Row, followed: &Followed, unseen: Option<&CliError>) -> Row {
    let label = followed.upload().label();
    let target = followed.target();
    let row = Row {
        upload: Some(label.clone()),
        ..row
    };
    let Some(outcome) = followed.outcome() else {
        if let Some(CliError { what, fix }) = unseen {
            return Row {
                fix: Some(fix.clone()),
                ..row.not_known(what.clone())
            };
        }
        return Row {
            state: State::Pending,
            message: Some("it has not ended in the time that there was".to_owned()),
            fix: Some(format!(
                "it goes on without you: countersign wait {target} --upload {label}"
            )),
            ..row
        };
    };
    let is_good = outcome.state == UploadState::Deployed;
    let code = outcome
        .code
        .map(|code| format!("{code}: "))
        .unwrap_or_default();
    Row {
        state: if is_good { State::Done } else { State::Failed },
        outcome: Some(outcome.state),
        message: Some(format!("{code}{}", outcome.message)),
        fix: outcome.fix.clone(),
        ..row
    }
}
