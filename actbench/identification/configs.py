"""What a model's configuration says of its activations: keys and model types to rows, or "unknown"."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from actbench.activations.registry import ACTIVATIONS, AXIS

# keys whose value is the name of an activation
NAMES = ("hidden_act", "hidden_activation", "activation_function", "activation", "act_fn", "feed_forward_proj",
         "ffn_act_fn", "mlp_hidden_act", "hidden_activation_function", "projector_hidden_act")  # fmt: skip
CAPS = ("final_logit_softcapping", "attn_logit_softcapping", "logits_soft_cap", "router_logit_softcapping")
SCORES = ("scoring_func", "score_function", "router_scoring_func")
# names that configurations have and the catalogue has otherwise
SAID = {"gated-gelu": "geglu_tanh", "gated-silu": "swiglu", "sqrtsoftplus": "sqrt_softplus", "swiglu": "swiglu",
        "geglu": "geglu", "reglu": "reglu"}  # fmt: skip
# model types that hard-wire their gate: row, layout, and the keys of its parameters
GATES: Mapping[str, tuple[str, str]] = {
    "gpt_oss": ("swiglu_oai", "interleaved"),
    "openai_privacy_filter": ("swiglu_oai", "interleaved"),
    "minimax_m3_vl": ("swiglu_oai", "halves"),
    "deepseek_v4": ("swiglu_clamped", "halves"),
    "glm5_next": ("swiglu_clamped", "halves"),
    "hy_v4": ("swiglu_clamped", "halves"),
    "step3p7": ("swiglu_step", "halves"),
}
LIMITS, ALPHAS = ("swiglu_limit", "swiglu_limits", "activation_limit"), ("swiglu_alpha", "activation_alpha")


@dataclass(frozen=True, kw_only=True)
class Said:
    """What one key of a configuration says.

    Parameters
    ----------
    key, value
        As they stand there.
    spec
        The row, or nothing: unknown.
    remark
        What a reader should know.
    """

    key: str
    value: Any
    spec: str
    remark: str = ""


def read(config: Mapping[str, Any]) -> list[Said]:
    """Every key of a configuration, nested ones too, that speaks of an activation."""
    return list(_read(config, ""))


def _read(config: Mapping[str, Any], place: str) -> Iterator[Said]:
    for key, value in config.items():
        where = f"{place}{key}"
        if isinstance(value, Mapping):
            yield from _read(value, f"{where}.")
        elif key in NAMES and isinstance(value, str):
            yield _named(where, value)
        elif key in CAPS and isinstance(value, (int, float)) and value:
            yield Said(key=where, value=value, spec=ACTIVATIONS["softcap"].bind(cap=value).spec)
        elif key in SCORES and isinstance(value, str):
            yield _named(where, value)
    if any(config.get(key) is not None for key in LIMITS) or config.get("model_type") in GATES:
        yield _gate(config, place)


def _named(key: str, value: str) -> Said:
    name = SAID.get(value, value)
    registry = next((one for one in (ACTIVATIONS, AXIS) if name in one), None)
    return Said(
        key=key, value=value, spec=registry[name].name if registry else "", remark="" if registry else "unknown"
    )


def _gate(config: Mapping[str, Any], place: str) -> Said:
    """The gate that a model hard-wires, or that a limit speaks of."""
    kind = str(config.get("model_type", ""))
    name, layout = GATES.get(kind, ("", ""))
    limit = next((config[key] for key in LIMITS if config.get(key) is not None), None)
    alpha = next((config[key] for key in ALPHAS if config.get(key) is not None), None)
    said = {key: config[key] for key in (*LIMITS, *ALPHAS, "model_type") if config.get(key) is not None}
    if not name:
        both = (
            "swiglu_oai where there is an alpha, swiglu_clamped where not; models of one key differ: identify the code"
        )
        name, layout = ("swiglu_oai", "interleaved") if alpha is not None else ("swiglu_clamped", "halves")
        remark = f"the model type {kind!r} is unknown: {both}"
    else:
        remark = f"hard-wired in {kind}"
    if isinstance(limit, (list, tuple)):
        return Said(key=f"{place}gate", value=said, spec=AXIS[name].bind(layout=layout).spec,
                    remark=f"{remark}; a limit a layer: {limit}")  # fmt: skip
    numbers = {} if limit is None else {"limit": float(limit) if limit and limit > 0 else float("inf")}
    if limit is not None and not limit > 0:
        remark += "; a limit of 0 or less is no clamp here"
    if alpha is not None and "alpha" in AXIS[name].parameters:
        numbers["alpha"] = float(alpha)
    return Said(key=f"{place}gate", value=said, spec=AXIS[name].bind(layout=layout, **numbers).spec, remark=remark)
