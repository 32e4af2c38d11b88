"""What was sent to Mirakl, when, and with what outcome; the one room that knows how that is kept.

Belongs here: the ledger. Does not belong here: deciding what is sent (`connectors.mirakl`), or what a shop holds.
"""

from connectors.ledger.claims import Acceptance, Claim, ClaimedTogether, claimed_row
from connectors.ledger.destinations import Destination
from connectors.ledger.ledger import LONGEST_ORDER_ID, Claims, Ledger, NoticeSummary, now
from connectors.ledger.rows import HELD, LedgerEntry
from connectors.ledger.schema import LedgerError

__all__ = [
    "HELD",
    "LONGEST_ORDER_ID",
    "Acceptance",
    "Claim",
    "ClaimedTogether",
    "Claims",
    "Destination",
    "Ledger",
    "LedgerEntry",
    "LedgerError",
    "NoticeSummary",
    "claimed_row",
    "now",
]
