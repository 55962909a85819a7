"""Lambda's code signing configurations and how they judge. Each recorded fact is named by its test."""

from __future__ import annotations

import base64
import hashlib
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from conftest import ACCOUNT, HELLO, REGION, LocalAws, eventually, package_of

from countersign_local_aws import package

FOREIGN = "arn:aws:signer:eu-west-1:999999999999:/signing-profiles/someone_else/AbCdEf0123"
FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:target"
NOT_ACCEPTED = (
    "Lambda cannot deploy the function. The function or layer might be signed using a signature that the client is "
    "not configured to accept. Check the provided signature for {}."
)
NOT_INTACT = (
    "Lambda cannot deploy the function. The function or layer code is not properly signed. This can mean that the "
    "code was signed incorrectly or modified after it was signed. Check the provided signature for {}."
)


def tampered(signed: bytes) -> bytes:
    """A package with another body under the signature of the first."""
    other = package_of(index__py="def handler(event, context):\n    return 'other'\n")
    return package.append_signature(other, package.signature_of(signed) or b"", datetime.now(UTC))


def target(aws: LocalAws, policy: str, *publishers: str) -> str:
    """A function with a configuration; answers the configuration's ARN."""
    aws.function("target")
    configuration = aws.configuration(*publishers, policy=policy)
    aws.client("lambda").put_function_code_signing_config(FunctionName="target", CodeSigningConfigArn=configuration)
    return configuration


def deploy(aws: LocalAws, code: bytes, **settings: Any) -> Any:
    answer = aws.client("lambda").update_function_code(FunctionName="target", ZipFile=code, **settings)
    aws.settled("target")
    return answer


def refusal(aws: LocalAws, code: bytes, **settings: Any) -> str:
    return aws.refused(
        "CodeVerificationFailedException",
        aws.client("lambda").update_function_code,
        FunctionName="target",
        ZipFile=code,
        **settings,
    )


def validation_errors(aws: LocalAws) -> float:
    now = datetime.now(UTC)
    statistics = aws.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/Lambda",
        MetricName="SignatureValidationErrors",
        Dimensions=[{"Name": "FunctionName", "Value": "target"}],
        StartTime=now - timedelta(hours=1),
        EndTime=now + timedelta(hours=1),
        Period=60,
        Statistics=["Sum"],
    )
    return float(sum(point["Sum"] for point in statistics["Datapoints"]))


def test_configurations_are_made_read_changed_listed_and_deleted(aws: LocalAws) -> None:
    client = aws.client("lambda")
    made = client.create_code_signing_config(
        Description="first", AllowedPublishers={"SigningProfileVersionArns": [FOREIGN]}
    )["CodeSigningConfig"]
    arn = made["CodeSigningConfigArn"]
    assert made["CodeSigningPolicies"] == {"UntrustedArtifactOnDeployment": "Warn"}
    assert client.get_code_signing_config(CodeSigningConfigArn=arn)["CodeSigningConfig"] == made
    changed = client.update_code_signing_config(CodeSigningConfigArn=arn, Description="second")["CodeSigningConfig"]
    assert (changed["Description"], changed["AllowedPublishers"]) == ("second", made["AllowedPublishers"])
    listed = client.list_code_signing_configs()["CodeSigningConfigs"]
    assert [entry["CodeSigningConfigArn"] for entry in listed] == [arn]
    client.delete_code_signing_config(CodeSigningConfigArn=arn)
    aws.refused("ResourceNotFoundException", client.get_code_signing_config, CodeSigningConfigArn=arn)


def test_profile_versions_that_do_not_exist_are_accepted(aws: LocalAws) -> None:
    assert aws.configuration(FOREIGN)


def test_update_with_empty_policies_keeps_the_old(aws: LocalAws) -> None:
    arn = aws.configuration(FOREIGN, policy="Enforce")
    updated = aws.client("lambda").update_code_signing_config(CodeSigningConfigArn=arn, CodeSigningPolicies={})
    assert updated["CodeSigningConfig"]["CodeSigningPolicies"] == {"UntrustedArtifactOnDeployment": "Enforce"}


def test_a_configuration_names_1_to_20_well_formed_versions(aws: LocalAws) -> None:
    create = aws.client("lambda").create_code_signing_config
    many = [f"{FOREIGN[:-10]}{number:010}" for number in range(21)]
    for arns in (many, ["arn:aws:signer:us-east-1:123456789012:/signing-profiles/no_version"]):
        aws.refused("InvalidParameterValueException", create, AllowedPublishers={"SigningProfileVersionArns": arns})


