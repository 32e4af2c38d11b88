"""What the example shop sells, ships and taxes, and its arithmetic: prices with tax, kept as WooCommerce keeps them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

# WooCommerce keeps amounts with up to six decimals, so money here is whole millionths of a euro.
CENT = 10_000


@dataclass(frozen=True, slots=True)
class Product:
    """A product, or a variation of one (`variation_id`). `cents` is its price with French VAT."""

    product_id: int
    variation_id: int
    title: str
    sku: str
    cents: int
    tax_class: str = ""
    virtual: bool = False


@dataclass(frozen=True, slots=True)
class Rate:
    """A row of the shop's tax table; `percent` in thousandths."""

    rate_id: int
    country: str
    tax_class: str
    percent: int
    label: str

    @property
    def percent_text(self) -> str:
        """Write the rate as WooCommerce does on an order: `20`, `5.5`."""
        return f"{self.percent / 1000:g}"


@dataclass(frozen=True, slots=True)
class Method:
    """A shipping method. `cents` is with tax where `with_tax`, else without, which leaves a tax of half cents."""

    method_id: str
    instance_id: int
    title: str
    cents: int
    with_tax: bool = True


PRODUCTS: tuple[Product, ...] = (
    Product(101, 0, "Tasse « Été » en grès", "TASSE-ETE", 1490),
    Product(102, 0, "Théière émaillée", "THEIERE-01", 4590),
    Product(103, 0, "Bol à soupe, bleu nuit", "BOL-NUIT", 1850),
    Product(104, 1041, "Tablier de lin - Écru", "TABLIER-LIN-ECRU", 3900),
    Product(104, 1042, "Tablier de lin - Ardoise", "TABLIER-LIN-ARDOISE", 3900),
    Product(105, 0, "Planche à découper, chêne", "PLANCHE-CHENE", 3450),
    Product(106, 0, "Couteau d'office", "COUTEAU-9", 2295),
    Product(107, 0, "Confiture d'abricots du Roussillon", "CONF-ABRICOT", 690, "reduced-rate"),
    Product(108, 0, "Miel de châtaignier 500 g", "MIEL-CHAT-500", 1190, "reduced-rate"),
    Product(109, 0, "Huile d'olive, bidon 1 l", "HUILE-1L", 1980, "reduced-rate"),
    Product(110, 0, "« La cuisine de grand-mère »", "9782070000012", 2490, "reduced-rate"),
    Product(111, 0, "Thé noir fumé 100 g", "THE-FUME-100", 850, "reduced-rate"),
    Product(112, 1121, "Torchon brodé - lot de 3", "TORCHON-3", 2700),
    Product(113, 0, "Bougie parfumée Figuier", "BOUGIE-FIG", 2990),
    Product(114, 0, "Carafe 1,2 l", "CARAFE-12", 3199),
    Product(115, 0, "Moulin à poivre", "MOULIN-P", 4200),
    Product(116, 0, "Marmite en fonte 4,2 l", "MARMITE-42", 18900),
    Product(117, 0, "Jeu de 6 verres", "VERRE-X6", 2640),
    Product(118, 0, "Savon de Marseille", "SAVON-300", 499),
    # A product without an SKU, and one that is sold no more: orders keep the id of it, the shop has nothing else.
    Product(119, 0, "Échantillon de tissu", "", 199),
    Product(120, 0, "Plateau laqué (fin de série)", "", 2250),
    Product(121, 0, "Carte cadeau", "CADEAU-30", 3000, virtual=True),
)
DELETED_PRODUCT_ID = 120

RATES: tuple[Rate, ...] = (
    Rate(1, "FR", "", 20_000, "TVA"),
    Rate(2, "FR", "reduced-rate", 5_500, "TVA"),
    Rate(3, "DE", "", 19_000, "MwSt."),
    Rate(4, "DE", "reduced-rate", 7_000, "MwSt."),
    Rate(5, "BE", "", 21_000, "BTW/TVA"),
    Rate(6, "BE", "reduced-rate", 6_000, "BTW/TVA"),
    Rate(7, "IT", "", 22_000, "IVA"),
    Rate(8, "IT", "reduced-rate", 10_000, "IVA"),
    Rate(9, "ES", "", 21_000, "IVA"),
    Rate(10, "ES", "reduced-rate", 10_000, "IVA"),
    Rate(11, "PL", "", 23_000, "VAT"),
    Rate(12, "PL", "reduced-rate", 5_000, "VAT"),
)
RATE_OF: Mapping[tuple[str, str], Rate] = {(rate.country, rate.tax_class): rate for rate in RATES}

METHODS: tuple[Method, ...] = (
    Method("flat_rate", 1, "Colissimo à domicile", 590),
    Method("flat_rate", 2, "Mondial Relay", 408, with_tax=False),
    Method("flat_rate", 3, "Chronopost Express", 1290),
    Method("free_shipping", 4, "Livraison offerte", 0),
    Method("local_pickup", 5, "Retrait à la boutique", 0),
)
CARRIERS: tuple[str, ...] = ("Colissimo", "Mondial Relay", "Chronopost", "DHL", "UPS")


@lru_cache(maxsize=100_000)
def split(cents: int, rate: Rate | None, kept: int = 1) -> tuple[int, int]:
    """Divide a gross price into net and tax, in millionths, the net rounded to a multiple of `kept`; they add up."""
    if rate is None:
        return cents * CENT, 0
    net = round(cents * CENT * 100_000 / (100_000 + rate.percent) / kept) * kept
    return net, cents * CENT - net


@lru_cache(maxsize=100_000)
def text(millionths: int) -> str:
    """Write an amount as WooCommerce does in item meta: no trailing zeros."""
    sign = "-" if millionths < 0 else ""
    whole, rest = divmod(abs(millionths), 1_000_000)
    return f"{sign}{whole}.{rest:06}".rstrip("0").rstrip(".")
