"""The key that signs summaries of deployments: who may sign with it, and that others can verify what it signed."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from conftest import ACCOUNT, REGION, LocalAws
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.serialization import load_der_public_key
from test_stack import EVERYTHING, FUNCTIONS, Gate, code_of

DIGEST = "d" * 48
SIGN = {"Message": DIGEST, "MessageType": "DIGEST", "SigningAlgorithm": "ECDSA_SHA_384"}


def variables(gate: Gate, function: str) -> dict[str, str]:
    config = gate.aws.client("lambda").get_function_configuration(FunctionName=f"{gate.name}-{function}")
    return dict(config["Environment"]["Variables"])


# B: AWS documentation, for the key's kind, the form of its signatures and the length of a digest.
def test_a_signature_over_a_digest_verifies_with_the_public_key(aws: LocalAws) -> None:
    kms = aws.client("kms")
    key = kms.create_key(KeySpec="ECC_NIST_P384", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["Arn"]
    digest = hashlib.sha384(b"said").digest()
    asked = {"KeyId": key, "MessageType": "DIGEST", "SigningAlgorithm": "ECDSA_SHA_384"}
    signed = kms.sign(**asked, Message=digest)
    assert (signed["KeyId"], signed["SigningAlgorithm"]) == (key, "ECDSA_SHA_384")
    public = kms.get_public_key(KeyId=key)
    assert (public["KeySpec"], public["KeyUsage"]) == ("ECC_NIST_P384", "SIGN_VERIFY")
    verifier = load_der_public_key(public["PublicKey"])
    assert isinstance(verifier, ec.EllipticCurvePublicKey)
    verifier.verify(signed["Signature"], digest, ec.ECDSA(utils.Prehashed(hashes.SHA384())))
    verifier.verify(signed["Signature"], b"said", ec.ECDSA(hashes.SHA384()))
    aws.refused("ValidationException", kms.sign, **asked, Message=digest[:32])
    kms.disable_key(KeyId=key)
    aws.refused("DisabledException", kms.sign, **asked, Message=digest)


# B: AWS documentation.
@pytest.mark.parametrize(
    ("key", "value"), [("kms:SigningAlgorithm", "ECDSA_SHA_384"), ("kms:MessageType", "DIGEST")]
)
def test_a_key_policy_may_ask_how_is_signed(aws: LocalAws, key: str, value: str) -> None:
    caller = aws.user("signer", {"Effect": "Allow", "Action": "kms:Sign", "Resource": "*"})
    everybody: dict[str, Any] = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}}
    statements = [
        {**everybody, "Action": "kms:*", "Resource": "*"},
        {
            "Effect": "Deny",
            "Principal": "*",
            "Action": "kms:Sign",
            "Resource": "*",
            "Condition": {"StringNotEquals": {key: value}},
        },
    ]
    policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
    made = aws.client("kms").create_key(KeySpec="ECC_NIST_P384", KeyUsage="SIGN_VERIFY", Policy=policy)
    sign = aws.client("kms", caller).sign
    asked = {**SIGN, "KeyId": made["KeyMetadata"]["Arn"], "Message": DIGEST.encode()}
    assert sign(**asked)["Signature"]
    other = {"MessageType": "RAW"} if key == "kms:MessageType" else {"SigningAlgorithm": "ECDSA_SHA_256"}
    aws.refused("AccessDeniedException", sign, **{**asked, **other})


def test_there_is_no_key_unless_it_is_asked_for(aws: LocalAws) -> None:
    gate = Gate(aws)
    assert gate.status == "CREATE_COMPLETE", gate.reasons()
    keys = [aws.client("kms").describe_key(KeyId=each["KeyId"]) for each in aws.client("kms").list_keys()["Keys"]]
    assert [it["KeyMetadata"]["KeyUsage"] for it in keys] == ["ENCRYPT_DECRYPT"]
    assert not {"SummaryKey", "SummaryKeyCommand"} & set(gate.outputs)
    for function in FUNCTIONS:
        assert not variables(gate, function).get("COUNTERSIGN_SUMMARY_KEY_ARN")


def test_deploy_signs_with_the_stacks_key_and_nobody_else(aws: LocalAws) -> None:
    gate = Gate(aws, SummaryKey="create")
    assert gate.status == "CREATE_COMPLETE", gate.reasons()
    gate.silence()
    key = gate.outputs["SummaryKey"]
    assert key in gate.outputs["SummaryKeyCommand"]
    for function in ("deploy", "sweep"):
        assert variables(gate, function)["COUNTERSIGN_SUMMARY_KEY_ARN"] == key
    stack = variables(gate, "deploy")["COUNTERSIGN_STACK_ARN"]
    assert stack.startswith(f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/{gate.name}/")
    for function in FUNCTIONS:
        code = gate.acts(function, "kms", "sign", **SIGN, KeyId=key)
        assert code == ("done" if function == "deploy" else "AccessDeniedException"), function
    # In the one way that summaries are signed in.
    for other in ({"MessageType": "RAW"}, {"SigningAlgorithm": "ECDSA_SHA_256"}):
        assert gate.acts("deploy", "kms", "sign", **{**SIGN, **other}, KeyId=key) == "AccessDeniedException"
    for operation in ("disable_key", "schedule_key_deletion"):
        assert gate.acts("deploy", "kms", operation, KeyId=key) == "AccessDeniedException"
    intruder = aws.user("intruder", EVERYTHING)
    for keys in (intruder, None):
        kms = aws.client("kms", keys)
        assert code_of(kms.sign, **{**SIGN, "Message": DIGEST.encode()}, KeyId=key) == "AccessDeniedException"
        grant = {"GranteePrincipal": f"arn:aws:iam::{ACCOUNT}:user/intruder", "Operations": ["Sign"]}
        assert code_of(kms.create_grant, **grant, KeyId=key) == "AccessDeniedException"
        assert kms.get_public_key(KeyId=key)["KeySpec"] == "ECC_NIST_P384"


def test_a_key_that_was_brought_is_used(aws: LocalAws) -> None:
    brought = aws.client("kms").create_key(KeySpec="ECC_NIST_P384", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["Arn"]
    gate = Gate(aws, SummaryKey=brought)
    assert gate.status == "CREATE_COMPLETE", gate.reasons()
    gate.silence()
    assert gate.outputs["SummaryKey"] == brought
    for function in FUNCTIONS:
        code = gate.acts(function, "kms", "sign", **SIGN, KeyId=brought)
        assert code == ("done" if function == "deploy" else "AccessDeniedException"), function
