"""Exact nearest neighbours among all real embeddings: FAISS against PyTorch.

Both give the same neighbours; see `sau.neighbours`. The default is ImageNet-LT's size.
"""

import sys
from argparse import ArgumentParser
from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from benchmarks.command import parser_of, positive, prepare, run, settings_of
from benchmarks.record import Record
from benchmarks.timing import compare
from sau.neighbours.backends import Backend, Index, load_faiss, make_index
from sau.neighbours.exact import nearest

BACKENDS: tuple[Backend, Backend] = ("faiss", "torch")


def build_parser() -> ArgumentParser:
    """Return the parser of the command line."""
    parser = parser_of("nearest_neighbours", __doc__)
    parser.add_argument("--rows", type=positive, default=115_846, help="real embeddings")
    parser.add_argument("--dimension", type=positive, default=128, help="of an embedding")
    parser.add_argument("--queries", type=positive, default=256, help="embeddings of a batch")
    parser.add_argument(
        "--neighbours", type=positive, nargs="+", default=[1, 5, 20], help="values of k"
    )
    return parser


def main(words: Sequence[str] | None = None) -> Record:
    """Run the benchmark from the command line; return what it found."""
    arguments = build_parser().parse_args(words)
    device = prepare(arguments)
    faiss = load_faiss(device)
    generator = torch.Generator().manual_seed(0)
    shape = arguments.rows + arguments.queries, arguments.dimension
    vectors = F.normalize(torch.randn(shape, generator=generator), dim=1).to(device)
    queries, rows = torch.split(vectors, [arguments.queries, arguments.rows])
    size = f"{arguments.queries} queries in {arguments.rows} x {arguments.dimension}"

    def build(backend: Backend) -> tuple[str, Callable[[], Index]]:
        return backend, lambda: make_index(rows, backend)

    ratios = [compare(f"index of {size}", build("faiss"), build("torch"), device, 0)]
    indexes = {backend: make_index(rows, backend) for backend in BACKENDS}

    def search(backend: Backend, k: int) -> tuple[str, Callable[[], tuple[Tensor, Tensor]]]:
        return backend, lambda: nearest(queries, indexes[backend], k)

    same = {}
    for k in arguments.neighbours:
        what = f"k = {k}, {size}"
        ratios.append(
            compare(what, search("faiss", k), search("torch", k), device, arguments.seconds)
        )
        found = [nearest(queries, indexes[backend], k)[1] for backend in BACKENDS]
        same[what] = bool(torch.equal(*found))
    facts = {"same_neighbours": same, "faiss": faiss.__version__}
    record = Record("nearest_neighbours", settings_of(arguments), ratios, facts)
    record.print_and_write(arguments.output)
    return record


if __name__ == "__main__":
    sys.exit(run(main))
