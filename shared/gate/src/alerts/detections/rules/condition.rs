//! What a rule can know of one event, whatever language it is written in.

use super::super::{
    detection::{
        Answer, Detection, EventPredicate, OWN_FUNCTIONS, OWN_ROLES, RESOURCE_NAME_POINTERS,
        WatchedCall,
    },
    table::{OWN_WORK, SIGNATURE_ERRORS},
};
use crate::alerts::AlertSettings;
use serde_json::{Value, json};

/// A condition on the record of a call. Fields are places in the record, with dots.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Condition {
    /// The field, or one of a list, fits one of the patterns of `*` and `?`.
    Like(String, Vec<String>),
    /// The field has this value, in which `*` is no pattern.
    Is(String, Value),
    /// The field is there.
    Present(String),
    All(Vec<Condition>),
    Any(Vec<Condition>),
    Not(Box<Condition>),
}

/// An event, and whether a rule fires for it.
pub(super) struct Sample {
    pub(super) name: &'static str,
    pub(super) fires: bool,
    pub(super) event: Value,
}

impl Condition {
    /// The condition of a detection, as far as one event tells it.
    pub(super) fn of(detection: &Detection, settings: &AlertSettings) -> Self {
        let watched: Vec<&WatchedCall> = detection.watched().collect();
        let mut all = vec![calls(&watched), answer(detection.answer)];
        all.extend(
            detection
                .on_one_event
                .iter()
                .filter_map(|one| seen(*one, settings)),
        );
        let own_work: Vec<&WatchedCall> = OWN_WORK
            .iter()
            .filter(|work| watched.contains(work))
            .collect();
        let sessions = settings.own_roles.sessions();
        if !own_work.is_empty() && !sessions.is_empty() {
            let by_gate = Self::Like("userIdentity.arn".to_owned(), sessions);
            all.push(not(Self::All(vec![calls(&own_work), by_gate])));
        }
        Self::All(all)
    }

    /// Whether it holds for an event.
    pub(super) fn holds(&self, event: &Value) -> bool {
        match self {
            Self::Like(field, patterns) => texts(event, field).iter().any(|text| {
                let fits = |pattern: &String| wildmatch::WildMatch::new(pattern).matches(text);
                patterns.iter().any(fits)
            }),
            Self::Is(field, value) => at(event, field) == Some(value),
            Self::Present(field) => at(event, field).is_some_and(|value| !value.is_null()),
            Self::All(parts) => parts.iter().all(|part| part.holds(event)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(event)),
            Self::Not(part) => !part.holds(event),
        }
    }

    /// Events that fire and that do not, made of the condition itself.
    pub(super) fn samples(&self, settings: &AlertSettings) -> Vec<Sample> {
        let mut firing = template();
        self.fill(&mut firing);
        let mut failed = firing.clone();
        put(&mut failed, "errorCode", json!("ThrottlingException"));
        let mut samples = vec![
            Sample {
                name: "The call fires",
                fires: true,
                event: firing.clone(),
            },
            Sample {
                name: "A call that failed is silent",
                fires: false,
                event: failed,
            },
        ];
        if let Some(session) = settings.own_roles.sessions().first() {
            let mut own = firing;
            put(&mut own, "userIdentity.arn", json!(literal(session)));
            if !self.holds(&own) {
                let name = "The work of the gate is silent";
                samples.push(Sample {
                    name,
                    fires: false,
                    event: own,
                });
            }
        }
        samples
    }

    /// Puts into an event what makes the condition hold.
    fn fill(&self, event: &mut Value) {
        match self {
            Self::Like(field, patterns) => {
                if let Some(pattern) = patterns.first() {
                    put(event, field, json!(literal(pattern)));
                }
            }
            Self::Is(field, value) => put(event, field, value.clone()),
            Self::Present(field) => {
                if at(event, field).is_none() {
                    put(event, field, json!("x"));
                }
            }
            Self::All(parts) => parts.iter().for_each(|part| part.fill(event)),
            Self::Any(parts) => {
                if let Some(part) = parts.first() {
                    part.fill(event);
                }
            }
            Self::Not(_) => {}
        }
    }
}

