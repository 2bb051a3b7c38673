"""Nearest neighbours by inner product: flat, exact, and the same from every back end."""

from sau.neighbours.backends import Backend, Index, load_faiss, make_index
from sau.neighbours.bank import EmbeddingBank
from sau.neighbours.exact import check_search, nearest

__all__ = [
    "Backend",
    "EmbeddingBank",
    "Index",
    "check_search",
    "load_faiss",
    "make_index",
    "nearest",
]
