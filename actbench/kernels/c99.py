"""Kernels to take away: a C99 header of rows, forward, backward and, if asked, second, in float and double.

The steps are the fused kernels' own (`lower`), in another syntax (`emit`). Error-free products are `fma` where the
processor has it, else Dekker's halves, which no compiler contracts there. A step is a statement, so only gcc contracts
any, in its own dialects; where nothing is contracted, compilers make the same bits.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from actbench.activations.record import Activation
from actbench.core.dtypes import Format
from actbench.core.errors import ActbenchError
from actbench.kernels.backends import SECOND, SECOND_AT_ROOT
from actbench.kernels.emit import C99, written
from actbench.kernels.lower import expanded, graph_of, operands_of

FORMATS = (Format(32), Format(64))
DIRECTIONS = ("forward", "backward")
LICENCE = """\
Permission is hereby granted, free of charge, to any person obtaining a copy of this software, to deal in it without
restriction, provided that this notice stays with it. It comes as it is, without warranty of any kind (MIT licence)."""

HEADER = """\
/* {title}

Forward is f(x), backward dy f'(x). out may be x or dy itself; NaN in, NaN out. Promised: 8 ulp forward, 16 backward.
Compile with -std=c99 -O3 -march=native -fno-math-errno for vectors; what is measured below is of this. Without -std=c99
gcc also joins products and sums: last digits differ, the promise stays (8.4 million floats of every function). Arrays
are aligned as their numbers are.
Refused: -ffast-math and what is in it. With it silu would be 7e6 ulp off at -22.5, softplus infinite at 0, and of NaN
they would make a number (gcc 12).

{licence}
*/
#if defined(__FAST_MATH__) || defined(__ASSOCIATIVE_MATH__) || defined(__RECIPROCAL_MATH__) \\
    || (defined(__FINITE_MATH_ONLY__) && __FINITE_MATH_ONLY__)
#error "kernels compare NaN and count on the order of sums: compile without -ffast-math and what is in it"
#endif
#if defined(__FLT_EVAL_METHOD__) && (__FLT_EVAL_METHOD__ == 1 || __FLT_EVAL_METHOD__ == 2)
#error "kernels count on float and double as they are: compile with -msse2 -mfpmath=sse"
#endif
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
{shared}
#if defined(__clang__) /* a loop that calls sin, or sqrt that may set errno, stays as it is: no reason for a warning */
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wpass-failed"
#endif
{functions}
#if defined(__clang__)
#pragma clang diagnostic pop
#endif
"""
# one copy, whichever headers a program includes
SHARED = """\
#ifndef ACTBENCH_SHARED_H
#define ACTBENCH_SHARED_H
#if defined(__clang__)
#define ACTBENCH_LOOP _Pragma("clang loop vectorize(assume_safety)")
#elif defined(__GNUC__)
#define ACTBENCH_LOOP _Pragma("GCC ivdep")
#else
#define ACTBENCH_LOOP
#endif
#if defined(__FMA__) || defined(__ARM_FEATURE_FMA) || defined(__FP_FAST_FMA)
#define ACTBENCH_FMA 1
#else
#define ACTBENCH_FMA 0
#endif
{formats}#endif"""
FORMAT = """\
static inline int{w}_t actbench_bits{f}({real} x) {{ int{w}_t i; memcpy(&i, &x, sizeof i); return i; }}
static inline {real} actbench_from_bits{f}(int{w}_t i) {{ {real} x; memcpy(&x, &i, sizeof x); return x; }}
/* a b + c where c all but takes a b away: rounded once, or a product in two parts (Dekker 1971) */
static inline {real} actbench_fma{f}({real} a, {real} b, {real} c)
{{
    if (ACTBENCH_FMA) return fma{f}(a, b, c);
    const {real} p = a * b;
    const {real} ah = actbench_from_bits{f}(actbench_bits{f}(a) & {mask}), al = a - ah;
    const {real} bh = actbench_from_bits{f}(actbench_bits{f}(b) & {mask}), bl = b - bh;
    return (p + c) + (((ah * bh - p) + ah * bl + al * bh) + al * bl);
}}
"""
# a function that two headers bring is one
FUNCTION = """
#ifndef {name}
#define {name} {name}
/* {comment} */
static inline {real} {name}({given})
{{
{body}
    return {result};
}}
static inline void {name}_n(size_t count, {arrays}, {real} *out)
{{
    ACTBENCH_LOOP
    for (size_t i = 0; i < count; i++) out[i] = {name}({call});
}}
#endif"""


