"""What a line costs or gives back: price and shipping in minor units, each with its taxes."""

from __future__ import annotations

from dataclasses import dataclass, field

TaxKey = tuple[str, str | None]
"""A tax, by code and rate."""


@dataclass(slots=True)
class Amounts:
    """Money in minor units: product and shipping, each with its taxes by (code, rate)."""

    price: int = 0
    shipping: int = 0
    taxes: dict[TaxKey, int] = field(default_factory=dict)
    shipping_taxes: dict[TaxKey, int] = field(default_factory=dict)

    def total(self) -> int:
        """Return everything added up, taxes included."""
        return self.price + self.shipping + sum(self.taxes.values()) + self.shipping_tax()

    def shipping_tax(self) -> int:
        """Return the taxes of shipping."""
        return sum(self.shipping_taxes.values())

    def parts(self) -> list[tuple[str, TaxKey | None, int]]:
        """List (bucket, tax, minor units) of every amount."""
        return [
            ("price", None, self.price),
            *(("taxes", key, amount) for key, amount in self.taxes.items()),
            ("shipping", None, self.shipping),
            *(("shipping_taxes", key, amount) for key, amount in self.shipping_taxes.items()),
        ]

    def add(self, bucket: str, key: TaxKey | None, amount: int) -> None:
        """Add to one amount; a tax that is not there yet begins at zero."""
        if bucket == "price":
            self.price += amount
        elif bucket == "shipping":
            self.shipping += amount
        elif key is not None:
            taxes = self.taxes if bucket == "taxes" else self.shipping_taxes
            taxes[key] = taxes.get(key, 0) + amount

    def rated_as(self, other: Amounts) -> Amounts:
        """Return a copy whose taxes without a rate have that of `other`, where it has one tax of that code."""

        def rated(taxes: dict[TaxKey, int], known: dict[TaxKey, int]) -> dict[TaxKey, int]:
            made: dict[TaxKey, int] = {}
            for (code, rate), amount in taxes.items():
                same = [key for key in known if key[0] == code]
                key = same[0] if rate is None and len(same) == 1 else (code, rate)
                made[key] = made.get(key, 0) + amount
            return made

        taxes, shipping_taxes = rated(self.taxes, other.taxes), rated(self.shipping_taxes, other.shipping_taxes)
        return Amounts(self.price, self.shipping, taxes, shipping_taxes)

    def take(self, wanted: Amounts) -> int:
        """Give back what is wanted as far as it is there, and return the rest: a line gives back no more than it cost.

        `wanted` is lowered to what it got. A tax that the line knows by another name is taken off its other taxes.
        """
        before = wanted.total()
        for bucket in ("price", "shipping"):
            got = min(getattr(wanted, bucket), max(getattr(self, bucket), 0))
            setattr(wanted, bucket, got)
            setattr(self, bucket, getattr(self, bucket) - got)
        for have, taxes in ((self.taxes, wanted.taxes), (self.shipping_taxes, wanted.shipping_taxes)):
            for key, amount in taxes.items():
                taxes[key] = 0
                for own in sorted(have, key=lambda own: own != key):
                    part = min(amount - taxes[key], max(have[own], 0))
                    have[own] -= part
                    taxes[key] += part
        return before - wanted.total()