def test_attaching_listing_and_detaching(aws: LocalAws) -> None:
    client = aws.client("lambda")
    arn = target(aws, "Warn", FOREIGN)
    assert client.get_function_code_signing_config(FunctionName="target")["CodeSigningConfigArn"] == arn
    assert client.list_functions_by_code_signing_config(CodeSigningConfigArn=arn)["FunctionArns"] == [FUNCTION]
    client.delete_function_code_signing_config(FunctionName="target")
    assert client.list_functions_by_code_signing_config(CodeSigningConfigArn=arn)["FunctionArns"] == []


def test_a_function_without_a_configuration_answers_with_no_arn(aws: LocalAws) -> None:
    aws.function("target")
    answer = aws.client("lambda").get_function_code_signing_config(FunctionName="target")
    assert "CodeSigningConfigArn" not in answer
    assert answer["FunctionName"] == "target"


def test_a_qualifier_is_an_invalid_parameter(aws: LocalAws) -> None:
    aws.function("target")
    get = aws.client("lambda").get_function_code_signing_config
    aws.refused("InvalidParameterValueException", get, FunctionName="target:1")


def test_deleting_a_configuration_in_use_is_a_conflict(aws: LocalAws) -> None:
    arn = target(aws, "Warn", FOREIGN)
    aws.refused("ResourceConflictException", aws.client("lambda").delete_code_signing_config, CodeSigningConfigArn=arn)


def test_a_configuration_that_does_not_exist_cannot_be_attached(aws: LocalAws) -> None:
    aws.function("target")
    missing = f"arn:aws:lambda:{REGION}:{ACCOUNT}:code-signing-config:csc-{'0' * 17}"
    put = aws.client("lambda").put_function_code_signing_config
    aws.refused("CodeSigningConfigNotFoundException", put, FunctionName="target", CodeSigningConfigArn=missing)
    with pytest.raises(aws.client("lambda").exceptions.CodeSigningConfigNotFoundException):
        aws.function("other", CodeSigningConfigArn=missing)


def test_attaching_affects_later_deployments_only(aws: LocalAws) -> None:
    target(aws, "Enforce", FOREIGN)
    aws.client("lambda").update_function_configuration(FunctionName="target", Description="still runs")
    assert aws.settled("target")["LastUpdateStatus"] == "Successful"


def test_a_signed_package_of_an_allowed_publisher_deploys_and_answers_with_its_arns(aws: LocalAws) -> None:
    profile = aws.profile()
    target(aws, "Enforce", profile)
    signed = aws.signed()
    answer = deploy(aws, signed)
    assert answer["SigningProfileVersionArn"] == profile
    assert answer["SigningJobArn"].startswith(f"arn:aws:signer:{REGION}:{ACCOUNT}:/signing-jobs/")
    assert aws.settled("target")["SigningJobArn"] == answer["SigningJobArn"]
    assert answer["CodeSha256"] == base64.b64encode(hashlib.sha256(signed).digest()).decode()


def test_unsigned_is_a_mismatch_blocked_under_enforce(aws: LocalAws) -> None:
    target(aws, "Enforce", aws.profile())
    before = aws.settled("target")
    assert refusal(aws, HELLO) == NOT_ACCEPTED.format(FUNCTION)
    assert aws.settled("target")["RevisionId"] == before["RevisionId"]


def test_warn_lets_unsigned_through_without_arns_and_counts_it(aws: LocalAws) -> None:
    target(aws, "Warn", aws.profile())
    assert validation_errors(aws) == 0
    answer = deploy(aws, HELLO)
    assert "SigningJobArn" not in answer and "SigningProfileVersionArn" not in answer
    assert validation_errors(aws) == 1


def test_an_unsigned_update_takes_the_old_arns_away(aws: LocalAws) -> None:
    target(aws, "Warn", aws.profile())
    deploy(aws, aws.signed())
    deploy(aws, HELLO)
    assert "SigningJobArn" not in aws.settled("target")


