"""`sau doctor`: what this machine has, what will work, and how to mend the rest."""

from sau.tools.doctor.command import doctor

__all__ = ["doctor"]
