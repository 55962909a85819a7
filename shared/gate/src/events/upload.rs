//! An upload, as EventBridge and as S3 notifications report it.

use super::envelope::{Envelope, EventError, RESENT_SOURCE};
use crate::domain::{NameError, Upload, Uploader, VersionId};
use jiff::Timestamp;
use percent_encoding::percent_decode_str;
use serde::Deserialize;
use std::borrow::Cow;

const OBJECT_CREATED: &str = "Object Created";

/// An object was created in a bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UploadEvent {
    /// The bucket.
    pub bucket: String,
    /// The key, decoded.
    pub key: String,
    /// The version, unless the event has none (or `null`).
    pub version: Option<VersionId>,
    /// `sequencer` of the object: orders the versions of one key.
    pub sequencer: Option<String>,
    /// Who did it.
    pub uploaded_by: Uploader,
    /// When.
    pub at: Timestamp,
}

impl UploadEvent {
    /// Reads an `EventBridge` event or a plain S3 notification; a notification may hold several.
    ///
    /// S3's test notification holds none. The key is encoded as in forms in a notification, and not at
    /// all in an event (grade B).
    pub fn parse(body: &str) -> Result<Vec<Self>, EventError> {
        let value: serde_json::Value = serde_json::from_str(body)?;
        if value.get("Records").is_some() {
            let notification: Notification = serde_json::from_value(value)?;
            return notification
                .records
                .into_iter()
                .map(Record::into_event)
                .collect();
        }
        if value.get("Event").and_then(serde_json::Value::as_str) == Some("s3:TestEvent") {
            return Ok(Vec::new());
        }
        let envelope: Envelope = serde_json::from_value(value)?;
        let is_known = matches!(envelope.source.as_str(), "aws.s3" | RESENT_SOURCE);
        if !is_known || envelope.detail_type != OBJECT_CREATED {
            return Err(EventError::Kind {
                source_name: envelope.source,
                detail_type: envelope.detail_type,
            });
        }
        let detail: ObjectCreated = serde_json::from_value(envelope.detail)?;
        Ok(vec![Self {
            bucket: detail.bucket.name,
            key: detail.object.key,
            version: version(detail.object.version_id)?,
            sequencer: detail.object.sequencer,
            uploaded_by: Uploader {
                principal: detail.requester,
                source_ip: detail.source_ip_address,
            },
            at: envelope.time,
        }])
    }

