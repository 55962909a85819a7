//! CloudTrail and EventBridge as `alert` sees them: what somebody did, as an event, and as what people are to be
//! told of it.
//!
//! CloudTrail's times are whole seconds (as in all records that were seen), and its events come late, twice, in any
//! order or not at all. What EventBridge took of the gate's own is delivered at least once.

use std::collections::{BTreeMap, BTreeSet};

use countersign_gate::{
    outcome::DRIFT_DETAIL_TYPE,
    ports::SnsMessage,
    records::{Drift, Outcome, UploadState, VerdictRecord},
};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    RECORDS, WorldState,
    packages::{ACCOUNT, CSC, PROFILE},
};

/// The names of deliveries of `alert` begin so.
pub const ALERT: &str = "alert";

/// The role of the gate's own that changes functions.
pub const DEPLOY_ROLE: &str = "arn:aws:iam::111122223333:role/gate-DeployRole-1X";

/// Something that people are to be told of.
#[derive(Clone, Debug)]
pub struct Happening {
    /// The id of its event, or the path of its record.
    pub id: String,
    /// What is one thing to people: the detection or the reason, what it is about, who did it and how.
    pub thing: String,
    /// The detection, or the reason code.
    pub kind: String,
    /// What it is about.
    pub subject: String,
    /// When, as its event or record says.
    pub at: Timestamp,
    /// When, in ticks of the world.
    pub tick: u64,
    /// Its event was lost.
    pub is_lost: bool,
    /// Whether it is told depends on when `alert` comes to it.
    pub is_optional: bool,
}

/// Something that ends things of a target.
#[derive(Clone, Debug)]
pub struct Ending {
    /// The id of its event, or the path of its record.
    pub id: String,
    pub target: String,
    pub of: Ended,
    /// What happened so long before is over.
    pub at: Timestamp,
    /// What happened after that is not ended by it.
    pub tick: u64,
    pub is_lost: bool,
}

/// What it is that ends.
#[derive(Clone, Debug)]
pub enum Ended {
    /// The function was without its code signing configuration.
    MissingCscPolicy,
    /// The target had no good upload; `but` are the reasons that stand against this one, too.
    ByUpload { is_deployed: bool, but: Vec<String> },
}

impl Ending {
    /// Whether it ends things of this kind.
    pub fn ends(&self, target: &str, kind: &str) -> bool {
        let is_reason = kind.bytes().all(|b| b.is_ascii_uppercase() || b == b'_');
        self.target == target
            && match &self.of {
                Ended::MissingCscPolicy => kind == "csc-detached",
                Ended::ByUpload { is_deployed, but } => {
                    let is_of_code = ["code-changed-past-gate", "function-created-without-csc"];
                    (is_reason && !but.iter().any(|code| code == kind))
                        || (*is_deployed && is_of_code.contains(&kind))
                }
            }
    }
}

/// A state of drift that was announced.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DriftState {
    pub path: String,
    pub is_open: bool,
    pub at: Timestamp,
}

/// A page as the topic took it.
#[derive(Clone)]
pub struct Published {
    /// The delivery of `alert` that sent it.
    pub by: String,
    pub at: Timestamp,
    pub message: SnsMessage,
}

#[derive(Default)]
pub struct Trail {
    /// Somebody listens.
    pub is_on: bool,
    /// Events that were not delivered to the queue of `alert` yet.
    pub bus: Vec<BusEvent>,
    pub happenings: Vec<Happening>,
    pub endings: Vec<Ending>,
    pub drift: BTreeSet<DriftState>,
    pub published: Vec<Published>,
    /// The deliveries of `alert` that lost a call, an answer or their life.
    pub troubled: BTreeSet<String>,
    /// The happening that an event of the gate's own points at.
    pub pointers: BTreeMap<String, String>,
    events: usize,
}

/// An event on the bus.
#[derive(Clone)]
pub struct BusEvent {
    pub id: String,
    pub body: String,
    /// It may be lost on its way.
    pub can_be_lost: bool,
}

/// A call past the gate, as far as it is told.
pub struct ForeignCall<'a> {
    pub service: &'a str,
    /// As CloudTrail names it.
    pub event_name: &'a str,
    pub request: Value,
    /// The detection that is to tell it; `None` if nobody needs to hear of it.
    pub kind: Option<&'static str>,
    /// What it is about.
    pub subject: &'a str,
}

