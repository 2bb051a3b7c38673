"""SAU as a plain training script does it, in the style of the published code: what to beat.

Written from the method's description, for this project. Its style is that of lgX1123/gm4lt: Pillow
transforms in the workers of two DataLoaders, float32 in PyTorch's own memory order, four passes
through the network, mixing with NumPy's draws in the loop, label correction by scikit-learn on the
host, losses read after every step.
"""

from benchmarks.reference.trainer import Reference

__all__ = ["Reference"]
