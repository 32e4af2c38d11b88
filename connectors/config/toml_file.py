"""The TOML files that users write, channels.toml and platform.toml: reading them, and saying what is wrong with one."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from transforms.spelling import did_you_mean

_WORDS = {
    "missing": "is missing",
    "string_type": 'must be text in quotes, "..."',
    "string_too_short": "is empty",
    "too_short": "is empty",
    "dict_type": "must be a table, { key = value }",
    "model_type": "must be a table, { key = value }",
    "model_attributes_type": "must be a table, { key = value }",
    "list_type": 'must be a list, ["..."]',
    "frozen_set_type": 'must be a list, ["..."]',
}


class NotToml(Exception):
    """The file is not TOML. The message says where in the file and why."""


def read_toml(path: Path) -> dict[str, Any]:
    """Read a file; a byte order mark, as Windows writes it, does no harm.

    Raises:
        OSError: it cannot be read.
        NotToml: it is not TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError:
        raise NotToml("is not UTF-8 text; save it as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise NotToml(f"is not TOML: {error}") from None


def faults(error: ValidationError, model: type[BaseModel]) -> str:
    """Return all that is wrong with a table, each fault by its key; a misspelt key is not reported as missing, too."""
    found = error.errors(include_url=False, include_input=False)
    meant = {
        hint for item in found if item["type"] == "extra_forbidden" for hint in [_hint(item["loc"], model)] if hint
    }
    messages: list[str] = []
    for item in found:
        # Of a table whose keys are free, pydantic marks a fault of the key itself.
        key = ".".join(str(part) or '""' for part in item["loc"] if part != "[key]")
        if item["type"] == "extra_forbidden":
            hint = _hint(item["loc"], model)
            messages.append(f"{key}: unknown key" + (hint or f"; the keys are {', '.join(_keys(item['loc'], model))}"))
        elif item["type"] != "missing" or f"; did you mean {item['loc'][-1]!r}?" not in meant:
            words = _WORDS.get(item["type"]) or item["msg"].removeprefix("Value error, ")
            words = words.replace("Input should be", "must be")
            messages.append(f"{key}: {words}" if key else words)
    return "; ".join(messages)


def _hint(location: tuple[int | str, ...], model: type[BaseModel]) -> str:
    return did_you_mean(str(location[-1]), _keys(location, model))


def _keys(location: tuple[int | str, ...], model: type[BaseModel]) -> Mapping[str, Any]:
    """Return the keys of the table in which a key stands."""
    for part in location[:-1]:
        field = model.model_fields.get(str(part))
        model = next(_models(field.annotation), model) if field else model
    return model.model_fields


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    for kind in (annotation, *get_args(annotation)):
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield kind
