"""What is left of checkov's findings once the exceptions are taken off, and which exceptions nothing needs."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

_KEYS = {"check", "resources", "why"}
_LEAST_REASON = 40
"""Characters; less is no sentence that says why."""


class UnfitExceptions(Exception):
    """The list of exceptions is not what it should be."""


@dataclass(frozen=True, order=True)
class Finding:
    """A check that a resource does not pass."""

    check: str
    resource: str
    template: str
    about: str

    def __str__(self) -> str:
        return f"{self.template}: {self.resource}: {self.check}, {self.about}"


@dataclass(frozen=True)
class Accepted:
    """An exception: a check that these resources need not pass."""

    check: str
    resources: str
    why: str

    def covers(self, finding: Finding) -> bool:
        """Whether the finding is one that is left as it is."""
        return finding.check == self.check and fnmatchcase(finding.resource, self.resources)

    def __str__(self) -> str:
        return f"{self.check} of {self.resources}"


def read(text: str) -> list[Accepted]:
    """The exceptions of a TOML document."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UnfitExceptions(f"the list of exceptions is no TOML: {error}") from error
    if set(document) - {"exception"}:
        raise UnfitExceptions(f"only [[exception]] is known, not {sorted(set(document) - {'exception'})}")
    found = []
    for entry in document.get("exception", []):
        if set(entry) != _KEYS or not all(isinstance(value, str) for value in entry.values()):
            raise UnfitExceptions(f"an exception has the texts {sorted(_KEYS)}, not {entry}")
        accepted = Accepted(**entry)
        if len(accepted.why) < _LEAST_REASON:
            raise UnfitExceptions(f"{accepted}: say why, in a sentence")
        if "." not in accepted.resources or accepted.resources.startswith("*"):
            raise UnfitExceptions(f"{accepted}: name the type of the resources, as TYPE.NAME")
        found.append(accepted)
    return found


def judge(findings: Iterable[Finding], accepted: Iterable[Accepted]) -> list[str]:
    """What is wrong, a line each; nothing when all findings have their exception, and all exceptions a finding."""
    findings, accepted = sorted(findings), list(accepted)
    wrong = [str(it) for it in findings if not any(each.covers(it) for each in accepted)]
    stale = [each for each in accepted if not any(each.covers(it) for it in findings)]
    return wrong + [f"exceptions.toml: nothing needs the exception {each} any more: take it out" for each in stale]
