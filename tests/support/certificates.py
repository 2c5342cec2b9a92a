"""A certificate authority of the tests' own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from sip.transport.certificates import Pair

NOW = datetime.now(UTC)  # noqa: TID251 - certificates are judged by the clock on the wall
YESTERDAY = NOW - timedelta(days=1)


class Authority:
    """Vouches for whom it is told to, in files of `folder`."""

    def __init__(self, folder: Path, name: str = "Tests") -> None:
        folder.mkdir(exist_ok=True)
        self.folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _named(name)
        certificate = (
            self._begun(self._key.public_key(), self._name, YESTERDAY + timedelta(days=3650))
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .sign(self._key, hashes.SHA256())
        )
        self.file = folder / f"{name}.pem"
        self.file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))

    def issue(
        self,
        name: str,
        *,
        domains: tuple[str, ...] = (),
        uris: tuple[str, ...] = (),
        addresses: tuple[str, ...] = (),
        days: float = 90,
        file: str = "",
        password: bytes = b"",
    ) -> Pair:
        """A certificate that ends in so many days, and its key. Without other names the common one is all it has."""
        key = ec.generate_private_key(ec.SECP256R1())
        begun = self._begun(key.public_key(), _named(name), NOW + timedelta(days=days))
        names: list[x509.GeneralName] = [x509.DNSName(each) for each in domains]
        names += [x509.UniformResourceIdentifier(each) for each in uris]
        names += [x509.IPAddress(ip_address(each)) for each in addresses]
        if names:
            begun = begun.add_extension(x509.SubjectAlternativeName(names), critical=False)
        pair = Pair(self.folder / f"{file or name}.crt", self.folder / f"{file or name}.key")
        pair.certificate.write_bytes(
            begun.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        )
        lock = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
        pair.key.write_bytes(
            key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, lock)
        )
        return pair

    def _begun(
        self, key: ec.EllipticCurvePublicKey, name: x509.Name, until: datetime
    ) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(min(YESTERDAY, until - timedelta(days=1)))
            .not_valid_after(until)
        )


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
