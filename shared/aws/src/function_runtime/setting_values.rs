//! How the values of settings are read. Each answers with the value, or with what is wrong with the text.

use std::{fmt::Display, ops::RangeInclusive, str::FromStr, time::Duration};

use countersign_gate::{domain::Arn, ports::QuotaShare};

pub(super) fn stack_name(text: &str) -> Result<String, String> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let fits = text.len() <= 128 && text.starts_with(|c: char| c.is_ascii_alphabetic());
    checked(text, fits && text.chars().all(allowed), "a stack name")
}

pub(super) fn bucket_name(text: &str) -> Result<String, String> {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '.';
    let fits = (3..=63).contains(&text.len()) && text.chars().all(allowed);
    checked(text, fits, "a bucket name")
}

pub(super) fn event_bus(text: &str) -> Result<String, String> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "/.-_:".contains(c);
    let fits = text.len() <= 1600 && text.chars().all(allowed);
    checked(text, fits, "an event bus")
}

/// `arn:<partition>:sns:<region>:<account>:<name>`. A subscription's ARN has one part more.
pub(super) fn topic_arn(text: &str) -> Result<String, String> {
    let name = Arn::parse(text).and_then(|arn| arn.only_resource_of("sns"));
    let fits = name.is_some_and(|name| !name.is_empty());
    checked(text, fits, "the ARN of an SNS topic")
}

/// What is read by its own type, and may be left out.
pub(super) fn optional<T: FromStr<Err: Display>>(text: &str) -> Result<Option<T>, String> {
    text.parse()
        .map(Some)
        .map_err(|error: T::Err| error.to_string())
}

pub(super) fn number(text: &str, range: RangeInclusive<u32>) -> Result<u32, String> {
    let number = text.parse().ok().filter(|number| range.contains(number));
    number.ok_or_else(|| unfit(text, "a number in this range"))
}

pub(super) fn hours(text: &str, range: RangeInclusive<u32>) -> Result<Duration, String> {
    number(text, range).map(|hours| Duration::from_hours(hours.into()))
}

/// SQS counts to a thousand receives, which is half a day at the slowest pace.
const MAX_PATIENCE_SECONDS: u64 = 43_200;

pub(super) fn patience(text: &str) -> Result<Duration, String> {
    let seconds = text
        .parse()
        .ok()
        .filter(|seconds| (1..=MAX_PATIENCE_SECONDS).contains(seconds));
    seconds
        .map(Duration::from_secs)
        .ok_or_else(|| unfit(text, "a number of seconds"))
}

/// Plain characters only: it is put into each page as it is.
pub(super) fn runbook_url(text: &str) -> Result<Option<String>, String> {
    let rest = text.strip_prefix("https://").unwrap_or_default();
    let allowed = |c: char| c.is_ascii_alphanumeric() || "./_~%+?&=:-".contains(c);
    let fits = (3..=200).contains(&rest.len()) && rest.chars().all(allowed);
    checked(text, fits, "an https address of plain characters").map(Some)
}

pub(super) fn quota_share(text: &str) -> Result<QuotaShare, String> {
    let percent = text.parse().ok();
    percent
        .and_then(QuotaShare::of_percent)
        .ok_or_else(|| unfit(text, "a number of percent"))
}

pub(super) fn repeat_interval(text: &str) -> Result<Duration, String> {
    let minutes = text.parse().ok().filter(|minutes| *minutes <= 1_440);
    minutes
        .map(Duration::from_mins)
        .ok_or_else(|| unfit(text, "a number of minutes"))
}

/// `arn:<partition>:kms:<region>:<account>:key/<id>`
pub(super) fn key_arn(text: &str) -> Result<Option<String>, String> {
    let key = Arn::parse(text).and_then(|arn| arn.only_resource_of("kms"));
    let fits = key.is_some_and(|key| key.starts_with("key/"));
    checked(text, fits, "the ARN of a key").map(Some)
}

/// `https://<host>/<account>/<name>`; a local AWS may do without TLS.
pub(super) fn queue_url(text: &str) -> Result<String, String> {
    let rest = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"));
    let parts: Vec<&str> = rest.unwrap_or_default().split('/').collect();
    let allowed = |part: &&str| !part.is_empty() && !part.contains(|c: char| !c.is_ascii_graphic());
    let fits = parts.len() == 3 && parts.iter().all(allowed);
    checked(text, fits, "the URL of a queue")
}

/// One of a few words.
pub(super) fn choice<T: Copy>(text: &str, choices: &[(&str, T)]) -> Result<T, String> {
    let chosen = choices.iter().find(|(word, _)| *word == text);
    chosen
        .map(|&(_, value)| value)
        .ok_or_else(|| format!("is {text:?}"))
}

/// Takes `text` as it is when it `fits` its `kind`.
fn checked(text: &str, fits: bool, kind: &str) -> Result<String, String> {
    if fits {
        Ok(text.to_owned())
    } else {
        Err(unfit(text, kind))
    }
}

pub(super) fn unfit(text: &str, kind: &str) -> String {
    format!("{text:?} is not {kind}")
}
