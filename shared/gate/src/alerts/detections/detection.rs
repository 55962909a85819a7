//! What a detection is, what its matcher is given, and what it answers.

use crate::{
    alerts::{IncidentScope, Repetition, Severity, settings::AlertSettings},
    domain::{Arn, GateFunction},
    events::ApiCall,
};
use serde_json::Value;

/// A call that a detection looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WatchedCall {
    /// The service as in `eventSource`, without `.amazonaws.com`.
    pub service: &'static str,
    /// The name without an API version.
    pub name: &'static str,
}

/// A list of calls, by service.
macro_rules! watch {
    ($($service:literal: $($name:literal),+;)+) => {
        &[$($($crate::alerts::detections::WatchedCall { service: $service, name: $name }),+),+]
    };
}
pub(super) use watch;

/// Which answers of AWS a detection is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The call was accepted and changed something.
    Accepted,
    /// Lambda refused code for its signature.
    RefusedSignature,
    /// The caller has no right to it.
    Denied,
}

/// What can be seen in one event. Fields are named by their place in the record, with dots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventPredicate {
    /// It is this call.
    Call(&'static str),
    /// It is a call to this service.
    Service(&'static str),
    /// The field has this value.
    Is(&'static str, &'static str),
    /// The field is there and has another value.
    IsNot(&'static str, &'static str),
    /// The field, or one of a list, begins with this text.
    Begins(&'static str, &'static str),
    /// The field is there.
    Present(&'static str),
    /// The field is not there.
    Absent(&'static str),
    /// One of these holds.
    Any(&'static [EventPredicate]),
    /// The call names a function that only the gate should change.
    Function,
    /// The call names a layer that only the gate should publish.
    Layer,
    /// It names such a function or layer.
    Target,
    /// It names the stack's signing profile, or another that its functions may trust.
    Profile,
    /// It gives somebody a role of the gate.
    OwnRole,
    /// It names a part of the stack.
    OwnResource,
    /// It names the records bucket.
    Records,
    /// It names the stack itself.
    OwnStack,
    /// It names another code signing configuration than the stack's.
    OtherCsc,
}

/// One detection: a row of the table.
#[derive(Debug)]
pub struct Detection {
    /// Its name in pages, filters and documents. It never changes its meaning.
    pub id: &'static str,
    /// Its severity, unless the matcher finds a lighter or a heavier case.
    pub severity: Severity,
    /// One line; `{subject}` is what the call was about.
    pub title: &'static str,
    /// What it means.
    pub meaning: &'static str,
    /// When it is nothing to worry about.
    pub false_positives: &'static str,
    /// What to do, in order. `{function}` and the other names of `fill.rs` are filled in.
    pub steps: &'static [&'static str],
    /// The techniques and controls that it maps to.
    pub controls: &'static [&'static str],
    /// Which answers it is about.
    pub answer: Answer,
    /// Which calls it looks at.
    pub calls: &'static [&'static [WatchedCall]],
    /// What a rule that sees this one event, and neither records nor other events, can go by: all of it holds.
    pub on_one_event: &'static [EventPredicate],
    /// Finds the case, or nothing.
    pub(super) matches: fn(&Context<'_>) -> Option<Match>,
}

impl Detection {
    /// Whether it looks at this call.
    #[must_use]
    pub fn watches(&self, call: &ApiCall) -> bool {
        self.watched()
            .any(|watched| watched.service == call.service() && watched.name == call.name())
    }

    /// The calls that it looks at.
    pub fn watched(&self) -> impl Iterator<Item = &'static WatchedCall> {
        self.calls.iter().copied().flatten()
    }
}

/// What a matcher decides upon.
#[derive(Clone, Copy, Debug)]
pub(super) struct Context<'a> {
    pub(super) call: &'a ApiCall,
    pub(super) settings: &'a AlertSettings,
}

/// What a matcher found beside what its row says anyway.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Match {
    /// In place of the row's severity.
    pub(super) severity: Option<Severity>,
    /// How often it is told, when that is not once in the stack's interval.
    pub(super) repetition: Option<Repetition>,
    /// How far the thing reaches.
    pub(super) scope: IncidentScope,
    /// In place of the row's title.
    pub(super) title: Option<&'static str>,
    /// In place of the row's "may be normal".
    pub(super) false_positives: Option<&'static str>,
    /// In place of the row's steps.
    pub(super) steps: Option<&'static [&'static str]>,
    /// Sentences after the row's meaning.
    pub(super) details: Vec<String>,
    /// What it is about, when that is not the call's function, layer, configuration or profile.
    pub(super) subject: Option<String>,
}

