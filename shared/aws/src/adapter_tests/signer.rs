use countersign_gate::{
    domain::{JobStatus, ProfileName, ProfileStatus, SigningJobId, UploadId, VersionId},
    ports::{JobRequest, JobStart, Signer},
};
use countersign_testkit::fake_aws::{exception, json};

use super::{call, is_denied, is_throttled, is_unavailable, is_unexpected, sent, stack};

const JOB: &str = "065d37b3-1a2b-4c5d-8e9f-0a1b2c3d4e5f";

fn request() -> JobRequest {
    JobRequest {
        profile: ProfileName::parse("countersign").unwrap(),
        source: UploadId {
            bucket: "uploads".to_owned(),
            key: "functions/orders.zip".to_owned(),
            version: VersionId::parse("v1").unwrap(),
        },
        bucket: "signed".to_owned(),
        prefix: "functions/orders/20261121T214400Z-v1/".to_owned(),
        token: "a".repeat(64),
    }
}

fn job() -> SigningJobId {
    SigningJobId::parse(JOB).unwrap()
}

/// `DescribeSigningJob` as it answers for a job that succeeded, with `more` fields.
fn described(more: &str) -> String {
    format!(
        r#"{{"jobId":"{JOB}","status":"Succeeded","profileName":"countersign",
        "profileVersion":"Ab3dEf6hIj","jobOwner":"111122223333",
        "source":{{"s3":{{"bucketName":"uploads","key":"functions/orders.zip","version":"v1"}}}},
        "signedObject":{{"s3":{{"bucketName":"signed","key":"functions/orders/x/{JOB}.zip"}}}},
        "signatureExpiresAt":2150876649{more}}}"#
    )
}

