//! Which recorded API calls someone should hear of.
//!
//! Nothing in AWS pages on these today. What the records look like was seen, not documented (grade
//! C): so an error counts as a refusal whatever its suffix, and a signature status that is not
//! `VALID` counts as bad whatever it is called, and a call counts by its name without the API version
//! that Lambda puts behind most of its names.

use super::page::{Page, Severity};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

/// The `detail` of a CloudTrail event on the bus, as far as it is read.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TrailEvent {
    #[serde(rename = "eventID")]
    event_id: String,
    event_name: String,
    event_time: Timestamp,
    #[serde(default)]
    aws_region: String,
    #[serde(default)]
    recipient_account_id: String,
    #[serde(rename = "sourceIPAddress", default)]
    source_ip: String,
    #[serde(default)]
    error_code: Option<String>,
    #[serde(default)]
    error_message: Option<String>,
    #[serde(default)]
    user_identity: Value,
    #[serde(default)]
    request_parameters: Value,
    #[serde(default)]
    additional_event_data: Value,
}

/// What kind of call it was.
enum Kind {
    /// Lambda refused code for its signature.
    Refused,
    /// Code went live whose signature is not valid: Warn lets it.
    Untrusted { status: String },
    /// What is trusted, or whether anything is checked, was changed.
    Changed {
        severity: Severity,
        what: &'static str,
        why: &'static str,
    },
    /// Someone tried that and was denied.
    Denied,
}

impl TrailEvent {
    /// The page for this call; nothing for an ordinary one.
    pub(crate) fn page(&self, stack: &str) -> Option<Page> {
        let kind = self.kind(stack)?;
        let subject = self.subject();
        let (severity, title, text, next_steps): (_, _, _, &[&str]) = match kind {
            Kind::Refused => (
                Severity::Critical,
                format!("Lambda refused code for {subject}"),
                format!(
                    "A call past the gate tried to put code on {subject} whose signature Lambda does \
                     not accept. The old code runs on. Lambda says: {}",
                    self.error_message.as_deref().unwrap_or("nothing")
                ),
                &[
                    "Ask whoever made the call; if nobody knows of it, revoke their session and keys.",
                    "Take the right to update code away from everyone but the gate's deploy role.",
                    "If the code is meant to run, upload the unsigned package to the uploads bucket.",
                ],
            ),
            Kind::Untrusted { status } => (
                Severity::Critical,
                format!("Untrusted code went live on {subject} ({status})"),
                format!(
                    "Code was put on {subject} whose signature is {status}. Its code signing \
                     configuration only warns, so it runs now."
                ),
                &[
                    "Roll back: upload the good package to its key again, or copy an older version over the key.",
                    "Set the code signing configuration to Enforce.",
                    "Take the right to update code away from everyone but the gate's deploy role.",
                ],
            ),
            Kind::Changed {
                severity,
                what,
                why,
            } => (
                severity,
                format!("{what}: {subject}"),
                format!("{why} It was done with {}.", self.event_name),
                &[
                    "Check that the change was meant; if not, undo it.",
                    "Check what was deployed since.",
                ],
            ),
            Kind::Denied => (
                Severity::Warning,
                format!("{} was tried and denied: {subject}", self.event_name),
                "Someone without the right to tried to change what is trusted.".to_owned(),
                &["Ask whoever made the call."],
            ),
        };
        Some(Page {
            id: self.event_id.clone(),
            severity,
            title,
            text,
            next_steps: next_steps.iter().map(|step| (*step).to_owned()).collect(),
            facts: vec![
                ("Who", self.who()),
                ("From", self.source_ip.clone()),
                ("Call", self.event_name.clone()),
                (
                    "Error",
                    self.error_code.clone().unwrap_or_else(|| "none".to_owned()),
                ),
                ("When", self.event_time.to_string()),
                ("Account", self.recipient_account_id.clone()),
                ("Region", self.aws_region.clone()),
            ],
            resources: vec![subject.clone()],
            kind: self
                .error_code
                .clone()
                .unwrap_or_else(|| self.event_name.clone()),
            thread: subject,
        })
    }

    fn kind(&self, stack: &str) -> Option<Kind> {
        if let Some(error) = &self.error_code {
            return self.kind_of_error(error, stack);
        }
        // A dry run changes nothing, whoever makes it and whatever its status says. That CloudTrail
        // writes a status on a dry run at all is inferred (grade D).
        if self.is_dry_run() {
            return None;
        }
        match self
            .additional_event_data
            .get("signatureStatus")
            .and_then(Value::as_str)
        {
            Some("VALID") | None => {}
            Some(status) => {
                return Some(Kind::Untrusted {
                    status: status.to_owned(),
                });
            }
        }
        let changed = |severity, what, why| {
            Some(Kind::Changed {
                severity,
                what,
                why,
            })
        };
        match without_version(&self.event_name) {
            "DeleteFunctionCodeSigningConfig" => changed(
                Severity::Critical,
                "Code signing was taken off a function",
                "From now on Lambda takes any code for it.",
            ),
            "UpdateCodeSigningConfig" if self.warns() => changed(
                Severity::Critical,
                "A code signing configuration only warns now",
                "From now on Lambda takes unsigned and foreign code for every function under it.",
            ),
            "UpdateCodeSigningConfig" => changed(
                Severity::Warning,
                "A code signing configuration was changed",
                "Other publishers may be allowed now.",
            ),
            "PutFunctionCodeSigningConfig" => changed(
                Severity::Warning,
                "A function was put under another code signing configuration",
                "Other publishers may be allowed for it now, or it may only be warned of.",
            ),
            "DeleteCodeSigningConfig" => changed(
                Severity::Warning,
                "A code signing configuration was deleted",
                "No function was under it any more when it was.",
            ),
            "RevokeSigningProfile" => changed(
                Severity::Critical,
                "A signing profile was revoked",
                "Code that it signed is not acceptable any more from the time that was given.",
            ),
            "RevokeSignature" => changed(
                Severity::Critical,
                "A signature was revoked",
                "Code of that signing job is not acceptable any more.",
            ),
            "CancelSigningProfile" => changed(
                Severity::Warning,
                "A signing profile was canceled",
                "Nothing can be signed with it any more; what it signed stays valid.",
            ),
            "AddProfilePermission" => changed(
                Severity::Warning,
                "Others may use a signing profile",
                "They may be able to sign code that this account trusts.",
            ),
            _ => None,
        }
    }

