//! The page of a call that a detection found.

use super::{
    code_changed, csc_weakened,
    detection::{Context, Detection, Match},
    fill::is_plain,
    function_created, table, untrusted_code_live,
};
use crate::{
    alerts::{
        Page,
        formats::in_one_line,
        known_code::KnownCode,
        known_csc::KnownCsc,
        known_live::LiveUpload,
        page::{AwsLocation, IncidentScope, LATEST, Repetition},
        settings::AlertSettings,
    },
    domain::{Arn, Target},
    events::ApiCall,
};
use countersign_package::ProfileVersionArn;
use serde_json::Value;

/// What the records know of a call and what it is about.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::alerts) struct Known<'a> {
    /// Whose code it put on a function.
    pub(in crate::alerts) code: Option<&'a KnownCode>,
    /// What a code signing configuration was before.
    pub(in crate::alerts) csc: Option<&'a KnownCsc>,
    /// What the gate deployed last to its target.
    pub(in crate::alerts) live: Option<&'a LiveUpload>,
}

/// The page for this call; `None` for an ordinary one.
pub(in crate::alerts) fn page_of(
    call: &ApiCall,
    settings: &AlertSettings,
    known: Known<'_>,
) -> Option<Page> {
    let (detection, mut finding) = table::find(call, settings)?;
    let code = known.code.unwrap_or(&KnownCode::NotAsked);
    if function_created::is_as_prepared(&Context { call, settings }, code) {
        return None;
    }
    finding.details.extend(code.sentence());
    let before = known.csc.map(|csc| csc.prior_state(call, settings));
    let (sentences, step) = before
        .map(|before| (before.sentences, before.step))
        .unwrap_or_default();
    // What changed comes first: a text that is too long is cut at its end.
    finding.details.splice(0..0, sentences);
    let context = Context { call, settings };
    Some(Page {
        code_class: context.code_class(code),
        lasting: context.lasting(detection, known.csc),
        ..page(detection, &finding, step.as_deref(), known.live, &context)
    })
}

/// Whether the page of a call names what the gate deployed last, or the bucket that it is in.
pub(in crate::alerts) fn names_live(call: &ApiCall, settings: &AlertSettings) -> bool {
    table::find(call, settings).is_some_and(|(detection, finding)| {
        let steps = finding.steps.unwrap_or(detection.steps);
        let names = ["{live}", "{uploads_bucket}"];
        let is_named = |step: &&str| names.iter().any(|name| step.contains(name));
        steps.iter().any(is_named)
    })
}

/// Whether the records can say whose code a call put on a function.
pub(in crate::alerts) fn needs_records(call: &ApiCall, settings: &AlertSettings) -> bool {
    table::find(call, settings).is_some_and(|(detection, _)| {
        let ids = [
            code_changed::DETECTION.id,
            untrusted_code_live::DETECTION.id,
        ];
        let is_update = call.name() == "UpdateFunctionCode" && ids.contains(&detection.id);
        is_update || detection.id == function_created::DETECTION.id
    })
}

/// What of a call does not make it another thing than the one before by the same caller: whose it is about, which the
/// subject says, where code lies that is judged by what it is, and what nobody can be harmed by. All else does.
const NOT_DISTINGUISHING: [&str; 22] = [
    "functionName",
    "layerName",
    "profileName",
    "s3Bucket",
    "s3Key",
    "s3ObjectVersion",
    "zipFile",
    "code",
    "content",
    "source",
    "destination",
    "clientToken",
    "clientRequestToken",
    "clientRequestId",
    "dryRun",
    "publish",
    "revisionId",
    "description",
    "memorySize",
    "timeout",
    "ephemeralStorage",
    "codeSha256",
];

