use std::collections::BTreeMap;

use countersign_gate::{
    domain::{CurrentExpiry, LifecycleRule, NoncurrentExpiry, Target, UploadId, VersionId},
    ports::{
        Creation, CurrentUpload, PackageStorage as _, Records, Replacement, SignedObjects,
        StoredVersion, UploadHead, UploadStore as _, UploadVersion, Uploads,
    },
};
use countersign_testkit::{
    fake_aws::{FakeAws, s3_error},
    http::Response,
};

use crate::{UploadsBucket, connection::tests::connection_to};

use super::{call, is_denied, is_throttled, is_unavailable, is_unexpected, stack};

const KEY: &str = "functions/orders.zip";

fn upload(key: &str, version: &str) -> UploadId {
    UploadId {
        bucket: "uploads".to_owned(),
        key: key.to_owned(),
        version: VersionId::parse(version).unwrap(),
    }
}

#[tokio::test]
async fn head_of_a_version_tells_everything() {
    let (fake, aws) = stack();
    let head = Response::new(200, "")
        .with("x-amz-version-id", "v1")
        .with("last-modified", "Sat, 21 Nov 2026 21:44:00 GMT")
        .with("content-length", "5242")
        .with("x-amz-meta-Commit", "6533b80")
        .with("x-amz-tagging-count", "2");
    fake.answers("s3:HeadObject", head);
    let version = VersionId::parse("v1").unwrap();
    let UploadHead::Object(head) = aws.head_upload(KEY, Some(&version)).await.unwrap() else {
        panic!("there is an object");
    };
    assert_eq!(head.version, Some(version));
    assert_eq!(head.last_modified, "2026-11-21T21:44:00Z".parse().unwrap());
    assert_eq!(head.size, 5242);
    assert_eq!(head.metadata["commit"], "6533b80");
    assert_eq!(head.tag_count, 2);
    let request = call(&fake, "s3:HeadObject");
    assert_eq!(
        request.path, "/uploads/functions/orders.zip",
        "path style on an own endpoint"
    );
    assert_eq!(request.query_value("versionId"), Some("v1"));
}

#[tokio::test]
async fn absence_and_delete_marker_and_denial_differ() {
    let (fake, aws) = stack();
    assert_eq!(
        aws.head_upload(KEY, None).await.unwrap(),
        UploadHead::Absent
    );
    let version = VersionId::parse(fake.put("uploads", KEY, "a")).unwrap();
    fake.delete("uploads", KEY);
    assert_eq!(
        aws.head_upload(KEY, None).await.unwrap(),
        UploadHead::DeleteMarker
    );
    let marker = VersionId::parse("version-2").unwrap();
    assert_eq!(
        aws.head_upload(KEY, Some(&marker)).await.unwrap(),
        UploadHead::DeleteMarker
    );
    assert!(matches!(
        aws.head_upload(KEY, Some(&version)).await.unwrap(),
        UploadHead::Object(head) if head.size == 1
    ));
    // Without leave to list a bucket S3 says 403 for a key that is not there.
    fake.answers_once("s3:HeadObject", Response::new(403, ""));
    assert!(is_denied(&aws.head_upload(KEY, None).await.unwrap_err()));
    fake.answers_once("s3:HeadObject", Response::new(405, ""));
    assert!(is_unexpected(
        &aws.head_upload(KEY, None).await.unwrap_err()
    ));
}

#[tokio::test]
async fn unversioned_object_has_no_version() {
    let (fake, aws) = stack();
    fake.put("uploads", KEY, "a");
    fake.without_versions("uploads");
    let UploadHead::Object(head) = aws.head_upload(KEY, None).await.unwrap() else {
        panic!("there is an object");
    };
    assert_eq!(head.version, None);
    fake.answers_once(
        "s3:HeadObject",
        Response::new(200, "")
            .with("x-amz-version-id", "null")
            .with("last-modified", "Sat, 21 Nov 2026 21:44:00 GMT"),
    );
    let head = aws.head_upload(KEY, None).await.unwrap();
    assert!(matches!(head, UploadHead::Object(head) if head.version.is_none()));
}

#[tokio::test]
async fn keys_reach_s3_as_they_are() {
    for key in [
        "a b.zip",
        "a+b.zip",
        "größe.zip",
        "../x.zip",
        "a//b.zip",
        "a%2Bb.zip",
        "./a.zip",
    ] {
        let (fake, aws) = stack();
        let version = fake.put("uploads", key, key.as_bytes());
        let read = aws.read_upload(&upload(key, &version)).await.unwrap();
        assert_eq!(read.as_deref(), Some(key.as_bytes()), "{key}");
    }
}

