"""The models that are shipped with the project, and what finds them."""
