"""Oratio: a folder of documents and an SOP become a working voice or text agent."""

__version__ = "0.1.0"
