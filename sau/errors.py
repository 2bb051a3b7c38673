"""The one exception that is the user's to mend."""


class UserError(Exception):
    """Bad input, said in one line: what, where, what was expected, how to mend it.

    The command line prints the message without a traceback and exits with code 2; anything else
    that is raised is a defect of `sau` and keeps its traceback.
    """
