"""Script that Streamlit runs for every page and every event."""

from console.shell import main

main()
