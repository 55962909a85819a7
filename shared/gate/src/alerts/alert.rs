//! From an event to a page, or to the reason why nobody needs one.

use super::{
    approval_page::page_of_awaited,
    detections::{GATE_CHANGED, Known, detect, event_names, names_live, needs_records, page_of},
    drift_page::page_of_drift,
    ended_before,
    error::AlertError,
    incidents::{self, NotifyOutcome, RepeatRun},
    known_code::{KnownCode, look_up},
    known_csc::{self, KnownCsc},
    known_functions,
    known_live::{self, LiveUpload},
    known_profiles,
    outcome_page::page_of_outcome,
    page::{Page, Severity},
    peers,
    record_pointer::{
        AwaitedApproval, RecordPointer, is_drift_path, is_outcome_path, is_waiting_path, pointer,
        read_awaited, read_drift, read_outcome,
    },
    recovery::{self, Recovery, recover},
    settings::AlertSettings,
    silences, stack_update,
    world::AlertWorld,
};
use crate::{
    events::{API_CALL, AlertRun, ApiCall, Envelope, EventError},
    outcome::{APPROVAL_NEEDED_DETAIL_TYPE, DECIDED_DETAIL_TYPE, DRIFT_DETAIL_TYPE},
    ports::SOURCE,
    records::{Drift, Outcome},
};
use jiff::Timestamp;

/// An event, as far as it is believed.
#[derive(Clone, Debug)]
pub enum Event {
    /// Somebody called AWS: only AWS can say so.
    Call(Box<ApiCall>),
    /// An upload ended, says an event that anybody with `events:PutEvents` can send. It is a pointer to
    /// a record, and the record says how it ended.
    Decided(RecordPointer),
    /// An upload begins to wait for approvals. A pointer as well.
    ApprovalNeeded(RecordPointer),
    /// `sweep` found drift, or that it is gone. A pointer as well.
    Drifted(RecordPointer),
    /// It claims to be the gate's and is not.
    NotOurs(&'static str),
}

/// What the records say beside an event.
#[derive(Clone, Debug)]
pub enum Lookup {
    /// Nothing was looked up.
    Nothing,
    /// How the upload ended that an event points at.
    Outcome(Box<Outcome>),
    /// The upload that waits for approvals that an event points at; `None` when it waits no more.
    Awaited(Option<Box<AwaitedApproval>>),
    /// The document of drift that an event points at.
    Drift(Box<Drift>),
    /// Whose code a call put on a function, and what the gate deployed there last.
    Code(KnownCode, Option<LiveUpload>),
    /// What the gate deployed last to the target of a call.
    Live(Option<LiveUpload>),
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
    Summaries(RepeatRun),
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
        if known.is_none() {
            known = known_functions::with_gated(world, call, settings).await?;
        }
    }
    let settings = known.as_ref().unwrap_or(settings);
    let (lookup, recovery) = match &event {
        Event::Decided(pointer) => {
            let Some(outcome) = read_outcome(world, pointer).await? else {
                return Ok(Alerted::Dropped("its record is not there"));
            };
            let recovery = recovery::recovery_of_outcome(world, &outcome).await;
            (Lookup::Outcome(Box::new(outcome)), recovery)
        }
        Event::ApprovalNeeded(pointer) => {
            let awaited = read_awaited(world, pointer).await?;
            (Lookup::Awaited(awaited.map(Box::new)), Ok(None))
        }
        Event::Drifted(pointer) => {
            let Some(drift) = read_drift(world, pointer).await? else {
                return Ok(Alerted::Dropped("its record is not there"));
            };
            (Lookup::Drift(Box::new(drift)), Ok(None))
        }
        Event::Call(call) if needs_records(call, settings) => {
            let live = live_of(world, call, settings).await;
            (Lookup::Code(look_up(world, call).await, live), Ok(None))
        }
        Event::Call(call) if known_csc::concerns(call) && detect(call, settings).is_some() => {
            let known = known_csc::look_up(world, call).await;
            (Lookup::Csc(known), Ok(recovery::of_call(call, settings)))
        }
        Event::Call(call) => {
            let live = live_of(world, call, settings).await;
            (Lookup::Live(live), Ok(recovery::of_call(call, settings)))
        }
        Event::NotOurs(why) => return Ok(Alerted::Dropped(why)),
    };
    // Trouble with what it ends keeps no page back; the event is tried again for that afterwards.
    let recovered = match recovery {
        Ok(Some(recovery)) => end(world, settings, &recovery).await,
        Ok(None) => Ok(()),
        Err(error) => Err(error),
    };
    let (alerted, is_on_record) = match classify(settings, &event, &lookup) {
        Some(page) => tell(world, settings, &event, page).await?,
        None => (Alerted::Silent, true),
    };
    // Again when the event comes again: it may have been cut off before this. What is on no record cannot be ended, and
    // would only be told again.
    let ended = match &alerted {
        Alerted::Paged(page) | Alerted::Known(page) if is_on_record => {
            ended_before::end_if_over(world, settings, page).await
        }
        _ => Ok(()),
    };
    recovered.and(ended).map(|()| alerted)
}

