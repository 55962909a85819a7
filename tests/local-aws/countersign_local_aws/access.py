"""What IAM has to allow beyond the called action itself."""

from __future__ import annotations

from typing import Any

from ministack import app
from ministack.core import iam_evaluator
from ministack.core.responses import get_region
from ministack.core.router import extract_access_key_id

from .answers import AwsError


def require_for_signing(headers: dict[str, str], source: dict[str, Any], destination: dict[str, Any]) -> None:
    """Signer reads and writes S3 with the caller's rights.

    Its developer guide (grade B) names GetObjectVersion, PutObject and ListBucket without saying which bucket
    ListBucket is for; both are asked for here, the stricter reading.
    """
    prefix = destination.get("prefix") or ""
    for action, arn in (
        ("s3:GetObjectVersion", f"arn:aws:s3:::{source['bucketName']}/{source['key']}"),
        ("s3:PutObject", f"arn:aws:s3:::{destination['bucketName']}/{prefix}"),
        ("s3:ListBucket", f"arn:aws:s3:::{source['bucketName']}"),
        ("s3:ListBucket", f"arn:aws:s3:::{destination['bucketName']}"),
    ):
        require("signer", headers, action, arn)


def require_for_code(headers: dict[str, str], code: dict[str, Any]) -> None:
    """Lambda fetches code from S3 with the caller's rights (AWS documentation, grade B)."""
    action = "s3:GetObjectVersion" if code.get("S3ObjectVersion") else "s3:GetObject"
    require("lambda", headers, action, f"arn:aws:s3:::{code['S3Bucket']}/{code['S3Key']}")


def require(service: str, headers: dict[str, str], action: str, resource: str, via: str | None = None) -> None:
    """One more action on one more resource that a call on `service` needs; resource policies have their say too.

    The service acts with its caller's rights, so that `aws:CalledVia` names it (grade B for the key; that Signer and
    Lambda set it is inferred, grade D). `via` is the service by which a KMS key is used, for `kms:ViaService`.
    """
    if not app.AUTH:
        return
    key, owner = extract_access_key_id(headers) or "", action.split(":", 1)[0]
    context: dict[str, Any] = {"aws:CalledVia": [f"{service}.amazonaws.com"]} if owner != service else {}
    if via is not None:
        context["kms:ViaService"] = f"{via}.{get_region()}.amazonaws.com"
    if action == "s3:PutObject":
        context["s3:ObjectCreationOperation"] = "true"
    if action == "lambda:PutFunctionCodeSigningConfig":
        # Asked of the function first, then of the configuration; the key is of the request, so both have it.
        context["lambda:CodeSigningConfigArn"] = resource
    denied = iam_evaluator.enforce(key, action, owner, get_region(), resource_arn=resource, service_context=context)
    if denied is not None:
        caller = getattr(denied, "principal_arn", "") or "the caller"
        raise AwsError(
            service,
            "AccessDeniedException",
            f"User: {caller} is not authorized to perform: {action} on resource: {resource}",
            403,
        )
