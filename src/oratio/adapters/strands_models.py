"""Strands model providers by the name that `ORATIO_MODEL` gives: `bedrock/<model id>`, `ollama/<model>`, ..."""

from importlib import import_module
from typing import TYPE_CHECKING

from oratio.errors import InvalidInput

if TYPE_CHECKING:
    from strands.models import Model  # imported when a model is made: it takes a second

# Module and class of `strands.models`, and the argument that takes what stands behind the slash.
PROVIDERS = {
    "bedrock": ("bedrock", "BedrockModel", "model_id"),
    "anthropic": ("anthropic", "AnthropicModel", "model_id"),
    "openai": ("openai", "OpenAIModel", "model_id"),
    "ollama": ("ollama", "OllamaModel", "model_id"),
    "llamacpp": ("llamacpp", "LlamaCppModel", "base_url"),
}


def strands_model(name: str) -> "Model":
    """The model of this name, with a client of its own; nothing is asked of the provider yet.

    Raises:
        InvalidInput: The name names no provider, or one whose package is not installed.
    """
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
