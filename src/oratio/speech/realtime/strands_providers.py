"""Speech-to-speech providers besides Bedrock, by their name in `ORATIO_SPEECH`: `openai/<model>`, `gemini/<model>`."""

from collections.abc import Callable
from typing import Any

from strands.bidi.models.model import BidiModel

from oratio.errors import InvalidInput
from oratio.speech.realtime.provider import StrandsDialogues
from oratio.speech.realtime.session import RenewalPolicy

PROVIDERS = ("openai", "gemini")
_HEARD_BY = "gpt-4o-mini-transcribe"
# OpenAI ends a session after 60 minutes, Gemini a connection after about 10.
_RENEW_S = {"openai": 3_000.0, "gemini": 480.0}


def provider_dialogues(name: str, voice: str | None) -> StrandsDialogues:
    """The model of this name; its key is read by the provider's own variable (`OPENAI_API_KEY`, `GOOGLE_API_KEY`).

    Raises:
        InvalidInput: A package is missing, or there is no key.
    """
    provider, _, model_id = name.partition("/")
    chosen: dict[str, Any] = {} if voice is None else {"voice": voice}
    try:
        make = _openai(model_id, chosen) if provider == "openai" else _gemini(model_id, chosen)
        make()
    except ImportError as error:
        extra = "bidi-openai" if provider == "openai" else "bidi-google"
        raise InvalidInput(
            f"ORATIO_SPEECH={name!r} needs the package {error.name}", hint=f"pip install 'strands-agents[{extra}]'"
        ) from None
    except ValueError as error:
        raise InvalidInput(f"ORATIO_SPEECH={name!r} cannot be used ({error})", hint="set its key or model") from None
    return StrandsDialogues(name, make, RenewalPolicy(renew_s=_RENEW_S[provider]))


def _openai(model_id: str, chosen: dict[str, Any]) -> Callable[[], BidiModel]:
    from strands.bidi.models.openai.realtime import OpenAIRealtimeModel

    return lambda: OpenAIRealtimeModel(transcription_model_id=_HEARD_BY, model_id=model_id, **chosen)


def _gemini(model_id: str, chosen: dict[str, Any]) -> Callable[[], BidiModel]:
    from strands.bidi.models.google import GoogleGeminiLiveModel

    return lambda: GoogleGeminiLiveModel(model_id=model_id, **chosen)