def test_a_foreign_publisher_is_a_mismatch(aws: LocalAws) -> None:
    aws.profile()
    configuration = target(aws, "Enforce", FOREIGN)
    assert refusal(aws, aws.signed()) == NOT_ACCEPTED.format(FUNCTION)
    aws.client("lambda").update_code_signing_config(
        CodeSigningConfigArn=configuration, CodeSigningPolicies={"UntrustedArtifactOnDeployment": "Warn"}
    )
    assert "SigningJobArn" in deploy(aws, aws.signed())
    assert validation_errors(aws) == 1


@pytest.mark.parametrize("policy", ["Warn", "Enforce"])
def test_integrity_always_blocks_under_warn_too(aws: LocalAws, policy: str) -> None:
    target(aws, policy, aws.profile())
    assert refusal(aws, tampered(aws.signed())) == NOT_INTACT.format(FUNCTION)


@pytest.mark.parametrize(("policy", "deploys"), [("Warn", True), ("Enforce", False)])
def test_an_expired_signature_is_governed_by_the_policy(aws: LocalAws, policy: str, deploys: bool) -> None:
    target(aws, policy, aws.profile(signatureValidityPeriod={"type": "DAYS", "value": 1}))
    aws.control("PUT", "settings", {"signer_clock_offset_seconds": -200_000})
    expired = aws.signed()
    if deploys:
        assert "SigningJobArn" in deploy(aws, expired)
    else:
        refusal(aws, expired)


def test_a_revoked_job_no_longer_deploys(aws: LocalAws) -> None:
    target(aws, "Enforce", aws.profile())
    signed = aws.signed()
    deploy(aws, signed)
    job = aws.client("signer").list_signing_jobs()["jobs"][0]["jobId"]
    aws.client("signer").revoke_signature(jobId=job, reason="leaked")
    refusal(aws, signed)


@pytest.mark.parametrize(("offset", "deploys"), [(timedelta(hours=1), True), (timedelta(hours=-1), False)])
def test_a_revoked_profile_invalidates_what_was_signed_after_the_effective_time(
    aws: LocalAws, offset: timedelta, deploys: bool
) -> None:
    profile = aws.profile()
    target(aws, "Enforce", profile)
    signed = aws.signed()
    aws.client("signer").revoke_signing_profile(
        profileName="publisher",
        profileVersion=profile.rsplit("/", 1)[-1],
        reason="leaked",
        effectiveTime=datetime.now(UTC) + offset,
    )
    if deploys:
        deploy(aws, signed)
    else:
        refusal(aws, signed)


def test_a_canceled_profile_still_deploys_what_it_signed(aws: LocalAws) -> None:
    target(aws, "Enforce", aws.profile())
    signed = aws.signed()
    aws.client("signer").cancel_signing_profile(profileName="publisher")
    deploy(aws, signed)


@pytest.mark.parametrize(("policy", "passes"), [("Warn", True), ("Enforce", False)])
def test_dry_run_judges_the_signature_and_changes_nothing(aws: LocalAws, policy: str, passes: bool) -> None:
    target(aws, policy, aws.profile())
    before = aws.settled("target")
    other = package_of(index__py="other")
    if passes:
        answer = aws.client("lambda").update_function_code(FunctionName="target", ZipFile=other, DryRun=True)
        assert answer["CodeSha256"] == base64.b64encode(hashlib.sha256(other).digest()).decode()
        assert validation_errors(aws) == 0
    else:
        refusal(aws, other, DryRun=True)
    assert aws.settled("target") | {"ResponseMetadata": 0} == before | {"ResponseMetadata": 0}


def test_create_function_is_judged(aws: LocalAws) -> None:
    profile = aws.profile()
    configuration = aws.configuration(profile)
    create = aws.client("lambda").create_function
    request = {
        "FunctionName": "target",
        "Role": aws.role("plain"),
        "Runtime": "python3.12",
        "Handler": "index.handler",
        "CodeSigningConfigArn": configuration,
    }
    aws.refused("CodeVerificationFailedException", create, Code={"ZipFile": HELLO}, **request)
    assert aws.client("lambda").list_functions()["Functions"] == []
    made = create(Code={"ZipFile": aws.signed()}, Publish=True, **request)
    assert (made["SigningProfileVersionArn"], made["Version"]) == (profile, "1")
    published = aws.client("lambda").get_function_configuration(FunctionName="target", Qualifier="1")
    assert published["SigningJobArn"] == made["SigningJobArn"]


