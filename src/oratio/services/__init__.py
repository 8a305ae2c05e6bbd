"""What Oratio does, one file per concern, over ports alone."""
