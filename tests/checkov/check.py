"""Holds templates against checkov: `check.py TEMPLATE…`. What it finds must be among exceptions.toml.

It asks nothing of the network: checkov's own command looks for a newer release of itself, its library does not.
A linter that cannot read a template finds nothing in it. So each run also looks at a small template with a fault of
each kind that we count on it for, and every one of them has to be found.
"""

from __future__ import annotations

import json
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from checkov.cloudformation.runner import Runner
from checkov.runner_filter import RunnerFilter
from judge import Finding, UnfitExceptions, judge, read

EXCEPTIONS = Path(__file__).with_name("exceptions.toml")
CLOSED = dict.fromkeys(("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"), True)


def policy(**statement: Any) -> dict[str, Any]:
    """A policy of this one statement."""
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]}


PLANTED: dict[str, tuple[str, dict[str, Any]]] = {
    # The check that has to find it, and a resource with nothing else that matters here.
    "CKV_AWS_7": ("AWS::KMS::Key", {"EnableKeyRotation": False, "KeyPolicy": policy(Principal={"AWS": "1"})}),
    "CKV_AWS_20": ("AWS::S3::Bucket", {"AccessControl": "PublicRead", "PublicAccessBlockConfiguration": CLOSED}),
    "CKV_AWS_26": ("AWS::SNS::Topic", {"TopicName": "open"}),
    "CKV_AWS_27": ("AWS::SQS::Queue", {"QueueName": "open"}),
    "CKV_AWS_33": ("AWS::KMS::Key", {"EnableKeyRotation": True, "KeyPolicy": policy(Principal="*", Action="kms:*")}),
    "CKV_AWS_36": ("AWS::CloudTrail::Trail", {"EnableLogFileValidation": False, "IsLogging": True}),
    "CKV_AWS_54": ("AWS::S3::Bucket", {"PublicAccessBlockConfiguration": {**CLOSED, "BlockPublicPolicy": False}}),
    "CKV_AWS_60": (
        "AWS::IAM::Role",
        {"AssumeRolePolicyDocument": policy(Principal={"AWS": "*"}, Action="sts:AssumeRole")},
    ),
    "CKV_AWS_111": (
        "AWS::IAM::ManagedPolicy",
        {"PolicyDocument": policy(Action=["lambda:UpdateFunctionCode", "s3:PutObject"], Resource="*")},
    ),
}


@dataclass(frozen=True)
class Scan:
    """What checkov says of some templates."""

    findings: list[Finding]
    passed: int
    unread: list[str]


def scan(templates: list[str]) -> Scan:
    """Runs every check that there is for CloudFormation."""
    runner = Runner()
    report = runner.run(root_folder=None, files=templates, runner_filter=RunnerFilter(framework=["cloudformation"]))
    # One that it cannot parse, it leaves out of these, and says nothing.
    taken = {Path(path).name for path in runner.definitions or {}}
    names = [Path(path).name for path in templates]
    return Scan(
        [Finding(it.check_id, it.resource, Path(it.file_path).name, it.check_name) for it in report.failed_checks],
        len(report.passed_checks),
        [f"{name}: checkov could not read it" for name in names if name not in taken],
    )


def overlooked() -> list[str]:
    """The planted faults that are not found."""
    resources = {f"Of{check.replace('_', '')}": (check, *it) for check, it in PLANTED.items()}
    template = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Resources": {name: {"Type": kind, "Properties": it} for name, (_, kind, it) in resources.items()},
    }
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "planted.json")
        path.write_text(json.dumps(template))
        found = {(it.check, it.resource) for it in scan([str(path)]).findings}
    return [
        f"checkov overlooks what {check} is there for, in a planted {kind}"
        for name, (check, kind, _) in resources.items()
        if (check, f"{kind}.{name}") not in found
    ]


def main(templates: list[str]) -> int:
    """Prints what is wrong; the exit status."""
    try:
        accepted = read(EXCEPTIONS.read_text())
    except UnfitExceptions as error:
        print(f"exceptions.toml: {error}")
        return 1
    found = scan(templates)
    wrong = found.unread + judge(found.findings, accepted) + overlooked()
    for line in wrong:
        print(line)
    told = f"{found.passed} checks passed, {len(found.findings)} did not, by {len(accepted)} exceptions"
    print(f"checkov: {told}; {len(wrong)} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
