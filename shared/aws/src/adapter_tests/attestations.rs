use countersign_gate::{
    domain::{AttestationFolder, VersionId},
    ports::{AttestationRead, Attestations as _, ListedAttestation},
};
use countersign_testkit::{fake_aws::s3_error, http::Response};

use super::{call, is_denied, is_throttled, is_unexpected, stack};

fn folder() -> AttestationFolder {
    AttestationFolder::of(&[0xab; 32])
}

fn listing(body: &str) -> Response {
    let body = format!(r#"<?xml version="1.0"?><ListBucketResult>{body}</ListBucketResult>"#);
    Response::new(200, body).with("content-type", "application/xml")
}

#[tokio::test]
async fn attestations_of_one_package_are_listed() {
    let (fake, aws) = stack();
    let key = format!("{}build.json", folder());
    let object = format!("<Contents><Key>{key}</Key><Size>10240</Size></Contents>");
    fake.answers("s3:ListObjectsV2", listing(&object));
    let found = aws.list_attestations(&folder(), 20).await.unwrap();
    assert_eq!(found.objects, [ListedAttestation { key, size: 10_240 }]);
    assert!(!found.has_more);
    let request = call(&fake, "s3:ListObjectsV2");
    assert_eq!(request.path, "/uploads/");
    assert_eq!(request.query_value("max-keys"), Some("20"));
    let prefix = request.query_value("prefix").unwrap();
    assert!(
        prefix.starts_with("attestations") && prefix.ends_with("%2F"),
        "{prefix}"
    );
    let more = "<IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken>";
    let whole = |key: &str| format!("<Contents><Key>{key}</Key><Size>1</Size></Contents>");
    fake.answers_once(
        "s3:ListObjectsV2",
        listing(&format!("{}{more}", whole("a"))),
    );
    fake.answers_once(
        "s3:ListObjectsV2",
        listing(&format!("{}{more}", whole("b"))),
    );
    let found = aws.list_attestations(&folder(), 2).await.unwrap();
    assert_eq!(found.objects.len(), 2, "a page may be short");
    assert!(found.has_more);
    let answers: [(_, fn(&_) -> bool); 3] = [
        (s3_error(403, "AccessDenied"), is_denied),
        (s3_error(503, "SlowDown"), is_throttled),
        (listing("<Contents><Key>k</Key></Contents>"), is_unexpected),
    ];
    for (response, is_it) in answers {
        fake.answers("s3:ListObjectsV2", response);
        let error = aws.list_attestations(&folder(), 20).await.unwrap_err();
        assert!(is_it(&error), "{error:?}");
    }
}

#[tokio::test]
async fn attestation_is_read_with_its_version_and_not_beyond_its_bound() {
    let (fake, aws) = stack();
    let key = format!("{}build.json", folder());
    assert_eq!(
        aws.read_attestation(&key, 4).await.unwrap(),
        AttestationRead::Gone
    );
    let version = VersionId::parse(fake.put("uploads", &key, "four")).unwrap();
    let bytes = b"four".to_vec();
    let read = aws.read_attestation(&key, 4).await.unwrap();
    assert_eq!(read, AttestationRead::Object { version, bytes });
    let read = aws.read_attestation(&key, 3).await.unwrap();
    assert_eq!(read, AttestationRead::TooLarge { size: 4 });
    fake.answers_once("s3:GetObject", Response::new(200, "four"));
    let error = aws.read_attestation(&key, 4).await.unwrap_err();
    assert!(
        is_unexpected(&error),
        "without a version nothing is pinned: {error:?}"
    );
    fake.answers("s3:GetObject", s3_error(403, "AccessDenied"));
    assert!(is_denied(&aws.read_attestation(&key, 4).await.unwrap_err()));
}
