"""Strict formats of network addresses: images as URIs (contract 2.5), e-mail addresses in ASCII (2.3)."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import quote

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import AnyUrl, TypeAdapter, ValidationError

from transforms.parsing import mask
from transforms.records import Url

_URL: TypeAdapter[str] = TypeAdapter(Url)
_PERCENT = re.compile("%(?![0-9A-Fa-f]{2})")
_RESERVED = ":/?#@!$&'()*+,;=%"


@lru_cache(maxsize=65536)
def as_uri(text: str) -> str | None:
    """Return an address as a URI of RFC 3986, blanks and letters beyond ASCII escaped; None where it is no address."""
    try:
        return _URL.validate_python(text)
    except ValidationError:
        pass
    try:
        return _URL.validate_python(quote(_PERCENT.sub("%25", str(AnyUrl(text))), safe=_RESERVED))
    except ValidationError:
        return None


def with_ascii_hosts(emails: pa.StringArray) -> pa.StringArray:
    """Write the hosts of e-mail addresses in ASCII: `jo@exämple.com` is the mailbox `jo@xn--exmple-cua.com`."""
    foreign = np.flatnonzero(mask(pc.match_substring_regex(emails, "@.*[^ -~]")))
    if not len(foreign):
        return emails
    written = [_with_ascii_host(emails[row].as_py()) for row in foreign.tolist()]
    flags = np.zeros(len(emails), np.bool_)
    flags[foreign] = True
    return pc.replace_with_mask(emails, pa.array(flags), pa.array(written, pa.string()))


def _with_ascii_host(email: str) -> str:
    name, at, host = email.rpartition("@")
    try:
        return name + at + host.encode("idna").decode()
    except UnicodeError:
        return email
