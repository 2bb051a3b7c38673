"""Which synthetic images may be trained on."""
