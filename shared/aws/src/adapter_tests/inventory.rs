//! The lists that `sweep` walks through, and what it sends again.

use countersign_gate::{
    domain::{CscArn, CscPolicy, PackageType},
    ports::{FunctionInventory, Records, UploadInventory, VersionsCursor},
};
use countersign_testkit::{
    fake_aws::{exception, json, s3_error},
    http::Response,
};

use super::{call, is_denied, is_throttled, is_unexpected, stack};

const CSC: &str = "arn:aws:lambda:eu-west-1:111122223333:code-signing-config:csc-0123456789abcdef0";

#[tokio::test]
async fn all_versions_are_listed_key_by_key() {
    let (fake, aws) = stack();
    let empty = aws.list_all_versions(None).await.unwrap();
    assert!(empty.versions.is_empty() && empty.next.is_none());
    fake.put("uploads", "functions/b.zip", "b1");
    fake.put("uploads", "functions/a.zip", "first");
    fake.delete("uploads", "functions/a.zip");
    let page = aws.list_all_versions(None).await.unwrap();
    let told: Vec<(&str, u64, bool, bool)> = page
        .versions
        .iter()
        .map(|it| (it.key.as_str(), it.size, it.is_current, it.is_delete_marker))
        .collect();
    assert_eq!(
        told,
        [
            ("functions/a.zip", 5, false, false),
            ("functions/a.zip", 0, true, true),
            ("functions/b.zip", 2, true, false),
        ]
    );
    assert_eq!(page.next, None);
    // All of the bucket, from its beginning.
    let calls = fake.calls();
    assert_eq!(calls[0].request.query_value("prefix"), None);
    assert_eq!(calls[0].request.query_value("key-marker"), None);
}

#[tokio::test]
async fn listing_of_versions_goes_on_at_its_cursor() {
    let (fake, aws) = stack();
    let page = Response::new(
        200,
        "<ListVersionsResult><IsTruncated>true</IsTruncated><NextKeyMarker>k</NextKeyMarker>\
         <NextVersionIdMarker>v7</NextVersionIdMarker></ListVersionsResult>",
    );
    fake.answers_once("s3:ListObjectVersions", page);
    let first = aws.list_all_versions(None).await.unwrap();
    let cursor = VersionsCursor {
        key: "k".to_owned(),
        version: Some("v7".to_owned()),
    };
    assert_eq!(first.next.as_ref(), Some(&cursor));
    aws.list_all_versions(Some(&cursor)).await.unwrap();
    let after_key = VersionsCursor {
        version: None,
        ..cursor
    };
    aws.list_all_versions(Some(&after_key)).await.unwrap();
    let marker = |at: usize, name: &str| {
        let calls = fake.calls();
        calls[at].request.query_value(name).map(str::to_owned)
    };
    assert_eq!(marker(1, "key-marker").as_deref(), Some("k"));
    assert_eq!(marker(1, "version-id-marker").as_deref(), Some("v7"));
    assert_eq!(marker(2, "key-marker").as_deref(), Some("k"));
    assert_eq!(marker(2, "version-id-marker"), None);

    let cut = "<ListVersionsResult><IsTruncated>true</IsTruncated></ListVersionsResult>";
    fake.answers("s3:ListObjectVersions", Response::new(200, cut));
    let error = aws.list_all_versions(None).await.unwrap_err();
    assert!(is_unexpected(&error), "it is not the last page: {error:?}");
    fake.answers("s3:ListObjectVersions", s3_error(403, "AccessDenied"));
    assert!(is_denied(&aws.list_all_versions(None).await.unwrap_err()));
}

#[tokio::test]
async fn record_folders_are_listed_without_what_is_in_them() {
    let (fake, aws) = stack();
    for key in [
        "functions/a/20261121T214400Z-v1/outcome.json",
        "functions/a/live.json",
        "functions/b/live.json",
        "layers/c/live.json",
    ] {
        fake.put("records", key, "{}");
    }
    let folders = aws.list_record_folders("functions/").await.unwrap();
    assert_eq!(folders, ["functions/a/", "functions/b/"]);
    let request = call(&fake, "s3:ListObjectsV2");
    assert_eq!(request.query_value("delimiter"), Some("%2F"));
    fake.answers("s3:ListObjectsV2", s3_error(403, "AccessDenied"));
    let error = aws.list_record_folders("functions/").await.unwrap_err();
    assert!(is_denied(&error));
}

