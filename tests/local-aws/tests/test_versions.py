"""Versions, aliases and listings of functions and layers."""

from __future__ import annotations

import json
from typing import Any

import pytest
from conftest import HELLO, LocalAws, eventually, package_of

OTHER = package_of(index__py="def handler(event, context):\n    return 'other'\n")
INSTANCES = {
    "LambdaManagedInstancesCapacityProviderConfig": {
        "CapacityProviderArn": "arn:aws:lambda:us-east-1:000000000000:capacity-provider:own"
    }
}


def says(text: str) -> bytes:
    return package_of(index__py=f"def handler(event, context):\n    return {text!r}\n")


def update(aws: LocalAws, code: bytes, **more: Any) -> dict[str, Any]:
    answer = aws.client("lambda").update_function_code(FunctionName="target", ZipFile=code, **more)
    aws.settled("target")
    return dict(answer)


def configure(aws: LocalAws, **changes: Any) -> dict[str, Any]:
    answer = aws.client("lambda").update_function_configuration(FunctionName="target", **changes)
    aws.settled("target")
    return dict(answer)


def publish(aws: LocalAws, **more: Any) -> dict[str, Any]:
    """A version that is ready."""
    client = aws.client("lambda")
    made = dict(client.publish_version(FunctionName="target", **more))
    read = client.get_function_configuration
    eventually(lambda: read(FunctionName="target", Qualifier=made["Version"])["State"] != "Pending")
    return made


def invoke(aws: LocalAws, qualifier: str | None = None) -> tuple[Any, str]:
    named = {"Qualifier": qualifier} if qualifier else {}
    answer = aws.client("lambda").invoke(FunctionName="target", **named)
    return json.load(answer["Payload"]), answer["ExecutedVersion"]


def test_publishing_again_answers_with_the_version_that_is_there(aws: LocalAws) -> None:
    aws.function("target")
    first = publish(aws)
    assert publish(aws)["Version"] == first["Version"] == "1"
    update(aws, HELLO)
    assert publish(aws)["Version"] == "1"
    configure(aws, Description="same as before")
    assert publish(aws)["Version"] == "2"
    configure(aws, Description="")
    assert publish(aws)["Version"] == "3"


@pytest.mark.parametrize(
    "change",
    [{"Environment": {"Variables": {"A": "1"}}}, {"Handler": "index.other"}, {"Timeout": 61}, {"MemorySize": 256}],
)
def test_a_changed_configuration_makes_a_new_version_and_another_hash(aws: LocalAws, change: dict[str, Any]) -> None:
    aws.function("target")
    first = publish(aws)
    changed = configure(aws, **change)
    second = publish(aws)
    assert (first["Version"], second["Version"]) == ("1", "2")
    assert first["ConfigSha256"] != second["ConfigSha256"] == changed["ConfigSha256"]
    assert first["CodeSha256"] == second["CodeSha256"]


def test_the_hash_of_the_configuration_says_nothing_of_the_code(aws: LocalAws) -> None:
    made = aws.function("target")
    assert update(aws, OTHER)["ConfigSha256"] == made["ConfigSha256"]
    client = aws.client("lambda")
    read = client.get_function(FunctionName="target")["Configuration"]
    assert read["ConfigSha256"] == made["ConfigSha256"] != ""
    assert client.get_function_configuration(FunctionName="target")["ConfigSha256"] == made["ConfigSha256"]
    assert [each["ConfigSha256"] for each in client.list_functions()["Functions"]] == [made["ConfigSha256"]]


def test_a_deleted_version_is_made_anew(aws: LocalAws) -> None:
    aws.function("target")
    publish(aws)
    client = aws.client("lambda")
    client.delete_function(FunctionName="target", Qualifier="1")
    aws.refused("ResourceNotFoundException", client.get_function, FunctionName="target", Qualifier="1")
    assert publish(aws)["Version"] == "2"


