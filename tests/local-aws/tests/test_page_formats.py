"""The documents that programs get as pages, held against the schemas of those who take them.

The samples are written by the gate's own tests. The Security Hub finding is checked by the AWS SDK's model of
BatchImportFindings, the whole by the schema that the documentation gives.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import botocore.session
import jsonschema
import pytest
from botocore.validate import ParamValidator

ROOT = Path(__file__).resolve().parents[3]
SAMPLES = sorted((ROOT / "shared/gate/tests/gate/pages").glob("*.json"))
SCHEMA = json.loads((ROOT / "docs/page.schema.json").read_text())


def document(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def faults(page: dict[str, Any]) -> list[str]:
    validator = jsonschema.Draft202012Validator(SCHEMA)
    return [error.message for error in validator.iter_errors(page)]


def test_there_are_samples_of_each_kind() -> None:
    names = {path.stem.split("-")[0] for path in SAMPLES}
    assert names == {"alert", "own", "drift", "told", "silence"}


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_page_fits_its_schema(path: Path) -> None:
    assert faults(document(path)) == []


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_finding_is_one_that_security_hub_takes(path: Path) -> None:
    model = botocore.session.get_session().get_service_model("securityhub")
    shape: Any = model.operation_model("BatchImportFindings").input_shape
    page = document(path)
    finding = page["asff"]
    # What went well is no finding.
    assert (finding is None) == (page["pagerduty"] is None) == (page["ocsf"] is None) == (path.stem == "own-deployed")
    if finding is None:
        return
    report = ParamValidator().validate({"Findings": [finding]}, shape)
    assert not report.has_errors(), report.generate_report()
    # The SDK takes unknown fields for a mistake in the call; it says nothing of lengths.
    known = shape.members["Findings"].member.members
    assert set(finding) <= set(known)
    assert len(finding["Title"]) <= 256 and len(finding["Description"]) <= 1024
    assert len(finding["Remediation"]["Recommendation"]["Text"]) <= 512


Spoil = Callable[[dict[str, Any]], object]
SPOILS: list[Spoil] = [
    lambda page: page.pop("dedup_key"),
    lambda page: page.update(severity="bad"),
    lambda page: page["pagerduty"].update(event_action="acknowledge"),
    lambda page: page["ocsf"].pop("finding_info"),
    lambda page: page["links"].update(console="javascript:0"),
]


@pytest.mark.parametrize("spoil", SPOILS)
def test_schema_finds_what_is_wrong(spoil: Spoil) -> None:
    spoiled = copy.deepcopy(document(SAMPLES[0]))
    spoil(spoiled)
    assert faults(spoiled) != []
