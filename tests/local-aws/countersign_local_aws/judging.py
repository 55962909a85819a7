"""How Lambda judges a package: what its signature is, and what a code signing configuration makes of that.

Order of the checks and which of them a policy governs: grade B/C in the project's notes on AWS.
"""

from __future__ import annotations

import contextvars
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from cryptography import x509
from ministack.services import signer as profiles

from . import package, signature
from .answers import AwsError

log = logging.getLogger("countersign.lambda")

# What CloudTrail reports about a call, besides its parameters; the dispatcher gives each call its own.
trail_notes: contextvars.ContextVar[dict[str, str] | None] = contextvars.ContextVar("trail_notes", default=None)

# Seen in AWS (grade C). The second was seen for a mismatch and is used for expiry and revocation too (grade D).
_NOT_INTACT = (
    "The function or layer code is not properly signed. "
    "This can mean that the code was signed incorrectly or modified after it was signed."
)
_NOT_ACCEPTED = "The function or layer might be signed using a signature that the client is not configured to accept."


class Status(StrEnum):
    """CloudTrail's signatureStatus. VALID and MISMATCH were seen (grade C); the other names are inferred (grade D)."""

    VALID = "VALID"
    MISMATCH = "MISMATCH"
    EXPIRED = "EXPIRED"
    REVOKED = "REVOKED"
    CORRUPT = "CORRUPT"


@dataclass(frozen=True)
class Reading:
    """What a package's signature says: claims when it holds, `corrupt` when it is there and does not."""

    claims: signature.Claims | None
    corrupt: bool

    def arns(self) -> dict[str, str]:
        """The two ARNs that Lambda's answers carry for a signed package, none for an unsigned one."""
        if self.claims is None:
            return {}
        return {
            "SigningProfileVersionArn": self.claims.profile_version_arn,
            "SigningJobArn": self.claims.job_arn,
        }


class Judge:
    """Reads signatures under the roots of this run."""

    def __init__(self, roots: Sequence[x509.Certificate]) -> None:
        self._roots = tuple(roots)

    def read(self, code: bytes) -> Reading:
        """The signature of a package; nothing here depends on a configuration."""
        try:
            entry = package.signature_of(code)
            if entry is None:
                return Reading(None, corrupt=False)
            return Reading(signature.verify(entry, package.content_digest(code), self._roots), corrupt=False)
        except (ValueError, x509.ExtensionNotFound) as error:
            log.info("no valid signature: %s", error)
            # A zip that cannot be read here but never mentions the entry is an unsigned one.
            return Reading(None, corrupt=package.SIGNATURE_ENTRY in code)


def judge(reading: Reading, configuration: dict[str, Any], arn: str) -> Status:
    """The status of one package under a configuration; raises Lambda's refusal when that blocks.

    `arn` is the function or layer version that the message names.
    """
    status = _status(reading, configuration)
    policy = configuration["CodeSigningPolicies"]["UntrustedArtifactOnDeployment"]
    if status is Status.CORRUPT:
        # AWS was seen to use CodeVerificationFailedException for tampering, under Warn and Enforce alike (grade C).
        raise _refusal(_NOT_INTACT, arn)
    if status is not Status.VALID and policy == "Enforce":
        raise _refusal(_NOT_ACCEPTED, arn)
    return status


def note(status: Status, reading: Reading) -> None:
    """Leaves word for CloudTrail: the ARNs only with a valid signature, as seen (grade C)."""
    notes = trail_notes.get()
    if notes is None:
        return
    if status is Status.VALID:
        for name, value in reading.arns().items():
            notes[name[0].lower() + name[1:]] = value
    notes["signatureStatus"] = status.value


def _status(reading: Reading, configuration: dict[str, Any]) -> Status:
    claims = reading.claims
    if reading.corrupt:
        return Status.CORRUPT
    if claims is None:
        return Status.MISMATCH
    if claims.expires_at <= datetime.now(UTC):
        return Status.EXPIRED
    if claims.profile_version_arn not in configuration["AllowedPublishers"]["SigningProfileVersionArns"]:
        return Status.MISMATCH
    return Status.REVOKED if _revoked(claims) else Status.VALID


def _revoked(claims: signature.Claims) -> bool:
    _, _, _, region, account, resource = claims.job_arn.split(":", 5)
    job = profiles._jobs.get_scoped(account, region, resource.rsplit("/", 1)[-1])
    if job is not None and "revocationRecord" in job:
        return True
    _, _, _, region, account, resource = claims.profile_version_arn.split(":", 5)
    _, _, name, version = resource.split("/", 3)
    profile = profiles._profiles.get_scoped(account, region, name)
    if profile is None or profile["profileVersion"] != version:
        return False
    record = profile.get("revocationRecord")
    return record is not None and claims.signed_at.timestamp() >= record["revocationEffectiveFrom"]


def _refusal(reason: str, arn: str) -> AwsError:
    return AwsError(
        "lambda",
        "CodeVerificationFailedException",
        f"Lambda cannot deploy the function. {reason} Check the provided signature for {arn}.",
    )