def test_publishing_with_an_update_is_publishing_afterwards(aws: LocalAws) -> None:
    aws.control("PUT", "settings", {"version_seconds": 3600})
    aws.function("target")
    first = update(aws, OTHER, Publish=True)
    assert (first["Version"], first["State"]) == ("1", "Pending")
    assert first["FunctionArn"].endswith(":target:1")
    assert update(aws, OTHER, Publish=True)["Version"] == "1"
    aws.control("PUT", "settings", {"version_seconds": 0})
    read = aws.client("lambda").get_function_configuration
    eventually(lambda: read(FunctionName="target", Qualifier="1")["State"] == "Active")
    assert read(FunctionName="target", Qualifier="1")["LastUpdateStatus"] == "Successful"


def test_a_function_can_be_created_with_its_first_version(aws: LocalAws) -> None:
    assert aws.function("target", Publish=True)["Version"] == "1"
    assert publish(aws)["Version"] == "1"


def test_a_version_stays_pending_while_the_function_settles(aws: LocalAws) -> None:
    aws.control("PUT", "settings", {"version_seconds": 3600})
    aws.function("target")
    client = aws.client("lambda")
    client.publish_version(FunctionName="target")
    configure(aws, Description="another update")
    assert client.get_function_configuration(FunctionName="target", Qualifier="1")["State"] == "Pending"


def test_a_snapstart_version_takes_as_long_as_it_is_set_to(aws: LocalAws) -> None:
    aws.control("PUT", "settings", {"version_seconds": 3600})
    aws.function("target", SnapStart={"ApplyOn": "PublishedVersions"})
    client = aws.client("lambda")
    made = client.publish_version(FunctionName="target")
    assert (made["State"], made["SnapStart"]["OptimizationStatus"]) == ("Pending", "On")
    assert client.get_function_configuration(FunctionName="target", Qualifier="1")["State"] == "Pending"
    aws.control("PUT", "settings", {"version_seconds": 0})
    read = client.get_function_configuration
    eventually(lambda: read(FunctionName="target", Qualifier="1")["State"] == "Active")


def test_the_architecture_changes_with_the_code(aws: LocalAws) -> None:
    made = aws.function("target")
    assert made["Architectures"] == ["x86_64"]
    updated = update(aws, HELLO, Architectures=["arm64"])
    assert updated["Architectures"] == ["arm64"]
    assert updated["ConfigSha256"] != made["ConfigSha256"]


def aliased(aws: LocalAws) -> Any:
    """A function with the versions 1 to 3, which say their number, and the alias `live` on 1."""
    aws.function("target", says("1"))
    publish(aws)
    for number in ("2", "3"):
        update(aws, says(number))
        assert publish(aws)["Version"] == number
    client = aws.client("lambda")
    client.create_alias(FunctionName="target", Name="live", FunctionVersion="1")
    return client


def weigh(client: Any, version: str, **weights: float) -> Any:
    routing = {"AdditionalVersionWeights": {name.removeprefix("v"): weight for name, weight in weights.items()}}
    return client.update_alias(FunctionName="target", Name="live", FunctionVersion=version, RoutingConfig=routing)


def test_the_weights_of_an_alias_are_kept_and_stay_until_they_are_changed(aws: LocalAws) -> None:
    client = aliased(aws)
    weigh(client, "1", v2=0.25)
    assert [invoke(aws, "live")[0] for _ in range(8)] == ["1", "1", "1", "2"] * 2
    kept = client.update_alias(FunctionName="target", Name="live", FunctionVersion="3")
    assert kept["RoutingConfig"] == {"AdditionalVersionWeights": {"2": 0.25}}
    assert "RoutingConfig" not in weigh(client, "3")
    assert invoke(aws, "live") == ("3", "3")


