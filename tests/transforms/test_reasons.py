"""Why money went back: the shop's words to Mirakl's."""

from __future__ import annotations

import pytest

from transforms.reasons import adjustment_reason


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("Order cancelled by the buyer", "CUSTOMER_CANCELATION"),
        ("They CHANGED THEIR MIND", "CUSTOMER_CANCELATION"),
        ("changed mind", "CUSTOMER_CANCELATION"),
        ("Annulation", "CUSTOMER_CANCELATION"),
        ("Stornierung", "CUSTOMER_CANCELATION"),
        ("Out of stock", "OUT_OF_STOCK"),
        ("Rupture", "OUT_OF_STOCK"),
        ("leider ausverkauft", "OUT_OF_STOCK"),
        ("Agotado", "OUT_OF_STOCK"),
        ("Returned", "RETURN"),
        ("Retour client", "RETURN"),
        ("Rückgabe", "RETURN"),
        ("Devolución", "RETURN"),
        ("Lost by the carrier", "ITEM_NOT_RECEIVED"),
        ("Not received", "ITEM_NOT_RECEIVED"),
        ("never arrived", "ITEM_NOT_RECEIVED"),
        ("Colis perdu", "ITEM_NOT_RECEIVED"),
        ("Non reçu", "ITEM_NOT_RECEIVED"),
        ("Paket verloren", "ITEM_NOT_RECEIVED"),
        ("Undeliverable", "UNABLE_TO_DELIVER"),
        ("Unable to deliver", "UNABLE_TO_DELIVER"),
        ("Arrived broken", "DEFECT"),
        ("Damaged", "DEFECT"),
        ("Defect", "DEFECT"),
        ("Article cassé", "DEFECT"),
        ("Endommagé", "DEFECT"),
        ("Défectueux", "DEFECT"),
        ("Beschädigt", "DEFECT"),
        ("Goodwill", "AGREEMENT"),
        ("Geste commercial", "AGREEMENT"),
        ("Kulanz", "AGREEMENT"),
        # Of several words the one that says why decides.
        ("Order canceled: no longer in stock", "OUT_OF_STOCK"),
        ("Annulé, rupture fournisseur", "OUT_OF_STOCK"),
        ("Cancelled and restocked", "CUSTOMER_CANCELATION"),
        ("Returned broken, restocked", "RETURN"),
        ("see ticket 7", "CHANNEL_SPECIFIC"),
        (None, "CHANNEL_SPECIFIC"),
    ],
)
def test_a_reason_is_found_in_the_shops_text(words: str | None, reason: str) -> None:
    assert adjustment_reason(words, shipped=False, own={}) == reason


def test_the_channels_own_keywords_come_first() -> None:
    assert adjustment_reason("Retour", shipped=True, own={"RETOUR": "DEFECT"}) == "DEFECT"
