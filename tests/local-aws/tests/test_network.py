"""The gate in private subnets: `network.yaml`, the rights for it, and that its endpoints let through what is called."""

from __future__ import annotations

import json
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from conftest import ACCOUNT, HELLO, REGION, LocalAws
from ministack.services.cloudformation import engine
from test_stack import FUNCTIONS, Gate

ROOT = Path(__file__).resolve().parents[3]
TEMPLATE: dict[str, Any] = engine._parse_template((ROOT / "template.yaml").read_text())["Resources"]
NETWORK: dict[str, Any] = engine._parse_template((ROOT / "network.yaml").read_text())["Resources"]
ENDPOINTS = {
    it["Properties"]["ServiceName"]["Fn::Sub"].rsplit(".", 1)[1]: it["Properties"]
    for it in NETWORK.values()
    if it["Type"] == "AWS::EC2::VPCEndpoint"
}
# What Lambda and S3 do for the functions, from networks of their own: logs are shipped by Lambda, keys used by S3.
FOR_THEM = ("logs:", "kms:Decrypt", "kms:GenerateDataKey", "ec2:")
POLLED = {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"}


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def chosen(statement: dict[str, Any]) -> dict[str, Any]:
    """A statement, with whatever a parameter can choose."""
    of_choice = statement.get("Fn::If")
    return statement if of_choice is None else dict(of_choice[1])


def statements_of(role: str) -> Iterator[dict[str, Any]]:
    """What the template lets a role do."""
    for policy in TEMPLATE[role]["Properties"].get("Policies", []):
        yield from map(chosen, policy["PolicyDocument"]["Statement"])
    for it in TEMPLATE.values():
        if it["Type"] == "AWS::IAM::Policy" and {"Ref": role} in it["Properties"]["Roles"]:
            yield from map(chosen, it["Properties"]["PolicyDocument"]["Statement"])


def rights(role: str) -> set[str]:
    allowed = [it for it in statements_of(role) if it["Effect"] == "Allow"]
    actions = {action for statement in allowed for action in as_list(statement["Action"])}
    return {action for action in actions if not action.startswith(FOR_THEM)} - POLLED


ROLES = [f"{name.capitalize()}Role" for name in FUNCTIONS]


@pytest.mark.parametrize("role", ROLES)
def test_endpoints_let_each_role_do_what_it_may_and_no_more(role: str) -> None:
    through = set()
    for endpoint in ENDPOINTS.values():
        for statement in endpoint["PolicyDocument"]["Statement"]:
            named = as_list(statement["Condition"]["ArnLike"]["aws:PrincipalArn"])
            if any(arn["Fn::Sub"].endswith(f"/${{GateStack}}-{role}-*") for arn in named):
                through |= set(as_list(statement["Action"]))
    assert rights(role) - through == set(), "nothing lets it through"
    everybody = set().union(*(rights(each) for each in ROLES))
    assert through - everybody == set(), "nobody may do it"


def test_every_service_has_an_endpoint() -> None:
    called = {action.split(":")[0] for role in ROLES for action in rights(role)}
    assert called == set(ENDPOINTS)
    for service, endpoint in ENDPOINTS.items():
        assert endpoint["VpcEndpointType"] == ("Gateway" if service == "s3" else "Interface")
        assert service == "s3" or endpoint["PrivateDnsEnabled"] is True


def test_endpoints_name_the_gates_roles_and_nobody_else() -> None:
    for service, endpoint in ENDPOINTS.items():
        for statement in endpoint["PolicyDocument"]["Statement"]:
            assert statement["Effect"] == "Allow", service
            assert statement["Condition"]["ArnLike"]["aws:PrincipalArn"], service
            actions = set(as_list(statement["Action"]))
            assert "*" not in json.dumps(statement["Action"]), service
            # Of what lists, AWS knows no resource, nor of traces.
            without = ("lambda:List", "xray:Put")
            assert statement["Resource"] != "*" or all(action.startswith(without) for action in actions)


def test_nothing_leads_to_the_internet() -> None:
    kinds = {it["Type"] for it in NETWORK.values()}
    assert kinds == {
        "AWS::EC2::VPC", "AWS::EC2::Subnet", "AWS::EC2::RouteTable", "AWS::EC2::SubnetRouteTableAssociation",
        "AWS::EC2::SecurityGroup", "AWS::EC2::VPCEndpoint",
    }  # fmt: skip


def network(aws: LocalAws, **parameters: str) -> dict[str, str]:
    client = aws.client("cloudformation")
    client.create_stack(
        StackName="network",
        TemplateBody=(ROOT / "network.yaml").read_text(),
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
    )
    client.get_waiter("stack_create_complete").wait(StackName="network", WaiterConfig={"Delay": 1})
    (stack,) = client.describe_stacks(StackName="network")["Stacks"]
    return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}


