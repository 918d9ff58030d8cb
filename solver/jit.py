"""The one way kernels are compiled: cached on disk, free of the interpreter's lock, without exceptions.

``error_model="numpy"`` leaves out the check for a zero divisor at every division; no kernel divides by zero,
because a radix is at least 1 and a price list's last step holds at least 1 g.
"""

from numba import njit

kernel = njit(cache=True, nogil=True, error_model="numpy")
