"""Long tails: how many images each class keeps, which ones, and what fills the gap."""
