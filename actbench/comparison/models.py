"""What every comparison trains, in words: said before it runs, by its help and on its page."""

from __future__ import annotations

MODELS = (
    "perceptrons 3 to 10 layers deep on digits, spirals, breast_cancer, wine and xor (quick: digits and spirals), and "
    "where torch is installed a small transformer on characters; no convolutions, no large data"
)
NOT_YOURS = "data of your own (X, y) and models of your own cannot be given"
