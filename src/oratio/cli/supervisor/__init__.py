"""What stands behind `oratio up`: the service table, the children, and the one who minds them."""
