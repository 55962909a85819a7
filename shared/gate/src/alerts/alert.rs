//! From an event to a page, or to the reason why nobody needs one.

use super::{
    detections::{GATE_CHANGED, detect, event_names, needs_records, page_of},
    drift_page::page_of_drift,
    error::AlertError,
    formats::in_one_line,
    incidents::{self, NotifyOutcome, SummaryRun},
    known_code::{KnownCode, look_up},
    known_csc::{self, KnownCsc},
    known_profiles,
    page::{IncidentScope, Page, PageState, Repetition, Severity},
    peers,
    recovery::{self, recover},
    settings::AlertSettings,
    silences, stack_update,
    world::AlertWorld,
};
use crate::{
    domain::{ReasonCode, Target, Upload},
    events::{API_CALL, AlertRun, ApiCall, Envelope, EventError},
    outcome::{DECIDED_DETAIL_TYPE, DRIFT_DETAIL_TYPE},
    ports::{Records, SOURCE},
    records::{
        self, ACCOUNT_FUNCTIONS, Document, Drift, DriftKind, Outcome, STACK_PARAMETERS, UploadState,
    },
};
use jiff::Timestamp;
use serde::Deserialize;

/// An event, as far as it is believed.
#[derive(Clone, Debug)]
pub enum Event {
    /// Somebody called AWS: only AWS can say so.
    Call(Box<ApiCall>),
    /// An upload ended, says an event that anybody with `events:PutEvents` can send. It is a pointer to
    /// a record, and the record says how it ended.
    Decided(RecordPointer),
    /// `sweep` found drift, or that it is gone. A pointer as well.
    Drifted(RecordPointer),
    /// It claims to be the gate's and is not.
    NotOurs(&'static str),
}

/// Where an outcome or drift is on record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordPointer {
    event_id: String,
    path: String,
}

/// What the records say beside an event.
#[derive(Clone, Debug)]
pub enum Lookup {
    /// Nothing was looked up.
    Nothing,
    /// How the upload ended that an event points at.
    Outcome(Box<Outcome>),
    /// The document of drift that an event points at.
    Drift(Box<Drift>),
    /// Whose code a call put on a function.
    Code(KnownCode),
    /// What a code signing configuration was before a call changed it.
    Csc(KnownCsc),
}

/// What became of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Alerted {
    /// A page was sent.
    Paged(Box<Page>),
    /// It happened before and is counted; the sum will tell.
    Counted(Box<Page>),
    /// This very event was told or counted before.
    Known(Box<Page>),
    /// It was announced as a planned change, and is counted.
    Silenced(Box<Page>),
    /// The clock had it look after what waits.
    Summaries(SummaryRun),
    /// Nobody needs to hear of it.
    Silent,
    /// It was dropped: it claims to be the gate's and is not.
    Dropped(&'static str),
}

/// Pages if someone should hear of this event, and tells what it ends.
///
/// What the clock has it look after may be more than fits until `work_until`; the next run goes on with it.
pub async fn alert<W: AlertWorld>(
    world: &W,
    settings: &AlertSettings,
    body: &str,
    work_until: Timestamp,
) -> Result<Alerted, AlertError> {
    if AlertRun::parse(body).is_some() {
        // Silences first: there are few, and what they keep quiet depends on them.
        let silences = silences::begin_and_end(world, settings, work_until).await;
        let summaries = incidents::tell_repeats(world, settings, work_until).await;
        silences?;
        return Ok(Alerted::Summaries(summaries?));
    }
    let event = parse(settings, body)?;
    let mut known = None;
    if let Event::Call(call) = &event {
        if peers::is_their_own(world, call, settings).await {
            return Ok(Alerted::Silent);
        }
        known = known_profiles::with_trusted(world, call, settings).await;
    }
    let settings = known.as_ref().unwrap_or(settings);
    let (lookup, recovery) = match &event {
        Event::Decided(pointer) => {
            let Some(outcome) = read(world, pointer).await? else {
                return Ok(Alerted::Dropped("its record is not there"));
            };
            let recovery = recovery::recovery_of_outcome(&outcome);
            (Lookup::Outcome(Box::new(outcome)), recovery)
        }
        Event::Drifted(pointer) => {
            let Some(drift) = read_drift(world, pointer).await? else {
                return Ok(Alerted::Dropped("its record is not there"));
            };
            (Lookup::Drift(Box::new(drift)), None)
        }
        Event::Call(call) if needs_records(call, settings) => {
            (Lookup::Code(look_up(world, call).await), None)
        }
        Event::Call(call) if known_csc::concerns(call) && detect(call, settings).is_some() => {
            let known = known_csc::look_up(world, call).await;
            (Lookup::Csc(known), recovery::of_call(call, settings))
        }
        Event::Call(call) => (Lookup::Nothing, recovery::of_call(call, settings)),
        Event::NotOurs(why) => return Ok(Alerted::Dropped(why)),
    };
    // Trouble with what it ends keeps no page back; the event is tried again for that afterwards.
    let recovered = match &recovery {
        Some(recovery) => recover(world, settings, recovery).await.map(|_| ()),
        None => Ok(()),
    };
    let alerted = match classify(settings, &event, &lookup) {
        Some(page) => tell(world, settings, &event, page).await?,
        None => Alerted::Silent,
    };
    recovered.map(|()| alerted)
}

