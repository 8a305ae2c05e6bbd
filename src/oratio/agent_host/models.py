"""The model behind the gateway: `builtin`, or a Strands provider named in the settings."""

from collections.abc import Callable
from importlib import import_module

from strands.models import Model

from oratio.adapters.local.builtin_model import BuiltinModel
from oratio.domain.plan import AgentPlan
from oratio.domain.values import VersionRef
from oratio.errors import InvalidInput
from oratio.settings import Settings

# Module and class of `strands.models`, and the argument that takes what stands behind the slash.
PROVIDERS = {
    "bedrock": ("bedrock", "BedrockModel", "model_id"),
    "anthropic": ("anthropic", "AnthropicModel", "model_id"),
    "openai": ("openai", "OpenAIModel", "model_id"),
    "ollama": ("ollama", "OllamaModel", "model_id"),
    "llamacpp": ("llamacpp", "LlamaCppModel", "base_url"),
}

type Models = Callable[[VersionRef, AgentPlan], Model]


def models(settings: Settings) -> Models:
    """What makes an agent version's model; a provider's client is made once and shared.

    Raises:
        InvalidInput: `ORATIO_MODEL` names no provider, or one whose package is not installed.
    """
    if settings.model == "builtin":
        threshold = settings.builtin_answer_threshold
        return lambda _, plan: BuiltinModel(plan, answer_threshold=threshold)
    shared = _provider(settings.model)
    return lambda _ref, _plan: shared


def _provider(name: str) -> Model:
    provider, _, argument = name.partition("/")
    if provider not in PROVIDERS or not argument:
        known = ", ".join(f"{key}/..." for key in PROVIDERS)
        raise InvalidInput(f"ORATIO_MODEL={name!r} names no model", hint=f"use builtin, {known}")
    module, cls, parameter = PROVIDERS[provider]
    try:
        made: Model = getattr(import_module(f"strands.models.{module}"), cls)(
            **_arguments(provider, parameter, argument)
        )
    except ImportError as error:
        raise InvalidInput(
            f"ORATIO_MODEL={name!r} needs the package {error.name}", hint=f"pip install 'strands-agents[{provider}]'"
        ) from None
    return made


def _arguments(provider: str, parameter: str, argument: str) -> dict[str, object]:
    """A local server's default address where a provider demands one."""
    return {"host": None, parameter: argument} if provider == "ollama" else {parameter: argument}
