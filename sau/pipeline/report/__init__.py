"""Reports: what the runs of one imbalance factor, and of all of them, show."""
