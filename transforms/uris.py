"""Addresses of images: shops keep what a browser forgives, Mirakl asks for a URI (contract 2.5)."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import quote

from pydantic import AnyUrl, TypeAdapter, ValidationError

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
