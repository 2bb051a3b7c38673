"""The long tail, and the synthetic complement that balances it."""
