"""What was sent to Mirakl, when, and with what outcome; the one room that knows how that is kept.

Belongs here: the ledger. Does not belong here: deciding what is sent (`connectors.mirakl`), or what a shop holds.
"""

from connectors.ledger.claims import Acceptance, Claim, ClaimedTogether, claimed_row
from connectors.ledger.destinations import Destination
from connectors.ledger.ledger import LONGEST_ORDER_ID, Ledger, NoticeSummary, now
from connectors.ledger.rows import HELD, LedgerEntry
from connectors.ledger.schema import LedgerError
from connectors.ledger.transaction import ChannelTransaction

__all__ = [
    "HELD",
    "LONGEST_ORDER_ID",
    "Acceptance",
    "ChannelTransaction",
    "Claim",
    "ClaimedTogether",
    "Destination",
    "Ledger",
    "LedgerEntry",
    "LedgerError",
    "NoticeSummary",
    "claimed_row",
    "now",
]
