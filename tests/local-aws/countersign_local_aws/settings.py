"""What a test can set while the local AWS runs; every reset goes back to these defaults."""

from __future__ import annotations

import threading
import time
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

Duration = Literal["signing_seconds", "update_seconds", "version_seconds", "provisioned_seconds"]

_WORDS: dict[type, str] = {bool: "boolean", float: "number", str: "string"}
_TAKEN: dict[type, tuple[type, ...]] = {bool: (bool,), float: (int, float), str: (str,)}
_changed = threading.Condition()


@dataclass
class Settings:
    """Each member is settable over `PUT /_countersign/settings`.

    A duration that is changed holds for what is under way, too: a test sets hours, looks, and then sets 0.
    """

    signing_seconds: float = 0.3
    """How long a signing job is InProgress."""
    hold_signing_jobs: bool = False
    """Jobs stay InProgress until `POST /_countersign/signing-jobs/release` lets them go, in the order it gives."""
    signing_fails: bool = False
    """Jobs end as Failed although nothing is wrong with their package."""
    signer_lag_seconds: float = 0.0
    """How long DescribeSigningJob does not know a fresh job (seen in AWS for a few seconds, grade C)."""
    signer_reaches_buckets: bool = True
    """Else StartSigningJob refuses its buckets as "not accessible", as it does fresh policies (grade C, error D)."""
    signer_writes_as_service: bool = False
    """Signer writes what it signed as `signer.amazonaws.com`, not as the job's starter (which one, grade D)."""
    signer_clock_offset_seconds: float = 0.0
    """Moves Signer's clock, so that a signature can be old or expired today."""
    update_seconds: float = 0.5
    """How long a function's LastUpdateStatus is InProgress."""
    version_seconds: float = 0.2
    """How long the State of a published version is Pending."""
    versions_fail: bool = False
    """Published versions end as Failed."""
    provisioned_seconds: float = 0.0
    """How long a moved alias with provisioned concurrency keeps its old version by a weight of 1 (grade C)."""
    updates_fail: bool = False
    """Updates of functions settle as Failed."""
    revision_changes_when_settled: bool = True
    """Whether RevisionId changes once more when an update settles (seen in AWS: aws/aws-sdk issue 377, grade C)."""
    trail_logs: bool = True
    """Whether a trail outside the stack logs management events; else CloudTrail events need one that is logging."""
    otherwise: str = ""
    """Facts, separated by commas, that this AWS does otherwise (`otherwise.py` has them): `doctor` has to find each."""

    def update(self, changes: dict[str, Any]) -> None:
        """Takes every change or, when one is unknown or of the wrong type, none."""
        known = {field.name: type(getattr(self, field.name)) for field in fields(self)}
        checked = {}
        for name, value in changes.items():
            kind = known.get(name)
            if kind is None:
                raise ValueError(f"there is no setting {name!r}; there are {', '.join(sorted(known))}")
            if not isinstance(value, _TAKEN[kind]) or isinstance(value, bool) != (kind is bool):
                raise ValueError(f"{name} must be a {_WORDS[kind]}, not {value!r}")
            checked[name] = kind(value)
        with _changed:
            for name, value in checked.items():
                setattr(self, name, value)
            _changed.notify_all()

    def wait_for(self, duration: Duration) -> None:
        """Waits as long as this setting says, whatever it was when the wait began."""
        begun = time.monotonic()
        with _changed:
            while (left := begun + getattr(self, duration) - time.monotonic()) > 0:
                _changed.wait(left)

    def reset(self) -> None:
        """Back to the defaults."""
        self.update(asdict(Settings()))


SETTINGS = Settings()