def test_what_lambda_refuses_of_an_alias(aws: LocalAws) -> None:
    client = aliased(aws)
    weigh(client, "1", v2=0.25)
    name = {"FunctionName": "target", "Name": "live"}
    message = aws.refused("InvalidParameterValueException", client.update_alias, **name, FunctionVersion="2")
    assert message == "Invalid function version 2. Function version 2 is already included in routing configuration."
    aws.refused("InvalidParameterValueException", client.update_alias, **name, FunctionVersion="$LATEST")
    aws.refused("ResourceNotFoundException", client.update_alias, **name, FunctionVersion="9")
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        weigh(client, "1", v9=0.5)
    for bad in ({"v2": 1.5}, {"v2": 0.1, "v3": 0.1}):
        with pytest.raises(client.exceptions.InvalidParameterValueException):
            weigh(client, "1", **bad)
    aws.refused("ResourceConflictException", client.delete_function, FunctionName="target", Qualifier="2")
    aws.refused("PreconditionFailedException", client.update_alias, **name, FunctionVersion="2", RevisionId="x")
    assert client.get_alias(**name)["FunctionVersion"] == "1"


def test_versions_of_a_weighted_alias_have_one_role(aws: LocalAws) -> None:
    client = aliased(aws)
    configure(aws, Role=aws.role("other"))
    assert publish(aws)["Version"] == "4"
    with pytest.raises(client.exceptions.InvalidParameterValueException, match="Role"):
        weigh(client, "1", v4=0.5)


def test_provisioned_concurrency_and_weights_exclude_each_other(aws: LocalAws) -> None:
    client = aliased(aws)
    weigh(client, "1", v2=0.25)
    provision = {"FunctionName": "target", "Qualifier": "live", "ProvisionedConcurrentExecutions": 1}
    message = aws.refused("InvalidParameterValueException", client.put_provisioned_concurrency_config, **provision)
    assert message == "Alias with weights can not be used with Provisioned Concurrency"
    weigh(client, "1")
    client.put_provisioned_concurrency_config(**provision)


def test_an_alias_with_provisioned_concurrency_moves_by_a_weight(aws: LocalAws) -> None:
    client = aliased(aws)
    client.put_provisioned_concurrency_config(
        FunctionName="target", Qualifier="live", ProvisionedConcurrentExecutions=1
    )
    name = {"FunctionName": "target", "Name": "live"}
    assert "RoutingConfig" not in client.update_alias(**name, FunctionVersion="2")
    aws.control("PUT", "settings", {"provisioned_seconds": 3600})
    client.update_alias(**name, FunctionVersion="3")
    moving = client.get_alias(**name)
    assert (moving["FunctionVersion"], moving["RoutingConfig"]) == ("3", {"AdditionalVersionWeights": {"2": 1.0}})
    aws.refused("InvalidParameterValueException", client.update_alias, **name, FunctionVersion="2")
    aws.control("PUT", "settings", {"provisioned_seconds": 0})
    eventually(lambda: "RoutingConfig" not in client.get_alias(**name))


def test_listings_come_in_pages_of_at_most_fifty(aws: LocalAws) -> None:
    client = aws.client("lambda")
    role = aws.role("plain")
    fixed = {"Role": role, "Runtime": "python3.12", "Handler": "index.handler", "Code": {"ZipFile": HELLO}}
    for number in range(52):
        client.create_function(FunctionName=f"f{number:02}", **fixed)
    page = client.list_functions(MaxItems=1000)
    assert len(page["Functions"]) == 50
    rest = client.list_functions(Marker=page["NextMarker"])
    assert [each["FunctionName"] for each in rest["Functions"]] == ["f50", "f51"]
    assert "NextMarker" not in rest
    paginator = client.get_paginator("list_functions")
    found = [each for got in paginator.paginate(PaginationConfig={"PageSize": 7}) for each in got["Functions"]]
    assert len({each["FunctionName"] for each in found}) == len(found) == 52
    assert not {"State", "LastUpdateStatus"} & found[0].keys()