/// Sends a page, unless it was told before or is not to be told.
async fn tell<W: AlertWorld>(
    world: &W,
    settings: &AlertSettings,
    event: &Event,
    page: Page,
) -> Result<Alerted, AlertError> {
    let page = Box::new(page);
    let is_by_cloudformation = matches!(event, Event::Call(call) if call.is_by_cloudformation());
    if page.kind == GATE_CHANGED
        && is_by_cloudformation
        && stack_update::was_told(world, settings)
            .await
            .unwrap_or(false)
    {
        return Ok(Alerted::Silent);
    }
    // A silence that cannot be read is none.
    if page.severity > Severity::Notice
        && silences::silences_page(world, settings, &page)
            .await
            .unwrap_or(false)
    {
        return Ok(Alerted::Silenced(page));
    }
    Ok(match incidents::tell(world, settings, &page).await? {
        NotifyOutcome::Paged => Alerted::Paged(page),
        NotifyOutcome::Counted => Alerted::Counted(page),
        NotifyOutcome::Known => Alerted::Known(page),
    })
}

/// Reads an event. One of AWS that is not understood is an error: nobody else can send it, and it is not
/// to be lost. One that claims to be the gate's is at most a pointer.
pub fn parse(settings: &AlertSettings, body: &str) -> Result<Event, EventError> {
    let envelope: Envelope = serde_json::from_str(body)?;
    match (envelope.source.as_str(), envelope.detail_type.as_str()) {
        (source, API_CALL) if is_watched(source) => {
            Ok(Event::Call(Box::new(ApiCall::of_envelope(envelope)?)))
        }
        (SOURCE, DECIDED_DETAIL_TYPE) => Ok(match pointer(settings, envelope, is_outcome_path) {
            Ok(pointer) => Event::Decided(pointer),
            Err(why) => Event::NotOurs(why),
        }),
        (SOURCE, DRIFT_DETAIL_TYPE) => Ok(match pointer(settings, envelope, is_drift_path) {
            Ok(pointer) => Event::Drifted(pointer),
            Err(why) => Event::NotOurs(why),
        }),
        (SOURCE, _) => Ok(Event::NotOurs("the gate sends no such event")),
        _ => Err(EventError::Kind {
            source_name: envelope.source,
            detail_type: envelope.detail_type,
        }),
    }
}

/// Whether a detection looks at calls of this source, `aws.lambda` for instance.
fn is_watched(source: &str) -> bool {
    source
        .strip_prefix("aws.")
        .is_some_and(|service| event_names().contains_key(service))
}

fn pointer(
    settings: &AlertSettings,
    envelope: Envelope,
    is_path: fn(&str) -> bool,
) -> Result<RecordPointer, &'static str> {
    #[derive(Deserialize)]
    struct Detail {
        stack: String,
        record: String,
    }
    let Ok(detail) = Detail::deserialize(envelope.detail) else {
        return Err("it names no record");
    };
    if detail.stack != settings.stack {
        return Err("it is of another stack");
    }
    let bucket = format!("s3://{}/", settings.records_bucket);
    match detail.record.strip_prefix(&bucket) {
        Some(path) if is_path(path) => Ok(RecordPointer {
            event_id: envelope.id.unwrap_or_else(|| path.to_owned()),
            path: path.to_owned(),
        }),
        _ => Err("it names no record of its kind in the records bucket"),
    }
}

/// `drift/<functions|layers|unrecognised|configurations|account>/<name>/<KIND>.json`
fn is_drift_path(path: &str) -> bool {
    let parts: Vec<&str> = path.split('/').collect();
    let [folder, kind, name, file] = parts.as_slice() else {
        return false;
    };
    let of_kind = |kind: &DriftKind| file.strip_suffix(".json") == Some(kind.as_str());
    let is_of_all = match *kind {
        "configurations" => is_csc_id(name),
        _ => [ACCOUNT_FUNCTIONS, STACK_PARAMETERS].contains(&format!("{kind}/{name}").as_str()),
    };
    *folder == "drift"
        && (is_of_all || is_subject(kind, name))
        && DriftKind::ALL.iter().any(of_kind)
}

