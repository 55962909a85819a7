//! Region, credentials and endpoint of one run of the command.

use std::{future::Future, pin::pin, sync::OnceLock, time::Duration};

use countersign_aws::{
    CloudTrail, Connection, DeadLetterQueues, IamPolicies, LambdaApi, Login, LoginMethod,
    RecordsBucket, SignedBucket, SignerApi, StackInspector, StsCaller, SystemClock, UploadsBucket,
};

use countersign_gate::{
    domain::Target,
    ports::{Caller as _, CallerIdentity, PortError, error_chain},
    records::RecordError,
};

use crate::{
    aws::{
        buckets::{WHICH_RECORDS_BUCKET, WHICH_UPLOADS_BUCKET},
        diagnosis::{AskedBucket, Request, explain},
    },
    io::{
        error::CliError,
        progress::{PROGRESS_AFTER, ProgressLine},
    },
};

/// A way to AWS.
pub(crate) struct Session {
    /// Of no bucket before [`Self::with_uploads`].
    pub(crate) uploads: UploadsBucket,
    /// Of no bucket before [`Self::with_records`].
    pub(crate) records: RecordsBucket,
    pub(crate) clock: SystemClock,
    connection: Connection,
    pub(crate) lambda: LambdaApi,
    pub(crate) signer: SignerApi,
    /// How the person logs in, to explain what goes wrong.
    login: Login,
    uploads_bucket: String,
    records_bucket: String,
}

/// The profile of `--profile`, and the region of `--region` or of a variable: they are of the whole process.
static CHOICE: OnceLock<Choice> = OnceLock::new();

#[derive(Debug, Default)]
struct Choice {
    profile: Option<String>,
    region: Option<String>,
}

/// Takes what every command has. Without a profile, `AWS_PROFILE` counts; without a region, the profile's.
pub(crate) fn choose(profile: Option<String>, region: Option<String>) {
    let given = |text: &String| !text.is_empty();
    let choice = Choice {
        profile: profile.filter(given),
        region: region.filter(given),
    };
    // Only main calls this, once, before anything connects.
    let _ = CHOICE.set(choice);
}

/// Runs what asks AWS. One thread is enough for one question after the other.
pub(crate) fn block_on<T>(work: impl Future<Output = Result<T, CliError>>) -> Result<T, CliError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| {
            let fix = "see whether the machine is out of memory or of open files";
            CliError::new(format!("cannot start talking to AWS: {error}"), fix)
        })?;
    runtime.block_on(work)
}

/// The same as [`block_on`], for a question that says nothing on its way: after a second, a line on the terminal says
/// what is waited for.
pub(crate) fn ask<T>(
    what: &str,
    work: impl Future<Output = Result<T, CliError>>,
) -> Result<T, CliError> {
    block_on(async {
        let line = ProgressLine::new();
        let mut since = Duration::ZERO;
        let mut work = pin!(work);
        loop {
            if let Ok(ended) = tokio::time::timeout(PROGRESS_AFTER, work.as_mut()).await {
                if !since.is_zero() {
                    line.clear();
                }
                return ended;
            }
            since = since.saturating_add(PROGRESS_AFTER);
            line.show(what, since);
        }
    })
}

impl Session {
    /// Reads the environment and the configuration files. No call is made. The session is of no stack: which buckets a command
    /// works on it says by [`Self::with_uploads`] and [`Self::with_records`].
    pub(crate) async fn connect() -> Result<Self, CliError> {
        let nothing = Choice::default();
        let choice = CHOICE.get().unwrap_or(&nothing);
        let login = Login::of_environment(choice.profile.as_deref()).await;
        if let Some(step) = login.steps.first()
            && step.method == LoginMethod::MissingProfile
        {
            let names = match choice.profile {
                Some(_) => "--profile",
                None => "AWS_PROFILE",
            };
            return Err(CliError::new(
                format!(
                    "there is no profile {:?} in the configuration files of AWS; {names} names it",
                    step.profile
                ),
                another_profile(&step.profile, &login.profiles),
            ));
        }
        let connection = Connection::with_profile(login.profile(), choice.region.as_deref()).await;
        if connection.region().is_none() {
            return Err(CliError::new(
                "it is not known which region the stack is in",
                region_fix(&login),
            ));
        }
        Ok(Self {
            uploads: UploadsBucket::new(connection.clone(), String::new()),
            records: RecordsBucket::new(connection.clone(), String::new()),
            lambda: LambdaApi::new(connection.clone()),
            signer: SignerApi::new(connection.clone()),
            clock: SystemClock,
            connection,
            login,
            uploads_bucket: String::new(),
            records_bucket: String::new(),
        })
    }