impl Match {
    pub(super) fn severity(mut self, severity: Severity) -> Self {
        self.severity = Some(severity);
        self
    }

    pub(super) fn repetition(mut self, repetition: Repetition) -> Self {
        self.repetition = Some(repetition);
        self
    }

    pub(super) fn scope(mut self, scope: IncidentScope) -> Self {
        self.scope = scope;
        self
    }

    pub(super) fn title(mut self, title: &'static str) -> Self {
        self.title = Some(title);
        self
    }

    pub(super) fn steps(mut self, steps: &'static [&'static str]) -> Self {
        self.steps = Some(steps);
        self
    }

    pub(super) fn false_positives(mut self, sentence: &'static str) -> Self {
        self.false_positives = Some(sentence);
        self
    }

    pub(super) fn detail(mut self, sentence: impl Into<String>) -> Self {
        self.details.push(sentence.into());
        self
    }

    pub(super) fn subject(mut self, subject: impl Into<String>) -> Self {
        self.subject = Some(subject.into());
        self
    }
}

/// The step that asks for whoever made the call, and what takes their access away.
pub(super) const ASK: &str = "Ask whoever made the call. {revoke}";

/// The step that puts back what the gate deployed last to a function.
pub(super) const RESTORE_FUNCTION: &str = "Put the gate's package back: countersign rollback functions/{function} --to {live} --uploads-bucket {uploads_bucket} --records-bucket {records_bucket} --region {region}";

/// The same of a layer, whose next version it becomes.
pub(super) const RESTORE_LAYER: &str = "Publish the gate's package once more: countersign rollback layers/{layer} --to {live} --uploads-bucket {uploads_bucket} --records-bucket {records_bucket} --region {region}";

/// The step that compares what runs with what was deployed.
pub(super) const COMPARE: &str = "See which files differ from what was deployed: countersign diff functions/{function} lambda:{function} --uploads-bucket {uploads_bucket} --records-bucket {records_bucket} --region {region}";

/// The functions of the gate itself end like this.
pub(super) const OWN_FUNCTIONS: [&str; 4] = GateFunction::SUFFIXES;

/// Behind the stack's name, the names of its roles begin like this.
pub(super) const OWN_ROLES: [&str; 4] =
    ["-SignRole-", "-DeployRole-", "-AlertRole-", "-SweepRole-"];

impl Context<'_> {
    /// Whether the call is about a function that only the gate should change. A name that cannot be read
    /// counts: silence would be the worse mistake.
    pub(super) fn is_gated_function(&self) -> bool {
        let function = self.call.function();
        function.is_none_or(|name| self.settings.gates_function(&name))
    }

    /// Whether the call is about a layer that only the gate should publish.
    pub(super) fn is_gated_layer(&self) -> bool {
        let layer = self.call.layer();
        layer.is_none_or(|name| self.settings.gates_layer(&name))
    }

    /// Whether the call is about a target of the gate, of whatever kind it is.
    pub(super) fn is_gated(&self) -> bool {
        if self.call.layer().is_some() {
            self.is_gated_layer()
        } else if self.call.function().is_some() {
            self.is_gated_function()
        } else {
            true
        }
    }

    /// Whether CloudFormation made the call for somebody: AWS says so, callers cannot.
    pub(super) fn is_by_cloudformation(&self) -> bool {
        self.call.is_by_cloudformation()
    }

    /// The call's severity when CloudFormation made it: a template is at work, not a hand.
    pub(super) fn lighter_by_cloudformation(&self, finding: Match) -> Match {
        if self.is_by_cloudformation() {
            finding.severity(Severity::Warning)
        } else {
            finding
        }
    }

    /// Whether the gate's own profile was used. Without a profile to compare with, any counts.
    pub(super) fn is_own_profile(&self) -> bool {
        let named = self.profile();
        match (&self.settings.signing_profile, named) {
            (Some(own), Some(named)) => own.as_str() == named,
            _ => true,
        }
    }

    /// Whether functions of the gate may trust the profile that was used.
    pub(super) fn is_trusted_profile(&self) -> bool {
        let others = &self.settings.other_profiles;
        let is_other = |named: &str| others.iter().any(|other| other.matches(named));
        self.is_own_profile() || self.profile().is_some_and(is_other)
    }

    /// The role of the gate that the call gives to a function: by its ARN, or by a name that the stack's template
    /// gives to roles alone.
    pub(super) fn passed_role(&self) -> Option<&str> {
        let arn = self.call.request_text("/role")?;
        self.is_own_role(arn).then_some(arn)
    }

    /// Whether a role, by its ARN, is one of the gate's.
    pub(super) fn is_own_role(&self, arn: &str) -> bool {
        let name = arn.rsplit('/').next().unwrap_or(arn);
        let rest = name.strip_prefix(&self.settings.stack);
        let is_named = rest.is_some_and(|rest| OWN_ROLES.iter().any(|role| rest.starts_with(role)));
        self.settings.own_roles.has(arn) || is_named
    }

    /// The profile that a call names.
    pub(super) fn profile(&self) -> Option<&str> {
        self.call.request_text("/profileName")
    }

    /// The thing of the stack that the call is about, by its name.
    pub(super) fn own_resource(&self) -> Option<String> {
        self.own_function().or_else(|| {
            RESOURCE_NAME_POINTERS
                .iter()
                .filter(|(service, _)| *service == self.call.service())
                .flat_map(|(_, pointers)| pointers.iter())
                .filter_map(|pointer| self.call.request(pointer))
                .flat_map(texts_of)
                .map(name_of)
                .find(|name| self.settings.owns(name))
                .map(str::to_owned)
                .or_else(|| self.own_key())
        })
    }

    /// The function of the gate that the call is about.
    pub(super) fn own_function(&self) -> Option<String> {
        let name = self.call.function()?;
        let rest = name.as_str().strip_prefix(&self.settings.stack)?;
        OWN_FUNCTIONS
            .contains(&rest)
            .then(|| name.as_str().to_owned())
    }

    fn own_key(&self) -> Option<String> {
        let own = self.settings.key_arn.as_deref()?;
        let named = self.call.request_text("/keyId")?;
        let id = own.rsplit('/').next()?;
        (named == own || named == id).then(|| own.to_owned())
    }
}

