"""The examples of the docs: that they are what the pages show, and that each takes its code from the gate alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import hcl2
import pytest

ROOT = Path(__file__).resolve().parents[3]

SHOWN = [
    ("with-sam.md", "sam/template.yaml"),
    ("with-sam.md", "sam/build.yaml"),
    ("with-cdk.md", "cdk/app.ts"),
    ("with-terraform.md", "terraform/main.tf"),
    ("with-serverless.md", "serverless/serverless.yml"),
    ("with-pulumi.md", "pulumi/index.ts"),
]


@pytest.mark.parametrize(("page", "example"), SHOWN)
def test_page_shows_the_example(page: str, example: str) -> None:
    shown = (ROOT / "docs" / page).read_text()
    assert (ROOT / "examples" / example).read_text() in shown


@pytest.mark.parametrize("page", sorted({page for page, _ in SHOWN}))
def test_page_says_what_was_tried(page: str) -> None:
    shown = (ROOT / "docs" / page).read_text()
    assert "not run" in shown or "deploys the example to the local AWS" in shown


def plain(value: Any) -> Any:
    """The parser keeps the quotes of HCL."""
    if isinstance(value, str):
        return value.strip('"')
    if isinstance(value, list):
        return [plain(element) for element in value]
    if isinstance(value, dict):
        return {plain(name): plain(element) for name, element in value.items()}
    return value


def resources(kind: str) -> dict[str, Any]:
    with (ROOT / "examples/terraform/main.tf").open() as file:
        parsed = plain(hcl2.load(file))
    found: dict[str, Any] = {}
    for block in parsed["resource"]:
        found.update(block.get(kind, {}))
    return found


def test_terraform_leaves_the_code_to_the_gate() -> None:
    shop = resources("aws_lambda_function")["shop"]
    assert shop["function_name"] == "shop"
    assert shop["s3_key"] == "current/functions/shop.zip"
    assert "var.signed_bucket" in shop["s3_bucket"]
    assert "var.code_signing_config" in shop["code_signing_config_arn"]
    assert not {"filename", "source_code_hash", "s3_object_version", "publish"} & set(shop)
    assert "source_code_hash" in json.dumps(shop["lifecycle"])
    alias = resources("aws_lambda_alias")["live"]
    assert alias["name"] == shop["tags"]["countersign:alias"]
    assert "function_version" in json.dumps(alias["lifecycle"])
