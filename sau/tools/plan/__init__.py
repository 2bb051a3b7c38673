"""`sau plan`: what a run will do and take, before anything is spent."""

from sau.tools.plan.command import plan

__all__ = ["plan"]
