//! The notice that an upload begins to wait for approvals, with the command that approves it.

use super::{
    detections::is_plain,
    formats::in_one_line,
    page::{Page, Repetition, Severity},
    record_pointer::{AwaitedApproval, RecordPointer},
    settings::AlertSettings,
};
use crate::domain::{ReasonCode, Target, UploadDigest};

/// The notice for those who approve; nothing for an upload that is for no target.
pub(super) fn page_of_awaited(
    settings: &AlertSettings,
    pointer: &RecordPointer,
    awaited: &AwaitedApproval,
) -> Option<Page> {
    let AwaitedApproval { received, demand } = awaited;
    let target = received.target.as_ref()?;
    let upload = &received.upload;
    let people = match demand.required {
        1 => "one person".to_owned(),
        count => format!("{count} people"),
    };
    let digest = received.source_sha256.as_deref();
    let digest = digest.and_then(UploadDigest::of_base64);
    let mut facts = vec![("Stack", settings.stack.clone())];
    let uploader = received.uploaded_by.principal.clone();
    facts.extend(uploader.clone().map(|who| ("Uploaded by", who)));
    facts.push(("Uploaded", upload.at.to_string()));
    facts.push(("Version", upload.id.version.to_string()));
    facts.extend(digest.map(|digest| ("SHA-256", digest.to_string())));
    facts.push(("Waits until", demand.wait_until.to_string()));
    let named = ["commit", "build", "author"];
    facts.extend(named.into_iter().filter_map(|name| {
        let value = received.metadata.get(name)?;
        Some((name, value.clone()))
    }));
    let record = format!("s3://{}/{}", settings.records_bucket, pointer.path);
    Some(Page {
        severity: Severity::Notice,
        title: format!("Approval needed: {target}"),
        text: format!(
            "An upload is signed and judged, and is deployed when {people} other than whoever uploaded approved it. It \
             waits until {}, and is refused then. Version {}.",
            demand.wait_until,
            in_one_line(upload.id.version.as_str()),
        ),
        next_steps: vec![
            format!(
                "Look at what is approved, and approve it: {}",
                command(settings, "approve", target, awaited)
            ),
            format!(
                "Who approved already: {}",
                command(settings, "approvals", target, awaited)
            ),
        ],
        facts,
        resources: vec![
            record,
            format!("s3://{}/{}", upload.id.bucket, upload.id.key),
        ],
        kind: ReasonCode::ApprovalMissing.as_str().to_owned(),
        subject: target.to_string(),
        target: Some(target.clone()),
        by: uploader,
        // Another thing than the end of an upload that nobody approved.
        distinct_by: "waiting".to_owned(),
        // The gate sends one event for each upload, and perhaps the same again.
        repetition: Repetition::EachNew,
        ..Page::new(&settings.stack, pointer.event_id.clone(), upload.at)
    })
}

/// A command about this upload that can be pasted. What a shell makes something of stays away.
fn command(
    settings: &AlertSettings,
    name: &str,
    target: &Target,
    awaited: &AwaitedApproval,
) -> String {
    let upload = &awaited.received.upload.id;
    let region = settings.place.as_ref().map(|place| place.region.as_str());
    let options = [
        ("version-id", Some(upload.version.as_str())),
        ("uploads-bucket", Some(upload.bucket.as_str())),
        ("records-bucket", Some(settings.records_bucket.as_str())),
        ("region", region),
    ];
    // All or none: with a part of them, it would be about something else.
    let options = options.into_iter().filter(|(_, value)| value.is_some());
    let options: Option<String> = options
        .map(|(name, value)| {
            let value = value.filter(|value| is_plain(value))?;
            Some(format!(" --{name} {value}"))
        })
        .collect();
    match options {
        Some(options) => format!("countersign {name} {target}{options}"),
        None => format!(
            "countersign {name} {target} --package FILE, with the package that you reviewed"
        ),
    }
}
