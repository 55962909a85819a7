"""Verifies a package that AWS Signer signed, as one would in a script: zipfile and cryptography.

Usage: verify.py PACKAGE ROOT_PEM. Prints SHA-384 of the content and SHA-256 of the file in one line;
exits with 1 if the package is not what the signer signed. It looks at the signature as closely as
the bench needs to tell a tampered package, and no closer: it is no verifier to rely on.
"""

from __future__ import annotations

import base64
import hashlib
import sys
import zipfile
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

SIGNATURE = "META_INF/aws_signer_signature_v1.0.SF"
MESSAGE_DIGEST = bytes.fromhex("06092a864886f70d010904")
PART_BYTES = 1 << 20


class Element(NamedTuple):
    """One BER element: its own bytes are data[start:end]."""

    data: bytes
    start: int
    body: int
    body_end: int
    end: int

    @property
    def content(self) -> bytes:
        return self.data[self.body : self.body_end]

    @property
    def encoded(self) -> bytes:
        return self.data[self.start : self.end]

    def children(self) -> list[Element]:
        found, at = [], self.body
        while at < self.body_end:
            found.append(element(self.data, at))
            at = found[-1].end
        return found


def element(data: bytes, start: int) -> Element:
    length, body = data[start + 1], start + 2
    if length == 0x80:  # of indefinite length: up to the end-of-contents octets
        end = body
        while data[end : end + 2] != b"\0\0":
            end = element(data, end).end
        return Element(data, start, body, end, end + 2)
    if length & 0x80:
        octets = length & 0x7F
        length = int.from_bytes(data[body : body + octets], "big")
        body += octets
    return Element(data, start, body, body + length, body + length)


def content_digest(package: zipfile.ZipFile) -> bytes:
    digest = hashlib.sha384()
    for entry in package.infolist():
        if entry.filename == SIGNATURE:
            continue
        digest.update(entry.filename.encode())
        with package.open(entry) as body:
            while part := body.read(PART_BYTES):
                digest.update(part)
    return digest.digest()


def verify(package: zipfile.ZipFile, digest: bytes, root: x509.Certificate) -> None:
    """Raises InvalidSignature unless the signature is over this digest, by a signer under this root."""
    pem = package.read(SIGNATURE).decode().splitlines()
    signed_data = element(base64.b64decode("".join(pem[1:-1])), 0).children()[1].children()[0]
    *_, certificates, signers = signed_data.children()
    _, _, _, attributes, _, signature = signers.children()[0].children()

    message_digests = [
        attribute.children()[1].children()[0].content
        for attribute in attributes.children()
        if attribute.content.startswith(MESSAGE_DIGEST)
    ]
    if message_digests != [hashlib.sha384(digest).digest()]:
        raise InvalidSignature("another content was signed")

    chain = [x509.load_der_x509_certificate(c.encoded) for c in certificates.children()]
    leaf = certificate = chain[0]
    while certificate != root:
        issuers = [c for c in chain if c.subject == certificate.issuer and c != certificate]
        if not issuers:
            raise InvalidSignature("the chain does not lead to the root")
        certificate.verify_directly_issued_by(issuers[0])
        certificate = issuers[0]

    signed = b"\x31" + attributes.encoded[1:]
    leaf.public_key().verify(signature.content, signed, ec.ECDSA(hashes.SHA384()))


def main(path: str, root_path: str) -> int:
    root = x509.load_pem_x509_certificate(Path(root_path).read_bytes())
    with open(path, "rb") as file, zipfile.ZipFile(file) as package:
        digest = content_digest(package)
        try:
            verify(package, digest, root)
        except InvalidSignature as error:
            print(f"refused: {error}", file=sys.stderr)
            return 1
        file.seek(0)
        print(digest.hex() + hashlib.file_digest(file, "sha256").hexdigest())
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
