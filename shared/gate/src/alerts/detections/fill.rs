//! What is filled into the steps of a page: the names that the call has, and what the records know.

use super::detection::Context;
use crate::{
    alerts::known_live::LiveUpload,
    domain::{CscArn, shell_word},
    events::unqualified,
};

/// What a step may name, with what stands there in documents, and where nothing is known.
const PLACEHOLDERS: [(&str, &str); 27] = [
    // The longest first: what is filled in may hold no other.
    (
        "{revoke}",
        "If nobody knows of it, revoke the session and the keys that made it.",
    ),
    ("{function}", "FUNCTION"),
    ("{layer}", "LAYER"),
    ("{layer_version}", "VERSION"),
    ("{layer_version_arn}", "LAYER_VERSION_ARN"),
    ("{alias}", "ALIAS"),
    ("{version}", "VERSION"),
    ("{qualifier}", ""),
    ("{csc}", "CSC_ARN"),
    ("{own_csc}", "OWN_CSC_ARN"),
    ("{profile}", "PROFILE"),
    ("{profile_version_arn}", "PROFILE_VERSION_ARN"),
    ("{job}", "JOB"),
    ("{job_arn}", "JOB_ARN"),
    ("{statement}", "STATEMENT"),
    ("{function_arn}", "FUNCTION_ARN"),
    ("{trail}", "TRAIL"),
    ("{trail_name}", "TRAIL"),
    ("{mapping}", "UUID"),
    ("{thing}", "NAME"),
    ("{live}", "LABEL"),
    ("{uploads_bucket}", "UPLOADS_BUCKET"),
    ("{records_bucket}", "RECORDS_BUCKET"),
    ("{key}", "KEY"),
    ("{at}", "TIME"),
    ("{region}", "REGION"),
    ("{stack}", "STACK"),
];

/// The step as a reader sees it who has no event: what a page fills in is left in capitals.
#[must_use]
pub fn in_capitals(step: &str) -> String {
    filled(step, |_| None)
}

fn filled(step: &str, value: impl Fn(&str) -> Option<String>) -> String {
    let mut text = step.to_owned();
    for (name, unknown) in PLACEHOLDERS {
        if text.contains(name) {
            text = text.replace(name, value(name).as_deref().unwrap_or(unknown));
        }
    }
    if let Some((_, command)) = text.split_once("countersign rollback ")
        && let Some((target, _)) = command.split_once(" --to LABEL ")
    {
        text = format!(
            "{text}. LABEL is the newest that countersign history {target} shows as deployed."
        );
    }
    text
}

