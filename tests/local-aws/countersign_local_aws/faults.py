"""Faults on demand: what a test may have go wrong, how often, and for whom. None until one is set."""

from __future__ import annotations

import itertools
import random
import threading
import time
from dataclasses import asdict, dataclass, field
from fnmatch import fnmatchcase
from typing import Any, Literal, get_args

CallEffect = Literal["throttle", "fail", "delay", "lose-answer", "stop-caller-before", "stop-caller-after"]
EventEffect = Literal["drop", "duplicate", "delay", "hold"]


@dataclass
class Fault:
    """One fault; `POST /_countersign/faults` takes its members.

    A fault is for calls (`action`, as IAM names it: `lambda:UpdateFunctionCode`, or a list) or for events (`event`,
    source and detail type: `aws.signer/*`); both are globs.
    """

    effect: str
    action: str | list[str] | None = None
    not_action: list[str] = field(default_factory=list)
    """Globs of calls that the fault is not for, whatever `action` says."""
    event: str | None = None
    caller: str = "*"
    """Glob over the caller's ARN; a function calls as `…:assumed-role/<role>/<function name>`."""
    skip: int = 0
    """How many matching ones go through first."""
    times: int | None = None
    """How many are hit; all when absent."""
    share: float = 1.0
    """Which part is hit, evenly spread and the same at each run: 0.25 is every fourth."""
    seed: int | None = None
    """Spreads the share by chance instead, by the same chance for the same seed."""
    per_second: float | None = None
    """A quota: only what comes faster than this is hit. As much as a second's worth may come at once."""
    seconds: float = 1.0
    """For the effect `delay`."""
    code: str | None = None
    status: int | None = None
    message: str = "A fault that a test asked for."
    id: int = 0
    seen: int = 0
    hit: int = 0
    _due: float = field(default=0.0, repr=False)
    _left: float = field(default=0.0, repr=False)
    _counted_at: float = field(default=0.0, repr=False)
    _chance: random.Random | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if (self.action is None) == (self.event is None):
            raise ValueError("a fault is for an action or for an event")
        effects = get_args(CallEffect if self.action else EventEffect)
        if self.effect not in effects:
            raise ValueError(f"effect must be one of {', '.join(effects)}, not {self.effect!r}")
        if not 0 < self.share <= 1:
            raise ValueError("share must be above 0 and at most 1")
        if self.per_second is not None and self.per_second <= 0:
            raise ValueError("per_second must be above 0")
        if self.seed is not None:
            self._chance = random.Random(self.seed)

    def takes(self) -> bool:
        """Counts one that matches, and says whether it is hit."""
        self.seen += 1
        if self.seen <= self.skip or (self.times is not None and self.hit >= self.times):
            return False
        if self.per_second is not None:
            hit = self._exceeds(self.per_second)
            self.hit += hit
            return hit
        if self._chance is not None:
            hit = self._chance.random() < self.share
            self.hit += hit
            return hit
        self._due += self.share
        # A little slack: ten times 0.1 must make one.
        if self._due < 1 - 1e-9:
            return False
        self._due -= 1
        self.hit += 1
        return True

    def matches(self, action: str, caller: str) -> bool:
        """Whether a call is one that the fault is for."""
        wanted = [self.action] if isinstance(self.action, str) else self.action or []
        if not any(fnmatchcase(action, each) for each in wanted) or not fnmatchcase(caller, self.caller):
            return False
        return not any(fnmatchcase(action, each) for each in self.not_action)

    def _exceeds(self, per_second: float) -> bool:
        now, most = time.monotonic(), max(per_second, 1.0)
        waited = now - self._counted_at if self._counted_at else most
        self._left, self._counted_at = min(most, self._left + waited * per_second), now
        if self._left < 1:
            return True
        self._left -= 1
        return False


class Faults:
    """The faults that are set, in the order in which they were."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._ids = itertools.count(1)
        self._lock = threading.Lock()

    def add(self, members: dict[str, Any]) -> dict[str, Any]:
        """Sets a fault; raises ValueError or TypeError for one that makes no sense."""
        if unknown := members.keys() - _SETTABLE:
            raise ValueError(f"a fault has no {', '.join(sorted(unknown))}; it has {', '.join(sorted(_SETTABLE))}")
        fault = Fault(**members)
        with self._lock:
            fault.id = next(self._ids)
            self._faults.append(fault)
        return shown(fault)

    def list(self) -> list[dict[str, Any]]:
        """All that are set, with how many they saw and hit."""
        with self._lock:
            return [shown(fault) for fault in self._faults]

    def clear(self) -> None:
        """No faults."""
        with self._lock:
            self._faults.clear()

    def for_call(self, action: str, caller: str) -> Fault | None:
        """The first fault that hits this call."""
        with self._lock:
            for fault in self._faults:
                if fault.matches(action, caller) and fault.takes():
                    return fault
        return None

    def for_event(self, source: str, detail_type: str) -> Fault | None:
        """The first fault that hits this event."""
        with self._lock:
            for fault in self._faults:
                if fault.event and fnmatchcase(f"{source}/{detail_type}", fault.event) and fault.takes():
                    return fault
        return None


def shown(fault: Fault) -> dict[str, Any]:
    """A fault as the control endpoint shows it."""
    return {name: value for name, value in asdict(fault).items() if not name.startswith("_")}


_SETTABLE = {
    "action", "caller", "code", "effect", "event", "message", "not_action", "per_second", "seconds", "seed", "share",
    "skip", "status", "times",
}  # fmt: skip
FAULTS = Faults()
