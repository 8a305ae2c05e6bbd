"""Use cases of Oratio, one file per concern, over ports alone."""
