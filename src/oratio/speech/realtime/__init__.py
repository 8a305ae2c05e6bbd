"""Speech-to-speech models by way of Strands' bidirectional models."""
