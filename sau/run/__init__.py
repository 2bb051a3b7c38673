"""The command `sau run`: the whole pipeline in the current folder, by Snakemake."""