#[tokio::test]
async fn version_is_read_or_gone() {
    let (fake, aws) = stack();
    let first = fake.put("uploads", KEY, "first");
    fake.put("uploads", KEY, "second");
    fake.delete("uploads", KEY);
    let read = aws.read_upload(&upload(KEY, &first)).await.unwrap();
    assert_eq!(read.as_deref(), Some(b"first".as_slice()));
    assert_eq!(
        aws.read_upload(&upload(KEY, "version-3")).await.unwrap(),
        None,
        "a marker"
    );
    assert_eq!(
        aws.read_upload(&upload(KEY, "version-9")).await.unwrap(),
        None,
        "no version"
    );
    assert_eq!(
        aws.read_upload(&upload("b", "version-1")).await.unwrap(),
        None,
        "no key"
    );
    fake.answers("s3:GetObject", s3_error(404, "NoSuchBucket"));
    assert!(is_unexpected(
        &aws.read_upload(&upload(KEY, &first)).await.unwrap_err()
    ));
}

#[tokio::test]
async fn broken_or_oversized_body_is_an_error() {
    let (fake, aws) = stack();
    let broken = Response::new(200, "abc").with("content-length", "4");
    fake.answers_once("s3:GetObject", broken.with("connection", "close"));
    assert!(is_unavailable(
        &aws.read_upload(&upload(KEY, "v")).await.unwrap_err()
    ));
    let too_large = (1_u64 << 30).to_string();
    fake.answers_once(
        "s3:GetObject",
        Response::new(200, "").with("content-length", too_large),
    );
    let error = aws.read_upload(&upload(KEY, "v")).await.unwrap_err();
    assert!(
        is_unexpected(&error) && error.error_chain().contains("more than any package"),
        "{error}"
    );
}

#[tokio::test]
async fn tags_are_read_and_their_absence_is_none() {
    let (fake, aws) = stack();
    let tagging = "<Tagging><TagSet><Tag><Key>build</Key><Value>7</Value></Tag></TagSet></Tagging>";
    fake.answers_once("s3:GetObjectTagging", Response::new(200, tagging));
    let tags = aws.upload_tags(&upload(KEY, "v1")).await.unwrap();
    assert_eq!(tags["build"], "7");
    assert_eq!(
        call(&fake, "s3:GetObjectTagging").query_value("versionId"),
        Some("v1")
    );
    fake.answers_once("s3:GetObjectTagging", s3_error(404, "NoSuchVersion"));
    assert!(
        aws.upload_tags(&upload(KEY, "v1"))
            .await
            .unwrap()
            .is_empty()
    );
    fake.answers_once("s3:GetObjectTagging", s3_error(403, "AccessDenied"));
    assert!(is_denied(
        &aws.upload_tags(&upload(KEY, "v1")).await.unwrap_err()
    ));
}

#[tokio::test]
async fn signed_object_is_pinned_by_its_own_answer() {
    let (fake, aws) = stack();
    assert_eq!(aws.read_signed("signed", "a.zip").await.unwrap(), None);
    let version = fake.put("signed", "a.zip", "zip");
    let (object, body) = aws.read_signed("signed", "a.zip").await.unwrap().unwrap();
    assert_eq!(object.version.as_str(), version);
    assert_eq!(
        (object.bucket.as_str(), object.key.as_str()),
        ("signed", "a.zip")
    );
    assert_eq!(body, b"zip");
    assert!(!fake.called().contains(&"s3:HeadObject".to_owned()));
    fake.without_versions("signed");
    assert!(is_unexpected(
        &aws.read_signed("signed", "a.zip").await.unwrap_err()
    ));
}

#[tokio::test]
async fn upload_is_read_if_it_is_current() {
    let (fake, aws) = stack();
    let read = |version: String| {
        let upload = upload(KEY, &version);
        let aws = aws.clone();
        async move { aws.read_if_current(&upload).await.unwrap() }
    };
    let first = fake.put("uploads", KEY, "first");
    let current = CurrentUpload::Current(b"first".to_vec());
    assert_eq!(read(first.clone()).await, current);
    let second = fake.put("uploads", KEY, "second");
    assert_eq!(read(first).await, CurrentUpload::Other);
    fake.delete("uploads", KEY);
    assert_eq!(read(second).await, CurrentUpload::Deleted);
    assert!(
        fake.called().iter().all(|call| call == "s3:GetObject"),
        "one call each"
    );
    fake.answers("s3:GetObject", s3_error(403, "AccessDenied"));
    let error = aws.read_if_current(&upload(KEY, "v")).await.unwrap_err();
    assert!(is_denied(&error));
}

