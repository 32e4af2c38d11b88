"""Adjustment reasons: the shop's free text to Mirakl's word."""

from __future__ import annotations

from collections.abc import Mapping

# First match wins, in this order: why the buyer or seller acted, before what was wrong with the goods. Want of stock
# comes first, as what is cancelled for it is called cancelled as well.
REASON_KEYWORDS: Mapping[str, str] = {
    "stock": "OUT_OF_STOCK",
    "rupture": "OUT_OF_STOCK",
    "ausverkauft": "OUT_OF_STOCK",
    "agotado": "OUT_OF_STOCK",
    "cancel": "CUSTOMER_CANCELATION",
    "changed mind": "CUSTOMER_CANCELATION",
    "changed their mind": "CUSTOMER_CANCELATION",
    "annul": "CUSTOMER_CANCELATION",
    "storn": "CUSTOMER_CANCELATION",
    "return": "RETURN",
    "retour": "RETURN",
    "rückgabe": "RETURN",
    "devoluci": "RETURN",
    "lost": "ITEM_NOT_RECEIVED",
    "not received": "ITEM_NOT_RECEIVED",
    "never arrived": "ITEM_NOT_RECEIVED",
    "perdu": "ITEM_NOT_RECEIVED",
    "non reçu": "ITEM_NOT_RECEIVED",
    "verloren": "ITEM_NOT_RECEIVED",
    "undeliverable": "UNABLE_TO_DELIVER",
    "unable to deliver": "UNABLE_TO_DELIVER",
    "broken": "DEFECT",
    "damaged": "DEFECT",
    "defect": "DEFECT",
    "cassé": "DEFECT",
    "endommagé": "DEFECT",
    "défectueu": "DEFECT",
    "beschädigt": "DEFECT",
    "goodwill": "AGREEMENT",
    "geste commercial": "AGREEMENT",
    "kulanz": "AGREEMENT",
}


def adjustment_reason(text: str | None, shipped: bool, own: Mapping[str, str], default: str | None = None) -> str:
    """Map a free text to Mirakl's reason by keyword, the channel's own first.

    Where no keyword is found: `default`, or by whether the line had shipped.
    """
    if match := matched_keyword(text or "", own):
        return match[1]
    return default or ("RETURN" if shipped else "CHANNEL_SPECIFIC")


def matched_keyword(text: str, own: Mapping[str, str]) -> tuple[str, str] | None:
    """Return the keyword that decides about a text and its reason, the channel's own first; None where none does."""
    whole = text.casefold()
    # That goods were put back on the shelf is no reason why they came back.
    without_restock = whole.replace("restock", "")
    for keywords, searched in ((own, whole), (REASON_KEYWORDS, without_restock)):
        for keyword, reason in keywords.items():
            if keyword.casefold() in searched:
                return keyword, reason
    return None
