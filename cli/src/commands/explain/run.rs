//! `countersign explain`: the gate's detections over saved events.

use std::{collections::BTreeSet, time::Duration};

use countersign_gate::{
    alerts::{AlertSettings, Event, HttpsPages, Lookup, RoleList, classify, parse},
    events::EventError,
    ports::{CallHistory as _, error_chain},
};
use serde_json::Value;

use super::{
    args::Arguments,
    events::{API_CALL, events},
    report::{Explained, Outcome, PageReport, Report},
};
use crate::{
    aws::session::{Session, ask},
    io::{
        error::CliError,
        exit_status::ExitStatus,
        input,
        output::{self, Format},
    },
};

/// Reads, detects, prints.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitStatus, CliError> {
    let settings = settings(arguments)?;
    let (json, from) = read(arguments)?;
    let events = events(&json).map_err(|error| {
        CliError::new(
            format!("cannot use {from}: {error}"),
            "save what `aws cloudtrail lookup-events` prints, or a record of CloudTrail, as JSON",
        )
    })?;
    let explained = events.iter().map(|event| explain(&settings, event));
    let explained: Result<Vec<Explained>, EventError> = explained.collect();
    let report = Report {
        note: arguments
            .own_roles
            .is_empty()
            .then(|| NO_OWN_ROLES.to_owned()),
        events: explained.map_err(|error| {
            CliError::new(
                format!("cannot use {from}: {}", error_chain(&error)),
                "give the events as CloudTrail, EventBridge or SQS gave them, whole",
            )
        })?,
    };
    if let Some(reader) = arguments.reader {
        // Beside the pages, which are for a program.
        output::print_aside(&report.beside_pages());
        output::print(&report.as_read(reader))?;
        return Ok(ExitStatus::Success);
    }
    match arguments.format {
        Format::Json => output::print_json(&report)?,
        Format::Text => output::print(&report.render())?,
    }
    Ok(ExitStatus::Success)
}

/// What to know of pages that were made without knowing the gate's roles.
const NO_OWN_ROLES: &str = "no --own-role was given, so that calls of the gate itself look like anybody's: give each of the \
                            roles in the stack's output GateRoles";

/// The events as JSON, and where they are from.
fn read(arguments: &Arguments) -> Result<(Vec<u8>, String), CliError> {
    match (&arguments.lookup, &arguments.file) {
        (Some(event_id), _) => {
            let json = ask("asking CloudTrail", look_up(event_id))?;
            Ok((json.into_bytes(), format!("the event {event_id}")))
        }
        (None, Some(file)) => {
            let events = input::read_or_standard_input(file, "the events")?;
            let from = match file.as_os_str().to_str() {
                Some("-") => "standard input".to_owned(),
                _ => file.display().to_string(),
            };
            Ok((events, from))
        }
        (None, None) => Err(CliError::new(
            "there are no events to explain".to_owned(),
            "name a file, or an event with --lookup",
        )),
    }
}

async fn look_up(event_id: &str) -> Result<String, CliError> {
    let session = Session::connect().await?;
    let found = session.trail().recorded_call(event_id).await;
    let found = found.map_err(|error| session.failed_event_lookup(event_id, &error))?;
    found.ok_or_else(|| {
        CliError::new(
            format!("CloudTrail has no event {event_id} in {}", session.region()),
            "look in the account and region where it happened (AWS_PROFILE, AWS_REGION; us-east-1 for calls of IAM), \
             or a quarter of an hour later. Management events of the last 90 days are found",
        )
    })
}

fn explain(settings: &AlertSettings, body: &str) -> Result<Explained, EventError> {
    let silent = |event: String, why: String| Explained {
        event,
        outcome: Outcome::NobodyPaged,
        silent: Some(why),
        unknown: None,
        page: None,
    };
    // An event that points at a record is judged by the record, in whichever bucket it says that it is.
    let mut settings = settings.clone();
    settings.records_bucket = bucket_of_record(body).unwrap_or_default();
    let event = match parse(&settings, body) {
        Ok(event) => event,
        Err(EventError::Kind {
            source_name,
            detail_type,
        }) => {
            let why = why_not_looked_at(&source_name, &detail_type);
            return Ok(silent(format!("{detail_type} of {source_name}"), why));
        }
        Err(error) => return Err(error),
    };
    let by_record = |event: &str| Explained {
        event: event.to_owned(),
        outcome: Outcome::Unknown,
        silent: None,
        unknown: Some(
            "this event pages by the record that it names, and the records bucket is not asked"
                .to_owned(),
        ),
        page: None,
    };
    let name = match &event {
        Event::Call(call) => call.name().to_owned(),
        Event::Decided(_) => return Ok(by_record("an upload that ended")),
        Event::ApprovalNeeded(_) => return Ok(by_record("an upload that waits for approvals")),
        Event::Drifted(_) => return Ok(by_record("drift")),
        Event::NotOurs(why) => {
            let why = format!("it is not of this stack, or not for alert: {why}");
            return Ok(silent("an event of a gate".to_owned(), why));
        }
    };
    let Some(page) = classify(&settings, &event, &Lookup::Nothing) else {
        let why = "no detection looks for this call on this target, or the gate made it itself";
        return Ok(silent(name, why.to_owned()));
    };
    Ok(Explained {
        event: name,
        outcome: Outcome::Paged,
        silent: None,
        unknown: None,
        page: Some(PageReport::of(&page, &settings)),
    })
}

/// The bucket of the record that an event of the gate names.
fn bucket_of_record(body: &str) -> Option<String> {
    let event: Value = serde_json::from_str(body).ok()?;
    let record = event.pointer("/detail/record")?.as_str()?;
    let (bucket, _) = record.strip_prefix("s3://")?.split_once('/')?;
    Some(bucket.to_owned())
}

/// Why an event that alert is not for pages nobody.
fn why_not_looked_at(source: &str, detail_type: &str) -> String {
    match (source, detail_type) {
        (_, API_CALL) => format!("no detection looks at calls of {source}"),
        ("aws.s3", _) => {
            "it is for the gate's function sign, and pages nobody by itself".to_owned()
        }
        ("aws.signer", _) => {
            "it is for the gate's function deploy, and pages nobody by itself".to_owned()
        }
        _ => "it is no event that the gate's function alert gets".to_owned(),
    }
}

fn settings(arguments: &Arguments) -> Result<AlertSettings, CliError> {
    let own_roles = if arguments.own_roles.is_empty() {
        RoleList::none()
    } else {
        RoleList::parse(&arguments.own_roles.join(",")).map_err(|error| {
            CliError::new(
                format!("cannot use --own-role: {error}"),
                "give the ARNs of the roles of the stack's functions",
            )
        })?
    };
    Ok(AlertSettings {
        stack: arguments.stack.clone(),
        records_bucket: String::new(),
        own_roles,
        peer_roles: RoleList::none(),
        functions: Some(arguments.target_functions.clone()),
        under_own_csc: BTreeSet::new(),
        layers: Some(arguments.target_layers.clone()),
        signing_profile: arguments.signing_profile.clone(),
        other_profiles: arguments.tagged_profiles.iter().cloned().collect(),
        csc: arguments.code_signing_config.clone(),
        key_arn: arguments.key.clone(),
        success_notices: false,
        repeat_interval: Duration::ZERO,
        only_warns: arguments.untrusted_code == "Warn",
        https_pages: HttpsPages::AmazonQ,
        runbook_url: None,
        place: None,
    })
}
