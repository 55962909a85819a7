"""The Signer API: each operation of botocore's model, led to what answers it."""

from __future__ import annotations

import base64
from collections.abc import Awaitable, Callable
from typing import Any

from ministack.services import signer as profiles

from . import operations, signer
from .answers import Answer, AwsError, json_object, ok

Handler = Callable[[str, str, dict[str, str], bytes, dict[str, Any]], Awaitable[Answer]]

_ACTIVE, _MOST_RESULTS = "Active", 25
_LISTED_JOB = operations.shape_members("signer", "SigningJob")
_LISTED_PROFILE = operations.shape_members("signer", "SigningProfile")
# The one platform that signs here; how AWS describes its algorithms is not recorded and left out.
_PLATFORM = {
    "platformId": signer.LAMBDA_PLATFORM,
    "displayName": signer.PLATFORM_NAME,
    "partner": signer.PLATFORM_NAME,
    "target": signer.PLATFORM_NAME,
    "maxSizeInMB": 250,
    "revocationSupported": True,
}


def install(jobs: signer.SigningJobs) -> None:
    """Puts this in front of MiniStack's Signer, which still answers for profiles and their permissions."""
    inner: Handler = profiles.handle_request

    async def handle(method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]) -> Answer:
        call = operations.identify("signer", method, path, query)
        try:
            answer = _answer(call, json_object(body), headers, _flat(query), jobs) if call else None
        except AwsError as error:
            return error.answer()
        except ValueError as error:
            return AwsError("signer", "ValidationException", f"The request is malformed: {error}").answer()
        return answer or await inner(method, path, headers, body, query)

    profiles.handle_request = handle


def _answer(
    call: operations.Call,
    body: dict[str, Any],
    headers: dict[str, str],
    query: dict[str, str],
    jobs: signer.SigningJobs,
) -> Answer | None:
    path = call.path_parameters
    match call.operation:
        case "StartSigningJob":
            return jobs.start(body, headers)
        case "DescribeSigningJob":
            return signer.describe_job(path["jobId"])
        case "ListSigningJobs":
            return _list_jobs(query)
        case "RevokeSignature":
            return signer.revoke_signature(path["jobId"], body, headers)
        case "RevokeSigningProfile":
            return signer.revoke_profile(path["profileName"], body, headers)
        case "ListSigningProfiles":
            return _list_profiles(query)
        case "GetRevocationStatus":
            return _revocation_status(query)
        case "ListSigningPlatforms":
            return ok({"platforms": [_PLATFORM]})
        case "GetSigningPlatform":
            return _platform(path["platformId"])
        case "SignPayload":
            raise AwsError(
                "signer", "ValidationException", f"Platform {signer.LAMBDA_PLATFORM} does not sign payloads."
            )
        case "ListTagsForResource" | "TagResource" | "UntagResource":
            return _tags(call.operation, path["resourceArn"], body, query)
    return None


def _list_jobs(query: dict[str, str]) -> Answer:
    """ListSigningJobs, oldest first; the model's filters are all honoured."""
    wanted = {name: query[name] for name in ("status", "platformId", "requestedBy", "jobInvoker") if name in query}
    chosen = [
        job
        for job in sorted(profiles._jobs.values(), key=lambda job: (job["createdAt"], job["jobId"]))
        if all(job.get(name) == value for name, value in wanted.items()) and _in_window(job, query)
    ]
    listed = [{**job, "isRevoked": "revocationRecord" in job} for job in chosen]
    return _page("jobs", [_only(job, _LISTED_JOB) for job in listed], query)


def _in_window(job: dict[str, Any], query: dict[str, str]) -> bool:
    expires = job.get("signatureExpiresAt")
    if "isRevoked" in query and (query["isRevoked"].lower() == "true") != ("revocationRecord" in job):
        return False
    if "signatureExpiresBefore" in query and not (
        expires is not None and expires < signer.timestamp(query["signatureExpiresBefore"])
    ):
        return False
    return "signatureExpiresAfter" not in query or (
        expires is not None and expires > signer.timestamp(query["signatureExpiresAfter"])
    )


def _list_profiles(query: dict[str, str]) -> Answer:
    """ListSigningProfiles; canceled ones only when asked for (botocore's model)."""
    statuses = set(query.get("statuses", "").split(",")) - {""}
    everything = query.get("includeCanceled", "").lower() == "true"
    chosen = [
        profile
        for profile in profiles._profiles.values()
        if (profile["status"] in statuses if statuses else everything or profile["status"] == _ACTIVE)
        and query.get("platformId") in (None, profile["platformId"])
    ]
    return _page("profiles", [_only(profile, _LISTED_PROFILE) for profile in chosen], query)


def _revocation_status(query: dict[str, str]) -> Answer:
    """GetRevocationStatus refuses the Lambda platform, as AWS was seen to do (grade C); no other one signs here."""
    raise AwsError("signer", "ValidationException", f"Invalid platformId: {query.get('platformId')}")


def _platform(platform_id: str) -> Answer:
    if platform_id != signer.LAMBDA_PLATFORM:
        raise AwsError("signer", "ResourceNotFoundException", f"Platform {platform_id} not found.")
    return ok(_PLATFORM)


def _tags(operation: str, arn: str, body: dict[str, Any], query: dict[str, str]) -> Answer:
    profile = profiles._profiles.get(arn.rsplit("/signing-profiles/", 1)[-1])
    if profile is None or profile["arn"] != arn:
        raise AwsError("signer", "NotFoundException", f"{arn} not found.")
    tags = profile["tags"] = dict(profile.get("tags") or {})
    if operation == "ListTagsForResource":
        return ok({"tags": tags})
    if operation == "TagResource":
        tags.update(body.get("tags") or {})
    else:
        for key in query.get("tagKeys", "").split(","):
            tags.pop(key, None)
    return ok({})


def _page(name: str, items: list[dict[str, Any]], query: dict[str, str]) -> Answer:
    """One page; the token is the place to go on from. `maxResults` is 1 to 25 (botocore's model)."""
    most = int(query.get("maxResults", _MOST_RESULTS))
    if not 1 <= most <= _MOST_RESULTS:
        raise AwsError("signer", "ValidationException", f"maxResults must be between 1 and {_MOST_RESULTS}.")
    start = int(base64.b64decode(query["nextToken"])) if query.get("nextToken") else 0
    body: dict[str, Any] = {name: items[start : start + most]}
    if start + most < len(items):
        body["nextToken"] = base64.b64encode(str(start + most).encode()).decode()
    return ok(body)


def _only(record: dict[str, Any], members: dict[str, Any]) -> dict[str, Any]:
    return {name: record[name] for name in members if record.get(name) is not None}


def _flat(query: dict[str, Any]) -> dict[str, str]:
    return {name: ",".join(value) if isinstance(value, list) else str(value) for name, value in query.items()}
