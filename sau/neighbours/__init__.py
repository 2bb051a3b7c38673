"""Nearest neighbours by inner product: flat, exact, and the same from every back end.

And by bits that differ, in `hamming`, which needs no PyTorch: nothing is imported here.
"""
