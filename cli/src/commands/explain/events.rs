//! The events in a file, in whichever of the forms that people have them.

use serde_json::{Value, json};

/// The `detail-type` of a call that CloudTrail recorded.
pub(super) const API_CALL: &str = "AWS API Call via CloudTrail";

/// What is not an event in any form.
#[derive(Debug, thiserror::Error)]
pub(super) enum EventsError {
    /// It is not JSON.
    #[error("this is not JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// A record of CloudTrail lacks what every record has.
    #[error("a record of CloudTrail has no {0}: it is not whole")]
    MissingField(&'static str),
    /// It is JSON of another kind.
    #[error("this is neither a record of CloudTrail nor an event of EventBridge")]
    OtherJson,
}

/// The events, each as EventBridge would deliver it.
pub(super) fn events(json: &[u8]) -> Result<Vec<String>, EventsError> {
    let mut found = Vec::new();
    collect(&serde_json::from_slice(json)?, &mut found)?;
    Ok(found)
}

fn collect(value: &Value, found: &mut Vec<String>) -> Result<(), EventsError> {
    let text = |name: &str| value.get(name).and_then(Value::as_str);
    if text("detail-type").is_some() {
        if text("detail-type") == Some(API_CALL) {
            check_record(value.get("detail").unwrap_or(&Value::Null))?;
        }
        found.push(value.to_string());
        return Ok(());
    }
    if let (Some(source), Some(name)) = (text("eventSource"), text("eventName")) {
        // A notification of S3 has the same names of fields, and is no call.
        let event = if let Some(service) = source.strip_prefix("aws:") {
            notification(service, name, value)
        } else {
            check_record(value)?;
            delivered(source, value)
        };
        found.push(event.to_string());
        return Ok(());
    }
    // `lookup-events` and SQS have the event as a text in a field.
    if let Some(inner) = text("CloudTrailEvent").or_else(|| text("body")) {
        return collect(&serde_json::from_str(inner)?, found);
    }
    let list = ["Records", "Events"]
        .into_iter()
        .find_map(|name| value.get(name));
    match list.unwrap_or(value) {
        Value::Array(several) => several.iter().try_for_each(|one| collect(one, found)),
        _ => Err(EventsError::OtherJson),
    }
}

/// Whether a record has what no page is made without.
fn check_record(record: &Value) -> Result<(), EventsError> {
    let is_missing = |name: &&&str| record.get(**name).and_then(Value::as_str).is_none();
    let missing = ["eventID", "eventTime", "eventName", "eventSource"];
    match missing.iter().find(is_missing) {
        Some(name) => Err(EventsError::MissingField(name)),
        None => Ok(()),
    }
}

/// What S3 notifies of, in the form of the others.
fn notification(service: &str, name: &str, record: &Value) -> Value {
    json!({
        "detail-type": format!("notification of {name}"),
        "source": format!("aws.{service}"),
        "time": record.get("eventTime"),
        "detail": record,
    })
}

/// A record as EventBridge delivers it: `lambda.amazonaws.com` is `aws.lambda` there.
fn delivered(source: &str, record: &Value) -> Value {
    let service = source.split('.').next().unwrap_or_default();
    json!({
        "version": "0",
        "id": record.get("eventID"),
        "detail-type": API_CALL,
        "source": format!("aws.{service}"),
        "account": record.get("recipientAccountId"),
        "time": record.get("eventTime"),
        "region": record.get("awsRegion"),
        "resources": [],
        "detail": record,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECORD: &str = r#"{"eventSource": "lambda.amazonaws.com", "eventName": "UpdateAlias20150331",
        "eventTime": "2026-11-21T21:50:12Z", "awsRegion": "us-east-1", "eventID": "e-1"}"#;

    #[test]
    fn every_form_of_an_event_is_found() {
        let quoted = serde_json::to_string(RECORD).unwrap();
        let one = events(RECORD.as_bytes()).unwrap();
        let delivered = one.first().unwrap().clone();
        for (form, count) in [
            (format!(r#"{{"Records": [{RECORD}, {RECORD}]}}"#), 2),
            (
                format!(r#"{{"Events": [{{"CloudTrailEvent": {quoted}}}]}}"#),
                1,
            ),
            (format!(r#"{{"CloudTrailEvent": {quoted}}}"#), 1),
            (delivered.clone(), 1),
            (format!("[{delivered}]"), 1),
            (json!({"Records": [{"body": delivered}]}).to_string(), 1),
            (r#"{"Events": []}"#.to_owned(), 0),
        ] {
            let found = events(form.as_bytes()).unwrap();
            assert_eq!(found, vec![delivered.clone(); count], "{form}");
        }
        for field in ["eventID", "eventTime"] {
            let mut record: Value = serde_json::from_str(RECORD).unwrap();
            record.as_object_mut().unwrap().remove(field);
            let enveloped = super::delivered("lambda.amazonaws.com", &record);
            for form in [record, enveloped] {
                let error = events(form.to_string().as_bytes()).unwrap_err();
                assert!(
                    error.to_string().contains(&format!("has no {field}:")),
                    "{error}"
                );
            }
        }
        for other in ["", "{}", "7", r#"{"Records": [{}]}"#] {
            events(other.as_bytes()).unwrap_err();
        }
    }
}
