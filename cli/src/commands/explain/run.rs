//! `countersign explain`: the gate's detections over saved events.

use std::time::Duration;

use countersign_gate::alerts::{
    AlertSettings, Event, HttpsPages, Lookup, OwnRoles, classify, parse,
};

use super::{
    args::Arguments,
    events::events,
    report::{Explained, PageReport, Report},
};
use crate::io::{
    error::CliError,
    exit_status::ExitStatus,
    input,
    output::{self, Format},
};

/// Reads, detects, prints.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitStatus, CliError> {
    let settings = settings(arguments)?;
    let json = input::read(&arguments.file, "the events")?;
    let events = events(&json).map_err(|error| {
        CliError::new(
            format!("cannot use {}: {error}", arguments.file.display()),
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
        functions: Some(arguments.target_functions.clone()),
        layers: Some(arguments.target_layers.clone()),
        signing_profile: arguments.signing_profile.clone(),
        csc: None,
        key_arn: None,
        success_notices: false,
        repeat_interval: Duration::ZERO,
        only_warns: arguments.untrusted_code == "Warn",
        https_pages: HttpsPages::AmazonQ,
        runbook_url: None,
        place: None,
    })
}