#[tokio::test]
async fn versions_are_listed_current_first() {
    let (fake, aws) = stack();
    assert!(aws.list_versions(KEY, 9).await.unwrap().is_empty());
    let first = fake.put("uploads", KEY, "a");
    let second = fake.put("uploads", KEY, "b");
    fake.put("uploads", "functions/orders.zip.bak", "another key");
    fake.delete("uploads", KEY);
    let found = aws.list_versions(KEY, 9).await.unwrap();
    let ids = |found: &[UploadVersion]| -> Vec<String> {
        let ids = found.iter().map(|item| item.version.as_ref().unwrap());
        ids.map(ToString::to_string).collect()
    };
    assert_eq!(ids(&found), ["version-4", &second, &first]);
    assert!(found[0].is_delete_marker && found[0].is_current);
    assert!(!found[1].is_delete_marker && !found[1].is_current);
    assert_eq!(
        found[1].last_modified,
        "2026-11-21T21:44:00Z".parse().unwrap()
    );
    let found = aws.list_versions(KEY, 2).await.unwrap();
    assert_eq!(ids(&found), ["version-4", &second]);
}

#[tokio::test]
async fn versions_are_listed_page_by_page() {
    let (fake, aws) = stack();
    let version = |key: &str, id: &str, second: u8| {
        format!(
            "<Version><Key>{key}</Key><VersionId>{id}</VersionId><IsLatest>{}</IsLatest>\
             <LastModified>2026-11-21T21:44:0{second}.000Z</LastModified></Version>",
            id == "v3"
        )
    };
    let page = |next: Option<(&str, &str)>, versions: &[String]| {
        let next = next.map_or_else(String::new, |(key, id)| {
            format!(
                "<IsTruncated>true</IsTruncated><NextKeyMarker>{key}</NextKeyMarker>\
                 <NextVersionIdMarker>{id}</NextVersionIdMarker>"
            )
        });
        let body = versions.concat();
        Response::new(
            200,
            format!("<ListVersionsResult>{next}{body}</ListVersionsResult>"),
        )
    };
    let call = "s3:ListObjectVersions";
    let other = "functions/orders.zip2";
    fake.answers_once(call, page(Some((KEY, "v3")), &[version(KEY, "v3", 3)]));
    let second = [
        version(KEY, "v2", 2),
        version(KEY, "null", 1),
        version(other, "v9", 9),
    ];
    fake.answers_once(call, page(Some((other, "v9")), &second));
    let found = aws.list_versions(KEY, 9).await.unwrap();
    let ids: Vec<_> = found
        .iter()
        .map(|item| item.version.as_ref().map(ToString::to_string))
        .collect();
    assert_eq!(ids, [Some("v3".to_owned()), Some("v2".to_owned()), None]);
    let calls = fake.calls();
    assert_eq!(calls.len(), 2, "another key ends it");
    let marker = calls[1].request.query_value("version-id-marker");
    assert_eq!(marker, Some("v3"));

    let cut = "<ListVersionsResult><IsTruncated>true</IsTruncated></ListVersionsResult>";
    fake.answers(call, Response::new(200, cut));
    let error = aws.list_versions(KEY, 9).await.unwrap_err();
    assert!(is_unexpected(&error), "it is not the last page: {error:?}");

    fake.answers(call, s3_error(403, "AccessDenied"));
    assert!(is_denied(&aws.list_versions(KEY, 9).await.unwrap_err()));
}

