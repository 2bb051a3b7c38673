"""A pipeline's code as one file that needs diffusers and transformers, not `sau`.

Written beside weights, it is what diffusers calls a custom pipeline:
`DiffusionPipeline.from_pretrained(folder, custom_pipeline=folder, trust_remote_code=True)`.
"""

import ast
import inspect

from diffusers.pipelines.pipeline_utils import DiffusionPipeline

from sau.glide import (
    arguments,
    cascade,
    learned_words,
    pictures,
    pipeline,
    respacing,
    samplers,
    text_conditioned,
    text_encoder,
    tokenizer,
)

FILE_NAME = "pipeline.py"
"""What diffusers looks for in a folder."""

MODULES = (
    *(learned_words, text_encoder, tokenizer, respacing, samplers, arguments, pictures),
    *(text_conditioned, pipeline, cascade),
)
"""In this order each needs only those before it."""

HEAD = '''"""GLIDE as a custom pipeline of diffusers, put together from modules of `sau.glide`."""

import importlib
import sys
'''

TAIL = """
# Diffusers wants one pipeline in a file.
del {others}

# A folder names the module of its text encoder; where that is not installed, this one stands in.
try:
    importlib.import_module("sau.glide.text_encoder")
except ImportError:
    sys.modules["sau.glide.text_encoder"] = sys.modules[__name__]
"""


def standalone(kind: type[DiffusionPipeline]) -> str:
    """Return the source of a file whose one pipeline is `kind`, of `sau.glide`."""
    parts = [_without_own_imports(inspect.getsource(module)) for module in MODULES]
    pipelines = {
        name
        for module in (pipeline, cascade)
        for name, found in vars(module).items()
        if inspect.isclass(found) and issubclass(found, DiffusionPipeline)
    }
    others = sorted(pipelines - {kind.__name__, DiffusionPipeline.__name__})
    return "\n\n".join([HEAD, *parts, TAIL.format(others=", ".join(others))])


def _without_own_imports(source: str) -> str:
    """Return a module's source without its docstring and its imports from `sau`."""
    lines, tree = source.splitlines(), ast.parse(source)
    own = [
        node
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sau.")
    ]
    dropped = [tree.body[0], *own]
    gone = {number for node in dropped for number in range(node.lineno, (node.end_lineno or 0) + 1)}
    return "\n".join(line for number, line in enumerate(lines, start=1) if number not in gone)
