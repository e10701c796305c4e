"""Time, memory and accuracy over commits: every file here is read by asv; races within one run are in races/.

races/ has no `__init__.py`, so asv passes it by; its programs are started by hand, as in
``python -m benchmarks.races.engine``.
"""

import os

# before NumPy starts its BLAS, whoever imports a benchmark first
for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ.setdefault(_variable, "1")