/// The parameters that name things of a stack, by service; functions are found by [`ApiCall::function`]. Other parameters of the same name name other things: an alias of
/// somebody's function may be called like the stack.
pub(super) const RESOURCE_NAME_POINTERS: [(&str, &[&str]); 10] = [
    ("cloudformation", &["/stackName"]),
    ("cloudtrail", &["/name", "/trailName", "/resourceArn"]),
    ("events", &["/name", "/rule", "/eventBusName"]),
    ("iam", &["/roleName", "/policyArn"]),
    ("logs", &["/logGroupName"]),
    (
        "monitoring",
        &["/alarmName", "/alarmNames", "/muteTargets/alarmNames"],
    ),
    ("s3", &["/bucketName"]),
    ("scheduler", &["/name"]),
    ("sns", &["/topicArn", "/subscriptionArn", "/resourceArn"]),
    ("sqs", &["/queueUrl"]),
];

/// A text, or the texts of a list.
fn texts_of(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(values) => values.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

/// The name in a name, a URL of a queue, the name of a log group, or an ARN.
fn name_of(text: &str) -> &str {
    let Some(Arn { resource, .. }) = Arn::parse(text) else {
        return text.rsplit('/').next().unwrap_or(text);
    };
    // `topic`, `topic:subscription`, `stack/name/id`, `rule/name`, `log-group:/aws/lambda/name`.
    match resource.split_once('/') {
        Some(("stack", rest)) => rest.split('/').next().unwrap_or(rest),
        Some(_) => resource.rsplit('/').next().unwrap_or(resource),
        None => resource.split(':').next().unwrap_or(resource),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_is_found_in_whatever_names_a_thing() {
        for (text, name) in [
            ("gate-DeployRole-1X", "gate-DeployRole-1X"),
            (
                "https://sqs.us-east-1.amazonaws.com/111122223333/gate-sign",
                "gate-sign",
            ),
            ("/aws/lambda/gate-sign", "gate-sign"),
            (
                "arn:aws:sns:us-east-1:111122223333:gate-Topic",
                "gate-Topic",
            ),
            (
                "arn:aws:sns:us-east-1:111122223333:gate-Topic:5d1e",
                "gate-Topic",
            ),
            (
                "arn:aws:cloudformation:us-east-1:111122223333:stack/gate/5d1e",
                "gate",
            ),
            (
                "arn:aws:events:us-east-1:111122223333:rule/gate-JobRule",
                "gate-JobRule",
            ),
            (
                "arn:aws:cloudtrail:us-east-1:111122223333:trail/gate-Trail",
                "gate-Trail",
            ),
            ("arn:", "arn:"),
            ("", ""),
        ] {
            assert_eq!(name_of(text), name, "{text}");
        }
    }
}
