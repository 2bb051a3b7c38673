"""Where tensors live and how they are computed: GPUs, compiling, copies, several processes."""
