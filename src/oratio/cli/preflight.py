"""Checks before anything starts: the extras and models that each service needs. Nothing goes over the network."""

from collections.abc import Callable, Mapping

from oratio.errors import InvalidInput, OratioError
from oratio.installation import installed, require_part
from oratio.settings import Settings, provider_environment

# Variables of which a provider's library wants one; Google's takes the last for Vertex AI, which has no key.
_SPEECH_KEYS = {
    "openai": ("OPENAI_API_KEY",),
    "gemini": ("GOOGLE_API_KEY", "GEMINI_API_KEY", "GOOGLE_GENAI_USE_VERTEXAI"),
}


def up_problems(settings: Settings, *, console: bool) -> list[OratioError]:
    """Return why this machine cannot start everything; empty when it can."""
    services = ["platform", "agent-host", "voice", *(["console"] if console else [])]
    return [problem for service in services for problem in service_problems(service, settings)]


def service_problems(service: str, settings: Settings) -> list[OratioError]:
    """Return why this installation, or these settings, cannot run a service; empty when they can."""
    check = _CHECKS.get(service)
    try:
        if check is not None:
            check(settings)
    except OratioError as problem:
        return [problem]
    return []


def _model(settings: Settings) -> None:
    if settings.models.model != "builtin":
        from oratio.adapters.strands_models import require_model

        require_model(settings.models.model, provider_environment())


def _speech(settings: Settings) -> None:
    name = settings.speech_models.speech
    provider, _, model_id = name.partition("/")
    if name == "none":
        return
    if name == "local":
        require_part("speech", otherwise="set ORATIO_SPEECH=none for calls in writing only")
    elif name == "nova-sonic":
        require_part("aws", otherwise="set ORATIO_SPEECH=local")
    elif provider in _SPEECH_KEYS and model_id:
        _speech_provider(name, provider, provider_environment())
    else:
        hint = "set it to local, nova-sonic, openai/<model>, gemini/<model> or none"
        raise InvalidInput(f"ORATIO_SPEECH={name!r} names no speech model", hint=hint)


def _speech_provider(name: str, provider: str, environment: Mapping[str, str]) -> None:
    if provider == "gemini" and not installed("google.genai"):
        hint = "pip install 'strands-agents[bidi-google]'"
        raise InvalidInput(f"ORATIO_SPEECH={name!r} needs the package google-genai", hint=hint)
    keys = _SPEECH_KEYS[provider]
    if not any(environment.get(key) for key in keys):
        raise InvalidInput(f"ORATIO_SPEECH={name!r} needs a key", hint=f"set {keys[0]}")


def _console(_: Settings) -> None:
    require_part("console", otherwise="start with --no-console")


def _platform(settings: Settings) -> None:
    """On AWS: every setting without which no service starts."""
    if settings.platform == "aws":
        from oratio.bootstrap import build_platform

        build_platform(settings)


_CHECKS: Mapping[str, Callable[[Settings], None]] = {
    "platform": _platform,
    "agent-host": _model,
    "flows": _model,
    "voice": _speech,
    "console": _console,
}
