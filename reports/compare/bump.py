import numpy as np


def act(x):
    """ReLU with a soft bump around zero."""
    return np.maximum(x, 0.0) + 0.25 * np.exp(-x * x)
