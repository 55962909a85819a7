"""The signature entry: its format against the recorded facts, other implementations and OpenSSL."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from conftest import HELLO, package_of
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from countersign_local_aws import der, package, signature
from countersign_local_aws.authority import SigningAuthority

SIGNED_AT = datetime(2026, 11, 21, 9, 30, 15, 123000, tzinfo=UTC)
CLAIMS = signature.Claims(
    job_arn="arn:aws:signer:us-east-1:123456789012:/signing-jobs/cf0489c1-3eb6-4ff0-989e-f651a4275d78",
    profile_version_arn="arn:aws:signer:us-east-1:123456789012:/signing-profiles/publisher_with_a_long_name/AbCdEf0123",
    signed_at=SIGNED_AT,
    expires_at=SIGNED_AT.replace(year=2038),
)
# The order in which genuine entries carry them, which is also DER's order (grade A).
ATTRIBUTES = [
    signature.CONTENT_TYPE,
    signature.SIGNATURE_EXPIRY,
    signature.SIGNING_TIME,
    signature.ALGORITHM_PROTECTION,
    signature.MESSAGE_DIGEST,
    signature.SIGNING_JOB,
    signature.SIGNING_PROFILE_VERSION,
]


@pytest.fixture(scope="module")
def authority() -> SigningAuthority:
    return SigningAuthority()


def sign(authority: SigningAuthority, code: bytes = HELLO, claims: signature.Claims = CLAIMS) -> bytes:
    entry = signature.write(authority, package.content_digest_when_signed(code), claims)
    return package.append_signature(code, entry, SIGNED_AT)


def verify(signed: bytes, authority: SigningAuthority) -> signature.Claims:
    entry = package.signature_of(signed)
    assert entry is not None
    return signature.verify(entry, package.content_digest(signed), [authority.root])


def test_what_is_signed_verifies_and_says_what_it_was_told(authority: SigningAuthority) -> None:
    assert verify(sign(authority), authority) == CLAIMS


def test_the_original_entries_stay_byte_for_byte_and_two_are_appended(authority: SigningAuthority) -> None:
    signed = sign(authority)
    assert [entry.name for entry in package.entries(signed)] == [
        b"index.py", b"META_INF/", b"META_INF/aws_signer_signature_v1.0.SF",
    ]  # fmt: skip
    central_directory = HELLO.index(b"PK\x01\x02")
    assert signed.startswith(HELLO[:central_directory])


def test_the_entry_is_pem_with_the_label_pkcs7_in_lines_of_64(authority: SigningAuthority) -> None:
    lines = (package.signature_of(sign(authority)) or b"").decode("ascii").split("\n")
    assert (lines[0], lines[-2:]) == ("-----BEGIN PKCS7-----", ["-----END PKCS7-----", ""])
    assert {len(line) for line in lines[1:-3]} == {64}
    assert 0 < len(lines[-3]) <= 64


def test_the_envelope_is_ber_with_indefinite_lengths_where_signer_has_them(authority: SigningAuthority) -> None:
    content_info = der.read(signature.from_pem(package.signature_of(sign(authority)) or b""))
    signed_data = content_info.child(1, 0xA0).child(0, der.SEQUENCE)
    indefinite = [content_info, content_info.children[1], signed_data, signed_data.children[2], signed_data.children[3]]
    assert all(part.indefinite_length for part in indefinite)
    assert not signed_data.children[4].indefinite_length
    assert content_info.raw.endswith(b"\x00" * 6)


def test_the_attributes_are_those_of_signer_in_their_order(authority: SigningAuthority) -> None:
    attributes = _attributes(_signer_info(package.signature_of(sign(authority)) or b""))
    assert [kind for kind, _ in attributes] == ATTRIBUTES
    values = dict(attributes)
    assert values[signature.SIGNING_TIME].raw == b"\x18\x1320261121093015.123Z"
    assert values[signature.SIGNATURE_EXPIRY].raw == b"\x18\x1320381121093015.123Z"
    assert len(values[signature.MESSAGE_DIGEST].body) == 48


def test_a_short_profile_name_changes_the_order_as_der_wants_it(authority: SigningAuthority) -> None:
    """A SET OF is ordered by its encodings, lengths included; what Signer does there is inferred (grade D)."""
    short = replace(CLAIMS, profile_version_arn="arn:aws:signer:us-east-1:123456789012:/signing-profiles/p1/AbCdEf0123")
    signed = sign(authority, claims=short)
    kinds = [kind for kind, _ in _attributes(_signer_info(package.signature_of(signed) or b""))]
    assert kinds[-2:] == [signature.SIGNING_PROFILE_VERSION, signature.SIGNING_JOB]
    assert verify(signed, authority) == short


def test_the_chain_has_four_certificates_shaped_as_signers(authority: SigningAuthority) -> None:
    entry = package.signature_of(sign(authority)) or b""
    certificates = _certificates(entry)
    leaf, _, _, root, again = certificates
    assert root == again == authority.root
    assert leaf.not_valid_after_utc - leaf.not_valid_before_utc == timedelta(hours=73)
    lengths = [link.extensions.get_extension_for_class(x509.BasicConstraints).value for link in certificates[:4]]
    assert [(length.ca, length.path_length) for length in lengths] == [
        (False, None), (True, 0), (True, 1), (True, None),
    ]  # fmt: skip
    for extension in (x509.KeyUsage, x509.ExtendedKeyUsage):
        assert leaf.extensions.get_extension_for_class(extension).critical
    assert {type(link.public_key()).__name__ for link in certificates} == {"ECPublicKey"}
    assert all("Development and tests only" in link.subject.rfc4514_string() for link in certificates)


def test_the_leaf_is_renewed_when_its_73_hours_are_over(authority: SigningAuthority) -> None:
    later = SIGNED_AT + timedelta(hours=80)
    assert authority.signer_at(SIGNED_AT) is authority.signer_at(SIGNED_AT + timedelta(hours=10))
    assert authority.signer_at(later) is not authority.signer_at(SIGNED_AT)


def test_a_body_a_name_or_an_order_that_changed_does_not_verify(authority: SigningAuthority) -> None:
    two = package_of(a__py="one", b__py="two")
    entry = package.signature_of(sign(authority, two)) or b""
    others = [{"a__py": "one", "b__py": "TWO"}, {"a__py": "one", "c__py": "two"}, {"b__py": "two", "a__py": "one"}]
    for other in (package_of(**files) for files in others):
        with pytest.raises(signature.SignatureError, match="not the one that was signed"):
            verify(package.append_signature(other, entry, SIGNED_AT), authority)


def test_recompressed_and_retimed_packages_verify_as_they_do_in_aws(authority: SigningAuthority) -> None:
    """Grade C: neither compression nor times are covered."""
    entry = package.signature_of(sign(authority)) or b""
    body = next(package.entries(HELLO)).body.decode()
    stored = package_of(index__py=body)
    assert verify(package.append_signature(stored, entry, SIGNED_AT + timedelta(days=9)), authority) == CLAIMS


def test_another_runs_root_is_not_trusted(authority: SigningAuthority) -> None:
    with pytest.raises(signature.SignatureError):
        verify(sign(authority), SigningAuthority())


def test_a_claim_that_was_changed_does_not_verify(authority: SigningAuthority) -> None:
    entry = package.signature_of(sign(authority)) or b""
    changed = signature.from_pem(entry).replace(b"publisher_", b"publishes_")
    forged = signature._to_pem(changed)
    with pytest.raises(signature.SignatureError, match="does not verify"):
        verify(package.append_signature(HELLO, forged, SIGNED_AT), authority)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_openssl_verifies_the_signature_at_its_signing_time(authority: SigningAuthority, tmp_path: Path) -> None:
    signed = sign(authority)
    (tmp_path / "entry.pem").write_bytes((package.signature_of(signed) or b"").replace(b"PKCS7", b"CMS"))
    (tmp_path / "content").write_bytes(package.content_digest(signed))
    (tmp_path / "root.pem").write_bytes(authority.root_pem)
    command = [
        "openssl", "cms", "-verify", "-binary", "-inform", "PEM", "-in", "entry.pem", "-content", "content",
        "-CAfile", "root.pem", "-purpose", "any", "-attime", str(int(SIGNED_AT.timestamp())), "-out", "verified",
    ]  # fmt: skip
    outcome = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
    assert outcome.returncode == 0, outcome.stderr
    assert (tmp_path / "verified").read_bytes() == package.content_digest(signed)
    (tmp_path / "content").write_bytes(bytes(48))
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode != 0


def test_the_third_party_package_verifies_and_its_digest_is_reproduced(vectors: Path) -> None:
    signed = (vectors / "third-party-signed.zip").read_bytes()
    unsigned = (vectors / "third-party-unsigned.zip").read_bytes()
    root = x509.load_pem_x509_certificate((vectors / "third-party-root.pem").read_bytes())
    assert package.content_digest_when_signed(unsigned) == package.content_digest(signed)
    claims = signature.verify(package.signature_of(signed) or b"", package.content_digest(signed), [root])
    assert claims.job_arn.endswith("/signing-jobs/cf0489c1-3eb6-4ff0-989e-f651a4275d78")
    assert claims.signed_at == datetime(2026, 9, 28, 9, 19, 26, 806000, tzinfo=UTC)


@pytest.mark.parametrize("name", ["third-party-signed.zip", "genuine-2022.SF", "genuine-2023.SF"])
def test_the_structure_is_that_of_others_field_by_field(authority: SigningAuthority, vectors: Path, name: str) -> None:
    theirs = (vectors / name).read_bytes()
    if name.endswith(".zip"):
        theirs = package.signature_of(theirs) or b""
    ours = package.signature_of(sign(authority)) or b""
    assert _outline(ours) == _outline(theirs)


def test_genuine_entries_are_read_but_not_trusted_without_their_root(
    authority: SigningAuthority, vectors: Path
) -> None:
    entry = (vectors / "genuine-2023.SF").read_bytes()
    attributes = dict(_attributes(_signer_info(entry)))
    assert attributes[signature.SIGNING_PROFILE_VERSION].body.startswith(b"arn:aws:signer:us-east-1:")
    with pytest.raises(signature.SignatureError):
        signature.verify(entry, bytes(48), [authority.root])


def _outline(entry: bytes) -> dict[str, object]:
    """The fields of an entry with what varies left out: ARNs, times, digests, keys, and NULL parameters (grade A)."""
    content_info = der.read(signature.from_pem(entry))
    signed_data = content_info.child(1, 0xA0).child(0, der.SEQUENCE)
    signer_info = _signer_info(entry)
    return {
        "content type": content_info.child(0, der.OBJECT_IDENTIFIER).dotted(),
        "version": signed_data.child(0, der.INTEGER).body,
        "digest algorithms": [_algorithm(child) for child in signed_data.child(1, der.SET).children],
        "encapsulated content": [child.raw for child in signed_data.child(2, der.SEQUENCE).children],
        "fields of signed data": [child.tag for child in signed_data.children],
        "certificates": len({der_of.public_bytes(Encoding.DER) for der_of in _certificates(entry)}),
        "signer version": signer_info.child(0, der.INTEGER).body,
        "signer identifier": [child.tag for child in signer_info.child(1, der.SEQUENCE).children],
        "digest algorithm": _algorithm(signer_info.child(2, der.SEQUENCE)),
        "attributes": [(kind, value.tag, _width(kind, value)) for kind, value in _attributes(signer_info)],
        "signature algorithm": _algorithm(signer_info.child(4, der.SEQUENCE)),
        "fields of signer info": [child.tag for child in signer_info.children],
    }


def _width(kind: str, value: der.Element) -> int | None:
    """The length of what has one length whatever it says."""
    fixed = (signature.SIGNING_TIME, signature.SIGNATURE_EXPIRY, signature.MESSAGE_DIGEST)
    return len(value.body) if kind in fixed else None


def _algorithm(identifier: der.Element) -> str:
    assert all(parameter.raw == b"\x05\x00" for parameter in identifier.children[1:])
    return identifier.child(0, der.OBJECT_IDENTIFIER).dotted()


def _signer_info(entry: bytes) -> der.Element:
    signed_data = der.read(signature.from_pem(entry)).child(1, 0xA0).child(0, der.SEQUENCE)
    (signer_info,) = signed_data.child(4, der.SET).children
    return signer_info


def _attributes(signer_info: der.Element) -> list[tuple[str, der.Element]]:
    return [
        (attribute.child(0, der.OBJECT_IDENTIFIER).dotted(), attribute.child(1, der.SET).children[0])
        for attribute in signer_info.child(3, 0xA0).children
    ]


def _certificates(entry: bytes) -> list[x509.Certificate]:
    signed_data = der.read(signature.from_pem(entry)).child(1, 0xA0).child(0, der.SEQUENCE)
    return [x509.load_der_x509_certificate(child.raw) for child in signed_data.child(3, 0xA0).children]