    /// The same, on this bucket of uploads, if there is one.
    pub(crate) fn with_uploads<'b>(self, bucket: impl Into<Option<&'b str>>) -> Self {
        let Some(bucket) = bucket.into() else {
            return self;
        };
        Self {
            uploads: self.uploads_in(bucket),
            uploads_bucket: bucket.to_owned(),
            ..self
        }
    }

    /// The same, on this bucket of records, if there is one.
    pub(crate) fn with_records<'b>(self, bucket: impl Into<Option<&'b str>>) -> Self {
        let Some(bucket) = bucket.into() else {
            return self;
        };
        Self {
            records: self.records_in(bucket),
            records_bucket: bucket.to_owned(),
            ..self
        }
    }

    /// The bucket that packages are uploaded to.
    pub(crate) fn uploads_bucket(&self) -> &str {
        &self.uploads_bucket
    }

    /// A look at the parts of a stack.
    pub(crate) fn stack_inspector(&self) -> StackInspector {
        StackInspector::new(self.connection.clone())
    }

    /// An uploads bucket whose name was not known before.
    pub(crate) fn uploads_in(&self, bucket: &str) -> UploadsBucket {
        UploadsBucket::new(self.connection.clone(), bucket.to_owned())
    }

    /// A signed bucket whose name was not known before.
    pub(crate) fn signed_in(&self, bucket: &str) -> SignedBucket {
        SignedBucket::new(self.connection.clone(), bucket.to_owned())
    }

    /// The records in a bucket whose name was not known before.
    pub(crate) fn records_in(&self, bucket: &str) -> RecordsBucket {
        RecordsBucket::new(self.connection.clone(), bucket.to_owned())
    }

    /// What CloudTrail recorded in the account and region.
    pub(crate) fn trail(&self) -> CloudTrail {
        CloudTrail::new(self.connection.clone())
    }

    /// The policies of the account's users, groups and roles.
    pub(crate) fn access_policies(&self) -> IamPolicies {
        IamPolicies::new(self.connection.clone())
    }

    /// Who asks.
    pub(crate) async fn caller(&self) -> Result<CallerIdentity, CliError> {
        let caller = StsCaller::new(self.connection.clone());
        caller.caller_identity().await.map_err(|error| {
            let request = Request {
                what: "cannot tell who you are".to_owned(),
                permissions: "an account that answers GetCallerIdentity, which takes no right"
                    .to_owned(),
                bucket: None,
                when_throttled: "try again in a few seconds",
            };
            explain(&request, &error, &self.login)
        })
    }

    /// What to say when they cannot be read.
    pub(crate) fn failed_policies(&self, error: &PortError) -> CliError {
        let request = Request {
            what: "cannot read the policies of the account".to_owned(),
            permissions: "iam:GetAccountAuthorizationDetails".to_owned(),
            bucket: None,
            when_throttled: "try again in a minute",
        };
        explain(&request, error, &self.login)
    }

    /// The region that is asked.
    pub(crate) fn region(&self) -> &str {
        self.connection.region().unwrap_or_default()
    }

    /// What to say when a recorded call cannot be looked up.
    pub(crate) fn failed_event_lookup(&self, event_id: &str, error: &PortError) -> CliError {
        let request = Request {
            what: format!("cannot look up the event {event_id}"),
            permissions: "cloudtrail:LookupEvents".to_owned(),
            bucket: None,
            when_throttled: "try again in a few seconds: CloudTrail takes two look-ups a second of all that there is \
                             in the account",
        };
        explain(&request, error, &self.login)
    }

    /// What to say when there is no way to the stack.
    pub(crate) fn failed_stack_look(&self, stack: &str, error: &PortError) -> CliError {
        let request = Request {
            what: format!("cannot look at the stack {stack} in {}", self.region()),
            permissions: "what policies/operator.json allows".to_owned(),
            bucket: None,
            when_throttled: "try again in a minute",
        };
        explain(&request, error, &self.login)
    }

    /// The dead-letter queues of this stack.
    pub(crate) fn dead_letters(&self, stack: &str) -> DeadLetterQueues {
        DeadLetterQueues::new(self.connection.clone(), stack.to_owned())
    }

    /// What to say when they cannot be read, or a message cannot be put back.
    pub(crate) fn failed_dead_letters(&self, stack: &str, error: &PortError) -> CliError {
        let what = format!("cannot work on the dead letters of {stack}");
        if matches!(error, PortError::Unexpected { .. }) {
            return CliError::new(
                format!("{what}: {}", error.error_chain()),
                format!(
                    "name the stack with --stack or in COUNTERSIGN_STACK, and its region in AWS_REGION: `aws sqs \
                     list-queues --queue-name-prefix {stack}-` shows its queues"
                ),
            );
        }
        let request = Request {
            what,
            permissions: format!(
                "sqs:GetQueueUrl, sqs:ReceiveMessage and sqs:ChangeMessageVisibility on {stack}-*-dead-letters, \
                 and kms:Decrypt on the stack's key; to put messages back, sqs:DeleteMessage there, \
                 sqs:SendMessage on the functions' queues, kms:GenerateDataKey, and to be one of the stack's \
                 AdministratorRoles"
            ),
            bucket: None,
            when_throttled: "try again in a minute",
        };
        explain(&request, error, &self.login)
    }

    /// What to say when the records of a target cannot be read.
    pub(crate) fn unread_records(&self, target: &Target, error: &RecordError) -> CliError {
        self.unread(&format!("the records of {target}"), error)
    }

    /// What to say when this cannot be read in the records bucket.
    pub(crate) fn unread(&self, what: &str, error: &RecordError) -> CliError {
        let bucket = &self.records_bucket;
        let what = format!("cannot read {what} in the bucket {bucket}");
        match error {
            RecordError::Port(error) => {
                let request = Request {
                    what,
                    permissions: format!(
                        "s3:ListBucket on arn:aws:s3:::{bucket}, s3:GetObject on \
                         arn:aws:s3:::{bucket}/*, and kms:Decrypt on the stack's key"
                    ),
                    bucket: Some(AskedBucket {
                        name: bucket,
                        which: WHICH_RECORDS_BUCKET,
                    }),
                    when_throttled: "try again in a minute, or with a smaller --limit",
                };
                explain(&request, error, &self.login)
            }
            RecordError::Unwritable { .. } => {
                CliError::new(error_chain(error), "report this with its text")
            }
            RecordError::Unreadable { path, .. } => CliError::new(
                format!("{what}: {}", error_chain(error)),
                format!(
                    "a newer gate may have written it, so update this command; see it with `aws s3 cp \
                     s3://{bucket}/{path} -`"
                ),
            ),
        }
    }

    /// What to say when Lambda or Signer was asked in vain, which takes this action.
    pub(crate) fn failed_lambda_call(
        &self,
        what: &str,
        action: &str,
        error: &PortError,
    ) -> CliError {
        let request = Request {
            what: format!("cannot {what}"),
            permissions: action.to_owned(),
            bucket: None,
            when_throttled: "try again in a minute: Lambda takes fifteen such calls a second of all that there is in \
                             the account",
        };
        explain(&request, error, &self.login)
    }

    /// What to say when something cannot be done with a target's uploads, which takes this action on the
    /// target's key.
    pub(crate) fn failed_upload(
        &self,
        what: &str,
        target: &Target,
        action: &str,
        error: &PortError,
    ) -> CliError {
        self.failed_object(what, &target.key(), action, error)
    }

    /// The error of a call about any other key of the uploads bucket.
    pub(crate) fn failed_object(
        &self,
        what: &str,
        key: &str,
        action: &str,
        error: &PortError,
    ) -> CliError {
        let bucket = &self.uploads_bucket;
        let request = Request {
            what: format!("cannot {what} s3://{bucket}/{key}"),
            permissions: format!(
                "{action} on arn:aws:s3:::{bucket}/{key}, with kms:GenerateDataKey and kms:Decrypt on the \
                 stack's key"
            ),
            bucket: Some(AskedBucket {
                name: bucket,
                which: WHICH_UPLOADS_BUCKET,
            }),
            when_throttled: "try again in a minute",
        };
        explain(&request, error, &self.login)
    }
}

