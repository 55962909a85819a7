"""What is made of checkov's findings; checkov itself runs in the step `template` of `cargo xtask test`."""

from __future__ import annotations

from pathlib import Path

import pytest
from judge import Accepted, Finding, UnfitExceptions, judge, read

EXCEPTIONS = Path(__file__).resolve().parents[2] / "checkov/exceptions.toml"
WHY = "a sentence of some length that says why it is left as it is"
BUCKET = Finding("CKV_AWS_18", "AWS::S3::Bucket.Uploads", "template.yaml", "access logging")


def entry(**fields: str) -> str:
    fields = {"check": "CKV_AWS_18", "resources": "AWS::S3::Bucket.*", "why": WHY, **fields}
    return "[[exception]]\n" + "".join(f'{name} = "{value}"\n' for name, value in fields.items())


def test_findings_with_an_exception_are_left() -> None:
    assert judge([BUCKET], read(entry())) == []


@pytest.mark.parametrize(
    "finding",
    [
        Finding("CKV_AWS_53", BUCKET.resource, "template.yaml", "block public ACLs"),
        Finding("CKV_AWS_18", "AWS::S3::BucketPolicy.Uploads", "template.yaml", "access logging"),
        Finding("CKV_AWS_18", "AWS::SQS::Queue.AWS::S3::Bucket.Uploads", "template.yaml", "access logging"),
    ],
)
def test_exception_covers_its_check_and_resources_alone(finding: Finding) -> None:
    assert judge([BUCKET, finding], read(entry())) == [str(finding)]


def test_exception_that_nothing_needs_is_told() -> None:
    (line,) = judge([BUCKET], [*read(entry()), Accepted("CKV_AWS_21", "AWS::S3::Bucket.*", WHY)])
    assert line == "exceptions.toml: nothing needs the exception CKV_AWS_21 of AWS::S3::Bucket.* any more: take it out"


@pytest.mark.parametrize(
    "text",
    [
        "[[exception",
        "[[exeption]]\n",
        entry(who="me"),
        '[[exception]]\ncheck = "CKV_AWS_18"\n',
        f'[[exception]]\ncheck = 18\nresources = "AWS::S3::Bucket.*"\nwhy = "{WHY}"\n',
        entry(why="false positive"),
        entry(resources="*"),
        entry(resources="AWS::S3::Bucket"),
    ],
)
def test_list_that_says_too_little_is_refused(text: str) -> None:
    with pytest.raises(UnfitExceptions):
        read(text)


def test_each_exception_is_one_of_its_own() -> None:
    accepted = read(EXCEPTIONS.read_text())
    assert accepted
    assert len({(it.check, it.resources) for it in accepted}) == len(accepted)
