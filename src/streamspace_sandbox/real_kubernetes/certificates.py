"""The certificates of a node: one authority, the API server's, and those of its clients."""

import ipaddress
from collections.abc import Sequence
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from streamspace_sandbox.lifecycle.credentials import new_certificate

NAMES = ("localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc")


def issue(directory: Path, addresses: Sequence[str]) -> None:
    """Write `ca.crt`; `server`, `client` and `front` (.crt, .key); and `accounts` (.key, .pub), which signs tokens."""
    directory.mkdir(mode=0o700)
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "streamspace-sandbox-ca")])
    authority = (
        new_certificate(name, key.public_key())
        .issuer_name(name)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    (directory / "ca.crt").write_bytes(authority.public_bytes(Encoding.PEM))
    alternatives = [
        *map(x509.DNSName, NAMES),
        *(x509.IPAddress(ipaddress.ip_address(address)) for address in addresses),
    ]
    subjects = {
        "server": [(NameOID.COMMON_NAME, "kube-apiserver")],
        "client": [(NameOID.ORGANIZATION_NAME, "system:masters"), (NameOID.COMMON_NAME, "kube-apiserver-client")],
        "front": [(NameOID.COMMON_NAME, "front-proxy-client")],
    }
    for file, attributes in subjects.items():
        own = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(kind, value) for kind, value in attributes])
        usage = ExtendedKeyUsageOID.SERVER_AUTH if file == "server" else ExtendedKeyUsageOID.CLIENT_AUTH
        signed = (
            new_certificate(subject, own.public_key())
            .issuer_name(authority.subject)
            .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
            .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
            .sign(key, hashes.SHA256())
        )
        (directory / f"{file}.crt").write_bytes(signed.public_bytes(Encoding.PEM))
        _write_key(directory / f"{file}.key", own)
    accounts = ec.generate_private_key(ec.SECP256R1())
    _write_key(directory / "accounts.key", accounts)
    public = accounts.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (directory / "accounts.pub").write_bytes(public)


def _write_key(path: Path, key: ec.EllipticCurvePrivateKey) -> None:
    path.touch(mode=0o600)
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
