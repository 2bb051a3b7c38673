"""Rounds of generation: how many images each draws of a class."""
