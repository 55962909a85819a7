"""The signature entry: written as Signer writes it, and read back and verified as Lambda must.

Layout, object identifiers, order of the signed attributes: grade A, read off genuine entries. Written
from those facts alone, so that this and the gate's own verifier check each other.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from . import der, otherwise
from .authority import SigningAuthority

_SIGNED_DATA = "1.2.840.113549.1.7.2"
_DATA = "1.2.840.113549.1.7.1"
_SHA384 = "2.16.840.1.101.3.4.2.2"
_SHA512 = "2.16.840.1.101.3.4.2.3"
_ECDSA_WITH_SHA384 = "1.2.840.10045.4.3.3"
CONTENT_TYPE = "1.2.840.113549.1.9.3"
SIGNATURE_EXPIRY = "1.3.187.137.1.3"
SIGNING_TIME = "1.2.840.113549.1.9.5"
ALGORITHM_PROTECTION = "1.2.840.113549.1.9.52"
MESSAGE_DIGEST = "1.2.840.113549.1.9.4"
SIGNING_JOB = "1.3.187.137.1.2"
SIGNING_PROFILE_VERSION = "1.3.187.137.1.4"

_PRINTABLE_STRING = 0x13
_PEM_FIRST, _PEM_LAST = b"-----BEGIN PKCS7-----\n", b"-----END PKCS7-----\n"
_LONGEST_CHAIN = 8


class SignatureError(ValueError):
    """The entry is not a signature that verifies."""


@dataclass(frozen=True)
class Claims:
    """What a signature says of itself; times are UTC with milliseconds."""

    job_arn: str
    profile_version_arn: str
    signed_at: datetime
    expires_at: datetime


def write(authority: SigningAuthority, content_digest: bytes, claims: Claims) -> bytes:
    """The signature entry for a package with this inner digest."""
    leaf = authority.signer_at(claims.signed_at)
    attributes = b"".join(_attributes(content_digest, claims))
    # RFC 5652 section 5.4: what is signed is the SET OF, not the [0] that carries it.
    what = 0xA0 if otherwise.does("signature-value") else der.SET
    signed = leaf.key.sign(der.element(what, attributes), ec.ECDSA(hashes.SHA384()))
    signer_info = der.element(
        der.SEQUENCE,
        der.integer(3 if otherwise.does("one-signer") else 1),
        der.element(der.SEQUENCE, leaf.certificate.issuer.public_bytes(), der.integer(leaf.certificate.serial_number)),
        _algorithm(_SHA512 if otherwise.does("algorithms") else _SHA384),
        der.element(0xA0, attributes),
        _algorithm(_ECDSA_WITH_SHA384),
        der.element(der.OCTET_STRING, signed),
    )
    outer = der.element if otherwise.does("outer-levels-indefinite") else der.indefinite
    content = [der.element(0xA0, der.element(der.OCTET_STRING, content_digest))]
    signed_data = der.indefinite(
        der.SEQUENCE,
        # Not in its shortest form, or as it should be.
        bytes.fromhex("02020001") if otherwise.does("strict-cms") else der.integer(1),
        der.element(der.SET, _algorithm(_SHA384)),
        der.indefinite(der.SEQUENCE, der.oid(_DATA), *(content if otherwise.does("detached-signed-data") else [])),
        der.indefinite(0xA0, *authority.certificate_set(leaf)),
        der.element(der.SET, signer_info),
    )
    return _to_pem(outer(der.SEQUENCE, der.oid(_SIGNED_DATA), der.indefinite(0xA0, signed_data)))


def verify(entry: bytes, content_digest: bytes, roots: Sequence[x509.Certificate]) -> Claims:
    """The claims of a signature that holds for this inner digest and chains to one of `roots` at its signing time.

    Raises SignatureError, der.MalformedError or another ValueError for everything else.
    """
    signed_data = der.read(from_pem(entry)).child(1, 0xA0).child(0, der.SEQUENCE)
    certificates = [x509.load_der_x509_certificate(child.raw) for child in signed_data.child(3, 0xA0).children]
    signer_infos = signed_data.child(4, der.SET).children
    if len(signer_infos) != 1:
        raise SignatureError("there must be exactly one signer")
    signer_info = signer_infos[0]
    carried = signer_info.child(3, 0xA0)
    attributes = _read_attributes(carried)
    digest = attributes[MESSAGE_DIGEST].body
    if digest != hashlib.sha384(content_digest).digest():
        raise SignatureError("the package is not the one that was signed")
    claims = Claims(
        job_arn=attributes[SIGNING_JOB].body.decode(),
        profile_version_arn=attributes[SIGNING_PROFILE_VERSION].body.decode(),
        signed_at=_time(attributes[SIGNING_TIME]),
        expires_at=_time(attributes[SIGNATURE_EXPIRY]),
    )
    leaf = _signer(signer_info.child(1, der.SEQUENCE), certificates)
    _check_chain(leaf, certificates, roots, claims.signed_at)
    key = leaf.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP384R1):
        raise SignatureError("the signer's key is not a P-384 key")
    try:
        key.verify(signer_info.child(5, der.OCTET_STRING).body, b"\x31" + carried.raw[1:], ec.ECDSA(hashes.SHA384()))
    except InvalidSignature as error:
        raise SignatureError("the signature over the attributes does not verify") from error
    return claims


def from_pem(entry: bytes) -> bytes:
    """The BER inside a signature entry."""
    if not entry.startswith(_PEM_FIRST) or not entry.endswith(_PEM_LAST):
        raise SignatureError("the entry is not PEM with the label PKCS7")
    return base64.b64decode(entry[len(_PEM_FIRST) : -len(_PEM_LAST)].replace(b"\n", b""), validate=True)


def _attributes(content_digest: bytes, claims: Claims) -> list[bytes]:
    protection = der.element(der.SEQUENCE, _algorithm(_SHA384), der.element(0xA1, der.oid(_ECDSA_WITH_SHA384)))
    job_tag = _PRINTABLE_STRING if otherwise.does("job-arn") else der.UTF8_STRING
    profile_tag = _PRINTABLE_STRING if otherwise.does("profile-arn") else der.UTF8_STRING
    values = [
        (CONTENT_TYPE, der.oid(_DATA)),
        (SIGNATURE_EXPIRY, _time_element(claims.expires_at, "expiry-form")),
        (SIGNING_TIME, _time_element(claims.signed_at, "signing-time-form")),
        (ALGORITHM_PROTECTION, protection),
        (MESSAGE_DIGEST, der.element(der.OCTET_STRING, hashlib.sha384(content_digest).digest())),
        (SIGNING_JOB, der.element(job_tag, claims.job_arn.encode())),
        (SIGNING_PROFILE_VERSION, der.element(profile_tag, claims.profile_version_arn.encode())),
    ]
    if otherwise.does("seven-attributes"):
        values.append(("1.3.187.137.1.5", der.element(der.UTF8_STRING, b"an eighth")))
    encoded = [der.element(der.SEQUENCE, der.oid(kind), der.element(der.SET, value)) for kind, value in values]
    # DER orders a SET OF by its encodings (X.690 section 11.6). For ARNs as long as AWS's that is the order
    # above; a very short profile name would change it, and a verifier that re-encodes must still agree.
    return sorted(encoded, reverse=otherwise.does("attribute-order"))


def _time_element(at: datetime, fact: str) -> bytes:
    """The time as Signer writes it, or without its milliseconds where a test asks for that."""
    if otherwise.does(fact):
        return der.element(der.GENERALIZED_TIME, f"{at:%Y%m%d%H%M%S}Z".encode())
    return der.generalized_time(at)


def _algorithm(dotted: str) -> bytes:
    """An AlgorithmIdentifier without parameters, as in 2023; in 2022 Signer wrote NULL (grade A)."""
    parameters = [der.element(der.SEQUENCE)] if otherwise.does("algorithm-parameters") else []
    return der.element(der.SEQUENCE, der.oid(dotted), *parameters)


def _read_attributes(carried: der.Element) -> dict[str, der.Element]:
    found: dict[str, der.Element] = {}
    for attribute in carried.children:
        values = attribute.child(1, der.SET).children
        kind = attribute.child(0, der.OBJECT_IDENTIFIER).dotted()
        if len(values) != 1 or kind in found:
            raise SignatureError(f"attribute {kind} must occur once with one value")
        found[kind] = values[0]
    missing = {MESSAGE_DIGEST, SIGNING_JOB, SIGNING_PROFILE_VERSION, SIGNING_TIME, SIGNATURE_EXPIRY} - found.keys()
    if missing:
        raise SignatureError(f"signed attributes are missing: {', '.join(sorted(missing))}")
    return found


def _signer(identifier: der.Element, certificates: Sequence[x509.Certificate]) -> x509.Certificate:
    issuer = identifier.child(0, der.SEQUENCE).raw
    serial = int.from_bytes(identifier.child(1, der.INTEGER).body, "big")
    for certificate in certificates:
        if certificate.serial_number == serial and certificate.issuer.public_bytes() == issuer:
            usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
            if ExtendedKeyUsageOID.CODE_SIGNING not in usage:
                raise SignatureError("the signer's certificate is not for code signing")
            return certificate
    raise SignatureError("the signer's certificate is not in the signature")


def _check_chain(
    leaf: x509.Certificate,
    certificates: Sequence[x509.Certificate],
    roots: Sequence[x509.Certificate],
    moment: datetime,
) -> None:
    """Walks from the leaf to a trusted root.

    The chain is judged at the signing time: leaves live 73 hours (grade A) and packages for years.
    """
    trusted = {root.public_bytes(Encoding.DER) for root in roots}
    link = leaf
    for _ in range(_LONGEST_CHAIN):
        if not link.not_valid_before_utc <= moment <= link.not_valid_after_utc:
            raise SignatureError(f"{link.subject.rfc4514_string()} was not valid at the signing time")
        if link.public_bytes(Encoding.DER) in trusted:
            return
        link = _issuer_of(link, [*certificates, *roots])
    raise SignatureError("the chain does not end at a trusted root")


def _issuer_of(link: x509.Certificate, candidates: Sequence[x509.Certificate]) -> x509.Certificate:
    for candidate in candidates:
        if candidate.subject != link.issuer or candidate.public_bytes(Encoding.DER) == link.public_bytes(Encoding.DER):
            continue
        constraints = candidate.extensions.get_extension_for_class(x509.BasicConstraints).value
        try:
            link.verify_directly_issued_by(candidate)
        except InvalidSignature:
            continue
        if constraints.ca:
            return candidate
    raise SignatureError(f"no issuer for {link.subject.rfc4514_string()}")


def _time(value: der.Element) -> datetime:
    if value.tag != der.GENERALIZED_TIME:
        raise SignatureError("a time is not a GeneralizedTime")
    return datetime.strptime(value.body.decode(), "%Y%m%d%H%M%S.%fZ").replace(tzinfo=UTC)


def _to_pem(envelope: bytes) -> bytes:
    text = base64.b64encode(envelope)
    width = 76 if otherwise.does("armour") else 64
    lines = b"".join(text[at : at + width] + b"\n" for at in range(0, len(text), width))
    return _PEM_FIRST + lines + _PEM_LAST
