"""Which synthetic images help, by networks that were trained on the tail."""
