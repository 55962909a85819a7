"""Names of functions."""

from __future__ import annotations

from .answers import AwsError

LONGEST = 64


def require(name: str) -> None:
    """Raises the refusal of a name that is too long.

    Lambda's service model says of a function's name that it is limited to 64 characters (grade A). The words are those of
    other limits that Lambda refuses by (grade C).
    """
    if len(name) > LONGEST:
        message = (
            f"1 validation error detected: Value '{name}' at 'functionName' failed to satisfy constraint: "
            f"Member must have length less than or equal to {LONGEST}"
        )
        raise AwsError("lambda", "ValidationException", message)
