//! `countersign explain`: the gate's detections over saved events.

use std::time::Duration;

use countersign_gate::{
    alerts::{AlertSettings, Event, HttpsPages, Lookup, OwnRoles, classify, parse},
    ports::CallHistory as _,
};

use super::{
    args::Arguments,
    events::events,
    report::{Explained, PageReport, Report},
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
    let report = Report {
        events: events
            .iter()
            .map(|event| explain(&settings, event))
            .collect(),
    };
    if let Some(reader) = arguments.reader {
        output::print(&report.as_read(reader))?;
        return Ok(ExitStatus::Success);
    }
    match arguments.format {
        Format::Json => output::print_json(&report)?,
        Format::Text => output::print(&report.render())?,
    }
    Ok(ExitStatus::Success)
}

/// The events as JSON, and where they are from.
fn read(arguments: &Arguments) -> Result<(Vec<u8>, String), CliError> {
    match (&arguments.lookup, &arguments.file) {
        (Some(event_id), _) => {
            let json = ask("asking CloudTrail", look_up(event_id))?;
            Ok((json.into_bytes(), format!("the event {event_id}")))
        }
        (None, Some(file)) => Ok((input::read(file, "the events")?, file.display().to_string())),
        (None, None) => Err(CliError::new(
            "there are no events to explain".to_owned(),
            "name a file, or an event with --lookup",
        )),
    }
}

async fn look_up(event_id: &str) -> Result<String, CliError> {
    let session = Session::connect("", "").await?;
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

fn explain(settings: &AlertSettings, body: &str) -> Explained {
    let silent = |event: String, why: &str| Explained {
        event,
        silent: Some(why.to_owned()),
        page: None,
    };
    let event = match parse(settings, body) {
        Ok(event) => event,
        Err(error) => return silent("an event".to_owned(), &error.to_string()),
    };
    let name = match &event {
        Event::Call(call) => call.name().to_owned(),
        Event::Decided(_) => {
            let why = "what is paged is what the record in the records bucket says, which is not read here";
            return silent("an upload that ended".to_owned(), why);
        }
        Event::Drifted(_) => {
            let why = "what is paged is what the document in the records bucket says, which is not read here";
            return silent("drift".to_owned(), why);
        }
        Event::NotOurs(why) => return silent("an event".to_owned(), why),
    };
    match classify(settings, &event, &Lookup::Nothing) {
        Some(page) => Explained {
            event: name,
            silent: None,
            page: Some(PageReport::of(&page, settings)),
        },
        None => silent(
            name,
            "no detection looks for this call on this target, or the gate made it itself",
        ),
    }
}

fn settings(arguments: &Arguments) -> Result<AlertSettings, CliError> {
    let own_roles = if arguments.own_roles.is_empty() {
        OwnRoles::none()
    } else {
        OwnRoles::parse(&arguments.own_roles.join(",")).map_err(|error| {
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
        peer_roles: OwnRoles::none(),
        functions: Some(arguments.target_functions.clone()),
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
