"""The certificate chain of one run: four P-384 certificates shaped as Signer's are.

Leaf, two subordinate authorities and a root, with the names, extensions and lifetimes of the genuine
chain (grade A) except that every name says what it is. Keys live in memory only.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from . import otherwise

# The genuine leaf is valid for 73 hours, an hour of them before it is issued (grade A).
_LEAF_BEFORE = timedelta(hours=1)
_LEAF_AFTER = timedelta(hours=72)
# Wide, so that a test can move Signer's clock far back and forward.
_AUTHORITY_FROM = datetime(2000, 1, 1, tzinfo=UTC)
_AUTHORITY_UNTIL = datetime(2120, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Issued:
    """A certificate and the key it certifies."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


class SigningAuthority:
    """The chain of one run; its root is what a verifier has to be told to trust."""

    def __init__(self) -> None:
        self._root = _authority("local root CA", None, None)
        self._upper = _authority("local SUBORDINATE CA 1", self._root, 1)
        self._lower = _authority("local SUBORDINATE CA 0", self._upper, 0)
        self._leaf: Issued | None = None

    @property
    def root_pem(self) -> bytes:
        """The root certificate, PEM."""
        return self._root.certificate.public_bytes(Encoding.PEM)

    @property
    def root(self) -> x509.Certificate:
        """The root certificate."""
        return self._root.certificate

    def signer_at(self, moment: datetime) -> Issued:
        """The leaf in use at `moment`, renewed when its 73 hours are over."""
        if otherwise.does("signer-certificate"):
            return _leaf(self._lower, moment, "another signer")
        if otherwise.does("chain-to-root"):
            return _leaf(Issued(self._lower.certificate, self._root.key), moment)
        leaf = self._leaf
        if leaf is None or not _lives_at(leaf.certificate, moment):
            leaf = self._leaf = _leaf(self._lower, moment)
        return leaf

    def certificate_set(self, leaf: Issued) -> list[bytes]:
        """The certificates of a signature, DER: leaf first, the root twice, as in both genuine samples (grade A)."""
        root = _authority("another root CA", None, None) if otherwise.does("root-in-set") else self._root
        chain = [leaf, self._lower, self._upper, root, root]
        if otherwise.does("certificate-set"):
            chain.append(_authority("local SUBORDINATE CA 2", self._root, 2))
        return [link.certificate.public_bytes(Encoding.DER) for link in chain]


def _authority(name: str, issuer: Issued | None, path_length: int | None) -> Issued:
    key = ec.generate_private_key(ec.SECP384R1())
    subject = _name(
        (NameOID.COUNTRY_NAME, "US"),
        (NameOID.ORGANIZATION_NAME, "Countersign"),
        (NameOID.ORGANIZATIONAL_UNIT_NAME, "Development and tests only"),
        (NameOID.STATE_OR_PROVINCE_NAME, "WA"),
        (NameOID.COMMON_NAME, f"Signer {name}"),
    )
    builder = (
        _builder(subject, issuer, key)
        .not_valid_before(_AUTHORITY_FROM)
        .not_valid_after(_AUTHORITY_UNTIL)
        .add_extension(x509.BasicConstraints(ca=True, path_length=path_length), critical=True)
    )
    if issuer is not None:
        builder = builder.add_extension(_key_identifier_of(issuer), critical=False)
    builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    builder = builder.add_extension(_usage(certificates=True), critical=True)
    return Issued(builder.sign((issuer.key if issuer else key), hashes.SHA384()), key)


def _leaf(issuer: Issued, moment: datetime, name: str = "signer") -> Issued:
    key = ec.generate_private_key(ec.SECP384R1())
    subject = _name(
        (NameOID.COUNTRY_NAME, "US"),
        (NameOID.STATE_OR_PROVINCE_NAME, "WA"),
        (NameOID.LOCALITY_NAME, "Seattle"),
        (NameOID.ORGANIZATION_NAME, "Countersign"),
        (NameOID.ORGANIZATIONAL_UNIT_NAME, "Development and tests only"),
        (NameOID.COMMON_NAME, name),
    )
    certificate = (
        _builder(subject, issuer, key)
        .not_valid_before(moment - _LEAF_BEFORE)
        .not_valid_after(moment + _LEAF_AFTER)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=False)
        .add_extension(_key_identifier_of(issuer), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(_usage(certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), critical=True)
        .sign(issuer.key, hashes.SHA384())
    )
    return Issued(certificate, key)


def _lives_at(certificate: x509.Certificate, moment: datetime) -> bool:
    return certificate.not_valid_before_utc <= moment <= certificate.not_valid_after_utc


def _builder(subject: x509.Name, issuer: Issued | None, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
    )


def _name(*parts: tuple[x509.ObjectIdentifier, str]) -> x509.Name:
    return x509.Name([x509.NameAttribute(kind, value) for kind, value in parts])


def _key_identifier_of(issuer: Issued) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key())


def _usage(*, certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=certificates,
        crl_sign=certificates,
        encipher_only=False,
        decipher_only=False,
    )
