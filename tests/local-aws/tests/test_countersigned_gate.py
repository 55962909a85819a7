"""Who countersigns the gate: its own functions, signed by SAM, under the configuration of `bootstrap.yaml`."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from conftest import LocalAws, package_of
from test_release import FUNCTIONS, ROOT, TEMPLATE
from test_tools import signs_at_once, tool


def outputs(aws: LocalAws, stack: str) -> dict[str, str]:
    (found,) = aws.client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
    return {output["OutputKey"]: output["OutputValue"] for output in found["Outputs"]}


def bootstrap(aws: LocalAws, *parameters: str) -> dict[str, str]:
    """What the small stack beside the gate has: a profile, a configuration and, on demand, a bucket."""
    more = ["--parameter-overrides", *parameters] if parameters else []
    file = str(ROOT / "bootstrap.yaml")
    tool(aws, "aws", "cloudformation", "deploy", "--template-file", file, "--stack-name", "gate-release", *more)
    return outputs(aws, "gate-release")


def checkout(folder: Path) -> Path:
    """The template and, in the place of each crate, a folder with a program."""
    shutil.copy(ROOT / "template.yaml", folder)
    for name in FUNCTIONS:
        program = folder / TEMPLATE["Resources"][name]["Properties"]["CodeUri"] / "bootstrap"
        program.parent.mkdir(parents=True)
        program.write_text("#!/bin/sh\nexit 1\n")
        program.chmod(0o755)
    return folder


def sam_deploy(aws: LocalAws, folder: Path, *options: str) -> None:
    tool(
        aws, "sam", "deploy", "--stack-name", "countersign", "--resolve-s3", "--capabilities", "CAPABILITY_IAM",
        "--no-progressbar", *options, cwd=folder,
    )  # fmt: skip


def test_gate_is_signed_by_sam_and_then_under_its_own_configuration(aws: LocalAws, tmp_path: Path) -> None:
    signs_at_once(aws)
    gate = bootstrap(aws)
    parameters = ["--parameter-overrides", "AlertEmail=none", f"GateCscArn={gate['GateCscArn']}"]
    sam_deploy(aws, checkout(tmp_path), "--signing-profiles", *gate["SigningProfiles"].split(), *parameters)
    functions = aws.client("lambda").list_functions()["Functions"]
    profile = f":/signing-profiles/{gate['GateProfile']}/"
    assert len(functions) == len(FUNCTIONS)
    for function in functions:
        name = function["FunctionName"]
        assert profile in function["SigningProfileVersionArn"], name
        attached = aws.client("lambda").get_function_code_signing_config(FunctionName=name)
        assert attached["CodeSigningConfigArn"] == gate["GateCscArn"] != outputs(aws, "countersign")["CodeSigningConfig"]
        # The one that may replace everything may not replace the gate.
        with pytest.raises(aws.client("lambda").exceptions.ClientError, match="CodeVerificationFailed|InvalidCodeSignature"):
            aws.client("lambda").update_function_code(FunctionName=name, ZipFile=package_of(bootstrap="#!/bin/sh\n"))


def test_unsigned_gate_is_refused_under_its_own_configuration(aws: LocalAws, tmp_path: Path) -> None:
    gate = bootstrap(aws)
    parameters = ["--parameter-overrides", "AlertEmail=none", f"GateCscArn={gate['GateCscArn']}"]
    with pytest.raises(AssertionError, match="signed|signature|Signature"):
        sam_deploy(aws, checkout(tmp_path), *parameters)
    assert aws.client("lambda").list_functions()["Functions"] == []


def test_gate_is_under_no_configuration_by_default(aws: LocalAws, tmp_path: Path) -> None:
    sam_deploy(aws, checkout(tmp_path), "--parameter-overrides", "AlertEmail=none")
    for function in aws.client("lambda").list_functions()["Functions"]:
        attached = aws.client("lambda").get_function_code_signing_config(FunctionName=function["FunctionName"])
        assert "CodeSigningConfigArn" not in attached
