"""Operator's console on Streamlit: a client of the HTTP API and nothing else."""
