"""What the services need from the world, as Protocols whose docstrings are the contracts."""
