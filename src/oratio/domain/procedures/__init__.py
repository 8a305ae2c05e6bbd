"""The procedure schema: facts, conditions, steps, rules and triggers of a compiled SOP.

Import names from the modules: `facts`, `conditions`, `steps`, `rules`, `triggers`, `flow`.
"""