def test_publish_layer_version_takes_unsigned_and_tampered_layers_and_leaves_the_arns_out(aws: LocalAws) -> None:
    aws.profile()
    publish, signed = aws.client("lambda").publish_layer_version, aws.signed()
    for code, has_arns in ((HELLO, False), (tampered(signed), False), (signed, True)):
        content = publish(LayerName="shared", Content={"ZipFile": code})["Content"]
        assert ("SigningJobArn" in content, "SigningProfileVersionArn" in content) == (has_arns, has_arns)


def test_layers_are_judged_when_attached_to_a_function_with_a_configuration(aws: LocalAws) -> None:
    profile = aws.profile()
    target(aws, "Enforce", profile)
    client, signed = aws.client("lambda"), aws.signed()
    unsigned = client.publish_layer_version(LayerName="shared", Content={"ZipFile": HELLO})["LayerVersionArn"]
    broken = client.publish_layer_version(LayerName="shared", Content={"ZipFile": tampered(signed)})["LayerVersionArn"]
    good = client.publish_layer_version(LayerName="shared", Content={"ZipFile": signed})["LayerVersionArn"]
    attach = client.update_function_configuration
    for layer, message in ((unsigned, NOT_ACCEPTED), (broken, NOT_INTACT)):
        said = aws.refused("CodeVerificationFailedException", attach, FunctionName="target", Layers=[layer])
        assert said == message.format(layer)
    attached = attach(FunctionName="target", Layers=[good])
    assert attached["Layers"][0]["SigningProfileVersionArn"] == profile
    assert "SigningJobArn" not in attached


def test_publishing_or_updating_while_an_update_is_under_way_is_a_conflict(aws: LocalAws) -> None:
    aws.function("target")
    aws.control("PUT", "settings", {"update_seconds": 3600})
    client = aws.client("lambda")
    answer = client.update_function_code(FunctionName="target", ZipFile=package_of(index__py="new"))
    assert answer["LastUpdateStatus"] == "InProgress"
    for call, more in (
        (client.update_function_code, {"ZipFile": HELLO}),
        (client.update_function_configuration, {"Description": "x"}),
        (client.publish_version, {}),
    ):
        aws.refused("ResourceConflictException", call, FunctionName="target", **more)
    aws.control("PUT", "settings", {"update_seconds": 0})
    assert aws.settled("target")["LastUpdateStatus"] == "Successful"
    client.publish_version(FunctionName="target")


def test_revision_id_is_optimistic_locking(aws: LocalAws) -> None:
    aws.function("target")
    client, revision = aws.client("lambda"), aws.settled("target")["RevisionId"]
    client.update_function_code(FunctionName="target", ZipFile=HELLO, RevisionId=revision)
    aws.settled("target")
    for call, more in (
        (client.update_function_code, {"ZipFile": HELLO}),
        (client.update_function_code, {"ZipFile": HELLO, "DryRun": True}),
        (client.update_function_configuration, {"Description": "x"}),
        (client.publish_version, {}),
    ):
        aws.refused("PreconditionFailedException", call, FunctionName="target", RevisionId=revision, **more)


@pytest.mark.parametrize("changes", [True, False])
def test_revision_id_changes_once_more_when_an_update_settles_unless_told_not_to(aws: LocalAws, changes: bool) -> None:
    aws.function("target")
    aws.control("PUT", "settings", {"revision_changes_when_settled": changes})
    answered = aws.client("lambda").update_function_code(FunctionName="target", ZipFile=HELLO)["RevisionId"]
    assert (aws.settled("target")["RevisionId"] != answered) is changes
    settled = aws.settled("target")["RevisionId"]
    time.sleep(0.2)
    assert aws.settled("target")["RevisionId"] == settled


def test_an_update_can_settle_as_failed(aws: LocalAws) -> None:
    aws.function("target")
    aws.control("PUT", "settings", {"updates_fail": True})
    aws.client("lambda").update_function_code(FunctionName="target", ZipFile=HELLO)
    assert aws.settled("target")["LastUpdateStatus"] == "Failed"
    aws.control("PUT", "settings", {"updates_fail": False})
    aws.client("lambda").update_function_code(FunctionName="target", ZipFile=HELLO)
    assert aws.settled("target")["LastUpdateStatus"] == "Successful"


def test_publish_version_holds_its_caller_to_the_code_it_names(aws: LocalAws) -> None:
    aws.function("target")
    publish, code = aws.client("lambda").publish_version, aws.settled("target")["CodeSha256"]
    wrong = base64.b64encode(bytes(32)).decode()
    message = aws.refused("InvalidParameterValueException", publish, FunctionName="target", CodeSha256=wrong)
    assert code in message
    assert publish(FunctionName="target", CodeSha256=code)["FunctionArn"] == f"{FUNCTION}:1"


