"""What a test can have this AWS do otherwise than AWS is taken to do.

Each name is that of the fact of `countersign doctor --probe` that has to find it. Where the behaviour is, the code asks
`does(…)`; what is small enough is altered here.
"""

from __future__ import annotations

from .settings import SETTINGS

FACTS = frozenset(
    {
        # How S3 tells of an upload.
        "upload-notified",
        "notification-principal",
        "notification-sequencer",
        # What Signer makes of it.
        "job-started",
        "job-known",
        "job-source",
        "job-owner",
        "job-token",
        "job-event",
        "signed-key",
        "signed-version",
        "signed-job",
        "signed-profile",
        "signed-expiry",
        "signed-time",
        # The signed package.
        "strict-zip",
        "signature-entry-name",
        "appended-last",
        "entries-kept",
        "bodies-kept",
        "kinds-and-modes-kept",
        "made-by-kept",
        "name-marks-kept",
        "digest-formula",
        # The signature.
        "armour",
        "outer-levels-indefinite",
        "strict-cms",
        "detached-signed-data",
        "one-signer",
        "algorithms",
        "algorithm-parameters",
        "seven-attributes",
        "attribute-order",
        "signing-time-form",
        "expiry-form",
        "job-arn",
        "profile-arn",
        "certificate-set",
        "signer-certificate",
        "chain-to-root",
        "root-in-set",
        "signature-value",
        # How Lambda judges it.
        "dry-run-valid",
        "dry-run-unsigned",
        "dry-run-altered",
        "dry-run-changes-nothing",
    }
)


def does(fact: str) -> bool:
    """Whether this fact is to be done otherwise."""
    if fact not in FACTS:
        raise LookupError(f"no fact is called {fact}")
    return fact in chosen()


def chosen() -> set[str]:
    """The facts that are done otherwise now."""
    return {name for name in SETTINGS.otherwise.split(",") if name}


def check(names: str) -> None:
    """Raises ValueError for a name that is no fact: a misspelt one would change nothing."""
    unknown = {name for name in names.split(",") if name} - FACTS
    if unknown:
        raise ValueError(f"nothing can be done otherwise that is called {', '.join(sorted(unknown))}")
