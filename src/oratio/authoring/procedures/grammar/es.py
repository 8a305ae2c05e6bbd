"""Placeholder."""

from dataclasses import replace

from oratio.authoring.procedures.grammar.en import ENGLISH

SPANISH = replace(ENGLISH, tag="es", common=frozenset())
