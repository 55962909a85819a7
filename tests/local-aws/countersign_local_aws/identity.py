"""Who makes a call, as S3's notifications name a principal."""

from __future__ import annotations

import contextvars
import hashlib
import string
from dataclasses import dataclass
from typing import Any

from ministack.core.iam_evaluator import resolve_caller_identity
from ministack.core.responses import get_account_id, get_request_client_ip
from ministack.core.router import extract_access_key_id
from ministack.services import iam, sts

_CUSTOMER_ID_CHARACTERS = string.ascii_uppercase + string.digits
_CUSTOMER_ID_LENGTH = 13


@dataclass(frozen=True)
class Caller:
    """The principal of a request; `service` when an AWS service acts for itself."""

    arn: str
    unique_id: str
    account: str
    source_ip: str
    access_key: str = ""
    service: str | None = None

    @property
    def principal_id(self) -> str:
        """`userIdentity.principalId` of an S3 notification.

        Users are `AWS:AIDA…` and roles `AWS:AROA…:<session>` (grade B; both are in genuine records, grade C). The
        account root has its customer id, without a prefix (grade C). What a service has is not recorded; its name
        stands here (grade D).
        """
        if self.service is not None:
            return f"AWS:{self.service}"
        if self.unique_id == self.account:
            return customer_id(self.account)
        return f"AWS:{self.unique_id}"


def install() -> None:
    """Gives a function's session the unique id of its role, where MiniStack has the role's name."""
    register = sts.register_session

    def register_with_role_id(access_key: str, session: dict[str, Any]) -> None:
        _, _, _, _, account, resource = str(session.get("Arn", ":::::")).split(":", 5)
        kind, _, rest = resource.partition("/")
        role_name, _, session_name = rest.partition("/")
        role = iam._roles.get_scoped(account, None, role_name) if kind == "assumed-role" else None
        register(access_key, {**session, "UserId": f"{role['RoleId']}:{session_name}"} if role else session)

    sts.register_session = register_with_role_id


_caller: contextvars.ContextVar[Caller | None] = contextvars.ContextVar("caller", default=None)


def enter(headers: dict[str, str], query: dict[str, Any]) -> contextvars.Token[Caller | None]:
    """Remembers who makes this request, for what happens because of it; give the token to `leave`."""
    account, access_key = get_account_id(), extract_access_key_id(headers, query) or ""
    known = resolve_caller_identity(access_key) or {}
    arn, unique_id = known.get("userArn") or f"arn:aws:iam::{account}:root", known.get("userId") or account
    return _caller.set(Caller(str(arn), str(unique_id), account, get_request_client_ip(), access_key))


def leave(token: contextvars.Token[Caller | None]) -> None:
    """Forgets the caller of a request."""
    _caller.reset(token)


def act_as_service(service: str) -> contextvars.Token[Caller | None]:
    """Has a service act for itself from here on in this context: `signer.amazonaws.com`."""
    account = get_account_id()
    return _caller.set(Caller("", "", account, service, service=service))


def caller() -> Caller:
    """Who makes the request; the account root where nobody does."""
    account = get_account_id()
    return _caller.get() or Caller(f"arn:aws:iam::{account}:root", account, account, get_request_client_ip())


def customer_id(account: str) -> str:
    """The id that S3 gives an account's owner; the form is genuine (grade C), the value derived from the account's."""
    number = int.from_bytes(hashlib.sha256(account.encode()).digest())
    characters = []
    for _ in range(_CUSTOMER_ID_LENGTH - 1):
        number, digit = divmod(number, len(_CUSTOMER_ID_CHARACTERS))
        characters.append(_CUSTOMER_ID_CHARACTERS[digit])
    return "A" + "".join(characters)
