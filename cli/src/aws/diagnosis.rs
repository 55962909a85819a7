//! What an error of AWS means for the person at the keyboard, and how to fix it.

use countersign_aws::{AwsError, Login, LoginMethod, LoginStep};
use countersign_gate::ports::PortError;

use crate::io::error::CliError;

/// What the call that failed was about.
pub(crate) struct Request<'a> {
    /// What cannot be done: `cannot read the records of functions/shop in the bucket records`.
    pub(crate) what: String,
    /// What it takes, for a person who is denied it.
    pub(crate) permissions: String,
    /// The bucket that was asked; `None` where another service was.
    pub(crate) bucket: Option<AskedBucket<'a>>,
    /// What may help when AWS asks for patience.
    pub(crate) when_throttled: &'a str,
}

/// A bucket that was asked.
#[derive(Clone, Copy)]
pub(crate) struct AskedBucket<'a> {
    pub(crate) name: &'a str,
    /// How to learn the right name.
    pub(crate) which: &'a str,
}

/// What to do when nobody answers.
const NETWORK: &str = "check that AWS_REGION and AWS_ENDPOINT_URL are what they should be, and that the \
     network lets you out";

/// The error for people.
pub(crate) fn explain(request: &Request<'_>, error: &PortError, login: &Login) -> CliError {
    let what = &request.what;
    if let Some(AwsError::NoCredentials(why)) = cause(error) {
        let from = login.steps.first().map(origin).unwrap_or_default();
        // The machine's own role is only the last that is tried: where nothing names it, its silence is no news.
        let is_machines = |step: &LoginStep| step.method == LoginMethod::Nothing;
        let is_untold = login.steps.last().is_none_or(is_machines);
        let words = own_words(why).filter(|_| !is_untold);
        let reason = words.map_or_else(String::new, |words| format!(": {words}"));
        return CliError::new(
            format!("{what}: there are no credentials{from}{reason}"),
            without_credentials(login, why),
        );
    }
    CliError::new(
        format!("{what}: {}", error.error_chain()),
        fix(request, error, login),
    )
}

/// Whether the same call may well succeed in a moment.
pub(crate) fn is_passing(error: &PortError) -> bool {
    match error {
        PortError::Throttled { .. } => true,
        PortError::Unavailable { .. } => !matches!(cause(error), Some(AwsError::NoCredentials(_))),
        PortError::Denied { .. } | PortError::Unexpected { .. } | PortError::NotMade { .. } => {
            false
        }
    }
}

fn cause(error: &PortError) -> Option<&AwsError> {
    let (PortError::Throttled { source, .. }
    | PortError::Denied { source, .. }
    | PortError::Unavailable { source, .. }
    | PortError::Unexpected { source, .. }
    | PortError::NotMade { source, .. }) = error;
    source.downcast_ref()
}

/// The part of the SDK's reason that is about the way that was taken. When every way was tried in vain, it
/// lists them all, which helps nobody.
fn own_words(why: &str) -> Option<&str> {
    const PREAMBLE: &str = "an error occurred while loading credentials: ";
    let words = why.strip_prefix(PREAMBLE).unwrap_or(why);
    (!words.contains("no credentials found in chain")).then(|| words.trim_end())
}

fn fix(request: &Request<'_>, error: &PortError, login: &Login) -> String {
    let code = match cause(error) {
        Some(AwsError::Answer { code, .. }) => code.as_str(),
        _ => "",
    };
    // Errors that say more than their class:
    // <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>
    match (code, request.bucket) {
        ("NoSuchBucket" | "InvalidBucketName", Some(bucket)) => return bucket.which.to_owned(),
        ("PermanentRedirect" | "AuthorizationHeaderMalformed", Some(_)) => {
            return "set AWS_REGION to the region of the stack: the bucket is in another one"
                .to_owned();
        }
        ("ExpiredToken" | "InvalidAccessKeyId" | "InvalidToken" | "SignatureDoesNotMatch", _) => {
            return refused_credentials(login);
        }
        _ => {}
    }
    match error {
        PortError::Throttled { .. } => request.when_throttled.to_owned(),
        PortError::Denied { .. } => format!(
            "see with `aws sts get-caller-identity` who you are; it takes {}",
            request.permissions
        ),
        PortError::Unavailable { .. } => NETWORK.to_owned(),
        PortError::NotMade { .. } => "report this with its text".to_owned(),
        PortError::Unexpected { .. } => match request.bucket {
            Some(bucket) => format!(
                "see whether `aws s3 ls s3://{}/` works; if it does, report this with its text",
                bucket.name
            ),
            None => {
                "check what was given, and the region; if both are right, report this with its text"
                    .to_owned()
            }
        },
    }
}

/// Where the credentials were looked for.
fn origin(step: &LoginStep) -> String {
    let profile = &step.profile;
    match &step.method {
        LoginMethod::Container | LoginMethod::Nothing | LoginMethod::Environment => String::new(),
        LoginMethod::WebIdentity { token_file } => format!(" from the token in {token_file}"),
        _ => format!(" from the profile {profile:?}"),
    }
}

