"""The synthetic complement that balances the long tail."""
