"""Puts the platform together: the only importer of adapters."""

from oratio.bootstrap.platform import Platform, build_platform
from oratio.bootstrap.services import Services, build_services
from oratio.bootstrap.speech import build_speech

__all__ = ["Platform", "Services", "build_platform", "build_services", "build_speech"]
