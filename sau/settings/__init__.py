"""Declared settings: one declaration gives a checked value, a flag and a schema entry."""
