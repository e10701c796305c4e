"""A C program that holds an exported header to reference vectors."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from actbench.accuracy.certificate import FLAGS
from actbench.accuracy.vectors import vectors
from actbench.activations.record import Activation
from actbench.activations.registry import resolve
from actbench.kernels.c99 import FORMATS, directions, function_name
from actbench.kernels.lower import operands_of

CHECKED = 200  # vectors a function
CHECK = """\
/* Compares {names} with exact values, rounded once: a line a function, status 1 where one breaks its tolerance.
   cc {flags} {file}_check.c -o check -lm && ./check */
#include "{file}.h"
#include <stdio.h>

static int failed;
{functions}
int main(void)
{{
{calls}    return failed;
}}
"""
CHECKING = """
static void check_{name}(void)
{{
    static const {real} table[][3] = {{ /* input, exact output, tolerance in ulp */
{rows}
    }};
    double worst = 0.0;
    int broken = 0;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {{
        const {real} x = table[i][0], want = table[i][1], got = {name}({call});
        if (isnan(want) || isinf(want) || isinf(got)) {{
            broken += isnan(want) ? !isnan(got) : got != want;
            continue;
        }}
        int exponent;
        (void)frexp(want, &exponent);
        const double unit = ldexp(1.0, (exponent > {least} && want != 0 ? exponent : {least}) - {digits});
        /* half for the rounding of the exact value; next to a root of a slope the tolerance is many ulp */
        const double share = fabs((double)got - (double)want) / unit / ((double)table[i][2] + 0.5);
        worst = share > worst ? share : worst;
        broken += !(share <= 1.0);
    }}
    printf("{name}: worst error %.2f of the tolerance, %d broken\\n", worst, broken);
    failed |= broken > 0;
}}"""


def check_program(
    rows: Sequence[Activation], file: str, *, second: bool = False, told: Callable[[int], None] = lambda done: None
) -> str:
    """A C program that holds a header to reference vectors.

    Parameters
    ----------
    rows, second
        As for `actbench.kernels.c99.header`.
    file
        The header's name without its ending.
    told
        Called after each function with 1: exact values take some tenths of a second each.
    """
    parts, names = [], []
    for row in rows:
        for direction in directions(second):
            for form in FORMATS:
                name = function_name(row, direction, form)
                names.append(name)
                info = np.finfo(form.name)
                values = resolve(row.spec).values()
                operands = operands_of(row, direction)
                parameters = ["x" if op == "x" else "1" if op == "dy" else float(values[op]).hex() for op in operands]
                found = vectors(row.spec, dtype=form.name, direction=direction, count=CHECKED)["vectors"]
                parts.append(CHECKING.format(
                    name=name, real="float" if form.bits == 32 else "double", call=", ".join(parameters),
                    least=int(info.minexp) + 1, digits=info.nmant + 1,
                    rows="\n".join("        {" + ", ".join(map(_in_c, (v["input"], v["output"], v["tolerance_ulp"])))
                                   + "}," for v in found),
                ))  # fmt: skip
                told(1)
    return CHECK.format(
        names=", ".join(row.name for row in rows),
        file=file,
        flags=FLAGS,
        functions="\n".join(parts),
        calls="".join(f"    check_{name}();\n" for name in names),
    )


def _in_c(number: str | float) -> str:
    text = str(number)
    return {"inf": "INFINITY", "-inf": "-INFINITY", "nan": "NAN"}.get(text, text)
