"""What Snakemake finds by its name as the logger `sau`, where `sau.run.plugin` leads it here."""

from sau.run.listing import LogHandler

__all__ = ["LogHandler"]