def test_versions_and_aliases_are_listed(aws: LocalAws) -> None:
    client = aliased(aws)
    client.create_alias(FunctionName="target", Name="other", FunctionVersion="2")
    page = client.list_versions_by_function(FunctionName="target", MaxItems=2)
    rest = client.list_versions_by_function(FunctionName="target", Marker=page["NextMarker"])
    assert [each["Version"] for each in page["Versions"] + rest["Versions"]] == ["$LATEST", "1", "2", "3"]
    everything = client.list_functions(FunctionVersion="ALL")["Functions"]
    assert [each["Version"] for each in everything] == ["$LATEST", "1", "2", "3"]
    aliases = client.list_aliases(FunctionName="target")["Aliases"]
    assert {each["Name"]: each["FunctionVersion"] for each in aliases} == {"live": "1", "other": "2"}


def test_layers_are_listed_and_seen_on_the_function_that_has_them(aws: LocalAws) -> None:
    profile = aws.profile()
    client = aws.client("lambda")
    plain = client.publish_layer_version(LayerName="plain", Content={"ZipFile": HELLO})["LayerVersionArn"]
    signed = [
        client.publish_layer_version(LayerName="signed", Content={"ZipFile": code})["LayerVersionArn"]
        for code in (aws.signed(), aws.signed(OTHER))
    ]
    layers = {each["LayerName"]: each["LatestMatchingVersion"]["Version"] for each in client.list_layers()["Layers"]}
    assert layers == {"plain": 1, "signed": 2}
    versions = client.list_layer_versions(LayerName="signed")["LayerVersions"]
    assert [each["Version"] for each in versions] == [2, 1]
    aws.function("target", Layers=[plain, signed[1]])
    shown = client.get_function_configuration(FunctionName="target")["Layers"]
    assert [each["Arn"] for each in shown] == [plain, signed[1]]
    assert [each.get("SigningProfileVersionArn") for each in shown] == [None, profile]


def test_a_function_on_managed_instances_runs_what_was_published_to_latest(aws: LocalAws) -> None:
    client = aws.client("lambda")
    aws.function("target", says("1"), CapacityProviderConfig=INSTANCES)
    aws.refused("ResourceNotFoundException", client.invoke, FunctionName="target")
    made = publish(aws, PublishTo="LATEST_PUBLISHED")
    assert made["Version"] == "$LATEST.PUBLISHED"
    assert invoke(aws)[0] == "1"
    update(aws, says("2"))
    assert invoke(aws)[0] == "1"
    update(aws, says("3"), PublishTo="LATEST_PUBLISHED")
    assert invoke(aws)[0] == "3"
    read = client.get_function_configuration(FunctionName="target", Qualifier="$LATEST.PUBLISHED")
    assert read["CodeSha256"] == client.get_function_configuration(FunctionName="target")["CodeSha256"]
    assert publish(aws)["Version"] == "1"
    assert invoke(aws, "1")[0] == "3"


def test_other_functions_do_not_publish_to_latest(aws: LocalAws) -> None:
    aws.function("target")
    client = aws.client("lambda")
    aws.refused(
        "InvalidParameterValueException",
        client.publish_version,
        FunctionName="target",
        PublishTo="LATEST_PUBLISHED",
    )
    aws.refused(
        "InvalidParameterValueException",
        client.update_function_code,
        FunctionName="target",
        ZipFile=OTHER,
        PublishTo="LATEST_PUBLISHED",
    )
    with pytest.raises(client.exceptions.InvalidParameterValueException):
        aws.function("other", PublishTo="LATEST_PUBLISHED")
    aws.refused("ResourceNotFoundException", client.get_function, FunctionName="other")


def test_a_test_can_put_a_function_or_a_version_into_any_state(aws: LocalAws) -> None:
    aws.function("target")
    publish(aws)
    aws.control("PUT", "functions/target/state", {"State": "Deactivating"})
    aws.control("PUT", "functions/target/state", {"State": "SomethingNew", "Qualifier": "1"})
    read = aws.client("lambda", checked=False).get_function_configuration
    assert read(FunctionName="target")["State"] == "Deactivating"
    assert read(FunctionName="target", Qualifier="1")["State"] == "SomethingNew"
