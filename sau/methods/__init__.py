"""Ways to train a network for a long tail, a file each; importing this loads no torch."""

from sau.methods.registry import METHODS, create_method, method_class, method_names, options_of

__all__ = ["METHODS", "create_method", "method_class", "method_names", "options_of"]