/// A call by somebody that names nothing yet.
pub(in crate::alerts::detections) fn template() -> Value {
    json!({
        "eventID": "0c547ff7-0d28-54a2-895b-e362192e0b5f",
        "eventTime": "2026-11-21T21:50:12Z",
        "awsRegion": "us-east-1",
        "recipientAccountId": "111122223333",
        "sourceIPAddress": "203.0.113.66",
        "userAgent": "aws-cli/2.31.0",
        "userIdentity": {
            "type": "AssumedRole",
            "arn": "arn:aws:sts::111122223333:assumed-role/Developer/somebody",
        },
        "requestParameters": {},
    })
}

/// A text that fits a pattern.
fn literal(pattern: &str) -> String {
    pattern.replace(['*', '?'], "x")
}

/// The value at a place with dots.
pub(super) fn at<'a>(event: &'a Value, field: &str) -> Option<&'a Value> {
    field
        .split('.')
        .try_fold(event, |value, name| value.get(name))
}

fn put(event: &mut Value, field: &str, value: Value) {
    let mut place = event;
    for name in field.split('.') {
        if !place.is_object() {
            *place = json!({});
        }
        let Some(object) = place.as_object_mut() else {
            return;
        };
        place = object.entry(name).or_insert(Value::Null);
    }
    *place = value;
}

