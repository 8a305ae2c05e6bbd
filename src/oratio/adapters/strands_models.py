"""Strands model providers by the name that `ORATIO_MODEL` gives: `bedrock/<model id>`, `ollama/<model>`, ..."""

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING

from oratio.errors import InvalidInput
from oratio.installation import installed

if TYPE_CHECKING:
    from strands.models import Model  # imported when a model is made: it takes a second

# Module and class of `strands.models`, and the argument that takes what is behind the slash.
PROVIDERS = {
    "bedrock": ("bedrock", "BedrockModel", "model_id"),
    "anthropic": ("anthropic", "AnthropicModel", "model_id"),
    "openai": ("openai", "OpenAIModel", "model_id"),
    "ollama": ("ollama", "OllamaModel", "model_id"),
    "llamacpp": ("llamacpp", "LlamaCppModel", "base_url"),
}
# Packages that Strands itself does not bring.
_PACKAGES = {"anthropic": "anthropic", "openai": "openai", "ollama": "ollama"}

# Variables of which the provider's library wants one. Bedrock is not here: a machine's or a container's own role is
# found by asking the network. Neither is Ollama or llama.cpp: servers of one's own want no key.
_KEYS = {
    "anthropic": (
        "ANTHROPIC_API_KEY",
        "ANTHROPIC_AUTH_TOKEN",
        "ANTHROPIC_PROFILE",
        "ANTHROPIC_IDENTITY_TOKEN",
        "ANTHROPIC_IDENTITY_TOKEN_FILE",
    ),
    "openai": ("OPENAI_API_KEY",),
}


def require_model(name: str, environment: Mapping[str, str]) -> None:
    """Check that the model of this name can be made here; nothing is imported and nothing is asked of the provider.

    Raises:
        InvalidInput: The name names no provider, or one whose package or key is missing.
    """
    provider, argument = _named(name)
    if (package := _PACKAGES.get(provider)) and not installed(package):
        raise _lacks(name, provider, package)
    keys = _KEYS.get(provider, ())
    if keys and not any(environment.get(key) for key in keys):
        raise InvalidInput(f"ORATIO_MODEL={name!r} needs a key", hint=f"set {keys[0]}")
    if provider == "llamacpp" and not argument.startswith(("http://", "https://")):
        hint = "write the server's address, such as llamacpp/http://127.0.0.1:8080"
        raise InvalidInput(f"ORATIO_MODEL={name!r} names no address", hint=hint)


def _named(name: str) -> tuple[str, str]:
    """Return the provider and what is behind the slash."""
    provider, _, argument = name.partition("/")
    if provider not in PROVIDERS or not argument:
        known = ", ".join(f"{key}/..." for key in PROVIDERS)
        raise InvalidInput(f"ORATIO_MODEL={name!r} names no model", hint=f"use builtin, {known}")
    return provider, argument


def _lacks(name: str, provider: str, package: str | None) -> InvalidInput:
    return InvalidInput(
        f"ORATIO_MODEL={name!r} needs the package {package}", hint=f"pip install 'strands-agents[{provider}]'"
    )


def strands_model(name: str) -> "Model":
    """The model of this name, with a client of its own; nothing is asked of the provider yet.

    Raises:
        InvalidInput: The name names no provider, or one whose package is not installed.
    """
    provider, argument = _named(name)
    module, cls, parameter = PROVIDERS[provider]
    try:
        made: Model = getattr(import_module(f"strands.models.{module}"), cls)(
            **_arguments(provider, parameter, argument)
        )
    except ImportError as error:
        raise _lacks(name, provider, error.name) from None
    return made


def _arguments(provider: str, parameter: str, argument: str) -> dict[str, object]:
    """A local server's default address where a provider demands one."""
    return {"host": None, parameter: argument} if provider == "ollama" else {parameter: argument}