impl WorldState {
    /// Somebody made a call past the gate; CloudTrail records it.
    pub fn record_call(&mut self, call: &ForeignCall<'_>) {
        if !self.trail.is_on {
            return;
        }
        let role = if self.ticks.is_multiple_of(3) {
            "Pipeline"
        } else {
            "Developer"
        };
        let (id, at) = self.put_on_bus(call.service, call.event_name, &call.request, role, true);
        if let Some(kind) = call.kind {
            let thing = format!(
                "{kind} of {} by {role}: {} {}",
                call.subject, call.event_name, call.request
            );
            self.trail.happenings.push(Happening {
                id,
                thing,
                kind: kind.to_owned(),
                subject: call.subject.to_owned(),
                at,
                tick: self.ticks,
                is_lost: false,
                is_optional: kind == "function-created-without-csc",
            });
        }
        if call.event_name.starts_with("PutFunctionCodeSigningConfig") {
            let id = self.trail.bus.last().unwrap().id.clone();
            self.trail.endings.push(Ending {
                id,
                target: "functions/checkout".to_owned(),
                of: Ended::MissingCscPolicy,
                at: whole_seconds(self.now),
                tick: self.ticks,
                is_lost: false,
            });
        }
    }

    /// An upload ended: that is to be told, or ends what was told before.
    pub fn record_end(&mut self, path: &str, outcome: &Outcome) {
        if !self.trail.is_on {
            return;
        }
        let Some(target) = outcome.target.as_ref().map(ToString::to_string) else {
            return;
        };
        let of_findings = outcome.findings.iter().filter_map(|finding| finding.code);
        let codes: Vec<String> = outcome
            .code
            .into_iter()
            .chain(of_findings)
            .map(|code| code.as_str().to_owned())
            .collect();
        if matches!(outcome.state, UploadState::Deployed | UploadState::Prepared) {
            let folder = outcome.upload.folder();
            let verdict: Option<VerdictRecord> = self.record(&format!("{folder}verdict.json"));
            let judged_at = verdict.map_or(outcome.decided_at, |verdict| verdict.judged_at);
            let code = outcome.deployed.as_ref().map(|it| &it.code_sha256);
            let confirmed = code.and_then(|code| self.confirmed_at.get(code)).copied();
            self.trail.endings.push(Ending {
                id: path.to_owned(),
                target: target.clone(),
                of: Ended::ByUpload {
                    is_deployed: outcome.state == UploadState::Deployed,
                    but: codes.clone(),
                },
                at: whole_seconds(judged_at),
                tick: confirmed.unwrap_or(self.ticks),
                is_lost: false,
            });
        }
        let is_quiet = outcome.state == UploadState::Superseded || codes.is_empty();
        if !is_quiet {
            self.trail.happenings.push(Happening {
                id: path.to_owned(),
                thing: format!("{} of {target}: {}", codes[0], outcome.state.as_str()),
                kind: codes[0].clone(),
                subject: target,
                at: outcome.decided_at,
                tick: self.ticks,
                is_lost: false,
                is_optional: false,
            });
        }
    }

    /// The gate's own role made a call, which CloudTrail records as well.
    pub fn record_own_call(&mut self, service: &str, event_name: &str, request: &Value) {
        if self.trail.is_on {
            self.put_on_bus(service, event_name, request, "gate-DeployRole-1X", true);
        }
    }

    fn put_on_bus(
        &mut self,
        service: &str,
        event_name: &str,
        request: &Value,
        role: &str,
        can_be_lost: bool,
    ) -> (String, Timestamp) {
        let id = self.next_event("call");
        let at = whole_seconds(self.now);
        let arn = format!("arn:aws:sts::{ACCOUNT}:assumed-role/{role}/session");
        let body = json!({
            "id": format!("bridge-{id}"),
            "source": format!("aws.{service}"),
            "detail-type": "AWS API Call via CloudTrail",
            "time": at,
            "detail": {
                "eventID": id, "eventTime": at, "eventName": event_name,
                "eventSource": format!("{service}.amazonaws.com"),
                "awsRegion": "us-east-1", "recipientAccountId": ACCOUNT,
                "userIdentity": {"type": "AssumedRole", "arn": arn},
                "requestParameters": request,
            },
        });
        let id_of_event = id.clone();
        self.note(|| format!("                CloudTrail records {id}: {event_name} by {role}"));
        self.trail.bus.push(BusEvent {
            id: id_of_event,
            body: body.to_string(),
            can_be_lost,
        });
        (id, at)
    }