/// What to do when the SDK found none; `why` is its own reason.
fn without_credentials(login: &Login, why: &str) -> String {
    if let Some(step) = login.steps.iter().find(|step| needs_mfa(step)) {
        return format!(
            "the profile {:?} asks for the code of a device (mfa_serial), which this command cannot: hand \
             the credentials over with {}",
            step.profile,
            export(&step.profile)
        );
    }
    let is_last = |method: &LoginMethod| {
        login
            .steps
            .last()
            .is_some_and(|step| step.method == *method)
    };
    if !is_last(&LoginMethod::Nothing)
        && (why.contains("dispatch failure") || why.contains("timeout"))
    {
        return NETWORK.to_owned();
    }
    if let Some((profile, role)) = assumed_role(login)
        && why.contains("AccessDenied")
    {
        return format!(
            "the role {role} of the profile {profile:?} does not let you in: ask for sts:AssumeRole on it, \
             and for its trust policy to name you"
        );
    }
    let Some(step) = login.steps.last() else {
        return log_in(&login.profiles);
    };
    let profile = &step.profile;
    match &step.method {
        LoginMethod::Keys if why.contains("InvalidClientTokenId") => refused_credentials(login),
        LoginMethod::UnreadableFiles(why) => format!("repair the configuration file: {why}"),
        LoginMethod::MissingProfile => {
            let by = login.steps.iter().rev().nth(1);
            let by = by.map(|step| step.profile.as_str()).unwrap_or_default();
            format!(
                "the profile {by:?} names {profile:?} as its source_profile, which does not exist; {}",
                another_source(&login.profiles)
            )
        }
        LoginMethod::Sso { account, role } => {
            sso(profile, account.as_deref(), role.as_deref(), why)
        }
        LoginMethod::ConsoleSession => format!("log in: `aws login --profile {profile}`"),
        LoginMethod::Process { program } => format!(
            "run the credential_process of the profile {profile:?} ({program}) yourself: it has to end \
             with status 0 and print a JSON with Version 1, AccessKeyId and SecretAccessKey"
        ),
        LoginMethod::WebIdentity { token_file } => format!(
            "check that {token_file} holds a token that has not expired, that AWS_ROLE_ARN or the profile \
             names the role, and that the role's trust policy takes the token's issuer, audience and subject"
        ),
        LoginMethod::AssumeRole { role, .. } => format!(
            "see whether you may assume {role}: `aws sts get-caller-identity --profile {profile}`"
        ),
        LoginMethod::Keys => format!(
            "give the profile {profile:?} both aws_access_key_id and aws_secret_access_key: `aws \
             configure --profile {profile}`"
        ),
        LoginMethod::Environment | LoginMethod::Container | LoginMethod::Nothing => {
            log_in(&login.profiles)
        }
    }
}

/// The first role that is assumed, with the profile that says so.
fn assumed_role(login: &Login) -> Option<(&str, &str)> {
    login.steps.iter().find_map(|step| match &step.method {
        LoginMethod::AssumeRole { role, .. } => Some((step.profile.as_str(), role.as_str())),
        _ => None,
    })
}

fn needs_mfa(step: &LoginStep) -> bool {
    matches!(
        step.method,
        LoginMethod::AssumeRole {
            needs_mfa: true,
            ..
        }
    )
}

fn sso(profile: &str, account: Option<&str>, role: Option<&str>, why: &str) -> String {
    let (Some(account), Some(role)) = (account, role) else {
        return format!(
            "give the profile {profile:?} both sso_account_id and sso_role_name: `aws configure sso \
             --profile {profile}`"
        );
    };
    if why.contains("ForbiddenException") {
        return format!(
            "the role {role} in the account {account} is not assigned to you: ask for it, or choose \
             another profile with AWS_PROFILE"
        );
    }
    if why.contains("sso-session") || why.contains("SSO config") {
        return format!("set the profile up again: `aws configure sso --profile {profile}`");
    }
    format!("log in: `aws sso login --profile {profile}`")
}

/// What to do when AWS did not take the credentials that there are.
fn refused_credentials(login: &Login) -> String {
    let Some(step) = login.steps.last() else {
        return log_in(&login.profiles);
    };
    let profile = &step.profile;
    match &step.method {
        LoginMethod::Environment => format!(
            "the credentials come from AWS_ACCESS_KEY_ID, which goes before any profile: set new ones, as \
             with {}, or unset it and AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN",
            export("PROFILE")
        ),
        LoginMethod::Sso { .. } => format!("log in again: `aws sso login --profile {profile}`"),
        LoginMethod::ConsoleSession => format!("log in again: `aws login --profile {profile}`"),
        LoginMethod::Process { program } => {
            format!("have {program}, the credential_process of {profile:?}, give new ones")
        }
        LoginMethod::Keys => {
            format!(
                "set the keys of the profile {profile:?} anew: `aws configure --profile {profile}`"
            )
        }
        _ => {
            "get new credentials, and see with `aws sts get-caller-identity` whether AWS takes them"
                .to_owned()
        }
    }
}

fn log_in(profiles: &[String]) -> String {
    if profiles.is_empty() {
        return "make a profile with `aws configure sso` (then `aws sso login`) or with `aws login`, or set AWS_PROFILE to \
                one that is elsewhere; see \"Logging in\" in docs/cli.md"
            .to_owned();
    }
    format!(
        "log in with `aws login` or `aws sso login`, or choose a profile with --profile or AWS_PROFILE: {}",
        profiles.join(", ")
    )
}

fn another_source(profiles: &[String]) -> String {
    format!("choose one of: {}", profiles.join(", "))
}

/// How version 2 of the AWS CLI hands over what it knows.
fn export(profile: &str) -> String {
    format!("`eval \"$(aws configure export-credentials --profile {profile} --format env)\"`")
}
