"""How often a simulated leaky integrate-and-fire neuron fires, against its input current."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actbench.activations.registry import ACTIVATIONS
from actbench.core.streams import stream
from actbench.runs.experiment import experiment
from actbench.runs.factors import number_in

STEP, SECONDS = 5e-5, 1.0
THRESHOLD = 1.0  # currents are counted in the one that just reaches the threshold of the potential
CURRENTS = tuple((np.arange(4, 25) / 8).tolist())  # 0.5 to 3, the threshold among them
TAU, T_REF = (0.01, 0.03), (0.001, 0.003)  # a neuron's constants in s are drawn between these (Gerstner et al. 2014)


@experiment(
    grid={"noise": [0.0, 0.1], "neuron": range(16)},
    quick={"noise": [0.0], "neuron": range(4)},
    columns={
        "current": "constant input current, 1 just reaches the threshold",
        "rate": "spikes from the first to the last over the time between them, in Hz; 0 with fewer than two",
        "early": "spikes in the first half of the second, in Hz",
        "late": "spikes in its second half, in Hz",
        "closed_form": "rate of the row lif with the neuron's own constants, in Hz",
    },
    checks={"noise": number_in(0)},
    batch="neuron",
)
def neuron(*, noise: float, neuron: tuple[int, ...]) -> Iterator[dict[str, Any]]:
    """Does a neuron's rate against its input current look like a rectifier, and does it change with time?"""
    lif, currents = ACTIVATIONS["lif"], np.array(CURRENTS)
    streams = [stream("neuron", number) for number in neuron]
    drawn = [(rng.uniform(*TAU), rng.uniform(*T_REF), rng.uniform(0.0, THRESHOLD, currents.size)) for rng in streams]
    taus, rests, starts = (np.array(part) for part in zip(*drawn, strict=True))
    fired = spikes(currents, tau=taus, t_ref=rests, start=starts, noise=noise, streams=streams)
    for number, times, tau, t_ref in zip(neuron, fired, taus, rests, strict=True):
        closed = lif.forward(currents, tau=tau, t_ref=t_ref)
        for i, at in enumerate(times):
            early = int(np.count_nonzero(at < SECONDS / 2))
            yield {
                "neuron": number, "current": CURRENTS[i],
                "rate": float((len(at) - 1) / (at[-1] - at[0])) if len(at) > 1 else 0.0,
                "early": early / (SECONDS / 2), "late": (len(at) - early) / (SECONDS / 2),
                "closed_form": float(closed[i]),
            }  # fmt: skip


def spikes(
    currents: NDArray[np.float64], *, tau: NDArray[np.float64], t_ref: NDArray[np.float64], start: NDArray[np.float64],
    noise: float, streams: Sequence[np.random.Generator],
) -> list[list[NDArray[np.float64]]]:  # fmt: skip
    """When neurons fire: tau dv/dt = -v + I, a spike and v = 0 where v > 1, then a rest of t_ref.

    Parameters
    ----------
    currents
        ``(currents,)``: every neuron gets each.
    tau, t_ref
        ``(neurons,)``, in s.
    start
        ``(neurons, currents)``: the potential at time 0.
    noise, streams
        Standard deviation that white noise in the current gives to a potential without a threshold; each neuron
        draws from its own stream.

    Returns
    -------
    For each neuron and current the times in s. Euler steps of 0.05 ms: the potential, not the closed form, is followed.
    """
    steps = round(SECONDS / STEP)
    v, rest = start.copy(), np.zeros(start.shape)
    kicks = np.zeros((len(tau), 1, currents.size))
    if noise:
        drawn = np.stack([rng.standard_normal((steps, currents.size), dtype=np.float32) for rng in streams])
        kicks = noise * np.sqrt(2 * STEP / tau)[:, None, None] * drawn
    fired: list[list[list[float]]] = [[[] for _ in currents] for _ in tau]
    leak, pause = (STEP / tau)[:, None], t_ref - STEP / 2  # a crossing lies, on average, half a step back
    for k in range(steps):
        v += (rest <= 0.0) * ((currents - v) * leak + kicks[:, k % kicks.shape[1]])
        rest -= STEP
        over = v > THRESHOLD
        if over.any():
            for i, j in zip(*np.nonzero(over), strict=True):
                fired[i][j].append((k + 1) * STEP)
                v[i, j], rest[i, j] = 0.0, pause[i]
    return [[np.array(times) for times in each] for each in fired]
