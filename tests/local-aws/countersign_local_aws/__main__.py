"""`python -m countersign_local_aws`: starts the local AWS and stops with the functions that it runs."""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import signal
import socket
import sys
from pathlib import Path

_HOST = "127.0.0.1"
_STARTS_WITHIN = 30.0
_NOTICE = "for development and tests only"


def main() -> int:
    """Runs until SIGTERM or SIGINT; answers the exit status."""
    arguments = _arguments()
    state = arguments.state.resolve()
    if _taken(arguments.port):
        print(f"{_HOST}:{arguments.port} is already in use", file=sys.stderr)
        return 1
    _prepare_environment(arguments.port, state, arguments.log_level)
    # MiniStack reads its environment while it is imported.
    from countersign_local_aws.server import serve

    ready = f"Countersign local AWS ({_NOTICE}) ready on http://{_HOST}:{arguments.port}"
    try:
        asyncio.run(serve(_HOST, arguments.port, state, ready, _STARTS_WITHIN))
    except TimeoutError:
        print(f"the local AWS did not answer within {_STARTS_WITHIN} s", file=sys.stderr)
        return 1
    sys.stdout.flush()
    sys.stderr.flush()
    # Threads that wait for a function or a queue would hold an orderly exit up; nothing of theirs is kept.
    os._exit(0)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m countersign_local_aws",
        description=f"A local AWS with real code signing, {_NOTICE}. It listens on {_HOST} alone and enforces IAM; "
        "the keys test/test are its account root.",
    )
    parser.add_argument("--port", type=int, default=4566, help="the port to listen on (default: 4566)")
    parser.add_argument(
        "--state", type=Path, required=True, help="a directory for signer-root.pem and temporary files; made if absent"
    )
    parser.add_argument("--log-level", default="WARNING", help="MiniStack's log level, on stderr (default: WARNING)")
    return parser.parse_args()


def _prepare_environment(port: int, state: Path, log_level: str) -> None:
    # The port is free, so what is there is of a run that is over.
    temporary = state / f"tmp-{port}"
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    os.environ.update(
        AUTH="true",
        AWS_ENDPOINT_URL=f"http://{_HOST}:{port}",
        BIND_HOST=_HOST,
        GATEWAY_PORT=str(port),
        IOT_MTLS_ENABLED="0",
        LOG_LEVEL=log_level.upper(),
        SFTP_ENABLED="0",
        TMPDIR=str(temporary),
    )


def _taken(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((_HOST, port)) == 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    sys.exit(main())
