"""What the numbers of the ledgers' readings are counted in: the label of the axis beside each interval."""

from __future__ import annotations

from collections.abc import Mapping

_READINGS = {
    "share of units": "C06 mlp, C06 cnn, C35 tuned, C35 grid, C36 revived, C36 first_layer, C37 zero_gradient, "
    "L23 revived",
    "share of outputs": "C06 zeros, C09 necessary, C09 sufficient, C32 initial, C32 trained, L16 zeros",
    "share of pre-activations": "C47 rare",
    "share of networks": "C25 sgd, C25 rescues, C25 deep_sgd, L01 deep, L06 linear, L06 rectifier, "
    "L14 sixteen, L14 single, L14 double",
    "share of gradients": "C50 chain, C50 residual, C50 fan_out, C50 forward_twice, C50 read_only",
    "share of inputs": "C50 nan_input",
    "share of results": "C50 integer",
    "share of features": "C14 kept, C14 forward, C15 kept, C15 forward",
    "share of the top rate": "C03 rate_against_current",
    "share of the gradient left": "C30 tanh",
    "share of what L1 does": "C33 outputs, C33 weights",
    "difference of shares": "C09 rivals, C10b sparser, C13b happens, C13b relus_doing, L01 law, L18 spare",
    "difference of accuracies (1 is 100 points)": "C11 seeds, C11 everywhere, C11b any_factor, C11b minus_one, "
    "C17 control, C17 linear, C17 sigmoid, C17 smooth, C18 tasks, C34 gap, C34 label_noise, C34 rivals, C37 accuracy, "
    "C37 in_training, C37 divergence, C39 after, C39 placement, C47 accuracy, L14 zero_best, L15 slope, L15 random, "
    "L16 accuracy, L21 accuracy, L22 accuracy, L23 accuracy",
    "difference of areas under the curve": "C16 ranking, C16 rivals",
    "difference of precisions": "C16 precision",
    "difference of losses": "C11 gauge",
    "factor a layer": "C21 factor, C21 made_for_it, C23 slope_alone, C24 standard, C24 edge, C28 explosion, "
    "C28 vanishing, C30 sigmoid, C30 slopes, L02 ordered, L02 chaotic, L03 steady, L17 chaotic, L17 ordered",
    "difference of factors a layer": "C23 chi_1",
    "ratio of factors a layer": "C24 rivals, C28 rivals",
    "change of log2 a layer": "C10 units, C10 trained, C10 paths, C10 connections, C10 negative_bias, C10 energy, "
    "C10b initial, C10b trained, C10b paths, C19 exists, C22 depth, L09 doubles",
    "exponent": "C30 power",
    "ratio of times": "C26 faster, C27 faster, C27 masked",
    "ratio of rates": "C22 rate, L02 depth_scale",
    "ratio of numbers of pieces": "C19 typical, L08 depth",
    "linear pieces": "C18 pieces",
    "ratio to the law's": "L07 variance, L07 mean, L10 networks, L11 theory",
    "standard deviations": "C38 mean",
    "Kolmogorov-Smirnov distance": "C38 shape",
    "mean output": "L04 mean, L05 saturates, L05 others",
    "change of the mean output": "L05 escapes",
    "variance of the outputs": "L04 variance",
    "spread of squared singular values": "L11 relu",
    "ratio of spreads": "L11 tanh",
    "cosine": "L12 networks",
}
UNITS: Mapping[str, str] = {reading: unit for unit, each in _READINGS.items() for reading in each.split(", ")}
