"""The catalogue: all ways in which a gather may be carried out. A new one is a file here and a line below."""

from vliwc.transform.alternatives.arithmetic import Arithmetic, LeafArithmetic
from vliwc.transform.alternatives.base import Alternative, Emitter, Group, Home, Offer, Setting, Table
from vliwc.transform.alternatives.column import Column
from vliwc.transform.alternatives.gather import Gather
from vliwc.transform.alternatives.parked import Parked
from vliwc.transform.alternatives.rows import Rows
from vliwc.transform.alternatives.select import Select
from vliwc.transform.alternatives.steered import Steered
from vliwc.transform.alternatives.transformed import Transformed
from vliwc.transform.alternatives.unpacked import Unpacked

GATHER = Gather()
"""The one that is always open."""

CATALOGUE: tuple[Alternative, ...] = (
    GATHER,
    Select(),
    LeafArithmetic(),
    Arithmetic(),
    Transformed(),
    Rows(),
    Unpacked(),
    Column(),
    Parked(),
    Steered(),
)

__all__ = ["CATALOGUE", "GATHER", "Alternative", "Emitter", "Group", "Home", "Offer", "Setting", "Table"]
