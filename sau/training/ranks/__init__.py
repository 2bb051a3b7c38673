"""Several processes that train one network together, each on its rows of every batch."""
