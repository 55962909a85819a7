"""The rights that documented commands and the steps of pages take: whoever is told to run one may.

What a command takes is read from its help and its section of docs/cli.md, what a page's steps take from the commands of
the AWS CLI in them. Both are held against policies/.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from test_people import ACTIONS, listed, statements

ROOT = Path(__file__).resolve().parents[3]
COMMANDS = {
    "ci": ["push"],
    "developer": ["push", "rollback", "status", "check"],
    "operator": [
        *("push", "rollback", "status", "check", "diff", "doctor"),
        *("redrive", "audit", "csc", "layer", "prune", "explain"),
    ],
    "approver": ["approve", "approvals"],
    "auditor": ["status", "audit", "csc", "explain"],
}
"""Who is meant to use which commands, after docs/policies.md."""
BEYOND = {
    # What they change beyond the policy, each with an option of its own, and what `doctor` asks about the gate's roles.
    ("operator", "csc"): {"lambda:UpdateCodeSigningConfig"},
    ("operator", "prune"): {"lambda:DeleteFunction"},
    ("operator", "doctor"): {"lambda:UpdateFunctionCode", "signer:StartSigningJob"},
    ("operator", "audit"): {"iam:GetAccountAuthorizationDetails"},
    ("auditor", "audit"): {"iam:GetAccountAuthorizationDetails"},
    ("auditor", "csc"): {"lambda:UpdateCodeSigningConfig"},
}
ACTION = re.compile(r"\b([a-z0-9]+):([A-Z]\w+)")

PAGES = ["detections.md", "operating.md", "reason-codes.md", "pages.md"]
AWS = re.compile(r"\baws ([a-z0-9]+) ([a-z][a-z0-9-]+)")
READS = ("get-", "list-", "describe-", "lookup-", "detect-", "receive-", "filter-")
OTHER_NAMES = {
    # The Service Authorization Reference (grade B): what the call is named in a policy.
    ("s3api", "list-objects-v2"): {"s3:ListBucket"},
    ("s3api", "list-object-versions"): {"s3:ListBucketVersions"},
    ("s3api", "get-object"): {"s3:GetObject"},
    ("s3api", "get-bucket-notification-configuration"): {"s3:GetBucketNotification"},
    # Drift is detected with the caller's rights, resource by resource (the user guide of CloudFormation, grade B).
    ("cloudformation", "detect-stack-drift"): {
        "cloudformation:DetectStackDrift",
        "cloudformation:DetectStackResourceDrift",
    },
}


def allowed(policy: str) -> set[str]:
    allows = [statement for statement in statements(policy) if statement["Effect"] == "Allow"]
    return {action for statement in allows for action in listed(statement["Action"])}


def taken_by(command: str) -> set[str]:
    """The actions that the command's help and its section of docs/cli.md name."""
    help_text = (ROOT / f"cli/src/commands/{command}/args.rs").read_text()
    _, _, after = (ROOT / "docs/cli.md").read_text().partition(f"\n## `countersign {command}`\n")
    section = after.partition("\n## ")[0]
    assert section, command
    named = ACTION.findall(help_text) + ACTION.findall(section)

    def exists(service: str, name: str) -> bool:
        return name.lower() in ACTIONS.get(service, {}).get("Actions", {})

    return {f"{service}:{name}" for service, name in named if exists(service, name)}


CASES = [(policy, name) for policy, names in COMMANDS.items() for name in names]


@pytest.mark.parametrize(("policy", "command"), CASES)
def test_policy_suffices_for_the_commands_of_those_who_have_it(policy: str, command: str) -> None:
    taken = taken_by(command)
    assert taken, f"neither the help nor docs/cli.md says what {command} takes"
    beyond = BEYOND.get((policy, command), set())
    assert taken - allowed(policy) == beyond


def read_only_calls(text: str) -> set[str]:
    """The actions of the AWS CLI's commands in a text that only look."""
    actions = set()
    for service, operation in AWS.findall(text):
        if not operation.startswith(READS):
            continue
        own = f"{service.removesuffix('api')}:{''.join(word.capitalize() for word in operation.split('-'))}"
        actions |= OTHER_NAMES.get((service, operation), {own})
    return actions


def test_operator_may_look_wherever_a_page_or_a_document_tells_to() -> None:
    text = "".join((ROOT / "docs" / page).read_text() for page in PAGES)
    # The steps of the detections, of which a document shows one set each, and of what sweep and doctor find.
    steps = "".join(path.read_text() for path in sorted((ROOT / "shared/gate/src").rglob("*.rs")))
    text += re.sub(r"\\\n\s*", "", steps)
    calls = read_only_calls(text)
    assert len(calls) > 28, calls
    for call in calls:
        service, _, name = call.partition(":")
        assert name.lower() in ACTIONS[service]["Actions"], call
    assert sorted(calls - allowed("operator")) == []


def test_reads_are_told_from_changes() -> None:
    text = "aws lambda get-policy --x, and aws s3api list-objects-v2, then aws lambda remove-permission"
    assert read_only_calls(text) == {"lambda:GetPolicy", "s3:ListBucket"}
