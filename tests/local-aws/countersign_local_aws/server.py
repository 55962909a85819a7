"""MiniStack with everything of this package in place, served until a signal ends it."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

from hypercorn.asyncio import serve as hypercorn_serve
from hypercorn.config import Config
from ministack import app
from ministack.core import lambda_runtime

from . import bus, cloudformation, control, dispatch, iam, lambda_service, signer_service
from .authority import SigningAuthority
from .judging import Judge
from .lambda_service import Deployments
from .signer import SigningJobs

_ROOT_FILE = "signer-root.pem"
_POLL = 0.02


def install(authority: SigningAuthority) -> None:
    """Registers what MiniStack lacks; once a process, before it serves."""
    jobs = SigningJobs(authority)
    deployments = Deployments(Judge([authority.root]))
    bus.install()
    iam.install()
    signer_service.install(jobs)
    lambda_service.install(deployments)
    cloudformation.install(deployments)
    dispatch.install()
    control.install(jobs, authority.root_pem)


async def serve(host: str, port: int, state: Path, ready: str, within: float) -> None:
    """Exports the root, serves, says `ready` once on stdout, and returns after SIGTERM or SIGINT.

    `within` is how long, in seconds, the port may take to answer.
    """
    authority = SigningAuthority()
    (state / _ROOT_FILE).write_bytes(authority.root_pem)
    install(authority)
    config = Config()
    config.bind = [f"{host}:{port}"]
    config.keep_alive_timeout = 75
    config.loglevel = app.LOG_LEVEL
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    announcement = asyncio.create_task(_announce(host, port, f"{ready}; signer root: {state / _ROOT_FILE}", within))
    serving = asyncio.create_task(hypercorn_serve(app.app, config, shutdown_trigger=ended.wait))
    try:
        await announcement
        await serving
    finally:
        ended.set()
        await asyncio.to_thread(lambda_runtime.reset)


async def _announce(host: str, port: int, ready: str, within: float) -> None:
    async with asyncio.timeout(within):
        while True:
            try:
                _, writer = await asyncio.open_connection(host, port)
            except OSError:
                await asyncio.sleep(_POLL)
            else:
                writer.close()
                break
    print(ready, flush=True)
