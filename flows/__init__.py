"""Flows of Oratio, and the worker that runs them on one machine."""
