"""The plain template of a release: what it is made of, and that `aws cloudformation deploy` alone deploys it."""

from __future__ import annotations

import copy
import importlib.util
import json
import time
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from conftest import LocalAws, eventually, package_of
from test_tools import tool

ROOT = Path(__file__).resolve().parents[3]


def load() -> ModuleType:
    """The program that `cargo xtask package` runs."""
    path = ROOT / "tests/e2e/src/python/expand.py"
    spec = importlib.util.spec_from_file_location("expand", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


expand = load()
TEMPLATE: dict[str, Any] = expand.yaml_parse((ROOT / "template.yaml").read_text())
FUNCTIONS = [name for name, it in TEMPLATE["Resources"].items() if it["Type"] == "AWS::Serverless::Function"]


@pytest.fixture(autouse=True)
def region(monkeypatch: pytest.MonkeyPatch) -> None:
    """SAM's translator asks for one, whatever it translates."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")


def code(*architectures: str, release: int = 1) -> dict[str, dict[str, str]]:
    return {each: {name: f"{name}-{each}-{release}.zip" for name in FUNCTIONS} for each in architectures}


def plain(*architectures: str, release: int = 1) -> dict[str, Any]:
    made: dict[str, Any] = expand.expand(TEMPLATE, code(*architectures, release=release))
    return made


def test_plain_template_has_no_transform_and_no_macro() -> None:
    made = plain("x86_64", "arm64")
    assert "Transform" not in made and "Fn::Transform" not in json.dumps(made)
    assert [name for name, it in made["Resources"].items() if it["Type"].startswith("AWS::Serverless")] == []
    assert "SAM" not in json.dumps(made["Resources"])


def test_plain_template_has_the_resources_and_parameters_of_the_other() -> None:
    made = plain("x86_64", "arm64")
    # As SAM calls them, so that a stack can change from the one template to the other.
    sources = {f"{name}{event}" for name in FUNCTIONS for event in TEMPLATE["Resources"][name]["Properties"]["Events"]}
    assert set(made["Resources"]) == set(TEMPLATE["Resources"]) | sources
    assert set(made["Parameters"]) == set(TEMPLATE["Parameters"]) | {"CodeBucket", "CodePrefix"}
    for section in ("Outputs", "Rules"):
        assert made[section] == TEMPLATE[section]


def test_architecture_that_was_not_built_cannot_be_chosen() -> None:
    assert plain("x86_64")["Parameters"]["Architecture"]["AllowedValues"] == ["x86_64"]
    assert plain("x86_64", "arm64")["Parameters"]["Architecture"]["AllowedValues"] == ["x86_64", "arm64"]
    keys = [plain("arm64", "x86_64")["Resources"][name]["Properties"]["Code"]["S3Key"] for name in FUNCTIONS]
    for name, key in zip(FUNCTIONS, keys, strict=True):
        chosen = {"Fn::If": ["RunsOnArm", f"{name}-arm64-1.zip", f"{name}-x86_64-1.zip"]}
        assert key == {"Fn::Sub": ["${CodePrefix}${File}", {"File": chosen}]}


def test_template_is_left_as_it_was_read() -> None:
    before = copy.deepcopy(TEMPLATE)
    assert plain("x86_64") == plain("x86_64")
    assert before == TEMPLATE


def test_function_without_code_is_refused() -> None:
    incomplete = code("x86_64")
    del incomplete["x86_64"]["SweepFunction"]
    with pytest.raises(expand.Unfit, match="SweepFunction"):
        expand.expand(TEMPLATE, incomplete)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda it: it["Resources"]["Key"]["Properties"].update(EnableKeyRotation=False), "Key"),
        (lambda it: it["Rules"].clear(), "Rules"),
        (lambda it: it["Resources"]["SignFunction"].update(Type="AWS::Serverless::Function"), "SignFunction"),
        (lambda it: it["Resources"]["SignFunction"]["Properties"].update(Architectures=["x86_64"]) or
                    [it["Resources"][name]["Properties"].update(Architectures=["x86_64"]) for name in FUNCTIONS],
         "Architecture"),
    ],
)  # fmt: skip
def test_what_the_translator_changes_is_told(change: Any, told: str) -> None:
    made = plain("x86_64")
    expand.check(TEMPLATE, made, set(FUNCTIONS))
    change(made)
    with pytest.raises(expand.Unfit, match=told):
        expand.check(TEMPLATE, made, set(FUNCTIONS))


def test_aws_cloudformation_deploy_alone_creates_and_updates_the_stack(aws: LocalAws, tmp_path: Path) -> None:
    aws.bucket("code")
    hashes = []
    begun = 0
    for release in (1, 2):
        # The AWS CLI names its change sets by the second, and refuses a name that is there.
        eventually(lambda before=begun: int(time.time()) > before)
        file = tmp_path / "countersign.json"
        file.write_text(json.dumps(plain("x86_64", release=release)))
        for name in FUNCTIONS:
            body = package_of(bootstrap=f"#!/bin/sh\nexit {release}\n")
            aws.client("s3").put_object(Bucket="code", Key=f"countersign/{name}-x86_64-{release}.zip", Body=body)
        tool(
            aws, "aws", "cloudformation", "deploy", "--template-file", str(file), "--stack-name", "countersign",
            "--s3-bucket", "code", "--capabilities", "CAPABILITY_IAM",
            "--parameter-overrides", "CodeBucket=code", "AlertEmail=none",
        )  # fmt: skip
        begun = int(time.time())
        functions = aws.client("lambda").list_functions()["Functions"]
        assert sorted(it["FunctionName"] for it in functions) == [
            f"countersign-{name}" for name in ("alert", "deploy", "sign", "sweep")
        ]
        hashes.append({it["CodeSha256"] for it in functions})
    (stack,) = aws.client("cloudformation").describe_stacks(StackName="countersign")["Stacks"]
    assert stack["StackStatus"] == "UPDATE_COMPLETE"
    assert hashes[0].isdisjoint(hashes[1])
    sources = aws.client("lambda").list_event_source_mappings()["EventSourceMappings"]
    assert len(sources) == len(FUNCTIONS)
