"""The rules of the `builtin` model: values in, values out; no I/O, no clock, no frameworks."""
