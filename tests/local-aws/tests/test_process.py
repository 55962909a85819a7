"""The process itself: how it starts, what it listens on, and that nothing of it is left."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import conftest
import pytest
from conftest import PACKAGE, LocalAws, package_of
from cryptography import x509


def test_it_starts_in_under_five_seconds_and_says_what_it_is_for(running: LocalAws) -> None:
    assert running.started_in < 5
    facts = json.loads((running.state / "ready.json").read_text())
    assert facts == {
        "endpoint": running.endpoint,
        "port": running.port,
        "signerRoot": str(running.state / "signer-root.pem"),
    }


def test_it_exports_the_root_that_it_signs_under(running: LocalAws) -> None:
    exported = (running.state / "signer-root.pem").read_bytes()
    with urllib.request.urlopen(f"{running.endpoint}/_countersign/signer-root") as answer:
        assert answer.read() == exported
    assert "Development and tests only" in x509.load_pem_x509_certificate(exported).subject.rfc4514_string()


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="needs /proc")
def test_it_listens_on_loopback_alone(running: LocalAws) -> None:
    sockets = set()
    for descriptor in Path(f"/proc/{running.process.pid}/fd").iterdir():
        # One that was closed since it was listed does not listen.
        with contextlib.suppress(FileNotFoundError):
            sockets.add(os.readlink(descriptor))
    listening = []
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(table).read_text().splitlines()[1:]:
            columns = line.split()
            if columns[3] == "0A" and f"socket:[{columns[9]}]" in sockets:
                listening.append(columns[1])
    assert listening == [f"0100007F:{running.port:04X}"]


def test_a_reset_takes_under_a_second_and_leaves_nothing(aws: LocalAws) -> None:
    aws.function("target")
    aws.client("lambda").invoke(FunctionName="target")
    aws.bucket("uploads")
    assert _quickest_reset(aws) < 1
    assert aws.client("s3").list_buckets()["Buckets"] == []
    assert aws.client("lambda").list_functions()["Functions"] == []
    assert aws.control("GET", "settings")["update_seconds"] == 0.5


def _quickest_reset(aws: LocalAws) -> float:
    """The best of three, in seconds: a machine that is busy otherwise says nothing about a reset."""
    taken = []
    for _ in range(3):
        begun = time.monotonic()
        aws.control("POST", "reset")
        taken.append(time.monotonic() - begun)
    return min(taken)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_cleanly_and_stops_its_functions(tmp_path: Path, number: signal.Signals) -> None:
    aws = conftest.start(tmp_path)
    aws.control("PUT", "settings", {"update_seconds": 0.05})
    handler = "import os\ndef handler(event, context):\n    return os.getpid()\n"
    aws.function("target", package_of(index__py=handler))
    function = json.load(aws.client("lambda").invoke(FunctionName="target")["Payload"])
    os.kill(function, 0)
    aws.process.send_signal(number)
    assert aws.process.wait(timeout=conftest.PATIENCE) == 0
    with pytest.raises(ProcessLookupError):
        os.kill(function, 0)
    assert not (tmp_path / "ready.json").exists()


def test_a_port_that_is_taken_is_an_error(running: LocalAws, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "countersign_local_aws", "--port", str(running.port), "--state", str(tmp_path)]
    done = subprocess.run(command, cwd=PACKAGE, capture_output=True, text=True, timeout=conftest.PATIENCE)
    assert done.returncode == 1
    assert "already in use" in done.stderr


def test_help_says_that_it_is_for_tests(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "countersign_local_aws", "--help"]
    done = subprocess.run(command, cwd=PACKAGE, capture_output=True, text=True, timeout=conftest.PATIENCE)
    assert "for development and tests only" in " ".join(done.stdout.split())