#[tokio::test]
async fn statements_are_listed_and_read_up_to_a_size() {
    let (fake, aws) = stack();
    for name in ["a", "b", "c"] {
        fake.put("uploads", &format!("freeze/{name}.json"), "{}");
    }
    fake.put("uploads", KEY, "zip");
    let listed = aws.list_statements("freeze/", 2).await.unwrap();
    assert_eq!(listed, ["freeze/a.json", "freeze/b.json"]);
    let request = call(&fake, "s3:ListObjectsV2");
    assert_eq!(request.query_value("max-keys"), Some("2"));
    assert_eq!(request.query_value("prefix"), Some("freeze%2F"));

    let read = |max_bytes| aws.read_statement("freeze/a.json", max_bytes);
    let found = read(2).await.unwrap().unwrap();
    assert_eq!(found.body.as_deref(), Some(b"{}".as_slice()));
    assert!(found.version.is_some());
    let found = read(1).await.unwrap().unwrap();
    assert_eq!((found.size, found.body), (2, None), "it is not read");
    assert_eq!(aws.read_statement("freeze/z.json", 9).await.unwrap(), None);

    let page = |key: &str, more: &str| {
        let body = format!(
            r#"<?xml version="1.0"?><ListBucketResult><Contents><Key>{key}</Key></Contents>{more}</ListBucketResult>"#
        );
        Response::new(200, body).with("content-type", "application/xml")
    };
    let more = "<IsTruncated>true</IsTruncated><NextContinuationToken>next</NextContinuationToken>";
    fake.answers_once("s3:ListObjectsV2", page("freeze/a.json", more));
    fake.answers_once("s3:ListObjectsV2", page("freeze/b.json", ""));
    let listed = aws.list_statements("freeze/", 9).await.unwrap();
    assert_eq!(
        listed,
        ["freeze/a.json", "freeze/b.json"],
        "a page may be short"
    );

    fake.answers("s3:ListObjectsV2", s3_error(403, "AccessDenied"));
    assert!(is_denied(
        &aws.list_statements("freeze/", 2).await.unwrap_err()
    ));
    fake.answers("s3:GetObject", s3_error(503, "SlowDown"));
    assert!(is_throttled(&read(9).await.unwrap_err()));
}

#[tokio::test]
async fn current_package_is_told_by_its_metadata() {
    let (fake, aws) = stack();
    let target = Target::from_key("functions/orders.zip").unwrap();
    assert_eq!(aws.current_package(&target).await.unwrap(), None);
    let key = "current/functions/orders.zip";
    let version = fake.put("signed", key, "zip");
    let bare = aws.current_package(&target).await.unwrap().unwrap();
    assert_eq!(bare.etag, format!("\"etag-{version}\""));
    assert_eq!((bare.upload, bare.code_sha256), (None, None));
    let bytes = aws.read_signed_version(&bare.object).await.unwrap();
    assert_eq!(bytes.as_deref(), Some(b"zip".as_slice()));

    let head = Response::new(200, "")
        .with("x-amz-version-id", "v2")
        .with("etag", "\"e\"")
        .with("x-amz-meta-upload", "20261121T214400Z-v1")
        .with("x-amz-meta-source-sha256", "c291cmNl")
        .with("x-amz-meta-code-sha256", "Y29kZQ==");
    fake.answers("s3:HeadObject", head);
    let found = aws.current_package(&target).await.unwrap().unwrap();
    assert_eq!(
        (found.object.key.as_str(), found.etag.as_str()),
        (key, "\"e\"")
    );
    assert_eq!(found.upload.as_deref(), Some("20261121T214400Z-v1"));
    assert_eq!(found.source_sha256.as_deref(), Some("c291cmNl"));
    assert_eq!(found.code_sha256.as_deref(), Some("Y29kZQ=="));
    let gone = aws.read_signed_version(&found.object).await.unwrap();
    assert_eq!(gone, None);

    fake.answers("s3:HeadObject", Response::new(403, ""));
    assert!(is_denied(&aws.current_package(&target).await.unwrap_err()));
}

#[tokio::test]
async fn record_is_created_once_and_replaced_at_will() {
    let (fake, aws) = stack();
    let path = "functions/orders/20261121T214400Z-v1/outcome.json";
    assert_eq!(aws.read_record(path).await.unwrap(), None);
    assert_eq!(
        aws.create_record(path, b"{}").await.unwrap(),
        Creation::Created
    );
    assert_eq!(
        aws.create_record(path, b"{1}").await.unwrap(),
        Creation::Existed
    );
    assert_eq!(
        aws.read_record(path).await.unwrap().as_deref(),
        Some(b"{}".as_slice())
    );
    aws.replace_record(path, b"{2}").await.unwrap();
    assert_eq!(fake.object("records", path).unwrap(), b"{2}");
    let conditions: Vec<_> = fake
        .calls()
        .iter()
        .filter(|call| call.name == "s3:PutObject")
        .map(|call| call.request.header("if-none-match").map(str::to_owned))
        .collect();
    assert_eq!(
        conditions,
        [Some("*".to_owned()), Some("*".to_owned()), None]
    );
}

