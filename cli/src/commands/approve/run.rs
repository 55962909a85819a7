//! `countersign approve`: put an approval into the uploads bucket, or take it out again.

use countersign_gate::{
    client::{ApprovalSubject, FoundApproval},
    domain::{Target, Upload},
    ports::{CallerIdentity, StatementStore as _, error_chain},
};
use jiff::Timestamp;

use super::{
    args::Arguments,
    report::{Document, Done, Report},
};
use crate::{
    aws::session::{Session, ask},
    following::approval::{ApprovalReport, Wanted, read_approvals, read_history, subject},
    io::{
        error::CliError,
        escape::escape,
        exit_status::ExitStatus,
        output::{self, Format},
    },
};

/// Finds the upload, approves or withdraws, and prints.
pub(crate) fn run(arguments: &Arguments, now: Timestamp) -> Result<ExitStatus, CliError> {
    let uploads_bucket = arguments.uploads_bucket.name()?;
    let records_bucket = arguments.records_bucket.name()?;
    let report = ask("approving", async {
        let session = Session::connect()
            .await?
            .with_uploads(uploads_bucket)
            .with_records(records_bucket);
        approve(&session, arguments, now).await
    })?;
    match arguments.format {
        Format::Json => output::print_json(&report)?,
        Format::Text => output::print(&report.render(now))?,
    }
    Ok(ExitStatus::Success)
}

async fn approve(
    session: &Session,
    arguments: &Arguments,
    now: Timestamp,
) -> Result<Report, CliError> {
    let caller = session.caller().await?;
    let uploads = read_history(session, &arguments.target).await?;
    let wanted = match (&arguments.version_id, &arguments.package) {
        (Some(version), _) => Wanted::Version(version),
        (None, Some(path)) => Wanted::Package(path),
        (None, None) => Wanted::Newest,
    };
    let subject = subject(&arguments.target, &uploads, &wanted)?;
    let asked = Asked {
        session,
        arguments,
        found: read_approvals(session, &subject).await?,
        subject,
        caller,
        now,
    };
    if arguments.withdraw {
        asked.withdraw().await
    } else {
        asked.approve().await
    }
}

struct Asked<'a> {
    session: &'a Session,
    arguments: &'a Arguments,
    subject: ApprovalSubject<'a>,
    found: Vec<FoundApproval>,
    caller: CallerIdentity,
    now: Timestamp,
}

