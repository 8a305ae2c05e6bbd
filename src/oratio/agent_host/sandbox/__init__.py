"""The mechanisms that confine an agent process, one module each, standard library only."""