#[tokio::test]
async fn record_is_replaced_only_as_it_was_seen() {
    let (fake, aws) = stack();
    let path = "functions/orders/live.json";
    assert_eq!(aws.read_record_with_etag(path).await.unwrap(), None);
    let first = aws.replace_record_as_seen(path, b"{}", None).await.unwrap();
    assert_eq!(first, Replacement::Replaced);
    let seen = aws.read_record_with_etag(path).await.unwrap().unwrap();
    assert_eq!(seen.body, b"{}");
    let again = aws.replace_record_as_seen(path, b"{1}", Some(&seen)).await;
    assert_eq!(again.unwrap(), Replacement::Replaced);
    let late = aws.replace_record_as_seen(path, b"{2}", Some(&seen)).await;
    assert_eq!(late.unwrap(), Replacement::Changed);
    let late = aws.replace_record_as_seen(path, b"{3}", None).await;
    assert_eq!(late.unwrap(), Replacement::Changed);
    assert_eq!(fake.object("records", path).unwrap(), b"{1}");
    fake.answers("s3:PutObject", s3_error(404, "NoSuchKey"));
    let gone = aws.replace_record_as_seen(path, b"{4}", Some(&seen)).await;
    assert_eq!(gone.unwrap(), Replacement::Changed);
    fake.answers("s3:PutObject", s3_error(404, "NoSuchBucket"));
    aws.replace_record_as_seen(path, b"{5}", Some(&seen))
        .await
        .unwrap_err();
    let conditions: Vec<_> = fake
        .calls()
        .iter()
        .filter(|call| call.name == "s3:PutObject")
        .map(|call| {
            let condition = |name| call.request.header(name).map(str::to_owned);
            condition("if-match")
                .or(condition("if-none-match"))
                .unwrap()
        })
        .collect();
    let etag = seen.etag.as_str();
    assert_eq!(conditions, ["*", etag, etag, "*", etag, etag]);
}

#[tokio::test]
async fn conflicting_creation_is_retried() {
    let (fake, aws) = stack();
    let conflict = || s3_error(409, "ConditionalRequestConflict");
    fake.answers_once("s3:PutObject", conflict());
    let created = aws.create_record("a.json", b"{1}").await.unwrap();
    assert_eq!(created, Creation::Created);
    // Not for ever, though.
    fake.answers("s3:PutObject", conflict());
    let error = aws.create_record("b.json", b"{1}").await.unwrap_err();
    assert!(is_unavailable(&error));
}

/// S3 may have made the copy whose answer is lost, and each copy is an upload.
#[tokio::test]
async fn restored_upload_is_copied_once() {
    let fake = FakeAws::start().unwrap();
    let uploads = UploadsBucket::new(connection_to(&fake.endpoint()), "uploads".to_owned());
    let version = VersionId::parse(fake.put("uploads", KEY, "a")).unwrap();
    let target = Target::from_key(KEY).unwrap();
    fake.answers_once("s3:CopyObject", s3_error(500, "InternalError"));
    let none = BTreeMap::new();
    let error = uploads.restore_upload(&target, &version, &none).await;
    assert!(is_unavailable(&error.unwrap_err()));
    assert_eq!(fake.called(), ["s3:CopyObject"]);
    let stored = uploads.restore_upload(&target, &version, &none).await;
    assert!(
        matches!(stored, Ok(Some(StoredVersion::Version(_)))),
        "{stored:?}"
    );
}

#[tokio::test]
async fn records_are_listed_page_by_page() {
    let (fake, aws) = stack();
    let page = |key: &str, more: &str| {
        Response::new(
            200,
            format!(
                "<ListBucketResult>{more}<Contents><Key>{key}</Key></Contents></ListBucketResult>"
            ),
        )
    };
    let more = "<IsTruncated>true</IsTruncated><NextContinuationToken>next</NextContinuationToken>";
    fake.answers_once("s3:ListObjectsV2", page("functions/a/1", more));
    fake.answers_once("s3:ListObjectsV2", page("functions/a/2", ""));
    let listed = aws.list_records("functions/a/").await.unwrap();
    assert_eq!(listed, ["functions/a/1", "functions/a/2"]);
    let calls = fake.calls();
    assert_eq!(
        calls[1].request.query_value("continuation-token"),
        Some("next")
    );
    assert_eq!(
        calls[1].request.query_value("prefix"),
        Some("functions%2Fa%2F")
    );
}