#[tokio::test]
async fn job_is_started_with_token_and_pinned_source() {
    let (fake, aws) = stack();
    fake.answers(
        "signer:StartSigningJob",
        json(&format!(r#"{{"jobId":"{JOB}"}}"#)),
    );
    assert_eq!(
        aws.start_job(&request()).await.unwrap(),
        JobStart::Job(job())
    );
    let sent = sent(&call(&fake, "signer:StartSigningJob"));
    assert_eq!(sent["clientRequestToken"], "a".repeat(64));
    assert_eq!(sent["profileName"], "countersign");
    assert_eq!(sent["source"]["s3"]["key"], "functions/orders.zip");
    assert_eq!(sent["source"]["s3"]["version"], "v1");
    assert_eq!(sent["destination"]["s3"]["bucketName"], "signed");
    assert_eq!(
        sent["destination"]["s3"]["prefix"],
        "functions/orders/20261121T214400Z-v1/"
    );
}

#[tokio::test]
async fn refusals_of_signer_differ_from_port_errors() {
    let (fake, aws) = stack();
    for name in ["ValidationException", "ResourceNotFoundException"] {
        fake.answers_once("signer:StartSigningJob", exception(400, name, "no"));
        let JobStart::Refused(refusal) = aws.start_job(&request()).await.unwrap() else {
            panic!("{name} is a refusal");
        };
        assert_eq!(
            (refusal.exception.as_str(), refusal.message.as_str()),
            (name, "no")
        );
    }
    fake.answers(
        "signer:StartSigningJob",
        exception(403, "AccessDeniedException", "no"),
    );
    assert!(is_denied(&aws.start_job(&request()).await.unwrap_err()));
    fake.answers(
        "signer:StartSigningJob",
        exception(429, "TooManyRequestsException", "no"),
    );
    assert!(is_throttled(&aws.start_job(&request()).await.unwrap_err()));
    fake.answers(
        "signer:StartSigningJob",
        exception(500, "InternalServiceErrorException", ""),
    );
    assert!(is_unavailable(
        &aws.start_job(&request()).await.unwrap_err()
    ));
}

#[tokio::test]
async fn unreachable_bucket_is_no_refusal() {
    let (fake, aws) = stack();
    let message = "Bucket uploads is not accessible.";
    fake.answers_once(
        "signer:StartSigningJob",
        exception(400, "ValidationException", message),
    );
    let error = aws.start_job(&request()).await.unwrap_err();
    assert!(is_unavailable(&error), "{error}");
    assert!(error.error_chain().contains(message), "{error}");
    assert_eq!(fake.called().len(), 1, "it goes back to the queue");
    // Other words, or the words of another exception, are a refusal.
    for (name, message) in [
        ("ValidationException", "The bucket is not versioned."),
        ("ResourceNotFoundException", message),
    ] {
        fake.answers_once("signer:StartSigningJob", exception(400, name, message));
        let answer = aws.start_job(&request()).await.unwrap();
        assert!(matches!(answer, JobStart::Refused(_)), "{name} {message}");
    }
}

#[tokio::test]
async fn job_is_described_whole() {
    let (fake, aws) = stack();
    fake.answers("signer:DescribeSigningJob", json(&described("")));
    let found = aws.describe_job(&job()).await.unwrap().unwrap();
    assert_eq!(found.status, JobStatus::Succeeded);
    assert_eq!(found.source, Some(request().source));
    let (bucket, key) = found.signed.unwrap();
    assert_eq!(
        (bucket.as_str(), key),
        ("signed", format!("functions/orders/x/{JOB}.zip"))
    );
    assert_eq!(found.profile.as_str(), "countersign");
    assert_eq!(found.profile_version, "Ab3dEf6hIj");
    assert_eq!(found.owner, "111122223333");
    assert_eq!(found.expires_at.unwrap().as_second(), 2_150_876_649);
    assert_eq!(found.revocation, None);
}

#[tokio::test]
async fn revoked_job_tells_when_and_why() {
    let (fake, aws) = stack();
    let record =
        r#","revocationRecord":{"reason":"stolen","revokedAt":1795297440,"revokedBy":"me"}"#;
    fake.answers_once("signer:DescribeSigningJob", json(&described(record)));
    let revocation = aws
        .describe_job(&job())
        .await
        .unwrap()
        .unwrap()
        .revocation
        .unwrap();
    assert_eq!(revocation.at.as_second(), 1_795_297_440);
    assert_eq!(revocation.reason, "stolen (me)");
    // That a job is revoked must not be lost because a field is missing.
    fake.answers_once(
        "signer:DescribeSigningJob",
        json(&described(r#","revocationRecord":{}"#)),
    );
    assert!(is_unexpected(&aws.describe_job(&job()).await.unwrap_err()));
}

#[tokio::test]
async fn failed_and_unknown_jobs_are_told_apart() {
    let (fake, aws) = stack();
    let failed = described(r#","statusReason":"not a zip""#).replace("Succeeded", "Failed");
    fake.answers_once("signer:DescribeSigningJob", json(&failed));
    let found = aws.describe_job(&job()).await.unwrap().unwrap();
    assert_eq!(
        found.status,
        JobStatus::Failed {
            reason: "not a zip".to_owned()
        }
    );
    let missing = exception(404, "ResourceNotFoundException", "");
    fake.answers_once("signer:DescribeSigningJob", missing);
    assert_eq!(aws.describe_job(&job()).await.unwrap(), None);
    let odd = json(&described("").replace("Succeeded", "Paused"));
    fake.answers_once("signer:DescribeSigningJob", odd);
    let found = aws.describe_job(&job()).await.unwrap().unwrap();
    let status = "Paused".to_owned();
    assert_eq!(found.status, JobStatus::Unknown { status });
    fake.answers(
        "signer:DescribeSigningJob",
        exception(403, "AccessDeniedException", ""),
    );
    assert!(is_denied(&aws.describe_job(&job()).await.unwrap_err()));
}

#[tokio::test]
async fn profile_status_is_read_or_absent() {
    let (fake, aws) = stack();
    let name = ProfileName::parse("countersign").unwrap();
    let arn = "arn:aws:signer:eu-west-1:111122223333:/signing-profiles/countersign/Ab3dEf6hIj";
    let profile = |status: &str, more: &str| {
        json(&format!(
            r#"{{"status":"{status}","profileVersionArn":"{arn}"{more}}}"#
        ))
    };
    let record = r#","revocationRecord":{"revocationEffectiveFrom":1795297440}"#;
    let revoked = ProfileStatus::Revoked {
        effective_from: "2026-11-21T21:44:00Z".parse().unwrap(),
    };
    for (answer, status) in [
        (profile("Active", ""), ProfileStatus::Active),
        (profile("Canceled", ""), ProfileStatus::Canceled),
        (profile("Revoked", record), revoked.clone()),
        (profile("Canceled", record), revoked),
    ] {
        fake.answers_once("signer:GetSigningProfile", answer);
        let found = aws.profile(&name, "111122223333").await.unwrap().unwrap();
        assert_eq!(found.status, status);
        assert_eq!(found.version_arn.to_string(), arn);
    }
    let calls = fake.calls();
    assert_eq!(
        calls[0].request.query_value("profileOwner"),
        Some("111122223333")
    );
    for unreadable in [profile("Revoked", ""), profile("Dozing", "")] {
        fake.answers_once("signer:GetSigningProfile", unreadable);
        assert!(is_unexpected(
            &aws.profile(&name, "111122223333").await.unwrap_err()
        ));
    }
    fake.answers(
        "signer:GetSigningProfile",
        exception(404, "ResourceNotFoundException", ""),
    );
    assert_eq!(aws.profile(&name, "111122223333").await.unwrap(), None);
}
