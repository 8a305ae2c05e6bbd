"""The wire forms."""
