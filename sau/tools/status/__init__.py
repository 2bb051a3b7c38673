"""`sau status`: what is done, what runs, what failed and why."""

from sau.tools.status.command import status

__all__ = ["status"]
