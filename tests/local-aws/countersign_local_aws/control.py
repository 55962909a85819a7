"""The control endpoint `/_countersign/`: for tests, without authentication, on loopback like everything here."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from fnmatch import fnmatchcase
from typing import Any

from ministack import app

from . import bus, dispatch, lambda_versions, otherwise, queues
from .answers import Answer, ok
from .code_signing import CONFIGURATIONS
from .faults import FAULTS
from .settings import SETTINGS
from .signer import SigningJobs

PREFIX = "/_countersign/"
Shortcut = Callable[[str, str, dict[str, str], bytes, dict[str, Any], str], Awaitable[Answer | None]]


def install(jobs: SigningJobs, root_pem: bytes) -> None:
    """Answers the endpoint, and takes part in every reset."""
    inner: Shortcut = app._handle_post_body_shortcuts
    reset_everything = app._reset_all_state

    async def shortcut(
        method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any], request_id: str
    ) -> Answer | None:
        if not path.startswith(PREFIX):
            return await inner(method, path, headers, body, query, request_id)
        try:
            document = json.loads(body or b"{}")
            return await _answer(method, path.removeprefix(PREFIX).rstrip("/"), document, query, jobs, root_pem)
        except (ValueError, TypeError) as error:
            return ok({"error": str(error)}, 400)

    def reset() -> None:
        jobs.reset()
        reset_everything()
        CONFIGURATIONS.clear()
        FAULTS.clear()
        bus.HELD.clear()
        queues.TASKS.clear()
        SETTINGS.reset()
        dispatch.JOURNAL.clear()

    app._handle_post_body_shortcuts = shortcut
    app._reset_all_state = reset


async def _answer(
    method: str, name: str, body: dict[str, Any], query: dict[str, Any], jobs: SigningJobs, root_pem: bytes
) -> Answer:
    match method, name.split("/"):
        case "GET", ["health"]:
            return ok({"ready": True})
        case "POST", ["reset"]:
            async with app._get_reset_lock():
                await asyncio.to_thread(app._reset_all_state)
            return ok({"reset": True})
        case "GET", ["settings"]:
            return ok(asdict(SETTINGS))
        case "PUT", ["settings"]:
            otherwise.check(str(body.get("otherwise", "")))
            SETTINGS.update(body)
            return ok(asdict(SETTINGS))
        case "GET", ["faults"]:
            return ok({"faults": FAULTS.list()})
        case "POST", ["faults"]:
            return ok(FAULTS.add(body), 201)
        case "DELETE", ["faults"]:
            FAULTS.clear()
            return ok({"faults": []})
        case "POST", ["events", "release"]:
            return ok({"released": await asyncio.to_thread(bus.release, str(body.get("order", "oldest-first")))})
        case "POST", ["signing-jobs", "release"]:
            return ok({"released": await asyncio.to_thread(jobs.release, list(body.get("jobIds") or []))})
        case "POST", ["functions", function, "stop"]:
            return ok({"stopped": dispatch.stop_function(function)})
        case "PUT", ["functions", function, "state"]:
            return ok(lambda_versions.set_state(function, body))
        case "POST", ["schedules", name, "fire"]:
            return ok({"fired": await asyncio.to_thread(bus.fire, name)})
        case "GET", ["calls"]:
            return ok({"calls": _narrowed(dispatch.JOURNAL.calls(), query)})
        case "DELETE", ["calls"]:
            return ok({"calls": _narrowed(dispatch.JOURNAL.clear(), query)})
        case "GET", ["signer-root"]:
            return 200, {"Content-Type": "application/x-pem-file"}, root_pem
    return ok({"error": f"there is no {method} {PREFIX}{name}"}, 404)


def _narrowed(calls: list[dict[str, Any]], query: dict[str, Any]) -> list[dict[str, Any]]:
    """Calls of the journal, narrowed by globs over action and caller."""
    globs = {name: query[name][0] for name in ("action", "caller") if query.get(name)}
    return [
        call
        for call in calls
        if all(fnmatchcase(call[name], pattern) for name, pattern in globs.items())
    ]