    /// The event of an upload whose own event was lost. Who uploaded is not known to it.
    #[must_use]
    pub fn resent(upload: &Upload) -> String {
        serde_json::json!({
            "source": RESENT_SOURCE,
            "detail-type": OBJECT_CREATED,
            "time": upload.at,
            "detail": {
                "bucket": {"name": upload.id.bucket},
                "object": {"key": upload.id.key, "version-id": upload.id.version},
            },
        })
        .to_string()
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct ObjectCreated {
    bucket: Bucket,
    object: CreatedObject,
    requester: Option<String>,
    source_ip_address: Option<String>,
}

#[derive(Deserialize)]
struct Bucket {
    name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct CreatedObject {
    key: String,
    version_id: Option<String>,
    sequencer: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Notification {
    #[serde(rename = "Records")]
    records: Vec<Record>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    event_name: String,
    event_time: Timestamp,
    user_identity: Option<UserIdentity>,
    request_parameters: Option<RequestParameters>,
    s3: S3,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct UserIdentity {
    principal_id: Option<String>,
}

#[derive(Deserialize)]
struct RequestParameters {
    #[serde(rename = "sourceIPAddress")]
    source_ip_address: Option<String>,
}

#[derive(Deserialize)]
struct S3 {
    bucket: Bucket,
    object: NotifiedObject,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NotifiedObject {
    key: String,
    version_id: Option<String>,
    sequencer: Option<String>,
}

impl Record {
    fn into_event(self) -> Result<UploadEvent, EventError> {
        if !self.event_name.starts_with("ObjectCreated:") {
            return Err(EventError::Notification {
                event: self.event_name,
            });
        }
        Ok(UploadEvent {
            bucket: self.s3.bucket.name,
            key: decode_form(&self.s3.object.key)?,
            version: version(self.s3.object.version_id)?,
            sequencer: self.s3.object.sequencer,
            uploaded_by: Uploader {
                principal: self
                    .user_identity
                    .and_then(|identity| identity.principal_id),
                source_ip: self
                    .request_parameters
                    .and_then(|from| from.source_ip_address),
            },
            at: self.event_time,
        })
    }
}

/// A version that is there and pins something.
fn version(text: Option<String>) -> Result<Option<VersionId>, NameError> {
    text.filter(|text| !text.is_empty() && text != "null")
        .map(VersionId::parse)
        .transpose()
}

/// Undoes form encoding: `+` is a space, then percent signs.
fn decode_form(key: &str) -> Result<String, EventError> {
    let spaced = key.replace('+', " ");
    percent_decode_str(&spaced)
        .decode_utf8()
        .map(Cow::into_owned)
        .map_err(|_| EventError::Key {
            key: key.to_owned(),
        })
}

#[cfg(test)]
mod tests {
    use super::{super::signing_job::JobEvent, *};

    /// The bodies of a sample's batch.
    fn bodies(sample: &str) -> Vec<String> {
        let batch: serde_json::Value = serde_json::from_str(sample).unwrap();
        batch["Records"]
            .as_array()
            .unwrap()
            .iter()
            .map(|record| record["body"].as_str().unwrap().to_owned())
            .collect()
    }

    #[test]
    fn both_forms_of_an_upload_are_understood() {
        let event = bodies(include_str!("../../../../events/sign-eventbridge.json"));
        let notification = bodies(include_str!("../../../../events/sign-s3-notification.json"));
        let event = UploadEvent::parse(&event[0]).unwrap();
        let notification = UploadEvent::parse(&notification[0]).unwrap();
        assert_eq!(event.len(), 1);
        assert_eq!(event[0].key, notification[0].key);
        assert_eq!(event[0].version, notification[0].version);
        assert!(event[0].version.is_some());
        assert!(event[0].uploaded_by.principal.is_some());
    }

    #[test]
    fn keys_are_decoded_where_they_are_encoded() {
        let event = bodies(include_str!(
            "../../../../events/sign-eventbridge-odd-key.json"
        ));
        let notification = bodies(include_str!(
            "../../../../events/sign-s3-notification-odd-key.json"
        ));
        let event = UploadEvent::parse(&event[0]).unwrap();
        let notification = UploadEvent::parse(&notification[0]).unwrap();
        assert_eq!(event[0].key, notification[0].key);
        assert_eq!(decode_form("a+b%2Bc%20d%C3%BC").unwrap(), "a b+c dü");
        assert!(decode_form("%FF").is_err());
    }

    #[test]
    fn bad_record_is_an_error_of_its_own() {
        let results: Vec<_> = bodies(include_str!("../../../../events/sign-batch-one-bad.json"))
            .iter()
            .map(|body| UploadEvent::parse(body).is_ok())
            .collect();
        assert!(
            results.contains(&true) && results.contains(&false),
            "{results:?}"
        );
    }

    #[test]
    fn event_that_is_not_understood_is_not_dropped() {
        assert!(UploadEvent::parse("not json").is_err());
        assert!(UploadEvent::parse("{}").is_err());
        let foreign = r#"{"source":"aws.ec2","detail-type":"Object Created","time":"2026-11-21T21:44:00Z","detail":{}}"#;
        assert!(matches!(
            UploadEvent::parse(foreign),
            Err(EventError::Kind { .. })
        ));
        let removed = r#"{"Records":[{"eventName":"ObjectRemoved:Delete","eventTime":"2026-11-21T21:44:00Z","s3":{"bucket":{"name":"b"},"object":{"key":"k"}}}]}"#;
        assert!(matches!(
            UploadEvent::parse(removed),
            Err(EventError::Notification { .. })
        ));
        assert_eq!(
            UploadEvent::parse(r#"{"Service":"Amazon S3","Event":"s3:TestEvent"}"#).unwrap(),
            []
        );
    }

    #[test]
    fn resent_event_is_of_the_same_upload() {
        let upload = Upload {
            id: crate::domain::UploadId {
                bucket: "uploads".to_owned(),
                key: "functions/a b+c%20d.zip".to_owned(),
                version: VersionId::parse("v1").unwrap(),
            },
            at: "2026-11-21T21:44:00Z".parse().unwrap(),
        };
        let events = UploadEvent::parse(&UploadEvent::resent(&upload)).unwrap();
        assert_eq!(events.len(), 1);
        assert_eq!(events[0].bucket, "uploads");
        assert_eq!(events[0].key, upload.id.key);
        assert_eq!(events[0].version.as_ref(), Some(&upload.id.version));
        assert_eq!(events[0].uploaded_by, Uploader::default());
    }

    #[test]
    fn null_is_no_version() {
        assert_eq!(version(Some("null".into())).unwrap(), None);
        assert_eq!(version(Some(String::new())).unwrap(), None);
        assert!(version(Some("abc".into())).unwrap().is_some());
    }

    #[test]
    fn job_events_give_their_job() {
        for sample in [
            include_str!("../../../../events/deploy-signer-job.json"),
            include_str!("../../../../events/deploy-signer-job-failed.json"),
            include_str!("../../../../events/deploy-signer-job-layer.json"),
        ] {
            JobEvent::parse(&bodies(sample)[0]).unwrap();
        }
        assert!(JobEvent::parse(r#"{"source":"aws.s3","detail-type":"x","time":"2026-11-21T21:44:00Z","detail":{"job_id":"a"}}"#).is_err());
    }
}
