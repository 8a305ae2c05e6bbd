"""Placeholder."""

from dataclasses import replace

from oratio.authoring.procedures.grammar.en import ENGLISH

GERMAN = replace(ENGLISH, tag="de", common=frozenset())