/// The text at a place, or the texts of the list there.
pub(super) fn texts<'a>(event: &'a Value, field: &str) -> Vec<&'a str> {
    match at(event, field) {
        Some(Value::String(text)) => vec![text],
        Some(Value::Array(values)) => values.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

fn not(condition: Condition) -> Condition {
    Condition::Not(Box::new(condition))
}

fn like(field: &str, patterns: &[String]) -> Condition {
    Condition::Like(field.to_owned(), patterns.to_vec())
}

fn is(field: &str, value: Value) -> Condition {
    Condition::Is(field.to_owned(), value)
}

/// The bucket by its name, or by how CloudFormation names it.
fn records_bucket(settings: &AlertSettings) -> Condition {
    const BUCKET: &str = "requestParameters.bucketName";
    if settings.records_bucket.is_empty() {
        let stack = settings.stack.to_ascii_lowercase();
        return like(BUCKET, &[format!("{stack}-recordsbucket-*")]);
    }
    is(BUCKET, json!(settings.records_bucket))
}

fn call(name: &str) -> Condition {
    // Lambda puts the date of an API version behind the names of older calls.
    like("eventName", &[name.to_owned(), format!("{name}20*")])
}

/// Any of these calls, by service.
fn calls(watched: &[&WatchedCall]) -> Condition {
    let mut services: Vec<&str> = Vec::new();
    for call in watched {
        if !services.contains(&call.service) {
            services.push(call.service);
        }
    }
    let of_service = |service: &str| {
        let mut names: Vec<String> = Vec::new();
        for call in watched.iter().filter(|call| call.service == service) {
            for name in [call.name.to_owned(), format!("{}20*", call.name)] {
                if !names.contains(&name) {
                    names.push(name);
                }
            }
        }
        Condition::All(vec![source(service), like("eventName", &names)])
    };
    Condition::Any(services.into_iter().map(of_service).collect())
}

fn source(service: &str) -> Condition {
    is("eventSource", json!(format!("{service}.amazonaws.com")))
}

fn answer(answer: Answer) -> Condition {
    let like = |patterns: Vec<String>| like("errorCode", &patterns);
    match answer {
        Answer::Accepted => Condition::All(vec![
            not(Condition::Present("errorCode".to_owned())),
            not(Condition::All(vec![
                call("UpdateFunctionCode"),
                is("requestParameters.dryRun", json!(true)),
            ])),
        ]),
        Answer::RefusedSignature => like(
            SIGNATURE_ERRORS
                .iter()
                .map(|name| format!("{name}*"))
                .collect(),
        ),
        Answer::Denied => like(vec![
            "AccessDenied*".to_owned(),
            "*UnauthorizedOperation*".to_owned(),
        ]),
    }
}

/// What one event tells of a part of a detection; `None` when the settings do not say what to compare with.
fn seen(one: EventPredicate, settings: &AlertSettings) -> Option<Condition> {
    let function = || Some(functions(settings.functions.as_ref()?.as_str()));
    let layer = || Some(layers(settings.layers.as_ref()?.as_str()));
    Some(match one {
        EventPredicate::Call(name) => call(name),
        EventPredicate::Service(service) => source(service),
        EventPredicate::Is(field, value) => is(field, json!(value)),
        EventPredicate::IsNot(field, value) => Condition::All(vec![
            Condition::Present(field.to_owned()),
            not(is(field, json!(value))),
        ]),
        EventPredicate::Begins(field, beginning) => like(field, &[format!("{beginning}*")]),
        EventPredicate::Present(field) => Condition::Present(field.to_owned()),
        EventPredicate::Absent(field) => not(Condition::Present(field.to_owned())),
        // An alternative that cannot be asked leaves the whole open.
        EventPredicate::Any(parts) => Condition::Any(
            parts
                .iter()
                .map(|part| seen(*part, settings))
                .collect::<Option<_>>()?,
        ),
        EventPredicate::Function => function()?,
        EventPredicate::Layer => layer()?,
        EventPredicate::Target => Condition::Any(vec![function()?, layer()?]),
        EventPredicate::Profile => {
            let own = settings.signing_profile.as_ref()?.as_str();
            let mut names = vec![own.to_owned()];
            let others = settings.other_profiles.iter();
            names.extend(others.map(|other| other.as_str().to_owned()));
            like("requestParameters.profileName", &names)
        }
        EventPredicate::OwnRole => {
            let stack = &settings.stack;
            let named = OWN_ROLES
                .iter()
                .flat_map(|role| ["", "*/"].map(|path| format!("arn:*:role/{path}{stack}{role}*")));
            let mut roles = settings.own_roles.arns();
            roles.extend(named);
            like("requestParameters.role", &roles)
        }
        EventPredicate::OwnResource => own_resource(settings),
        EventPredicate::Records => records_bucket(settings),
        EventPredicate::OwnStack => {
            let stack = &settings.stack;
            let names = [stack.clone(), format!("*:stack/{stack}/*")];
            like("requestParameters.stackName", &names)
        }
        EventPredicate::OtherCsc => {
            let own = settings.csc.as_ref()?.as_str();
            not(is("requestParameters.codeSigningConfigArn", json!(own)))
        }
    })
}

/// A function is named by its name, a part of its ARN or the whole, with or without a qualifier.
fn functions(name: &str) -> Condition {
    let names = named("function", name);
    Condition::Any(vec![
        like("requestParameters.functionName", &names),
        like("requestParameters.resource", &names),
    ])
}

fn layers(name: &str) -> Condition {
    like("requestParameters.layerName", &named("layer", name))
}

fn named(kind: &str, name: &str) -> Vec<String> {
    ["", ":*"]
        .into_iter()
        .flat_map(|rest| [format!("{name}{rest}"), format!("*:{kind}:{name}{rest}")])
        .collect()
}

/// A part of the stack: its names begin with the stack's, those of buckets in small letters.
fn own_resource(settings: &AlertSettings) -> Condition {
    let stack = &settings.stack;
    let functions: Vec<String> = OWN_FUNCTIONS
        .iter()
        .flat_map(|end| named("function", &format!("{stack}{end}")))
        .collect();
    let mut stacks = vec![stack.clone()];
    let small = stack.to_ascii_lowercase();
    if small != *stack {
        stacks.push(small);
    }
    let names: Vec<String> = stacks
        .iter()
        .flat_map(|stack| {
            ["", "*:", "*/"]
                .into_iter()
                .flat_map(move |before| [format!("{before}{stack}-*"), format!("{before}{stack}")])
        })
        .collect();
    let mut any = vec![like("requestParameters.functionName", &functions)];
    // Calls about an event source mapping name it by its id; the answer has the function.
    any.push(like("responseElements.functionArn", &functions));
    any.extend(RESOURCE_NAME_POINTERS.iter().map(|(service, pointers)| {
        let fields = pointers.iter().map(|pointer| {
            let field = format!("requestParameters{}", pointer.replace('/', "."));
            like(&field, &names)
        });
        Condition::All(vec![source(service), Condition::Any(fields.collect())])
    }));
    if let Some(key) = &settings.key_arn {
        let id = key.rsplit('/').next().unwrap_or(key);
        any.push(like(
            "requestParameters.keyId",
            &[key.clone(), id.to_owned()],
        ));
    }
    Condition::Any(any)
}
