"""Rights on the KMS key that encrypts an object, a queue or a topic, which callers need besides those on the thing.

Reading needs `kms:Decrypt`, writing `kms:GenerateDataKey` (S3's documentation of SSE-KMS, grade B); sending to a queue
or topic needs both (SQS's and SNS's documentation, grade B). MiniStack encrypts nothing and asks for neither, so a
policy that forgets them would only fail in AWS.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

from ministack.services import kms, s3, sns, sqs

from . import access
from .answers import AwsError

DISABLED = "KMS.DisabledException"
"""What S3 answers while the key of an object is disabled (seen in public reports of AWS, grade C)."""

# How others tell it is not recorded (grade D).
_DISABLED = {"signer": "ValidationException", "lambda": "InvalidParameterValueException"}
_KEY_HEADER = "x-amz-server-side-encryption-aws-kms-key-id"
# The services' own names for a key that may not be used, and for one that is disabled (their models, grade A).
MESSAGE_ERRORS = {
    "sqs": ("KmsAccessDenied", "KmsDisabled"),
    "sns": ("KMSAccessDenied", "KMSDisabled"),
}
_MESSAGE_ACTIONS = {
    "sqs:SendMessage": ("kms:GenerateDataKey", "kms:Decrypt"),
    "sqs:ReceiveMessage": ("kms:Decrypt",),
    "sns:Publish": ("kms:GenerateDataKey", "kms:Decrypt"),
}
_PRESIGNED = "X-Amz-Signature"
_READS = ("s3:GetObject", "s3:GetObjectVersion")


def require_for_request(action: str, method: str, path: str, headers: dict[str, str], query: dict[str, Any]) -> None:
    """Raises the refusal of a path-style request on one object; presigned requests are not looked at."""
    bucket, _, key = path.lstrip("/").partition("/")
    if not key or _PRESIGNED in query:
        return
    if method == "GET" and action in _READS:
        require_to_read("s3", headers, bucket, key, (query.get("versionId") or [""])[0])
    elif method in ("PUT", "POST") and action == "s3:PutObject":
        if copied := headers.get("x-amz-copy-source"):
            source, _, version = unquote(copied).lstrip("/").partition("?versionId=")
            from_bucket, _, from_key = source.partition("/")
            require_to_read("s3", headers, from_bucket, from_key, version)
        require_to_write("s3", headers, bucket, headers.get(_KEY_HEADER))


def of_message(service: str, action: str, arn: str) -> str | None:
    """The customer's key that a call on a queue or topic uses, if it does."""
    if action not in _MESSAGE_ACTIONS:
        return None
    thing = sqs._queue_by_arn(arn) if service == "sqs" else sns._topic_by_arn_any_scope(arn)
    key_id: str | None = (thing or {}).get("attributes", {}).get("KmsMasterKeyId")
    return key_id if key_id and "alias/aws/" not in key_id else None


def require_for_message(service: str, action: str, key_id: str, headers: dict[str, str]) -> None:
    """Raises the refusal of a call that sends to, or receives from, a queue or topic under a customer's key."""
    for each in _MESSAGE_ACTIONS[action]:
        _require(service, headers, each, key_id)


def require_to_read(service: str, headers: dict[str, str], bucket: str, key: str, version: str | None) -> None:
    """`kms:Decrypt` on the key of an object, when it has one."""
    _require(service, headers, "kms:Decrypt", of_object(bucket, key, version))


def of_object(bucket: str, key: str, version: str | None) -> str | None:
    """The customer's key that a version of an object is under, if it is under one."""
    held = (s3._ensure_bucket(bucket) or {}).get("objects", {}).get(key)
    if version and (held is None or held.get("version_id") != version):
        versions = s3._object_versions.get((bucket, key), [])
        held = next((entry for entry in versions if entry["version_id"] == version), None)
    key_id: str | None = (held or {}).get("preserved_headers", {}).get(_KEY_HEADER)
    return key_id


def require_to_write(service: str, headers: dict[str, str], bucket: str, key_id: str | None = None) -> None:
    """`kms:GenerateDataKey` on the key that a new object of a bucket gets, when it gets one."""
    _require(service, headers, "kms:GenerateDataKey", key_id or s3._bucket_default_sse_headers(bucket).get(_KEY_HEADER))


def _require(service: str, headers: dict[str, str], action: str, key_id: str | None) -> None:
    if key_id:
        key = kms._resolve_key(key_id)
        # Signer and Lambda reach an object's key by way of S3.
        via = service if service in MESSAGE_ERRORS else "s3"
        access.require(service, headers, action, key["Arn"] if key else key_id, via)
        if key is not None and not key["Enabled"]:
            raise AwsError(service, _DISABLED.get(service, DISABLED), f"{key['Arn']} is disabled.", 400)