/// The parameters that distinguish, and what Lambda says of the signature: not which code it took, or a pipeline that still
/// deploys by itself would page each time. What was refused changed nothing, whatever
/// was asked.
fn distinguishing_values(call: &ApiCall) -> String {
    if call.error_code().is_some() {
        return String::new();
    }
    let parameters = call.request("").and_then(Value::as_object);
    let distinguishing = parameters
        .into_iter()
        .flatten()
        .filter(|(name, _)| !NOT_DISTINGUISHING.contains(&name.as_str()));
    let mut text: Vec<String> = distinguishing
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    text.extend(call.signature_status().map(str::to_owned));
    text.join(" ")
}

/// `put_back` is the step that undoes the call, made of what was before.
fn page(
    detection: &Detection,
    finding: &Match,
    put_back: Option<&str>,
    live: Option<&LiveUpload>,
    context: &Context<'_>,
) -> Page {
    let Context { call, settings } = context;
    let subject = finding.subject.clone().unwrap_or_else(|| context.subject());
    let target = context.target().filter(|_| finding.subject.is_none());
    let about = target
        .as_ref()
        .map_or_else(|| subject.clone(), ToString::to_string);
    let title = finding.title.unwrap_or(detection.title);
    let severity = finding.severity.unwrap_or(detection.severity);
    let mut text = vec![detection.meaning.to_owned()];
    text.extend(finding.details.iter().map(|detail| in_one_line(detail)));
    if let Some(error) = call.error_message() {
        text.push(format!("AWS says: {}", in_one_line(error)));
    }
    let false_positives = finding.false_positives.unwrap_or(detection.false_positives);
    if !false_positives.is_empty() {
        text.push(format!("May be normal: {false_positives}"));
    }
    let steps = finding.steps.unwrap_or(detection.steps);
    let outside = context.is_outside_targets();
    if outside {
        text.insert(1, OUTSIDE.to_owned());
    }
    let fill = |step: &str| context.fill(step, live);
    let mut next_steps: Vec<String> = context.advice().into_iter().collect();
    // Better than the general one, which knows only what the stack would have.
    let is_general = |step: &str| put_back.is_some() && step.starts_with("Put it back: ");
    let general = steps
        .iter()
        .filter(|step| !is_general(step))
        .filter(|step| !(outside && is_deployed_by_gate(step)))
        .map(|step| fill(step));
    next_steps.extend(put_back.map(str::to_owned));
    next_steps.extend(general);
    if outside && steps.iter().any(|step| is_deployed_by_gate(step)) {
        next_steps.push(DEPLOYED_BY_OTHERS.to_owned());
    }
    let event = if is_plain(call.event_id()) {
        call.event_id()
    } else {
        "EVENT_ID"
    };
    next_steps.push(fill(&format!(
        "The whole call: aws cloudtrail lookup-events --lookup-attributes \
         AttributeKey=EventId,AttributeValue={event} --region {{region}}"
    )));
    Page {
        place: Some(AwsLocation {
            // The session's or user's ARN has it; a service has none.
            partition: call.partition().to_owned(),
            region: call.region().to_owned(),
            account: call.account().to_owned(),
        }),
        severity,
        title: title.replace("{subject}", short_name(&subject)),
        text: text.join("\n"),
        next_steps,
        facts: facts(call, settings),
        resources: vec![context.arn_of(&subject).unwrap_or(subject)],
        kind: detection.id.to_owned(),
        subject: about,
        target,
        by: Some(match finding.scope {
            IncidentScope::Subject => call.principal().to_owned(),
            IncidentScope::Stack(_) => context.actor(),
        }),
        distinct_by: match finding.scope {
            IncidentScope::Subject => format!(
                "{} by {} {}",
                call.name(),
                context.actor(),
                distinguishing_values(call)
            ),
            IncidentScope::Stack(_) => severity.as_str().to_owned(),
        },
        scope: finding.scope,
        repetition: finding.repetition.unwrap_or(Repetition::Counted),
        ..Page::new(&settings.stack, call.event_id().to_owned(), call.at())
    }
}

/// Of a function that is told of for its code signing configuration alone.
const OUTSIDE: &str = "The gate does not deploy to this function: its name is not one of TargetFunctions. It is told of because \
                       sweep saw it under the stack's code signing configuration.";

