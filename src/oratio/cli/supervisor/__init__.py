"""Supervisor of `oratio up`: the service table, the child processes, and their restarts."""
