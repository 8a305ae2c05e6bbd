"""The speech model of voice agents."""

from oratio.errors import InvalidInput
from oratio.ports.dialogue import Dialogues
from oratio.ports.speech import Speech
from oratio.settings import Settings


def build_speech(settings: Settings) -> Speech | Dialogues | None:
    """The speech model of voice agents; None when calls are to be in writing only (`none`).

    Raises:
        InvalidInput: `ORATIO_SPEECH` names no speech model, or one that cannot be used here.
    """
    name = settings.speech_models.speech
    provider, _, model_id = name.partition("/")
    if name == "none":
        return None
    if name == "nova-sonic":
        return _nova_sonic(settings)
    if provider in ("openai", "gemini") and model_id:
        from oratio.speech.realtime.strands_providers import provider_dialogues

        return provider_dialogues(name, settings.speech_models.speech_voice)
    if name != "local":
        hint = "set it to local, nova-sonic, openai/<model>, gemini/<model> or none"
        raise InvalidInput(f"ORATIO_SPEECH={name!r} names no speech model", hint=hint)
    from oratio.speech.local import LocalSpeech

    return LocalSpeech(
        voice=settings.speech_models.voice_name,
        silence_ms=int(settings.voice.voice_silence_seconds * 1000),
        idle_s=settings.speech_models.speech_idle_seconds,
    )


def _nova_sonic(settings: Settings) -> Dialogues:
    try:
        from oratio.speech.realtime.nova_sonic import NovaAccess, NovaSonic
        from oratio.speech.realtime.provider import StrandsDialogues
        from oratio.speech.realtime.session import RenewalPolicy
    except ImportError as error:
        hint = "pip install 'strands-agents[bidi]'"
        raise InvalidInput(f"ORATIO_SPEECH=nova-sonic needs the package {error.name}", hint=hint) from None
    access = NovaAccess(settings.speech_models.speech_region or settings.aws.aws_region)
    return StrandsDialogues(
        settings.speech_models.speech_model,
        lambda: NovaSonic(
            access,
            model_id=settings.speech_models.speech_model,
            voice=settings.speech_models.speech_voice or "tiffany",
            endpointing=settings.speech_models.speech_endpointing,
        ),
        RenewalPolicy(renew_s=settings.speech_models.speech_renew_seconds),
    )