impl Context<'_> {
    /// Fills in what a step names. A value that is not of the plainest letters stays a word in capitals:
    /// what is pasted into a shell must not be an attacker's.
    pub(super) fn fill(&self, step: &str, live: Option<&LiveUpload>) -> String {
        filled(step, |name| self.value(name, live))
    }

    fn value(&self, name: &str, live: Option<&LiveUpload>) -> Option<String> {
        let (call, settings) = (self.call, self.settings);
        let request = |pointer: &str| plain(call.request_text(pointer)?);
        match name {
            "{revoke}" => self.revocation(),
            "{function}" => call.function().map(String::from),
            "{layer}" => call.layer().map(String::from),
            "{layer_version}" => self.layer_version(),
            "{layer_version_arn}" => plain(call.response_text("/layerVersionArn")?),
            "{alias}" => request("/name"),
            "{version}" => plain(call.response_text("/version")?),
            "{qualifier}" => Some(format!(" --qualifier {}", plain(self.qualifier()?)?)),
            "{csc}" => request("/codeSigningConfigArn"),
            "{own_csc}" => plain(settings.csc.as_ref().map(CscArn::as_str)?),
            "{profile}" => plain(self.profile()?),
            "{profile_version_arn}" => {
                let (profile, version) = (plain(self.profile()?)?, request("/profileVersion")?);
                self.arn("signer", &format!("/signing-profiles/{profile}/{version}"))
            }
            "{job}" => plain(self.job()?),
            "{job_arn}" => self.arn("signer", &format!("/signing-jobs/{}", plain(self.job()?)?)),
            "{statement}" => request("/statementId"),
            "{function_arn}" => {
                let function = String::from(call.function()?);
                self.arn("lambda", &format!("function:{function}"))
            }
            "{trail}" => request("/name").or_else(|| request("/trailName")),
            "{trail_name}" => {
                let trail = self.value("{trail}", live)?;
                plain(trail.rsplit('/').next()?)
            }
            // In the request named as in the answer, by the SDK's word for it (grade D).
            "{mapping}" => request("/uUID").or_else(|| plain(call.response_text("/uUID")?)),
            "{thing}" => plain(&self.own_resource()?),
            "{live}" => plain(&live?.label),
            "{uploads_bucket}" => plain(&live?.uploads_bucket),
            "{records_bucket}" => plain(&settings.records_bucket),
            "{key}" => request("/key"),
            "{at}" => Some(call.at().to_string()),
            "{region}" => plain(call.region()),
            "{stack}" => plain(&settings.stack),
            _ => None,
        }
    }

    /// The job that a call names, or answers with.
    fn job(&self) -> Option<&str> {
        let named = self.call.request_text("/jobId");
        named.or_else(|| self.call.response_text("/jobId"))
    }

    /// The alias or version that a call is about, not the function as a whole.
    fn qualifier(&self) -> Option<&str> {
        let of_name = || unqualified(self.call.request_text("/functionName")?)?.1;
        self.call.request_text("/qualifier").or_else(of_name)
    }

    /// The number of the layer's version that a call made or names.
    fn layer_version(&self) -> Option<String> {
        // A part of the call's path: whether CloudTrail has it as a number or as a text, no record tells.
        let number = |value: &serde_json::Value| {
            let text = || value.as_str()?.parse::<u64>().ok();
            value
                .as_u64()
                .or_else(text)
                .map(|number| number.to_string())
        };
        let asked = self.call.request("/versionNumber").and_then(number);
        asked
            .or_else(|| self.call.response("/version").and_then(number))
            .or_else(|| {
                let arn = self.call.response_text("/layerVersionArn")?;
                let (_, version) = arn.rsplit_once(':')?;
                version.parse::<u64>().ok().map(|number| number.to_string())
            })
    }

    /// An ARN in the place of the call, if that is known.
    fn arn(&self, service: &str, resource: &str) -> Option<String> {
        let call = self.call;
        let [partition, region, account] =
            [call.partition(), call.region(), call.account()].map(plain);
        let (partition, region, account) = (partition?, region?, account?);
        Some(format!(
            "arn:{partition}:{service}:{region}:{account}:{resource}"
        ))
    }
}

/// The text, if a shell, a chat client and a mail reader make nothing of it.
pub(super) fn plain(text: &str) -> Option<String> {
    is_plain(text).then(|| text.to_owned())
}

/// Nothing that a shell, a chat client or a mail reader makes anything of: a word with no mention and no address in it.
pub(in crate::alerts) fn is_plain(text: &str) -> bool {
    const MAX_PLAIN_BYTES: usize = 200;
    text.len() <= MAX_PLAIN_BYTES
        && shell_word(text).is_some_and(|word| !word.contains(['+', '=', '@', ',']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reader_without_an_event_is_told_what_to_fill_in() {
        assert_eq!(
            in_capitals(
                "aws lambda get-policy --function-name {function}{qualifier} --region {region}"
            ),
            "aws lambda get-policy --function-name FUNCTION --region REGION"
        );
        assert_eq!(
            in_capitals("countersign rollback functions/{function} --to {live} --region {region}"),
            "countersign rollback functions/FUNCTION --to LABEL --region REGION. LABEL is the newest that \
             countersign history functions/FUNCTION shows as deployed."
        );
        assert_eq!(
            in_capitals("ignore_changes = { code }"),
            "ignore_changes = { code }"
        );
    }

    #[test]
    fn version_of_a_layer_is_filled_in_as_number_and_as_text() {
        use super::super::samples::{event, page};
        for version in [serde_json::json!(7), serde_json::json!("7")] {
            let request = serde_json::json!({"layerName": "base", "versionNumber": version,
                "statementId": "open", "principal": "*"});
            let opened = page(&event(
                "lambda",
                "AddLayerVersionPermission20181031",
                request,
            ));
            let steps = opened.next_steps.join("\n");
            assert!(steps.contains("--version-number 7 "), "{steps}");
        }
    }

    /// A name that is in no table would be printed with its braces.
    #[test]
    fn every_placeholder_of_a_step_is_known() {
        for detection in super::super::DETECTIONS {
            for step in detection.steps {
                let filled = in_capitals(step);
                assert!(!filled.contains('{'), "{}: {filled}", detection.id);
            }
        }
    }
}
