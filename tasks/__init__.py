"""Prefect tasks: each a service call and a retry policy. Ids go in, small JSON comes out."""