#[tokio::test]
async fn slow_down_is_retried_then_throttled() {
    let (fake, aws) = stack();
    fake.put("records", "a", "1");
    fake.answers_once("s3:GetObject", s3_error(503, "SlowDown"));
    assert!(aws.read_record("a").await.unwrap().is_some());
    assert_eq!(fake.called().len(), 2);
    fake.answers("s3:GetObject", s3_error(503, "SlowDown"));
    let error = aws.read_record("a").await.unwrap_err();
    assert!(is_throttled(&error));
    assert_eq!(
        error.error_chain(),
        "s3:GetObject was throttled: SlowDown: as told (HTTP 503, request request-1)"
    );
    assert_eq!(fake.called().len(), 4, "two tries each");
}

#[tokio::test]
async fn closed_port_is_unavailable() {
    let (fake, aws) = stack();
    drop(fake);
    assert!(is_unavailable(&aws.read_record("a").await.unwrap_err()));
}

#[tokio::test]
async fn user_agent_names_the_gate() {
    let (fake, aws) = stack();
    let _none = aws.read_record("a").await.unwrap();
    let request = call(&fake, "s3:GetObject");
    let agent = request.header("user-agent").unwrap();
    assert!(agent.contains("app/countersign-"), "{agent}");
}

#[tokio::test]
async fn rules_that_delete_what_is_signed_are_read() {
    let (fake, aws) = stack();
    let call = "s3:GetLifecycleConfiguration";
    let none = s3_error(404, "NoSuchLifecycleConfiguration");
    fake.answers_once(call, none);
    assert_eq!(aws.lifecycle_rules().await.unwrap(), []);
    let rules = "\
        <Rule><Status>Enabled</Status><Prefix>functions/</Prefix><Expiration><Days>365</Days></Expiration></Rule>\
        <Rule><Status>Disabled</Status><Prefix/><Expiration><Days>1</Days></Expiration></Rule>\
        <Rule><Status>Enabled</Status><Filter><Prefix>layers/</Prefix></Filter>\
          <Expiration><Date>2027-01-01T00:00:00Z</Date></Expiration></Rule>\
        <Rule><Status>Enabled</Status><Filter><And><Prefix>current/</Prefix><ObjectSizeGreaterThan>1</ObjectSizeGreaterThan>\
          </And></Filter><NoncurrentVersionExpiration><NoncurrentDays>7</NoncurrentDays>\
          <NewerNoncurrentVersions>2</NewerNoncurrentVersions></NoncurrentVersionExpiration></Rule>\
        <Rule><Status>Enabled</Status><Filter><Tag><Key>a</Key><Value>b</Value></Tag></Filter>\
          <Expiration><Days>1</Days></Expiration></Rule>\
        <Rule><Status>Enabled</Status><Filter/><NoncurrentVersionExpiration><NoncurrentDays>9</NoncurrentDays>\
          </NoncurrentVersionExpiration><Expiration><ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker></Expiration></Rule>";
    let body = format!("<LifecycleConfiguration>{rules}</LifecycleConfiguration>");
    fake.answers_once(call, Response::new(200, body));
    let rule = |prefix: &str, current, noncurrent: Option<(u32, u32)>| LifecycleRule {
        prefix: prefix.to_owned(),
        current,
        noncurrent: noncurrent.map(|(days, kept)| NoncurrentExpiry { days, kept }),
    };
    let new_year = "2027-01-01T00:00:00Z".parse().unwrap();
    let expected = [
        rule("functions/", Some(CurrentExpiry::AfterDays(365)), None),
        rule("layers/", Some(CurrentExpiry::At(new_year)), None),
        rule("current/", None, Some((7, 2))),
        rule("", None, Some((9, 0))),
    ];
    assert_eq!(aws.lifecycle_rules().await.unwrap(), expected);
    fake.answers(call, s3_error(403, "AccessDenied"));
    assert!(is_denied(&aws.lifecycle_rules().await.unwrap_err()));
}

#[tokio::test]
async fn versions_of_a_package_are_listed_newest_first() {
    let (fake, aws) = stack();
    assert!(aws.package_versions(KEY).await.unwrap().is_empty());
    let first = fake.put("signed", KEY, "a");
    fake.put("signed", "functions/orders.zip.bak", "another key");
    fake.delete("signed", KEY);
    let found = aws.package_versions(KEY).await.unwrap();
    let [marker, version] = found.as_slice() else {
        panic!("{found:?}")
    };
    assert!(marker.is_delete_marker && !version.is_delete_marker);
    assert_eq!(version.version.as_ref().unwrap().as_str(), first);
    fake.answers("s3:ListObjectVersions", s3_error(403, "AccessDenied"));
    assert!(is_denied(&aws.package_versions(KEY).await.unwrap_err()));
}
