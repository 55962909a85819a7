"""Functions in a network of the customer's: Lambda connects them with the rights of their role."""

from __future__ import annotations

from typing import Any

from . import deliveries
from .answers import AwsError

_NEEDED = "ec2:CreateNetworkInterface"


def require(name: str, properties: dict[str, Any]) -> None:
    """Raises the refusal of a function whose role may not make a network interface.

    That the role needs the right, and that it is looked for when the function is created or changed, is grade B; the
    words are grade C. No such call has the key `lambda:SourceFunctionArn`, which is that of the function's own code
    (grade B).
    """
    network, role = properties.get("VpcConfig") or {}, properties.get("Role")
    if not network.get("SubnetIds") or not role:
        return
    if not deliveries.role_may(role, name, _NEEDED, "*", None):
        message = "The provided execution role does not have permissions to call CreateNetworkInterface on EC2"
        raise AwsError("lambda", "InvalidParameterValueException", message)
