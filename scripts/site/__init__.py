"""The documentation site: what mkdocs.yml adds to the pages in docs/ (`make docs`)."""
