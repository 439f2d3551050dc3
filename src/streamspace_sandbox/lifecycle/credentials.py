"""The certificate authority, the server's certificate and the kubeconfig of an instance."""

import ipaddress
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from pathlib import Path

import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

SERVICE_NAMES = ("kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local")
CONTEXT = "streamspace-sandbox"
"""The name of the kubeconfig's context."""
LIFETIME = timedelta(days=365)


def issue(directory: Path, addresses: list[str]) -> None:
    """Write `ca.crt`, `server.crt` and `server.key`; the certificate covers `addresses` and the Service's names."""
    directory.mkdir(mode=0o700)
    authority_key = ec.generate_private_key(ec.SECP256R1())
    authority = new_certificate(_name("streamspace-sandbox-ca"), authority_key.public_key())
    authority = authority.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    authority = authority.add_extension(_key_usage(authority=True), critical=True)
    authority = authority.add_extension(
        x509.SubjectKeyIdentifier.from_public_key(authority_key.public_key()), critical=False
    )
    issuer = authority.issuer_name(_name("streamspace-sandbox-ca")).sign(authority_key, hashes.SHA256())

    server_key = ec.generate_private_key(ec.SECP256R1())
    server = new_certificate(_name("kubernetes"), server_key.public_key()).issuer_name(issuer.subject)
    names: list[x509.GeneralName] = [x509.DNSName(name) for name in ("localhost", *SERVICE_NAMES)]
    names += [x509.IPAddress(ipaddress.ip_address(address)) for address in addresses]
    server = server.add_extension(
        x509.SubjectAlternativeName(
            [*names, *(x509.IPAddress(ipaddress.ip_address(address)) for address in addresses)]
        ),
        critical=False,
    )
    server = server.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    server = server.add_extension(_key_usage(authority=False), critical=True)
    server = server.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    server = server.add_extension(
        x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()), critical=False
    )
    signed = server.sign(authority_key, hashes.SHA256())

    (directory / "ca.crt").write_bytes(issuer.public_bytes(Encoding.PEM))
    (directory / "server.crt").write_bytes(signed.public_bytes(Encoding.PEM))
    key = server_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (directory / "server.key").write_bytes(key)


def write_kubeconfig(path: Path, *, server: str, authority: Path, token: str, namespace: str) -> None:
    """A kubeconfig with one context, the certificate authority inside; only root may read it."""
    name = CONTEXT
    cluster = {"server": server, "certificate-authority-data": b64encode(authority.read_bytes()).decode()}
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": name, "cluster": cluster}],
        "users": [{"name": name, "user": {"token": token}}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name, "namespace": namespace}}],
        "current-context": name,
    }
    path.touch(mode=0o600)
    path.write_text(yaml.safe_dump(content, sort_keys=False))


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def new_certificate(subject: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    """A certificate with its subject, key, number and lifetime; issuer and extensions are still missing."""
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        # Backdated, so that a clock that is set back a little does not make it invalid.
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + LIFETIME)
    )


def _key_usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )
