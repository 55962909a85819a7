"""The detections as rules of others, run as those run them.

Panther's rules are Python and carry their own tests, which are run here. Elastic's are queries in KQL: a parser of that
language reads them, and a small evaluator of what it makes of them runs over the same events, written as Elastic's
integration for CloudTrail writes them (its field names; parameters as one flat text).
"""

from __future__ import annotations

import os
import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from kaquel.kql import parse_kql

ROOT = Path(__file__).resolve().parents[3]
# As the stack of the detections' own samples.
STACK = [
    "--target-functions=shop-*",
    "--target-layers=*",
    "--signing-profile=gate_profile",
    "--csc=arn:aws:lambda:us-east-1:111122223333:code-signing-config:csc-0123456789abcdef0",
    "--key=arn:aws:kms:us-east-1:111122223333:key/1",
    "--own-role=arn:aws:iam::111122223333:role/countersign-DeployRole-1",
]
# Names of CloudTrail's record in Elastic's integration.
FIELDS = {
    "event.provider": "eventSource",
    "event.action": "eventName",
    "aws.cloudtrail.error_code": "errorCode",
    "aws.cloudtrail.user_identity.arn": "userIdentity.arn",
    "aws.cloudtrail.user_identity.invoked_by": "userIdentity.invokedBy",
}
FLAT_FIELDS = {
    "aws.cloudtrail.request_parameters": "requestParameters",
    "aws.cloudtrail.additional_eventdata": "additionalEventData",
}


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("rules")
    cargo = os.environ.get("CARGO", "cargo")
    for kind in ("panther", "elastic"):
        arguments = ["detections", f"--format={kind}", f"--out={folder / kind}", *STACK]
        command = [cargo, "run", "--quiet", "--locked", "--package", "xtask", "--", *arguments]
        subprocess.run(command, cwd=ROOT, check=True, timeout=1200, stdout=subprocess.DEVNULL)
    return folder


def samples(rules: Path) -> list[tuple[str, dict[str, Any]]]:
    """Each rule's own tests: its name, and `Name`, `Log` and `ExpectedResult`."""
    found = []
    for file in sorted((rules / "panther").glob("*.yml")):
        found += [(file.stem, test) for test in yaml.safe_load(file.read_text())["Tests"]]
    return found


def test_panther_rules_pass_their_own_tests(rules: Path) -> None:
    functions = {}
    for file in (rules / "panther").glob("*.py"):
        scope: dict[str, Any] = {}
        exec(compile(file.read_text(), file.name, "exec"), scope)
        functions[file.stem] = scope
    tests = samples(rules)
    assert len(functions) > 20 and len(tests) > 2 * len(functions)
    for name, test in tests:
        assert functions[name]["rule"](test["Log"]) is test["ExpectedResult"], (name, test)
        assert functions[name]["title"](test["Log"]).startswith("Countersign: ")


def test_elastic_rules_find_the_same_events(rules: Path) -> None:
    queries = {}
    for file in (rules / "elastic").glob("*.toml"):
        query = tomllib.loads(file.read_text())["rule"]["query"]
        queries[file.stem] = parse_kql(query).render()
    for name, test in samples(rules):
        assert matches(queries[name], test["Log"]) is test["ExpectedResult"], (name, test)


def test_evaluator_tells_a_query_that_is_wrong() -> None:
    event = {"eventSource": "lambda.amazonaws.com", "requestParameters": {"functionName": "shop-x"}}
    for query, expected in [
        (r"aws.cloudtrail.request_parameters : *functionName=shop-*\}*", True),
        (r"aws.cloudtrail.request_parameters : *functionName=orders\}*", False),
        ("event.provider : lambda.amazonaws.com and not aws.cloudtrail.error_code : *", True),
        ("event.provider : (signer.amazonaws.com or s3.amazonaws.com)", False),
    ]:
        assert matches(parse_kql(query).render(), event) is expected, query


def matches(query: dict[str, Any], event: dict[str, Any]) -> bool:
    """What Elasticsearch would say, for the parts of its query language that KQL of these rules leads to."""
    ((kind, body),) = query.items()
    if kind == "bool":
        return bool_matches(body, event)
    if kind == "exists":
        return bool(texts(body["field"], event))
    assert kind in ("match", "match_phrase"), kind
    ((field, pattern),) = body.items()
    parts = [re.escape(part) for part in str(pattern).split("*")]
    expression = re.compile(".*".join(parts), re.DOTALL)
    return any(expression.fullmatch(text) for text in texts(field, event))


def bool_matches(body: dict[str, Any], event: dict[str, Any]) -> bool:
    unknown = set(body) - {"filter", "must", "should", "must_not"}
    assert not unknown, unknown

    def clauses(name: str) -> list[dict[str, Any]]:
        found = body.get(name, [])
        return found if isinstance(found, list) else [found]

    should = clauses("should")
    return (
        all(matches(clause, event) for clause in clauses("filter") + clauses("must"))
        and not any(matches(clause, event) for clause in clauses("must_not"))
        and (not should or any(matches(clause, event) for clause in should))
    )


def texts(field: str, event: dict[str, Any]) -> list[str]:
    """A field of an event as Elastic has it; none if it is not there."""
    if field == "event.dataset":
        return ["aws.cloudtrail"]
    if field in FLAT_FIELDS:
        value = event.get(FLAT_FIELDS[field])
        return [] if value is None else [flat(value)]
    value = event
    for name in FIELDS.get(field, field).split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return [] if value is None else [str(value)]


def flat(value: Any) -> str:
    """`{functionName=orders, layers=[a, b]}`, as Java prints a map."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}={flat(item)}" for name, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(flat(item) for item in value) + "]"
    return str(value).lower() if isinstance(value, bool) else str(value)
