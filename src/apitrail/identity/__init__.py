"""Who a caller is, as far as it is known, and how it is known.

It does not know where what was learned is kept.
"""

from apitrail.identity.binding import Binding
from apitrail.identity.identity import Identity, Issuer, Principal, Session
from apitrail.identity.known import Known
from apitrail.identity.learn import learn

__all__ = ["Binding", "Identity", "Issuer", "Known", "Principal", "Session", "learn"]
