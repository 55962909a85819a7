//! Region, credentials and endpoint of one run of the command.

use std::future::Future;

use countersign_aws::{Connection, Login, LoginMethod};

use crate::io::error::CliError;

/// A way to AWS.
pub(crate) struct Session {
    pub(crate) connection: Connection,
    /// How the person logs in, to explain what goes wrong.
    pub(crate) login: Login,
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

impl Session {
    /// Reads the environment and the configuration files. No call is made.
    pub(crate) async fn connect() -> Result<Self, CliError> {
        let login = Login::of_environment().await;
        if let Some(step) = login.steps.first()
            && step.method == LoginMethod::MissingProfile
        {
            return Err(CliError::new(
                format!(
                    "there is no profile {:?} in the configuration files of AWS; AWS_PROFILE names it",
                    step.profile
                ),
                another_profile(&step.profile, &login.profiles),
            ));
        }
        let connection = Connection::with_profile(login.profile()).await;
        if connection.region().is_none() {
            return Err(CliError::new(
                "it is not known which region the records are in",
                region_fix(&login),
            ));
        }
        Ok(Self { connection, login })
    }
}

fn region_fix(login: &Login) -> String {
    let step = login.steps.first();
    match step.map(|step| (&step.method, step.profile.as_str())) {
        Some((LoginMethod::UnreadableFiles(why), _)) => {
            format!("set AWS_REGION, or repair the configuration file: {why}")
        }
        Some((_, profile)) if profile != "default" => format!(
            "set AWS_REGION, or give the profile {profile:?} a region: `aws configure set region \
             REGION --profile {profile}`"
        ),
        _ => "set AWS_REGION, or choose a profile that has a region with AWS_PROFILE".to_owned(),
    }
}

/// Which profile may be meant instead of `wrong`.
fn another_profile(wrong: &str, profiles: &[String]) -> String {
    let nearest = profiles
        .iter()
        .map(|name| (distance(wrong, name), name))
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

/// Letters to insert, remove or replace to make one name of the other (Levenshtein).
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (index, a) in one.chars().enumerate() {
        let mut next = vec![index.saturating_add(1)];
        for ((b, diagonal), above) in other.iter().zip(&row).zip(row.iter().skip(1)) {
            let left = next.last().copied().unwrap_or(0);
            let replaced = diagonal.saturating_add(usize::from(a != *b));
            next.push(replaced.min(left.min(*above).saturating_add(1)));
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distance_counts_typos() {
        for (one, other, expected) in [
            ("prod", "prod", 0),
            ("prdo", "prod", 2),
            ("prd", "prod", 1),
            ("", "abc", 3),
            ("kitten", "sitting", 3),
        ] {
            assert_eq!(distance(one, other), expected, "{one} {other}");
        }
    }

    #[test]
    fn misspelt_profile_is_recognised() {
        let profiles = ["dev".to_owned(), "prod".to_owned()];
        assert!(another_profile("prdo", &profiles).contains("AWS_PROFILE=prod"));
        assert!(another_profile("elsewhere", &profiles).contains("one of: dev, prod"));
        assert!(another_profile("x", &[]).contains("aws login --profile x"));
    }
}
