//! How a person logs in to AWS, as their environment and configuration files say: what an error message
//! needs to name the one thing that is wrong. The SDK's chain of providers tells only that none of
//! them gave credentials.

use aws_config::profile::{Profile, load};
use aws_runtime::env_config::file::EnvConfigFiles;
use aws_types::os_shim_internal::{Env, Fs};
use countersign_gate::ports::error_chain;

/// The profile that counts where none is chosen.
const DEFAULT: &str = "default";

/// How the credentials of this process are found. Knows no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login {
    /// All profiles that there are, in the alphabet's order.
    pub profiles: Vec<String>,
    /// The chosen profile; then, while a profile assumes its role with the credentials of another one, that
    /// one. Never empty.
    pub steps: Vec<LoginStep>,
}

/// A profile and what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoginStep {
    /// The profile that `AWS_PROFILE` names, `default`, or the source of the step before.
    pub profile: String,
    /// Where its credentials come from.
    pub method: LoginMethod,
}

/// A way to credentials, in the order in which the SDK looks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LoginMethod {
    /// The variables `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`.
    Environment,
    /// The configuration files cannot be read; the parser's words.
    UnreadableFiles(String),
    /// The profile that is chosen does not exist.
    MissingProfile,
    /// Keys in a file.
    Keys,
    /// IAM Identity Center: `aws sso login`.
    Sso {
        /// `sso_account_id`
        account: Option<String>,
        /// `sso_role_name`
        role: Option<String>,
    },
    /// A session of the console: `aws login`.
    ConsoleSession,
    /// A program that prints credentials.
    Process {
        /// `credential_process`, without its arguments, which may hold a secret.
        program: String,
    },
    /// A token in a file, as of a CI job with OIDC.
    WebIdentity {
        /// `web_identity_token_file`
        token_file: String,
    },
    /// A role that is assumed with the credentials of something else.
    AssumeRole {
        /// `role_arn`
        role: String,
        /// Whether the profile wants a code of a device (`mfa_serial`), for which the SDK never asks.
        needs_mfa: bool,
    },
    /// A container's credentials: `AWS_CONTAINER_CREDENTIALS_RELATIVE_URI` or `…_FULL_URI`.
    Container,
    /// Nothing of it: the machine's own role, if it has one, is the last that is tried.
    Nothing,
}

impl Login {
    /// Reads the environment and the configuration files; a profile that is given goes before the one that `AWS_PROFILE`
    /// names. No call is made.
    pub async fn of_environment(profile: Option<&str>) -> Self {
        Self::read(&Fs::real(), &Env::real(), profile).await
    }

    /// The profile that is chosen.
    #[must_use]
    pub fn profile(&self) -> &str {
        self.steps.first().map_or(DEFAULT, |step| &step.profile)
    }

    async fn read(fs: &Fs, env: &Env, profile: Option<&str>) -> Self {
        let is_set = |name: &str| env.get(name).is_ok_and(|value| !value.trim().is_empty());
        let in_environment = is_set("AWS_ACCESS_KEY_ID") && is_set("AWS_SECRET_ACCESS_KEY");
        let selected = profile.map(|profile| profile.to_owned().into());
        let files = match load(fs, env, &EnvConfigFiles::default(), selected).await {
            Ok(files) => files,
            Err(error) => {
                let method = LoginMethod::UnreadableFiles(error_chain(&error));
                return Self::of(Vec::new(), DEFAULT, method);
            }
        };
        let mut profiles: Vec<String> = files.profiles().map(str::to_owned).collect();
        profiles.sort_unstable();
        // A variable that is set to nothing is meant to be unset.
        let chosen = match files.selected_profile() {
            "" => DEFAULT,
            chosen => chosen,
        };
        if files.get_profile(chosen).is_none() && chosen != DEFAULT {
            return Self::of(profiles, chosen, LoginMethod::MissingProfile);
        }
        if in_environment {
            return Self::of(profiles, chosen, LoginMethod::Environment);
        }
        let mut steps: Vec<LoginStep> = Vec::new();
        let mut next = Some(chosen.to_owned());
        while let Some(profile) = next.take() {
            if steps.iter().any(|step| step.profile == profile) {
                break;
            }
            let method = match files.get_profile(&profile) {
                Some(found) => of_profile(found).unwrap_or_else(|| outside_of_files(env)),
                None if steps.is_empty() => outside_of_files(env),
                None => LoginMethod::MissingProfile,
            };
            if let LoginMethod::AssumeRole { .. } = method {
                let found = files.get_profile(&profile);
                next = found
                    .and_then(|found| found.get("source_profile"))
                    .map(str::to_owned);
            }
            steps.push(LoginStep { profile, method });
        }
        Self { profiles, steps }
    }

    fn of(profiles: Vec<String>, profile: &str, method: LoginMethod) -> Self {
        let profile = profile.to_owned();
        Self {
            profiles,
            steps: vec![LoginStep { profile, method }],
        }
    }
}

/// The way that a profile names. The SDK takes them in this order: `aws_config::profile::credentials`.
fn of_profile(profile: &Profile) -> Option<LoginMethod> {
    let text = |name: &str| profile.get(name).map(str::to_owned);
    if let Some(role) = text("role_arn") {
        return Some(match text("web_identity_token_file") {
            Some(token_file) => LoginMethod::WebIdentity { token_file },
            None => LoginMethod::AssumeRole {
                role,
                needs_mfa: profile.get("mfa_serial").is_some(),
            },
        });
    }
    let is_sso = ["sso_session", "sso_start_url", "sso_account_id"]
        .into_iter()
        .any(|name| profile.get(name).is_some());
    if is_sso {
        return Some(LoginMethod::Sso {
            account: text("sso_account_id"),
            role: text("sso_role_name"),
        });
    }
    if profile.get("login_session").is_some() {
        return Some(LoginMethod::ConsoleSession);
    }
    if let Some(command) = profile.get("credential_process") {
        let program = command.split_whitespace().next().unwrap_or_default();
        return Some(LoginMethod::Process {
            program: program.to_owned(),
        });
    }
    profile.get("aws_access_key_id").map(|_| LoginMethod::Keys)
}

fn outside_of_files(env: &Env) -> LoginMethod {
    if let Ok(token_file) = env.get("AWS_WEB_IDENTITY_TOKEN_FILE") {
        return LoginMethod::WebIdentity { token_file };
    }
    let container = [
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    ];
    if container.iter().any(|name| env.get(name).is_ok()) {
        return LoginMethod::Container;
    }
    LoginMethod::Nothing
}
