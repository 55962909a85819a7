"""MiniStack with everything of this package in place, served until a signal ends it."""

from __future__ import annotations

import asyncio
import json
import signal
from pathlib import Path

from hypercorn.asyncio import serve as hypercorn_serve
from hypercorn.config import Config
from ministack import app
from ministack.core import lambda_runtime

from . import (
    alarms,
    bus,
    cloudformation,
    control,
    deliveries,
    dispatch,
    iam,
    identity,
    lambda_service,
    notifications,
    policies,
    queues,
    signer_service,
    trail_stacks,
)
from .authority import SigningAuthority
from .judging import Judge
from .lambda_service import Deployments
from .signer import SigningJobs

_ROOT_FILE = "signer-root.pem"
_READY_FILE = "ready.json"
_POLL = 0.02


def install(authority: SigningAuthority) -> None:
    """Registers what MiniStack lacks; once a process, before it serves."""
    jobs = SigningJobs(authority)
    deployments = Deployments(Judge([authority.root]))
    identity.install()
    bus.install()
    notifications.install()
    iam.install()
    policies.install()
    deliveries.install()
    queues.install()
    signer_service.install(jobs)
    lambda_service.install(deployments)
    alarms.install()
    cloudformation.install(deployments)
    trail_stacks.install()
    dispatch.install()
    control.install(jobs, authority.root_pem)


async def serve(host: str, port: int, state: Path, ready: str, within: float) -> None:
    """Exports the root, serves, says `ready` once on stdout, and returns after SIGTERM or SIGINT.

    `ready.json` is there from that moment until it ends. `within` is how long, in seconds, the port may take to
    answer.
    """
    authority = SigningAuthority()
    root_file, ready_file = state / _ROOT_FILE, state / _READY_FILE
    root_file.write_bytes(authority.root_pem)
    ready_file.unlink(missing_ok=True)
    install(authority)
    config = Config()
    config.bind = [f"{host}:{port}"]
    config.keep_alive_timeout = 75
    config.loglevel = app.LOG_LEVEL
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    serving = asyncio.create_task(hypercorn_serve(app.app, config, shutdown_trigger=ended.wait))
    try:
        await _answers(host, port, within)
        facts = {"endpoint": f"http://{host}:{port}", "port": port, "signerRoot": str(root_file)}
        ready_file.write_text(json.dumps(facts) + "\n")
        print(f"{ready}; signer root: {root_file}", flush=True)
        await serving
    finally:
        ended.set()
        ready_file.unlink(missing_ok=True)
        await asyncio.to_thread(lambda_runtime.reset)


async def _answers(host: str, port: int, within: float) -> None:
    """Returns once the port takes connections."""
    async with asyncio.timeout(within):
        while True:
            try:
                _, writer = await asyncio.open_connection(host, port)
            except OSError:
                await asyncio.sleep(_POLL)
            else:
                writer.close()
                return