/// In place of the steps that bring code by the gate.
const DEPLOYED_BY_OTHERS: &str = "Have whoever deploys this function put back what should run: the gate would refuse an upload for it \
                                  (TARGET_NOT_MANAGED).";

/// Whether a step brings code by the gate, or compares it with what the gate deployed.
fn is_deployed_by_gate(step: &str) -> bool {
    [
        "countersign push functions/",
        "countersign rollback functions/",
        "countersign diff functions/",
        "from current/functions/",
    ]
    .iter()
    .any(|command| step.contains(command))
}

/// The name alone of what an ARN names in a title: subjects of mails and short messages are cut off, and the ARN is in the
/// text and in `resources`.
fn short_name(subject: &str) -> &str {
    let Some(Arn { resource, .. }) = Arn::parse(subject) else {
        return subject;
    };
    if let Some(id) = resource.strip_prefix("code-signing-config:") {
        return id;
    }
    match resource.split_once('/') {
        Some(("role" | "trail" | "key", rest)) => rest.rsplit('/').next().unwrap_or(rest),
        _ => subject,
    }
}

fn facts(call: &ApiCall, settings: &AlertSettings) -> Vec<(&'static str, String)> {
    let mut facts = vec![("Who", call.principal().to_owned())];
    facts.extend(call.role_arn().map(|role| ("Role", role)));
    let said = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    facts.extend(
        call.access_key()
            .and_then(said)
            .map(|key| ("Access key", key)),
    );
    facts.extend(
        call.session_since()
            .and_then(said)
            .map(|at| ("Session since", at)),
    );
    if let Some(has_mfa) = call.has_mfa() {
        facts.push(("MFA", if has_mfa { "yes" } else { "no" }.to_owned()));
    }
    facts.extend(said(call.source_address()).map(|from| ("From", from)));
    facts.extend(call.invoked_by().and_then(said).map(|by| ("Made by", by)));
    facts.extend(said(call.user_agent()).map(|agent| ("User agent", agent)));
    // Whoever searches CloudTrail for it needs the name that is there.
    facts.push(("Call", call.event_name().to_owned()));
    facts.extend(
        call.error_code()
            .and_then(said)
            .map(|error| ("Error", error)),
    );
    facts.push(("When", call.at().to_string()));
    facts.push(("Account", call.account().to_owned()));
    facts.push(("Region", call.region().to_owned()));
    facts.push(("Stack", settings.stack.clone()));
    facts
}

/// A program that puts code on functions by a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tool {
    CloudFormation,
    Terraform,
    Pulumi,
}

