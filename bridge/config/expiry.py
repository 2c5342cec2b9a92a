"""How long the certificates of a configuration are good for.

That one has ended, or soon does, is a warning and no fault: telephones that verify it stay away, and all others still call.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cryptography import x509

if TYPE_CHECKING:
    from sip.transport.certificates import TlsSettings

SOON: Final = timedelta(days=14)
"""Before the end of a certificate from which on there is a warning. What renews by itself does so at 30 days."""


def warnings(settings: TlsSettings, now: datetime) -> list[str]:
    """A sentence for each certificate of ours that has ended, soon will, or has not begun."""
    pairs = (*([settings.pair] if settings.pair else []), *settings.by_name.values())
    return [said for pair in pairs if (said := _warning(pair.certificate, now))]


def _warning(file: Path, now: datetime) -> str:
    try:
        certificate = x509.load_pem_x509_certificates(file.read_bytes())[0]
    except (OSError, ValueError):
        return f"{file} cannot be read"
    if now > certificate.not_valid_after_utc:
        return f"{file} has ended on {certificate.not_valid_after_utc:%Y-%m-%d}: renew it"
    if now + SOON > certificate.not_valid_after_utc:
        return f"{file} ends on {certificate.not_valid_after_utc:%Y-%m-%d}: renew it"
    if now < certificate.not_valid_before_utc:
        return f"{file} is not valid before {certificate.not_valid_before_utc:%Y-%m-%d}: is the clock right?"
    return ""