fn region_fix(login: &Login) -> String {
    let step = login.steps.first();
    match step.map(|step| (&step.method, step.profile.as_str())) {
        Some((LoginMethod::UnreadableFiles(why), _)) => {
            format!("give --region or set AWS_REGION, or repair the configuration file: {why}")
        }
        Some((_, profile)) if profile != "default" => format!(
            "give --region or set AWS_REGION, or give the profile {profile:?} a region: `aws configure set region \
             REGION --profile {profile}`"
        ),
        _ => "give --region or set AWS_REGION, or choose a profile that has a region with AWS_PROFILE".to_owned(),
    }
}

/// Which profile may be meant instead of `wrong`.
fn another_profile(wrong: &str, profiles: &[String]) -> String {
    let nearest = profiles
        .iter()
        .map(|name| (strsim::levenshtein(wrong, name), name))
        .min()
        .filter(|(distance, _)| *distance <= MAX_TYPOS);
    match (nearest, profiles.is_empty()) {
        (Some((_, name)), _) => format!("set AWS_PROFILE={name}, if that is the one you mean"),
        (None, false) => format!("set AWS_PROFILE to one of: {}", profiles.join(", ")),
        (None, true) => format!(
            "there is no profile at all: unset AWS_PROFILE, or make one with `aws configure sso \
             --profile {wrong}` or `aws login --profile {wrong}`"
        ),
    }
}

/// Two names are taken for the same one, misspelt, up to this many letters.
const MAX_TYPOS: usize = 2;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn misspelt_profile_is_recognised() {
        let profiles = ["dev".to_owned(), "prod".to_owned()];
        assert!(another_profile("prdo", &profiles).contains("AWS_PROFILE=prod"));
        assert!(another_profile("elsewhere", &profiles).contains("one of: dev, prod"));
        assert!(another_profile("x", &[]).contains("aws login --profile x"));
    }
}