    fn kind_of_error(&self, error: &str, stack: &str) -> Option<Kind> {
        let is_any_of = |names: &[&str]| names.iter().any(|name| error.starts_with(name));
        let is_refusal = is_any_of(&[
            "CodeVerificationFailed",
            "InvalidCodeSignature",
            "CodeSigningConfigNotFound",
        ]);
        if is_refusal {
            // The gate asks Lambda's opinion by dry run, and tells of a refusal itself.
            return (!self.is_own_dry_run(stack)).then_some(Kind::Refused);
        }
        let guards_trust = matches!(
            without_version(&self.event_name),
            "DeleteFunctionCodeSigningConfig"
                | "PutFunctionCodeSigningConfig"
                | "UpdateCodeSigningConfig"
                | "DeleteCodeSigningConfig"
                | "AddProfilePermission"
                | "RevokeSigningProfile"
                | "RevokeSignature"
                | "CancelSigningProfile"
        );
        (guards_trust && is_any_of(&["AccessDenied", "Client.UnauthorizedOperation"]))
            .then_some(Kind::Denied)
    }

    /// A dry run by this stack's `deploy`. Who makes it can be imitated; that it changes nothing cannot.
    fn is_own_dry_run(&self, stack: &str) -> bool {
        let who = self.who();
        let is_deploy = who
            .split_once(":assumed-role/")
            .and_then(|(_, role)| role.split_once('/'))
            .is_some_and(|(role, session)| {
                role.starts_with(&format!("{stack}-")) && session == format!("{stack}-deploy")
            });
        self.is_dry_run() && is_deploy
    }

    fn is_dry_run(&self) -> bool {
        let dry = self.request_parameters.get("dryRun");
        dry.and_then(Value::as_bool) == Some(true)
    }

    /// Whether the policy was set to Warn by this call.
    fn warns(&self) -> bool {
        self.request_parameters
            .pointer("/codeSigningPolicies/untrustedArtifactOnDeployment")
            .and_then(Value::as_str)
            == Some("Warn")
    }

    fn who(&self) -> String {
        ["arn", "principalId", "invokedBy", "type"]
            .iter()
            .find_map(|name| self.user_identity.get(name).and_then(Value::as_str))
            .unwrap_or("unknown")
            .to_owned()
    }

    /// What the call was about, by the most telling parameter.
    fn subject(&self) -> String {
        [
            "functionName",
            "layerName",
            "codeSigningConfigArn",
            "profileName",
            "jobId",
        ]
        .iter()
        .find_map(|name| self.request_parameters.get(name).and_then(Value::as_str))
        .unwrap_or("an unnamed resource")
        .to_owned()
    }
}

/// The name of a call without the API version behind it: the eight digits of a date, and for a later
/// edition `v` and a number.
fn without_version(name: &str) -> &str {
    let without_date = |name| -> Option<_> {
        let (call, date) = str::split_at_checked(name, name.len().checked_sub(8)?)?;
        date.bytes()
            .all(|byte| byte.is_ascii_digit())
            .then_some(call)
    };
    let without_edition = || {
        name.trim_end_matches(|character: char| character.is_ascii_digit())
            .strip_suffix('v')
    };
    without_date(name)
        .or_else(|| without_date(without_edition()?))
        .unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_api_version_is_no_part_of_a_name() {
        for (name, call) in [
            ("UpdateFunctionCode20150331v2", "UpdateFunctionCode"),
            ("PublishVersion20150331", "PublishVersion"),
            ("Call", "Call"),
            ("Call20200630", "Call"),
            ("Call20200630v12", "Call"),
            ("Curv20150331", "Curv"),
            ("CallV2", "CallV2"),
            ("Callv2", "Callv2"),
            ("Call2015033", "Call2015033"),
            ("20150331", ""),
            ("ü2015033", "ü2015033"),
            ("v2", "v2"),
            ("", ""),
        ] {
            assert_eq!(without_version(name), call, "{name}");
        }
    }

    #[test]
    fn changes_of_what_is_trusted_are_known_with_and_without_a_version() {
        for call in [
            "DeleteFunctionCodeSigningConfig",
            "PutFunctionCodeSigningConfig",
            "UpdateCodeSigningConfig",
            "DeleteCodeSigningConfig",
        ] {
            for version in ["", "20200422", "20200630", "20200630v2"] {
                for (error, is_denied) in [(None, false), (Some("AccessDenied"), true)] {
                    let event: TrailEvent = serde_json::from_value(serde_json::json!({
                        "eventID": "1",
                        "eventName": format!("{call}{version}"),
                        "eventTime": "2026-11-21T21:50:12Z",
                        "errorCode": error,
                    }))
                    .unwrap();
                    let page = event.page("countersign").unwrap();
                    assert_eq!(page.title.contains("denied"), is_denied, "{call}{version}");
                    // Whoever searches CloudTrail for it needs the name that is there.
                    assert!(page.facts.contains(&("Call", format!("{call}{version}"))));
                }
            }
        }
    }
}
