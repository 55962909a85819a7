"""Signer: jobs, what they sign, how they fail, profiles and revocation. Each recorded fact is named by its test."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from conftest import ACCOUNT, HELLO, REGION, LocalAws, package_of
from cryptography import x509

from countersign_local_aws import package, signature

PREFIX = f"arn:aws:signer:{REGION}:{ACCOUNT}:"


def claims(aws: LocalAws, signed: bytes) -> signature.Claims:
    root = x509.load_pem_x509_certificate((aws.state / "signer-root.pem").read_bytes())
    return signature.verify(package.signature_of(signed) or b"", package.content_digest(signed), [root])


def start(aws: LocalAws, **changes: Any) -> Any:
    """StartSigningJob of an upload that is good, with changes to the request."""
    aws.bucket("uploads"), aws.bucket("signed")
    version = aws.client("s3").put_object(Bucket="uploads", Key="a.zip", Body=HELLO)["VersionId"]
    request = {
        "source": {"s3": {"bucketName": "uploads", "key": "a.zip", "version": version}},
        "destination": {"s3": {"bucketName": "signed", "prefix": "p/"}},
        "profileName": "publisher",
    }
    return aws.client("signer").start_signing_job(**{**request, **changes})


def test_a_job_is_asynchronous_and_its_package_is_truly_signed(aws: LocalAws) -> None:
    profile_version = aws.profile()
    aws.control("PUT", "settings", {"signing_seconds": 3600})
    job = aws.start_job(HELLO)
    assert aws.client("signer").describe_signing_job(jobId=job)["status"] == "InProgress"
    assert "signedObject" not in aws.client("signer").describe_signing_job(jobId=job)
    aws.control("PUT", "settings", {"signing_seconds": 0})
    done = aws.finished(job)
    assert done["status"] == "Succeeded"
    body = aws.client("s3").get_object(Bucket="signed", Key=done["signedObject"]["s3"]["key"])["Body"].read()
    said = claims(aws, body)
    assert said.job_arn == f"{PREFIX}/signing-jobs/{job}"
    assert said.profile_version_arn == profile_version
    assert said.expires_at.replace(microsecond=0) == done["signatureExpiresAt"]


def test_the_signed_key_is_prefix_and_job_id_and_zip(aws: LocalAws) -> None:
    aws.profile()
    job = aws.finished(aws.start_job(HELLO))
    assert job["signedObject"] == {"s3": {"bucketName": "signed", "key": f"functions/hello/{job['jobId']}.zip"}}


def test_describe_gives_source_profile_times_and_who(aws: LocalAws) -> None:
    version = aws.profile().rsplit("/", 1)[-1]
    job = aws.finished(aws.start_job(HELLO))
    assert job["source"]["s3"].keys() == {"bucketName", "key", "version"}
    assert (job["profileName"], job["profileVersion"]) == ("publisher", version)
    assert (job["jobOwner"], job["jobInvoker"]) == (ACCOUNT, ACCOUNT)
    assert job["requestedBy"] == f"arn:aws:iam::{ACCOUNT}:root"
    assert job["createdAt"] <= job["completedAt"]
    assert job["platformId"] == "AWSLambda-SHA384-ECDSA"


def test_the_default_validity_is_135_months(aws: LocalAws) -> None:
    aws.profile()
    said = claims(aws, aws.signed())
    months = (said.expires_at.year - said.signed_at.year) * 12 + said.expires_at.month - said.signed_at.month
    assert months == 135


def test_a_repeated_client_request_token_returns_the_first_answer(aws: LocalAws) -> None:
    aws.profile()
    first = start(aws, clientRequestToken="the-token")
    second = aws.client("signer").start_signing_job(
        source={"s3": {"bucketName": "other", "key": "other.zip", "version": "x"}},
        destination={"s3": {"bucketName": "signed", "prefix": "p/"}},
        profileName="publisher",
        clientRequestToken="the-token",
    )
    assert second["jobId"] == first["jobId"]
    assert len(aws.client("signer").list_signing_jobs()["jobs"]) == 1


def test_the_source_bucket_must_be_versioned(aws: LocalAws) -> None:
    aws.profile()
    aws.bucket("plain", versioned=False)
    aws.client("s3").put_object(Bucket="plain", Key="a.zip", Body=HELLO)
    source = {"s3": {"bucketName": "plain", "key": "a.zip", "version": "null"}}
    aws.bucket("signed")
    message = aws.refused(
        "ValidationException",
        aws.client("signer").start_signing_job,
        source=source,
        destination={"s3": {"bucketName": "signed"}},
        profileName="publisher",
    )
    assert "versioning" in message


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (b"", "between 1 and"),
        (b"not a zip at all", "end of central directory"),
        (HELLO[:-30], "end of central directory"),
    ],
)
def test_a_job_fails_on_an_empty_or_malformed_zip(aws: LocalAws, code: bytes, reason: str) -> None:
    aws.profile()
    job = aws.finished(aws.start_job(code))
    assert job["status"] == "Failed"
    assert reason in job["statusReason"]
    assert "signedObject" not in job and "signatureExpiresAt" not in job


def test_a_job_fails_on_a_source_of_more_than_250_mb(aws: LocalAws) -> None:
    aws.profile()
    job = aws.finished(aws.start_job(bytes(250 * 1024 * 1024 + 1)))
    assert job["status"] == "Failed"
    assert "and 262144000 bytes" in job["statusReason"]


def test_a_job_fails_on_an_already_signed_zip(aws: LocalAws) -> None:
    aws.profile()
    job = aws.finished(aws.start_job(aws.signed()))
    assert (job["status"], job["statusReason"]) == ("Failed", "The source object is already signed.")


def test_a_job_fails_on_a_missing_source(aws: LocalAws) -> None:
    aws.profile()
    missing = {"s3": {"bucketName": "uploads", "key": "gone.zip", "version": "none"}}
    job = aws.finished(start(aws, source=missing)["jobId"])
    assert job["status"] == "Failed"
    assert "does not exist" in job["statusReason"]


def test_a_job_can_fail_without_a_reason_of_its_own(aws: LocalAws) -> None:
    aws.profile()
    aws.control("PUT", "settings", {"signing_fails": True})
    assert aws.finished(aws.start_job(HELLO))["status"] == "Failed"


def test_a_profile_of_another_account_is_refused(aws: LocalAws) -> None:
    aws.profile()
    with pytest.raises(aws.client("signer").exceptions.ValidationException, match="other accounts"):
        start(aws, profileOwner="999999999999")


def test_an_unknown_profile_and_an_unknown_job_are_not_found(aws: LocalAws) -> None:
    aws.bucket("uploads"), aws.bucket("signed")
    signer = aws.client("signer")
    aws.refused(
        "ResourceNotFoundException",
        signer.start_signing_job,
        source={"s3": {"bucketName": "uploads", "key": "a.zip", "version": "v"}},
        destination={"s3": {"bucketName": "signed"}},
        profileName="nobody",
    )
    aws.refused("ResourceNotFoundException", signer.describe_signing_job, jobId="nothing")


def test_the_completion_event_is_put_on_the_default_bus(aws: LocalAws) -> None:
    aws.profile()
    queue = aws.queue_of({"source": ["aws.signer"], "detail-type": ["Signer Job Status Change"]})
    good = aws.finished(aws.start_job(HELLO))
    events = aws.received(queue)
    bad = aws.finished(aws.start_job(b"no zip"))
    events += aws.received(queue)
    assert [(event["detail"]["job_id"], event["detail"]["status"]) for event in events] == [
        (good["jobId"], "Succeeded"),
        (bad["jobId"], "Failed"),
    ]
    assert events[0]["resources"] == [f"{PREFIX}/signing-jobs/{good['jobId']}"]
    assert events[0]["detail"]["source"] == good["source"]["s3"]
    assert events[0]["detail"]["destination"] == good["signedObject"]["s3"]
    assert (events[0]["account"], events[0]["region"]) == (ACCOUNT, REGION)


def test_jobs_can_finish_out_of_order(aws: LocalAws) -> None:
    aws.profile()
    aws.control("PUT", "settings", {"hold_signing_jobs": True})
    first, second, third = (aws.start_job(package_of(a__py=str(number))) for number in range(3))
    time.sleep(0.2)
    signer = aws.client("signer")
    assert signer.describe_signing_job(jobId=first)["status"] == "InProgress"
    assert aws.control("POST", "signing-jobs/release", {"jobIds": [second]}) == {"released": [second]}
    assert signer.describe_signing_job(jobId=second)["status"] == "Succeeded"
    assert signer.describe_signing_job(jobId=first)["status"] == "InProgress"
    assert aws.control("POST", "signing-jobs/release") == {"released": [third, first]}


def test_signers_clock_can_be_moved(aws: LocalAws) -> None:
    aws.profile(signatureValidityPeriod={"type": "DAYS", "value": 1})
    aws.control("PUT", "settings", {"signer_clock_offset_seconds": -864000})
    said = claims(aws, aws.signed())
    assert timedelta(days=9) < datetime.now(UTC) - said.signed_at < timedelta(days=11)
    assert said.expires_at < datetime.now(UTC)


def test_jobs_are_listed_filtered_and_paged(aws: LocalAws) -> None:
    aws.profile()
    good = [aws.finished(aws.start_job(HELLO))["jobId"] for _ in range(3)]
    bad = aws.finished(aws.start_job(b"no zip"))["jobId"]
    signer = aws.client("signer")
    assert {job["jobId"] for job in signer.list_signing_jobs()["jobs"]} == {*good, bad}
    assert [job["jobId"] for job in signer.list_signing_jobs(status="Failed")["jobs"]] == [bad]
    pages = signer.get_paginator("list_signing_jobs").paginate(PaginationConfig={"PageSize": 3})
    assert sorted(len(page["jobs"]) for page in pages) == [1, 3]
    signer.revoke_signature(jobId=good[1], reason="leaked")
    assert [job["jobId"] for job in signer.list_signing_jobs(isRevoked=True)["jobs"]] == [good[1]]
    soon = datetime.now(UTC) + timedelta(days=1)
    assert signer.list_signing_jobs(signatureExpiresBefore=soon)["jobs"] == []
    assert len(signer.list_signing_jobs(signatureExpiresAfter=soon)["jobs"]) == 3


def test_a_revoked_signature_is_seen_in_the_job(aws: LocalAws) -> None:
    aws.profile()
    job = aws.finished(aws.start_job(HELLO))["jobId"]
    signer = aws.client("signer")
    assert "revocationRecord" not in signer.describe_signing_job(jobId=job)
    signer.revoke_signature(jobId=job, reason="leaked")
    record = signer.describe_signing_job(jobId=job)["revocationRecord"]
    assert record["reason"] == "leaked"
    assert record["revokedBy"] == f"arn:aws:iam::{ACCOUNT}:root"
    assert abs(record["revokedAt"] - datetime.now(UTC)) < timedelta(minutes=1)


def test_a_revoked_profile_has_its_record_and_signs_no_more(aws: LocalAws) -> None:
    version = aws.profile().rsplit("/", 1)[-1]
    signer, effective = aws.client("signer"), datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    aws.refused(
        "ResourceNotFoundException",
        signer.revoke_signing_profile,
        profileName="publisher",
        profileVersion="0123456789",
        reason="leaked",
        effectiveTime=effective,
    )
    signer.revoke_signing_profile(
        profileName="publisher", profileVersion=version, reason="leaked", effectiveTime=effective
    )
    profile = signer.get_signing_profile(profileName="publisher")
    assert profile["status"] == "Revoked"
    assert profile["revocationRecord"]["revocationEffectiveFrom"] == effective
    with pytest.raises(signer.exceptions.ValidationException, match="Revoked"):
        start(aws)


def test_a_canceled_profile_signs_no_more_and_its_name_stays_taken(aws: LocalAws) -> None:
    aws.profile()
    signer = aws.client("signer")
    signer.cancel_signing_profile(profileName="publisher")
    assert signer.get_signing_profile(profileName="publisher")["status"] == "Canceled"
    with pytest.raises(signer.exceptions.ValidationException, match="Canceled"):
        start(aws)
    aws.refused(
        "ValidationException",
        signer.put_signing_profile,
        profileName="publisher",
        platformId="AWSLambda-SHA384-ECDSA",
    )


def test_profiles_are_listed_with_their_versions(aws: LocalAws) -> None:
    first, second = aws.profile("first"), aws.profile("second")
    signer = aws.client("signer")
    listed = signer.list_signing_profiles()["profiles"]
    assert {profile["profileVersionArn"] for profile in listed} == {first, second}
    signer.cancel_signing_profile(profileName="first")
    assert [profile["profileName"] for profile in signer.list_signing_profiles()["profiles"]] == ["second"]
    assert len(signer.list_signing_profiles(includeCanceled=True)["profiles"]) == 2
    canceled = signer.list_signing_profiles(statuses=["Canceled"])["profiles"]
    assert [profile["profileName"] for profile in canceled] == ["first"]


def test_get_revocation_status_refuses_the_lambda_platform(aws: LocalAws) -> None:
    message = aws.refused(
        "ValidationException",
        aws.client("signer").get_revocation_status,
        signatureTimestamp=datetime.now(UTC),
        platformId="AWSLambda-SHA384-ECDSA",
        profileVersionArn=f"{PREFIX}/signing-profiles/p1/0123456789",
        jobArn=f"{PREFIX}/signing-jobs/x",
        certificateHashes=["00"],
    )
    assert message == "Invalid platformId: AWSLambda-SHA384-ECDSA"


def test_platforms_and_tags(aws: LocalAws) -> None:
    signer, arn = aws.client("signer"), aws.profile().rsplit("/", 1)[0]
    assert [p["platformId"] for p in signer.list_signing_platforms()["platforms"]] == ["AWSLambda-SHA384-ECDSA"]
    assert signer.get_signing_platform(platformId="AWSLambda-SHA384-ECDSA")["maxSizeInMB"] == 250
    signer.tag_resource(resourceArn=arn, tags={"team": "a", "stage": "b"})
    signer.untag_resource(resourceArn=arn, tagKeys=["stage"])
    assert signer.list_tags_for_resource(resourceArn=arn)["tags"] == {"team": "a"}


def test_a_reset_forgets_jobs_that_are_under_way(aws: LocalAws) -> None:
    aws.profile()
    aws.control("PUT", "settings", {"signing_seconds": 0.3})
    job = aws.start_job(HELLO)
    aws.control("POST", "reset")
    time.sleep(0.5)
    signer = aws.client("signer")
    aws.refused("ResourceNotFoundException", signer.describe_signing_job, jobId=job)
    assert signer.list_signing_profiles()["profiles"] == []


def test_a_fresh_job_can_be_unknown_for_a_while(aws: LocalAws) -> None:
    aws.control("PUT", "settings", {"signer_lag_seconds": 3600})
    aws.profile()
    job = aws.start_job(HELLO)
    describe = aws.client("signer").describe_signing_job
    aws.refused("ResourceNotFoundException", describe, jobId=job)
    aws.control("PUT", "settings", {"signer_lag_seconds": 0})
    assert describe(jobId=job)["jobId"] == job


def test_a_bucket_can_be_out_of_signers_reach(aws: LocalAws) -> None:
    aws.profile()
    aws.control("PUT", "settings", {"signer_reaches_buckets": False})
    with pytest.raises(aws.client("signer").exceptions.ValidationException, match="not accessible"):
        aws.start_job(HELLO)
    aws.control("PUT", "settings", {"signer_reaches_buckets": True})
    assert aws.finished(aws.start_job(HELLO))["status"] == "Succeeded"


def test_a_token_that_somebody_took_answers_with_their_job(aws: LocalAws) -> None:
    aws.profile()
    aws.profile("other")
    for name in ("uploads", "signed", "elsewhere"):
        aws.bucket(name)
    s3 = aws.client("s3")
    good = s3.put_object(Bucket="uploads", Key="a.zip", Body=HELLO)["VersionId"]
    bad = s3.put_object(Bucket="elsewhere", Key="b.zip", Body=HELLO)["VersionId"]
    rights = {"Effect": "Allow", "Action": ["signer:*", "s3:*"], "Resource": "*"}
    stranger = aws.client("signer", aws.user("stranger", rights))
    taken = stranger.start_signing_job(
        source={"s3": {"bucketName": "elsewhere", "key": "b.zip", "version": bad}},
        destination={"s3": {"bucketName": "elsewhere"}},
        profileName="other",
        clientRequestToken="known",
    )
    answered = aws.client("signer").start_signing_job(
        source={"s3": {"bucketName": "uploads", "key": "a.zip", "version": good}},
        destination={"s3": {"bucketName": "signed"}},
        profileName="publisher",
        clientRequestToken="known",
    )
    assert answered["jobId"] == taken["jobId"]
    described = aws.client("signer").describe_signing_job(jobId=answered["jobId"])
    assert (described["profileName"], described["source"]["s3"]["bucketName"]) == ("other", "elsewhere")