def test_gate_runs_in_the_network(aws: LocalAws) -> None:
    made = network(aws)
    gate = Gate(aws, **made)
    assert gate.status == "CREATE_COMPLETE", gate.reasons()
    for name in FUNCTIONS:
        config = aws.client("lambda").get_function_configuration(FunctionName=f"countersign-{name}")["VpcConfig"]
        assert ",".join(config["SubnetIds"]) == made["SubnetIds"]
        assert ",".join(config["SecurityGroupIds"]) == made["SecurityGroupIds"]
    names = {
        "uploadsbucket": gate.outputs["UploadsBucket"],
        "signedbucket": gate.outputs["SignedBucket"],
        "recordsbucket": gate.outputs["RecordsBucket"],
    }
    for name, bucket in names.items():
        assert fnmatchcase(bucket, f"countersign-{name}-*")
    assert fnmatchcase(gate.outputs["Topic"], f"arn:aws:sns:{REGION}:{ACCOUNT}:countersign-Topic-*")
    assert gate.outputs["EventBus"] == "countersign"
    roles = [role["RoleName"] for role in aws.client("iam").list_roles()["Roles"]]
    for role in ROLES:
        assert any(fnmatchcase(name, f"countersign-{role}-*") for name in roles), role


def endpoints_made(aws: LocalAws) -> set[str]:
    listed = aws.client("cloudformation").list_stack_resources(StackName="network")["StackResourceSummaries"]
    return {it["LogicalResourceId"] for it in listed if it["ResourceType"] == "AWS::EC2::VPCEndpoint"}


@pytest.mark.parametrize("tracing", ["PassThrough", "Active"])
def test_traces_have_an_endpoint_where_there_are_any(aws: LocalAws, tracing: str) -> None:
    made = network(aws, Tracing=tracing)
    assert ("XrayEndpoint" in endpoints_made(aws)) == (tracing == "Active")
    gate = Gate(aws, Tracing=tracing, **made)
    assert gate.status == "CREATE_COMPLETE", gate.reasons()


def test_gate_is_in_no_network_by_default(aws: LocalAws) -> None:
    assert Gate(aws).status == "CREATE_COMPLETE"
    for name in FUNCTIONS:
        config = aws.client("lambda").get_function_configuration(FunctionName=f"countersign-{name}")
        assert not (config.get("VpcConfig") or {}).get("SubnetIds")
    policies = aws.client("iam").list_policies(Scope="Local")["Policies"]
    assert [it["PolicyName"] for it in policies if "NetworkRights" in it["PolicyName"]] == []


@pytest.mark.parametrize(
    "parameters", [{"SubnetIds": "subnet-0123456789abcdef0"}, {"SecurityGroupIds": "sg-0123456789abcdef0"}]
)
def test_subnets_and_groups_go_together(aws: LocalAws, parameters: dict[str, str]) -> None:
    with pytest.raises(ClientError, match="go together"):
        Gate(aws, **parameters)


# B: AWS documentation. C, the words.
def test_function_in_a_network_needs_a_role_that_may_connect_it(aws: LocalAws) -> None:
    config = {"SubnetIds": ["subnet-0123456789abcdef0"], "SecurityGroupIds": ["sg-0123456789abcdef0"]}
    bare = aws.role("bare", {"Effect": "Allow", "Action": "logs:*", "Resource": "*"})
    client = aws.client("lambda")
    code = {"FunctionName": "inside", "Runtime": "python3.12", "Handler": "index.handler", "Code": {"ZipFile": HELLO}}
    with pytest.raises(ClientError, match="CreateNetworkInterface on EC2"):
        client.create_function(**code, Role=bare, VpcConfig=config)
    connected = aws.role("connected", {"Effect": "Allow", "Action": "ec2:*", "Resource": "*"})
    assert client.create_function(**code, Role=connected, VpcConfig=config)["VpcConfig"]["SubnetIds"]
    aws.function("outside", Role=bare)
    with pytest.raises(ClientError, match="CreateNetworkInterface on EC2"):
        client.update_function_configuration(FunctionName="outside", VpcConfig=config)
