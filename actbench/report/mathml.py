"""Formulas as MathML, which browsers draw without scripts: the part of LaTeX that rows, pages and documents use."""

from __future__ import annotations

import re
from html import escape

from actbench.core.errors import ActbenchError

TOKEN = re.compile(r"\\[A-Za-z]+\*?|\\.|\d+(?:\.\d+)?|[^\s]", re.DOTALL)
LETTERS = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "zeta": "ζ", "eta": "η", "theta": "θ",
    "iota": "ι", "kappa": "κ", "lambda": "λ", "mu": "μ", "nu": "ν", "xi": "ξ", "pi": "π", "rho": "ρ", "sigma": "σ",
    "tau": "τ", "upsilon": "υ", "phi": "ϕ", "chi": "χ", "psi": "ψ", "omega": "ω",
    "varepsilon": "ε", "varphi": "φ", "vartheta": "ϑ", "varrho": "ϱ", "Gamma": "Γ", "Delta": "Δ", "Theta": "Θ",
    "Lambda": "Λ", "Sigma": "Σ", "Phi": "Φ", "Psi": "Ψ", "Omega": "Ω", "infty": "∞", "partial": "∂", "ldots": "…",
    "dots": "…", "cdots": "⋯", "ell": "ℓ",
}  # fmt: skip
SIGNS = {"ge": "≥", "le": "≤", "ne": "≠", "in": "∈", "cdot": "⋅", "times": "×", "to": "→", "approx": "≈", "sim": "∼",
         "sum": "∑", "prod": "∏", "int": "∫", "pm": "±", "wedge": "∧", "vee": "∨",
         "ll": "≪", "gg": "≫", "mid": "|",
         "odot": "⊙", "otimes": "⊗", "geq": "≥", "leq": "≤", "neq": "≠", "propto": "∝", "lfloor": "⌊", "rfloor": "⌋",
         "lceil": "⌈", "rceil": "⌉", "lVert": "‖", "rVert": "‖", "Vert": "‖", "vert": "|"}  # fmt: skip
FUNCTIONS = ("max", "min", "ln", "log", "exp", "sin", "cos", "tan", "tanh", "sinh", "cosh", "arctan", "arcsin", "sup")
SPACES = {"\\,": "0.17em", "\\;": "0.28em", "\\ ": "0.3em", "\\quad": "1em", "\\!": "0em"}
ACCENTS = {"bar": "¯", "overline": "¯", "hat": "^", "tilde": "~", "vec": "→"}
WORDS = ("operatorname", "mathrm", "text", "mathbb", "mathbf")


def mathml(latex: str, *, block: bool = False) -> str:
    """A formula as a MathML element.

    Raises
    ------
    ActbenchError
        For a command that is not in this module's tables, or brackets that do not close.

    Examples
    --------
    >>> mathml("x^2")
    '<math><mrow><msup><mi>x</mi><mn>2</mn></msup></mrow></math>'
    """
    reader = _Reader(latex)
    body = reader.row(())
    display = ' display="block"' if block else ""
    return f"<math{display}>{body}</math>"


def formula(latex: str, *, block: bool = False) -> str:
    """The same for a formula of anybody's: what this module cannot draw stands there as LaTeX."""
    try:
        return mathml(latex, block=block)
    except ActbenchError:
        return f"<code>{escape(latex)}</code>"