    fn next_event(&mut self, what: &str) -> String {
        self.trail.events += 1;
        format!("{what}-{}", self.trail.events)
    }

    /// The gate's own event goes to the bus.
    pub fn put_own_event(&mut self, detail_type: &str, detail: &str) {
        if !self.trail.is_on {
            return;
        }
        let id = self.next_event("own");
        let detail: Value = serde_json::from_str(detail).unwrap();
        let record = detail["record"].as_str().unwrap().to_owned();
        let path = record
            .strip_prefix(&format!("s3://{RECORDS}/"))
            .unwrap()
            .to_owned();
        if detail_type == DRIFT_DETAIL_TYPE {
            let drift: Drift = self.record(&path).unwrap();
            self.trail.drift.insert(DriftState {
                path: path.clone(),
                is_open: drift.is_open(),
                at: drift.closed_at.unwrap_or(drift.found_at),
            });
        }
        let body = json!({
            "id": id, "source": "countersign", "detail-type": detail_type, "time": self.now,
            // What alert reads of it.
            "detail": {"stack": detail["stack"], "record": record},
        });
        self.note(|| format!("                the bus takes {id}: {detail_type}, {path}"));
        self.trail.pointers.insert(id.clone(), path);
        self.trail.bus.push(BusEvent {
            id,
            body: body.to_string(),
            can_be_lost: false,
        });
    }

    /// The topic takes a page.
    pub(super) fn publish(&mut self, by: &str, message: &SnsMessage) {
        if !self.trail.is_on {
            return;
        }
        self.note(|| format!("                the topic takes: {}", message.subject()));
        self.trail.published.push(Published {
            by: by.to_owned(),
            at: self.now,
            message: message.clone(),
        });
    }

    /// A delivery of `alert` lost a call, an answer or its life.
    pub fn trouble(&mut self, delivery: &str) {
        if self.trail.is_on {
            self.trail.troubled.insert(delivery.to_owned());
        }
    }

    /// Somebody sends an event to the bus that claims to be the gate's, under an id of AWS's.
    pub fn forge_event(&mut self, detail_type: &str, stack: &str, record: &str) {
        if !self.trail.is_on {
            return;
        }
        let id = self.next_event("forged");
        let body = json!({
            "id": id, "source": "countersign", "detail-type": detail_type, "time": self.now,
            "detail": {"stack": stack, "record": record},
        });
        self.note(|| format!("                someone forges {id}: {detail_type}, {record}"));
        // It points at a record that is there: whatever is told is what that says.
        if stack == "gate"
            && let Some(path) = record.strip_prefix(&format!("s3://{RECORDS}/"))
        {
            self.trail.pointers.insert(id.clone(), path.to_owned());
        }
        self.trail.bus.push(BusEvent {
            id,
            body: body.to_string(),
            can_be_lost: true,
        });
    }
}

/// As CloudTrail has times.
pub fn whole_seconds(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second()).unwrap()
}

/// Code of `checkout` is put there past the gate.
pub fn code_update() -> ForeignCall<'static> {
    ForeignCall {
        service: "lambda",
        event_name: "UpdateFunctionCode20150331v2",
        request: json!({"functionName": "checkout"}),
        kind: Some("code-changed-past-gate"),
        subject: "functions/checkout",
    }
}

/// Any other call about `checkout`.
pub fn call_on_checkout(
    event_name: &'static str,
    kind: &'static str,
    mut request: Value,
) -> ForeignCall<'static> {
    request["functionName"] = "checkout".into();
    ForeignCall {
        service: "lambda",
        event_name,
        request,
        kind: Some(kind),
        subject: "functions/checkout",
    }
}

/// `checkout` is put under the stack's code signing configuration: nobody needs to hear of it.
pub fn csc_attached() -> ForeignCall<'static> {
    ForeignCall {
        kind: None,
        ..call_on_checkout(
            "PutFunctionCodeSigningConfig20200630",
            "",
            json!({"codeSigningConfigArn": CSC}),
        )
    }
}

/// The stack's profile is revoked.
pub fn profile_revoked() -> ForeignCall<'static> {
    ForeignCall {
        service: "signer",
        event_name: "RevokeSigningProfile",
        request: json!({"profileName": PROFILE, "profileVersion": "AbCdEfGh12", "reason": "it was lost"}),
        kind: Some("signature-revoked"),
        subject: PROFILE,
    }
}
