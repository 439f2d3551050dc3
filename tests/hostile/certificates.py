"""Certificates of every wrong kind, beside a good one, and the CA that signed them."""

from __future__ import annotations

import ipaddress
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

NAMES = ("good", "expired", "self-signed", "wrong-host")
HERE = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))


def contexts(folder: Path) -> list[ssl.SSLContext]:
    """A server's context for each of NAMES; `folder` gets ca.pem, which signed all but the self-signed one."""
    ca_key, ca_name = ec.generate_private_key(ec.SECP256R1()), _name("A CA of the tests")
    ca = _certificate(ca_name, ca_name, ca_key, ca_key, None, days=30, ca=True)
    (folder / "ca.pem").write_bytes(ca.public_bytes(serialization.Encoding.PEM))
    made = []
    for name in NAMES:
        key, subject = ec.generate_private_key(ec.SECP256R1()), _name(name)
        signer, issuer = (key, subject) if name == "self-signed" else (ca_key, ca_name)
        host = x509.DNSName("elsewhere.invalid") if name == "wrong-host" else HERE
        certificate = _certificate(subject, issuer, key, signer, host, days=-1 if name == "expired" else 30)
        made.append(_context(folder / f"{name}.pem", certificate, key))
    return made


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _certificate(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    signer: ec.EllipticCurvePrivateKey,
    host: x509.GeneralName | None,
    *,
    days: int,
    ca: bool = False,
) -> x509.Certificate:
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=10))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
    )
    if host is not None:
        builder = builder.add_extension(x509.SubjectAlternativeName([host]), critical=False)
    return builder.sign(signer, hashes.SHA256())


def _context(path: Path, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> ssl.SSLContext:
    path.write_bytes(
        certificate.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context