def directions(second: bool) -> tuple[str, ...]:
    """Those of a header."""
    return (*DIRECTIONS, "second") if second else DIRECTIONS


def function_name(row: Activation, direction: str, form: Format) -> str:
    """What a kernel is called in C; ``..._n`` takes arrays."""
    return f"actbench_{row.name.replace('.', '_')}{'' if direction == 'forward' else '_' + direction}_f{form.bits}"


def header(
    rows: Iterable[Activation], *, version: str, certificates: Mapping[str, object] | None = None, second: bool = False
) -> str:
    """The text of a header: a scalar function and one on arrays for each row, direction and format.

    Parameters
    ----------
    rows
        Elementwise rows; parameters, at their defaults in a comment, are the functions' last arguments.
    version
        Of this package, for the first line.
    certificates
        What is known of a function's errors, by its name in C; its text is the comment.
    second
        Whether second derivatives come too: in float computed in double and rounded once, as the kernels are.

    Raises
    ------
    ActbenchError
        For a row that cannot be lowered.
    """
    rows = list(rows)
    known = dict(certificates or {})
    names = ", ".join(row.name for row in rows)
    functions = [
        _function(row, direction, form, known.get(function_name(row, direction, form)))
        for row in rows for direction in directions(second)
        for form in (FORMATS[::-1] if direction == "second" else FORMATS)  # float's calls double's
    ]  # fmt: skip
    return HEADER.format(
        title=f"{names if len(rows) < 9 else len(rows)}: kernels of actbench {version}", licence=LICENCE,
        shared=SHARED.format(formats="".join(_shared(form) for form in FORMATS)), functions="\n".join(functions),
    )  # fmt: skip


def _real(form: Format) -> str:
    return "float" if form.bits == 32 else "double"


def _shared(form: Format) -> str:
    cleared = {32: "(int32_t)0xfffff000u", 64: "(int64_t)0xfffffffff8000000ull"}[form.bits]  # as `pairs.upper`
    return FORMAT.format(w=form.bits, f="f" if form.bits == 32 else "", real=_real(form), mask=cleared)


def _comment(direction: str, form: Format, certificate: object) -> str:
    """What is known of a function's errors, and of a second derivative what is promised."""
    said = "errors not measured here" if certificate is None else str(certificate)
    if direction != "second":
        return said
    inside = "" if form.bits == 64 else ", double inside"
    ulp = SECOND.get(form.name, 1.0)
    return f"promised {ulp:g} ulp, next to changes of sign {SECOND_AT_ROOT:g} epsilon{inside}; {said}"


def _function(row: Activation, direction: str, form: Format, certificate: object) -> str:
    if row.opaque:
        raise ActbenchError(f"{row.name} is code that is called; only rows that were traced can be exported")
    graph = expanded(graph_of(row, direction), form, fma=True)
    names = operands_of(row, direction)
    constants, lines, result = written(graph, form, syntax=C99)
    values = row.values()
    parameters = [name for name in names if name in row.parameters]
    used = {str(step.value) for step in graph if step.op == "argument"}
    real = _real(form)
    if direction == "second" and form.bits == 32:
        constants, lines, used = [], [], set(names)
        result = f"(float){function_name(row, direction, FORMATS[1])}({', '.join(f'_{name}' for name in names)})"
    unused = [f"(void)_{name};" for name in names if name not in used]
    defaults = "".join(f"; {name} = {float(values[name])!r} by default" for name in parameters)
    return FUNCTION.format(
        comment=f"{row.name} {direction}{defaults}: {_comment(direction, form, certificate)}", real=real, result=result,
        name=function_name(row, direction, form), given=", ".join(f"{real} _{name}" for name in names),
        body="\n".join(f"    {line}" for line in [*unused, *constants, *lines]),
        arrays=", ".join(f"{real} {name}" if name in parameters else f"const {real} *{name}" for name in names),
        call=", ".join(name if name in parameters else f"{name}[i]" for name in names),
    )  # fmt: skip