def test_update_with_publish_answers_the_version_with_its_arns(aws: LocalAws) -> None:
    profile = aws.profile()
    target(aws, "Enforce", profile)
    answer = deploy(aws, aws.signed(), Publish=True)
    assert (answer["FunctionArn"], answer["SigningProfileVersionArn"]) == (f"{FUNCTION}:1", profile)
    version = aws.client("lambda").get_function_configuration(FunctionName="target", Qualifier="1")
    assert version["SigningProfileVersionArn"] == profile


def test_code_is_fetched_by_object_version(aws: LocalAws) -> None:
    aws.function("target")
    aws.bucket("code")
    s3 = aws.client("s3")
    old = s3.put_object(Bucket="code", Key="a.zip", Body=HELLO)["VersionId"]
    s3.put_object(Bucket="code", Key="a.zip", Body=package_of(index__py="new"))
    update = aws.client("lambda").update_function_code
    answer = update(FunctionName="target", S3Bucket="code", S3Key="a.zip", S3ObjectVersion=old)
    assert answer["CodeSha256"] == base64.b64encode(hashlib.sha256(HELLO).digest()).decode()
    aws.settled("target")
    message = aws.refused(
        "InvalidParameterValueException",
        update,
        FunctionName="target",
        S3Bucket="code",
        S3Key="a.zip",
        S3ObjectVersion="no-such-version",
    )
    assert "S3 Error Code: NoSuchKey" in message


def test_aliases_and_tags_of_a_function(aws: LocalAws) -> None:
    client = aws.client("lambda")
    aws.function("target", Tags={"countersign:alias": "live"})
    assert client.get_function(FunctionName="target")["Tags"] == {"countersign:alias": "live"}
    client.publish_version(FunctionName="target")
    made = client.create_alias(FunctionName="target", Name="live", FunctionVersion="1")
    deploy(aws, package_of(index__py="new"))
    client.publish_version(FunctionName="target")
    version_settled(aws, "2")
    moved = client.update_alias(FunctionName="target", Name="live", FunctionVersion="2", RevisionId=made["RevisionId"])
    assert moved["FunctionVersion"] == "2"
    update = client.update_alias
    aws.refused(
        "PreconditionFailedException",
        update,
        FunctionName="target",
        Name="live",
        FunctionVersion="1",
        RevisionId=made["RevisionId"],
    )


def version_settled(aws: LocalAws, version: str) -> str:
    """The state of a version of the target once it is not pending."""
    read = aws.client("lambda").get_function_configuration
    eventually(lambda: read(FunctionName="target", Qualifier=version)["State"] != "Pending")
    return str(read(FunctionName="target", Qualifier=version)["State"])


@pytest.mark.parametrize(("fails", "state"), [(False, "Active"), (True, "Failed")])
def test_a_published_version_is_pending_before_an_alias_may_point_at_it(
    aws: LocalAws, fails: bool, state: str
) -> None:
    client = aws.client("lambda")
    aws.function("target")
    client.create_alias(FunctionName="target", Name="live", FunctionVersion="$LATEST")
    aws.control("PUT", "settings", {"version_seconds": 3600, "versions_fail": fails})
    assert client.publish_version(FunctionName="target")["State"] == "Pending"
    move = {"FunctionName": "target", "Name": "live", "FunctionVersion": "1"}
    aws.refused("ResourceConflictException", client.update_alias, **move)
    aws.control("PUT", "settings", {"version_seconds": 0})
    assert version_settled(aws, "1") == state
    # What did not change is not published again, and is as ready as it was.
    assert client.publish_version(FunctionName="target")["State"] == state
    if fails:
        aws.refused("ResourceConflictException", client.update_alias, **move)
    else:
        assert client.update_alias(**move)["FunctionVersion"] == "1"


def test_tags_of_a_configuration(aws: LocalAws) -> None:
    client, arn = aws.client("lambda"), aws.configuration(FOREIGN)
    client.tag_resource(Resource=arn, Tags={"team": "a", "stage": "b"})
    client.untag_resource(Resource=arn, TagKeys=["stage"])
    assert client.list_tags(Resource=arn)["Tags"] == {"team": "a"}