/// Ends what is over, and what is yet to be heard of.
async fn end<W: AlertWorld>(
    world: &W,
    settings: &AlertSettings,
    recovery: &Recovery,
) -> Result<(), AlertError> {
    // First, so that whatever is told at the same time finds it.
    let remembered = ended_before::remember(world, recovery).await;
    recover(world, settings, recovery).await?;
    remembered
}

/// What the gate deployed last, for a page that names it.
async fn live_of<W: AlertWorld>(
    world: &W,
    call: &ApiCall,
    settings: &AlertSettings,
) -> Option<LiveUpload> {
    if !names_live(call, settings) {
        return None;
    }
    known_live::look_up(world, call).await
}

/// Sends a page, unless it was told before or is not to be told; answers also whether what was told is on record.
async fn tell<W: AlertWorld>(
    world: &W,
    settings: &AlertSettings,
    event: &Event,
    page: Page,
) -> Result<(Alerted, bool), AlertError> {
    let page = Box::new(page);
    let is_by_cloudformation = matches!(event, Event::Call(call) if call.is_by_cloudformation());
    if page.kind == GATE_CHANGED
        && is_by_cloudformation
        && stack_update::was_told(world, settings)
            .await
            .unwrap_or(false)
    {
        return Ok((Alerted::Silent, true));
    }
    // A silence that cannot be read is none.
    if page.severity > Severity::Notice
        && silences::silences_page(world, settings, &page)
            .await
            .unwrap_or(false)
    {
        return Ok((Alerted::Silenced(page), true));
    }
    Ok(match incidents::tell(world, settings, &page).await? {
        NotifyOutcome::Paged => (Alerted::Paged(page), true),
        NotifyOutcome::PagedOffRecord => (Alerted::Paged(page), false),
        NotifyOutcome::Counted => (Alerted::Counted(page), true),
        NotifyOutcome::Known => (Alerted::Known(page), true),
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
        (SOURCE, APPROVAL_NEEDED_DETAIL_TYPE) => {
            Ok(match pointer(settings, envelope, is_waiting_path) {
                Ok(pointer) => Event::ApprovalNeeded(pointer),
                Err(why) => Event::NotOurs(why),
            })
        }
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

/// Says whether someone should hear of an event, and what, with what was looked up for it.
#[must_use]
pub fn classify(settings: &AlertSettings, event: &Event, lookup: &Lookup) -> Option<Page> {
    match (event, lookup) {
        (Event::Call(call), lookup) => page_of(call, settings, known_of(lookup)),
        (Event::Decided(pointer), Lookup::Outcome(outcome)) => {
            page_of_outcome(settings, pointer, outcome)
        }
        (Event::Drifted(pointer), Lookup::Drift(drift)) => {
            Some(page_of_drift(settings, &pointer.event_id, drift))
        }
        (Event::ApprovalNeeded(pointer), Lookup::Awaited(Some(awaited))) => {
            page_of_awaited(settings, pointer, awaited)
        }
        (
            Event::Decided(_) | Event::ApprovalNeeded(_) | Event::Drifted(_) | Event::NotOurs(_),
            _,
        ) => None,
    }
}

fn known_of(lookup: &Lookup) -> Known<'_> {
    let known = Known::default();
    match lookup {
        Lookup::Code(code, live) => Known {
            code: Some(code),
            live: live.as_ref(),
            ..known
        },
        Lookup::Csc(csc) => Known {
            csc: Some(csc),
            ..known
        },
        Lookup::Live(live) => Known {
            live: live.as_ref(),
            ..known
        },
        Lookup::Nothing | Lookup::Outcome(_) | Lookup::Awaited(_) | Lookup::Drift(_) => known,
    }
}