class _Reader:
    """Tokens from left to right."""

    def __init__(self, latex: str) -> None:
        self.latex, self.tokens, self.at = latex, TOKEN.findall(latex), 0

    def wrong(self, what: str) -> ActbenchError:
        return ActbenchError(f"{what} in the formula {self.latex!r}; add it to actbench/report/mathml.py")

    def peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self, wanted: str = "") -> str:
        sign = self.peek()
        if not sign or (wanted and sign != wanted):
            raise self.wrong(f"{wanted or 'something'} is missing")
        self.at += 1
        return sign

    def row(self, ends: tuple[str, ...]) -> str:
        """Everything up to one of these tokens, which is left; each part with what stands above and below it."""
        parts = []
        while self.peek() and self.peek() not in ends:
            base = self.atom()
            below = above = ""
            while self.peek() in ("_", "^", "'"):
                mark = self.take()
                if mark == "'":
                    above += "<mo>′</mo>"
                elif mark == "_":
                    below = self.atom()
                else:
                    above += self.atom()
            above = f"<mrow>{above}</mrow>" if above.count("<mo>′</mo>") and above != "<mo>′</mo>" else above
            if below and above:
                base = f"<msubsup>{base}{below}{above}</msubsup>"
            elif below or above:
                base = f"<msub>{base}{below}</msub>" if below else f"<msup>{base}{above}</msup>"
            parts.append(base)
        if ends and not self.peek():
            raise self.wrong(f"{' or '.join(ends)} is missing")
        return f"<mrow>{''.join(parts)}</mrow>"

    def atom(self) -> str:
        sign = self.take()
        if sign == "{":
            inner = self.row(("}",))
            self.take("}")
            return inner
        if sign.startswith("\\"):
            return self.command(sign)
        if sign[0].isdigit():
            return f"<mn>{sign}</mn>"
        if sign.isalpha():
            return f"<mi>{sign}</mi>"
        return f"<mo>{escape('−' if sign == '-' else '⋅' if sign == '*' else sign)}</mo>"

    def command(self, sign: str) -> str:
        name = sign[1:]
        if sign in SPACES:
            return f'<mspace width="{SPACES[sign]}"></mspace>'
        if name in ("frac", "tfrac", "dfrac"):
            return f"<mfrac>{self.atom()}{self.atom()}</mfrac>"
        if name == "sqrt":
            return f"<msqrt>{self.atom()}</msqrt>"
        if name in WORDS:
            return self.words(name)
        if name in ACCENTS:
            return f"<mover>{self.atom()}<mo>{ACCENTS[name]}</mo></mover>"
        if name == "left":
            left = self.take()
            inner = self.row(("\\right",))
            self.take()
            right = self.take()
            return f"<mrow>{_fence(left)}{inner}{_fence(right)}</mrow>"
        if name == "begin":
            return self.cases()
        if name in LETTERS:
            return f"<mi>{LETTERS[name]}</mi>"
        if name in SIGNS:
            return f"<mo>{escape(SIGNS[name])}</mo>"
        if name in FUNCTIONS:
            return f"<mi>{name}</mi>"
        if name in ("textstyle", "displaystyle"):
            return "<mrow></mrow>"
        if name in ("_", "{", "}", "%", "|"):
            return f"<mo>{'‖' if name == '|' else name}</mo>"
        raise self.wrong(f"{sign} is not known")

    def words(self, name: str) -> str:
        self.take("{")
        taken = []
        while self.peek() != "}":
            taken.append(self.take().removeprefix("\\"))
        self.take("}")
        text = escape(LETTERS.get("".join(taken), "".join(taken)))  # a parameter called alpha
        return f"<mtext>{text}</mtext>" if name == "text" else f'<mi mathvariant="normal">{text}</mi>'

    def cases(self) -> str:
        kind = self.words("text")
        if "cases" not in kind:
            raise self.wrong(f"an environment other than cases ({kind})")
        rows = []
        while True:
            cells = [self.row(("&", "\\\\", "\\end"))]
            while self.peek() == "&":
                self.take()
                cells.append(self.row(("&", "\\\\", "\\end")))
            rows.append("<mtr>" + "".join(f'<mtd style="text-align:left">{cell}</mtd>' for cell in cells) + "</mtr>")
            if self.take() == "\\end":
                break
        self.words("text")
        return f'<mrow><mo stretchy="true">{{</mo><mtable>{"".join(rows)}</mtable></mrow>'


def _fence(sign: str) -> str:
    return "" if sign == "." else f'<mo stretchy="true" fence="true">{escape(sign.removeprefix(chr(92)))}</mo>'