#[tokio::test]
async fn functions_are_listed_page_by_page() {
    let (fake, aws) = stack();
    let name = "lambda:ListFunctions";
    let first = r#"{"Functions":[{"FunctionName":"a","CodeSha256":"x=","PackageType":"Zip",
        "SigningJobArn":"job","SigningProfileVersionArn":"profile"},
        {"FunctionName":"b","CodeSha256":"y=","PackageType":"Image"}],"NextMarker":"m 1"}"#;
    fake.answers_once(name, json(first));
    let page = aws.list_functions(None).await.unwrap();
    assert_eq!(page.items[0].name, "a");
    assert_eq!(page.items[0].code.sha256, "x=");
    assert_eq!(page.items[0].code.job_arn.as_deref(), Some("job"));
    let signer = page.items[0].code.profile_version_arn.as_deref();
    assert_eq!(signer, Some("profile"));
    assert_eq!(page.items[0].package_type, PackageType::Zip);
    assert_eq!(page.items[1].package_type, PackageType::Image);
    assert_eq!(page.items[1].code.job_arn, None);
    fake.answers_once(name, json("{}"));
    let last = aws.list_functions(page.next.as_deref()).await.unwrap();
    assert!(last.items.is_empty() && last.next.is_none());
    let calls = fake.calls();
    assert_eq!(calls[1].request.query_value("Marker"), Some("m%201"));
    fake.answers_once(name, json(r#"{"Functions":[{"FunctionName":"a"}]}"#));
    assert!(is_unexpected(&aws.list_functions(None).await.unwrap_err()));
    fake.answers(name, exception(429, "TooManyRequestsException", ""));
    assert!(is_throttled(&aws.list_functions(None).await.unwrap_err()));
}

#[tokio::test]
async fn configurations_and_their_functions_are_listed() {
    let (fake, aws) = stack();
    let configuration = format!(
        r#"{{"CodeSigningConfigs":[{{"CodeSigningConfigId":"csc-0123456789abcdef0",
        "CodeSigningConfigArn":"{CSC}","AllowedPublishers":{{"SigningProfileVersionArns":["p"]}},
        "CodeSigningPolicies":{{"UntrustedArtifactOnDeployment":"Warn"}},
        "LastModified":"2026-11-21T21:44:00Z"}}]}}"#
    );
    fake.answers("lambda:ListCodeSigningConfigs", json(&configuration));
    let page = aws.list_cscs(None).await.unwrap();
    assert_eq!(page.items[0].policy(), CscPolicy::Warn);
    assert_eq!(page.items[0].arn().unwrap().as_str(), CSC);

    let name = "lambda:ListFunctionsByCodeSigningConfig";
    let csc = CscArn::parse(CSC).unwrap();
    let arn = "arn:aws:lambda:eu-west-1:111122223333:function:orders";
    fake.answers_once(name, json(&format!(r#"{{"FunctionArns":["{arn}"]}}"#)));
    let users = aws.functions_of_csc(&csc, None).await.unwrap();
    assert_eq!(users.items, ["orders"]);
    // Left out, the function would look as if it had no configuration.
    for unreadable in ["orders", "arn:aws:lambda:eu-west-1:111122223333:function:"] {
        let page = format!(r#"{{"FunctionArns":["{arn}","{unreadable}"]}}"#);
        fake.answers_once(name, json(&page));
        let error = aws.functions_of_csc(&csc, None).await.unwrap_err();
        assert!(is_unexpected(&error), "{error}");
        assert!(error.error_chain().contains("FunctionArns"), "{error}");
    }
    // It was deleted since it was listed.
    fake.answers_once(name, exception(404, "ResourceNotFoundException", ""));
    let users = aws.functions_of_csc(&csc, None).await.unwrap();
    assert!(users.items.is_empty());
    fake.answers(name, exception(403, "AccessDeniedException", ""));
    let error = aws.functions_of_csc(&csc, None).await.unwrap_err();
    assert!(is_denied(&error));
}

#[cfg(feature = "function-runtime")]
#[tokio::test]
async fn event_is_sent_again_to_the_queue_of_its_function() {
    use super::sent;
    use crate::{FunctionQueues, connection::tests::connection_to};
    use countersign_gate::ports::{Redelivery, UploadFunction};

    let (fake, aws) = stack();
    let url = |name: &str| format!("{}/111122223333/{name}", fake.endpoint());
    let connection = connection_to(&fake.endpoint());
    let queues = FunctionQueues::new(connection, url("gate-sign"), url("gate-deploy"));
    let aws = aws.with_queues(queues);
    aws.resend(UploadFunction::Deploy, "{}").await.unwrap();
    let body = sent(&call(&fake, "sqs:SendMessage"));
    assert_eq!(body["QueueUrl"], url("gate-deploy"));
    assert_eq!(body["MessageBody"], "{}");
    aws.resend(UploadFunction::Sign, "x").await.unwrap();
    assert_eq!(sent(&fake.calls()[1].request)["QueueUrl"], url("gate-sign"));
    fake.answers("sqs:SendMessage", exception(403, "AccessDenied", "no"));
    let error = aws.resend(UploadFunction::Sign, "x").await.unwrap_err();
    assert!(is_denied(&error));
}
