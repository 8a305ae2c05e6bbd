"""Placeholder."""

from dataclasses import replace

from oratio.authoring.procedures.grammar.en import ENGLISH

FRENCH = replace(ENGLISH, tag="fr", common=frozenset())