impl Context<'_> {
    /// Whose code a call put on a function, and who signed it.
    fn code_class(&self, code: &KnownCode) -> Option<String> {
        let uploaded = code.class()?;
        let publisher = self.call.signing_profile_version_arn();
        let publisher = publisher.map(|arn| ProfileVersionArn::parse(arn).ok());
        let own = self.settings.signing_profile.as_ref();
        let signed = match publisher {
            None => "unsigned",
            Some(Some(publisher))
                if publisher.account() == self.call.account()
                    && own.is_none_or(|own| own.as_str() == publisher.profile_name()) =>
            {
                "signed"
            }
            Some(_) => "signed by another profile",
        };
        Some(format!("{signed}, {uploaded}"))
    }

    /// What a call brought that another deployment or another policy does not take away.
    fn lasting(&self, detection: &Detection, csc: Option<&KnownCsc>) -> Vec<String> {
        if detection.id == csc_weakened::DETECTION.id {
            let not_known = KnownCsc::Unreadable;
            return csc.unwrap_or(&not_known).added(self.call, self.settings);
        }
        let is_of_code = [
            untrusted_code_live::DETECTION.id,
            function_created::DETECTION.id,
        ];
        if !is_of_code.contains(&detection.id) {
            return Vec::new();
        }
        let mut lasting = self.call.layers();
        if !lasting.is_empty() && self.call.name() == "CreateFunction" {
            lasting.push(LATEST);
        }
        lasting.into_iter().map(str::to_owned).collect()
    }

    /// Who made the call, as one person or program: a role's sessions are one.
    fn actor(&self) -> String {
        let role = self.call.role_arn();
        role.unwrap_or_else(|| self.call.principal().to_owned())
    }

    /// Whether the call is about a function that the gate does not deploy to.
    fn is_outside_targets(&self) -> bool {
        let function = self.call.function();
        function.is_some_and(|name| {
            self.settings.under_own_csc.contains(&name) && !self.settings.deploys_to(&name)
        })
    }

    /// The target of the gate that the call is about.
    fn target(&self) -> Option<Target> {
        if let Some(layer) = self.call.layer() {
            return self
                .settings
                .gates_layer(&layer)
                .then_some(Target::Layer(layer));
        }
        let function = self.call.function()?;
        let is_gated = self.settings.gates_function(&function) && self.own_resource().is_none();
        is_gated.then_some(Target::Function(function))
    }

    /// What the call was about, by the most telling parameter.
    pub(super) fn subject(&self) -> String {
        let call = self.call;
        if let Some(function) = call.function() {
            return function.as_str().to_owned();
        }
        if let Some(layer) = call.layer() {
            return layer.as_str().to_owned();
        }
        [
            "/codeSigningConfigArn",
            "/profileName",
            "/jobId",
            "/functionName",
            "/layerName",
            "/resource",
        ]
        .iter()
        .find_map(|pointer| call.request_text(pointer))
        .or_else(|| call.response_text("/codeSigningConfig/codeSigningConfigArn"))
        .unwrap_or("an unnamed resource")
        .to_owned()
    }

    /// The ARN of the function or layer that the call is about, where account and region are known.
    fn arn_of(&self, subject: &str) -> Option<String> {
        let call = self.call;
        let (kind, name) = match (call.layer(), call.function()) {
            (Some(layer), _) => ("layer", String::from(layer)),
            (None, Some(function)) => ("function", String::from(function)),
            (None, None) => return None,
        };
        let place = [call.partition(), call.region(), call.account()];
        let is_known = name == subject && place.iter().all(|part| is_plain(part));
        let [partition, region, account] = place;
        is_known.then(|| format!("arn:{partition}:lambda:{region}:{account}:{kind}:{name}"))
    }

    /// Advice for the tool that made the call. Only that CloudFormation made it is certain; the other
    /// tools are known by their user agent, which callers choose: it changes what is advised and nothing
    /// else.
    fn advice(&self) -> Option<String> {
        let changes_code = matches!(
            self.call.name(),
            "UpdateFunctionCode" | "CreateFunction" | "PublishVersion" | "UpdateAlias"
        );
        let (name, how) = match self.tool().filter(|_| changes_code)? {
            Tool::CloudFormation => (
                "CloudFormation (also CDK and SAM)",
                "leave the code out of your template's updates: give it a placeholder package once, and keep it as it is",
            ),
            Tool::Terraform => (
                "Terraform",
                "leave the code out: lifecycle { ignore_changes = [filename, s3_key, s3_object_version, source_code_hash] }",
            ),
            Tool::Pulumi => (
                "Pulumi",
                "leave the code out: the option ignoreChanges for code",
            ),
        };
        Some(format!(
            "{name} seems to have made the call. Countersign deploys the code, so {how}."
        ))
    }

    fn tool(&self) -> Option<Tool> {
        if self.is_by_cloudformation() {
            return Some(Tool::CloudFormation);
        }
        let agent = self.call.user_agent().to_ascii_lowercase();
        let session = self.call.session().unwrap_or_default().to_ascii_lowercase();
        if agent.contains("terraform") || agent.contains("opentofu") {
            Some(Tool::Terraform)
        } else if agent.contains("pulumi") {
            Some(Tool::Pulumi)
        } else if agent.contains("cloudformation") || session.contains("aws-cdk") {
            Some(Tool::CloudFormation)
        } else {
            None
        }
    }
}
