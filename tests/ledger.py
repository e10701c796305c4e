"""A ledger of one file: a toy activation, a toy experiment and two toy claims, as a user would write them."""

from __future__ import annotations

import actbench as ab
from actbench.claims.claim import Reading
from actbench.core.streams import stream
from actbench.networks.design import Design
from actbench.networks.network import Network
from actbench.statistics.estimates import Estimate
from actbench.statistics.expectation import Region
from actbench.statistics.frames import select

ab.define(
    "toy_half",
    forward=lambda x: 0.5 * x,
    backward=lambda dy: 0.5 * dy,
    slope_limits=(0.5, 0.5),
    source="a test",
)


@ab.experiment(
    grid={"activation": ["toy_half", "relu"], "depth": [6], "net": range(24)},
    quick={"net": range(8)},
    columns={"share": "units with non-zero output in the last layer"},
    batch="net",
)
def toy_share(*, activation, depth, net):
    """What share of the last layer is active?"""
    x = stream("data", "toy").standard_normal((16, 12))
    h = Network(Design(activation=activation, features=12, width=12, depth=depth), net, backend="numpy").forward(x)
    for i, number in enumerate(net):
        yield {"net": number, "share": float((h[i] != 0).mean())}


def share_of(activation):
    """The mean share of one activation."""
    # half of the input is 0 where the input is: that all networks agree is no chance
    certain = activation == "toy_half"
    return lambda frame: Estimate.of(select(frame, activation=activation)["share"], bounds=(0.0, 1.0), certain=certain)


FULL = Region(low=0.99, words="all active", reason="a linear unit is silent nowhere but on a line of measure zero")


def reading(activation):
    """The one reading of both claims."""
    return Reading(
        name="share",
        level="literal",
        kind="experiment",
        experiment="toy_share",
        effect=share_of(activation),
        expected=FULL,
    )


ab.claim(
    "T1", ledger="toy", statement={"en": "Half the input leaves every unit active."}, readings=[reading("toy_half")]
)
ab.claim("T2", ledger="toy", statement={"en": "A rectifier leaves every unit active."}, readings=[reading("relu")])
