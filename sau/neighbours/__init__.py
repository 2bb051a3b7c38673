"""Nearest neighbours by inner product: flat, exact, and the same from every back end."""

from sau.neighbours.backends import Backend, Index, load_faiss, make_index
from sau.neighbours.exact import nearest
from sau.neighbours.memory import Memory

__all__ = ["Backend", "Index", "Memory", "load_faiss", "make_index", "nearest"]