impl Asked<'_> {
    async fn approve(self) -> Result<Report, CliError> {
        let target = self.subject.target;
        let key = self.subject.key_of(&self.caller);
        let key = key.ok_or_else(|| nobody(&self.caller))?;
        self.check_not_ended()?;
        let reason = self.arguments.reason.as_deref();
        let (subject, found, caller) = (&self.subject, &self.found, &self.caller);
        // Given before, and still counting: once more would only be another date.
        let before = ApprovalReport::new(subject, found, self.now);
        let own = self.subject.own(found, caller);
        let counts = |key: &str| {
            let mut given = before.count.approvals.iter();
            given.any(|approval| approval.key == key && approval.counts == Some(true))
        };
        let counting = own.into_iter().find(|own| counts(&own.given.key));
        if let Some(counting) = counting {
            let key = counting.given.key.clone();
            return Ok(self.report(Done::AlreadyApproved, &[key], before));
        }
        let given = FoundApproval::of_caller(caller, &key, reason, self.now);
        let after = subject.with_own(found, given);
        let after = ApprovalReport::new(subject, &after, self.now);
        let given = after.count.approvals.iter().find(|of| of.key == key);
        let why_not = given.and_then(|given| given.why_not.clone());
        let is_uploader = subject.uploader() == Some(format!("AWS:{}", caller.user_id).as_str());
        let why_not = why_not.or_else(|| is_uploader.then(|| "you uploaded it".to_owned()));
        if let Some(why) = why_not {
            return Err(would_not_count(target, &why));
        }
        if self.arguments.dry_run {
            return Ok(self.report(Done::WouldApprove, &[key], after));
        }
        self.check_named()?;
        let document = Document::new(subject, reason);
        let body = serde_json::to_vec_pretty(&document).map_err(|error| {
            CliError::new(
                format!("the approval cannot be written: {}", error_chain(&error)),
                "report this with its text",
            )
        })?;
        let put = self.session.uploads.put_statement(&key, &body).await;
        put.map_err(|error| {
            self.session
                .failed_object("put", &key, "s3:PutObject", &error)
        })?;
        Ok(self.report(Done::Approved, &[key], after))
    }

    async fn withdraw(self) -> Result<Report, CliError> {
        let own = self.subject.own(&self.found, &self.caller);
        let keys: Vec<String> = own.iter().map(|own| own.given.key.clone()).collect();
        if keys.is_empty() {
            return Err(nothing_to_withdraw(&self.subject, &self.caller));
        }
        if !self.arguments.dry_run {
            for key in &keys {
                let deleted = self.session.uploads.delete_statement(key).await;
                deleted.map_err(|error| {
                    self.session
                        .failed_object("delete", key, "s3:DeleteObject", &error)
                })?;
            }
        }
        let mut left = self.found.clone();
        left.retain(|found| !keys.contains(&found.given.key));
        let after = ApprovalReport::new(&self.subject, &left, self.now);
        let done = if self.arguments.dry_run {
            Done::WouldWithdraw
        } else {
            Done::Withdrawn
        };
        Ok(self.report(done, &keys, after))
    }

    /// What is approved has to be named: the newest may be another one than was reviewed, put there a moment ago.
    fn check_named(&self) -> Result<(), CliError> {
        let records = match (&self.arguments.version_id, &self.arguments.package) {
            (None, None) => self.subject.records,
            _ => None,
        };
        let version = records.and_then(|records| Upload::parse_label(&records.label));
        let Some((_, version)) = version else {
            return Ok(());
        };
        let target = self.subject.target;
        Err(CliError::new(
            format!(
                "nothing was approved yet: the newest upload of {target} that is meant is version {version}, with the \
                 SHA-256 {}, by {}",
                self.subject.upload,
                self.subject
                    .uploader()
                    .map_or_else(|| "nobody who is known".to_owned(), escape)
            ),
            format!(
                "if these are the bytes that you reviewed: countersign approve {target} --version-id {version}; or name the \
                 file that you reviewed with --package"
            ),
        ))
    }

    /// An upload that has ended is deployed by no approval. Of a file, it may be uploaded again.
    fn check_not_ended(&self) -> Result<(), CliError> {
        let outcome = self
            .subject
            .records
            .and_then(|records| records.outcome.as_ref());
        match outcome {
            Some(outcome) if self.arguments.package.is_none() => {
                let target = self.subject.target;
                Err(CliError::new(
                    format!(
                        "no upload of {target} is to be approved: the newest that is meant has ended as {}",
                        outcome.state.as_str()
                    ),
                    "upload the package again (countersign push); or give the file with --package, to approve it before it \
                     is uploaded",
                ))
            }
            _ => Ok(()),
        }
    }

    fn report(&self, done: Done, keys: &[String], approvals: ApprovalReport) -> Report {
        let bucket = self.session.uploads_bucket();
        Report {
            done,
            you: self.caller.user_id.clone(),
            objects: keys
                .iter()
                .map(|key| format!("s3://{bucket}/{key}"))
                .collect(),
            approvals,
        }
    }
}

fn nobody(caller: &CallerIdentity) -> CliError {
    CliError::new(
        format!(
            "an approval by {} counts for nobody: it is neither a user of IAM nor a session of a role",
            caller.arn
        ),
        "log in as a user or with a role, and not as the root user",
    )
}

fn would_not_count(target: &Target, why: &str) -> CliError {
    CliError::new(
        format!("your approval of {target} would not count: {why}"),
        format!(
            "ask another person, with another role or user than the uploader's; who approved already: countersign approvals \
             {target}"
        ),
    )
}

fn nothing_to_withdraw(subject: &ApprovalSubject<'_>, caller: &CallerIdentity) -> CliError {
    let target = subject.target;
    CliError::new(
        format!(
            "there is no approval of {target} by {} for the bytes {}",
            caller.arn, subject.upload
        ),
        format!(
            "see who approved: countersign approvals {target}; another upload is named with --version-id"
        ),
    )
}
