"""What the loggers of `sau run` tell Snakemake of themselves."""

from snakemake_interface_logger_plugins.base import LogHandlerBase


class OwnWords(LogHandlerBase):
    """A logger that decides itself what it leaves out and how it says the rest."""

    @property
    def writes_to_stream(self) -> bool:
        """Whether Snakemake's own logger is to be silent."""
        return False

    @property
    def writes_to_file(self) -> bool:
        """Whether Snakemake should call a file of this logger its log."""
        return False

    @property
    def has_filter(self) -> bool:
        """Whether this logger needs no filter of Snakemake's."""
        return True

    @property
    def has_formatter(self) -> bool:
        """Whether this logger needs no formatter of Snakemake's."""
        return True

    @property
    def needs_rulegraph(self) -> bool:
        """Whether Snakemake is to work out the graph of its rules for this logger."""
        return False