/// `csc-` and seventeen letters and digits (service model, grade A).
fn is_csc_id(text: &str) -> bool {
    let id = text.strip_prefix("csc-");
    id.is_some_and(|id| id.len() == 17 && id.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

/// `functions/<name>`, `layers/<name>`, or `unrecognised/<hash of a key>`.
fn is_subject(kind: &str, name: &str) -> bool {
    match kind {
        "unrecognised" => name.len() == 16 && name.bytes().all(|byte| byte.is_ascii_hexdigit()),
        _ => Target::try_from(format!("{kind}/{name}")).is_ok(),
    }
}

/// `functions/<name>/<label>/outcome.json`, `layers/…`, or `unrecognised/<hash>/<label>/outcome.json`.
fn is_outcome_path(path: &str) -> bool {
    let parts: Vec<&str> = path.split('/').collect();
    let [kind, name, label, file] = parts.as_slice() else {
        return false;
    };
    is_subject(kind, name) && *file == Outcome::FILE && Upload::parse_label(label).is_some()
}

/// The outcome on record; `None` when there is none, or it is not of the upload whose folder it is in.
async fn read<R: Records>(
    records: &R,
    pointer: &RecordPointer,
) -> Result<Option<Outcome>, AlertError> {
    let outcome: Option<Outcome> = records::read_named(records, &pointer.path).await?;
    let place = |outcome: &Outcome| format!("{}{}", outcome.upload.folder(), Outcome::FILE);
    Ok(outcome.filter(|outcome| place(outcome) == pointer.path))
}

/// The document of drift; `None` when there is none, or it is not where such drift belongs.
async fn read_drift<R: Records>(
    records: &R,
    pointer: &RecordPointer,
) -> Result<Option<Drift>, AlertError> {
    let drift: Option<Drift> = records::read_named(records, &pointer.path).await?;
    Ok(drift.filter(|drift| drift.path() == pointer.path))
}

/// Says whether someone should hear of an event, and what, with what was looked up for it.
#[must_use]
pub fn classify(settings: &AlertSettings, event: &Event, lookup: &Lookup) -> Option<Page> {
    match (event, lookup) {
        (Event::Call(call), Lookup::Code(known)) => page_of(call, settings, known, None),
        (Event::Call(call), Lookup::Csc(known)) => {
            page_of(call, settings, &KnownCode::NotAsked, Some(known))
        }
        (Event::Call(call), _) => page_of(call, settings, &KnownCode::NotAsked, None),
        (Event::Decided(pointer), Lookup::Outcome(outcome)) => {
            page_of_outcome(settings, pointer, outcome)
        }
        (Event::Drifted(pointer), Lookup::Drift(drift)) => {
            Some(page_of_drift(settings, &pointer.event_id, drift))
        }
        (Event::Decided(_) | Event::Drifted(_) | Event::NotOurs(_), _) => None,
    }
}

/// The page for an upload's end; nothing for one that ended as it should, unless the stack wants to be told.
fn page_of_outcome(
    settings: &AlertSettings,
    pointer: &RecordPointer,
    outcome: &Outcome,
) -> Option<Page> {
    let record = format!("s3://{}/{}", settings.records_bucket, pointer.path);
    let what = outcome.target.as_ref().map_or_else(
        || format!("{:?}", outcome.upload.id.key),
        ToString::to_string,
    );
    let (severity, title) = match outcome.state {
        UploadState::Superseded => return None,
        UploadState::Deployed | UploadState::Prepared if outcome.findings.is_empty() => {
            if !settings.success_notices {
                return None;
            }
            let word = match outcome.state {
                UploadState::Prepared => "Prepared",
                _ => "Deployed",
            };
            (Severity::Notice, format!("{word}: {what}"))
        }
        UploadState::Prepared => (
            Severity::Warning,
            format!("Prepared with a warning: {what}"),
        ),
        UploadState::Deployed => (
            Severity::Warning,
            format!("Deployed with a warning: {what}"),
        ),
        UploadState::Rejected => (Severity::Warning, format!("Upload refused: {what}")),
        // It was overtaken: nobody waits for it any more.
        UploadState::Failed
            if matches!(
                outcome.code,
                Some(ReasonCode::Replaced | ReasonCode::Deleted)
            ) =>
        {
            (
                Severity::Warning,
                format!("Deployment was overtaken: {what}"),
            )
        }
        UploadState::Failed => (Severity::Critical, format!("Deployment failed: {what}")),
    };
    let severity = if outcome.critical {
        Severity::Critical
    } else {
        severity
    };
    let code = code_of(outcome);
    let is_warning = severity == Severity::Warning && outcome.state == UploadState::Deployed;
    let repetition = match severity {
        Severity::Notice => Repetition::EachNew,
        Severity::Warning if is_warning => Repetition::CountedDaily,
        Severity::Warning | Severity::Critical => Repetition::Counted,
    };
    Some(Page {
        id: pointer.event_id.clone(),
        at: outcome.decided_at,
        place: None,
        severity,
        title: if code.is_empty() {
            title
        } else {
            format!("{title} ({code})")
        },
        text: text_of(outcome),
        next_steps: next_steps_of(outcome, &record),
        facts: facts_of(settings, outcome),
        resources: vec![
            record,
            format!(
                "s3://{}/{}",
                outcome.upload.id.bucket, outcome.upload.id.key
            ),
        ],
        kind: if code.is_empty() { "UPLOAD" } else { code }.to_owned(),
        subject: what,
        target: outcome.target.clone(),
        by: outcome.uploaded_by.principal.clone(),
        distinct_by: outcome.state.as_str().to_owned(),
        scope: IncidentScope::Subject,
        dedup_key: None,
        repetition,
        state: PageState::Ended(outcome.state),
        stack: settings.stack.clone(),
    })
}

/// The reason, or for a deployment with warnings the first warning.
fn code_of(outcome: &Outcome) -> &'static str {
    outcome
        .code
        .or_else(|| outcome.findings.iter().find_map(|finding| finding.code))
        .map_or("", |code| code.as_str())
}

fn text_of(outcome: &Outcome) -> String {
    let mut sentences = vec![match outcome.code {
        Some(code) => format!(
            "{} In detail: {}.",
            code.about().meaning,
            in_one_line(&outcome.message)
        ),
        None => format!("In detail: {}.", in_one_line(&outcome.message)),
    }];
    let others = outcome
        .findings
        .iter()
        .filter(|finding| finding.message != outcome.message);
    sentences.extend(others.filter_map(|finding| {
        let message = in_one_line(&finding.message);
        Some(format!("{}: {message}.", finding.code?.as_str()))
    }));
    // Of a target that is not there, or is none, nothing ran before.
    let has_target = outcome.target.is_some() && outcome.code != Some(ReasonCode::TargetNotFound);
    if outcome.state == UploadState::Rejected && has_target {
        sentences.push("What ran before runs on.".to_owned());
    }
    sentences.join("\n")
}

fn next_steps_of(outcome: &Outcome, record: &str) -> Vec<String> {
    // Whoever is asked to list a publisher that was revoked is asked to trust a key that may be lost.
    let is_revoked = codes_of(outcome)
        .any(|code| matches!(code, ReasonCode::ProfileRevoked | ReasonCode::JobRevoked));
    let is_advice =
        |code: Option<ReasonCode>| !(is_revoked && code == Some(ReasonCode::PublisherNotAllowed));
    let of_outcome = outcome.fix.iter().filter(|_| is_advice(outcome.code));
    let of_findings = outcome
        .findings
        .iter()
        .filter(|finding| is_advice(finding.code))
        .filter_map(|finding| finding.fix.as_ref());
    let mut steps: Vec<String> = Vec::new();
    for step in of_outcome.chain(of_findings) {
        if !steps.contains(step) {
            steps.push(step.clone());
        }
    }
    steps.push(format!("The whole record: aws s3 cp '{record}' -"));
    steps
}

fn codes_of(outcome: &Outcome) -> impl Iterator<Item = ReasonCode> {
    let of_findings = outcome.findings.iter().filter_map(|finding| finding.code);
    outcome.code.into_iter().chain(of_findings)
}

fn facts_of(settings: &AlertSettings, outcome: &Outcome) -> Vec<(&'static str, String)> {
    let mut facts = vec![("Stack", settings.stack.clone())];
    let uploader = &outcome.uploaded_by;
    facts.extend(uploader.principal.clone().map(|who| ("Uploaded by", who)));
    facts.extend(uploader.source_ip.clone().map(|from| ("From", from)));
    facts.push(("Uploaded", outcome.upload.at.to_string()));
    facts.push(("Version", outcome.upload.id.version.to_string()));
    facts.push(("Decided", outcome.decided_at.to_string()));
    facts.extend(
        outcome
            .job
            .as_ref()
            .map(|job| ("Signing job", job.to_string())),
    );
    let named = ["commit", "build", "author"];
    facts.extend(named.into_iter().filter_map(|name| {
        let value = outcome
            .metadata
            .get(name)
            .or_else(|| outcome.tags.get(name))?;
        Some((name, value.clone()))
    }));
    facts
}
