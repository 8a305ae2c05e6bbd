"""What a deployment pays its providers."""

from oratio.domain.cost import CALL_MINUTE, GB_HOUR, IDLE_MS, SEARCH, VCPU_HOUR, Prices, token_prices
from oratio.settings import Settings

_SPEECH = {"local": 0.0, "none": 0.0, "nova-sonic": CALL_MINUTE}


def prices_of(settings: Settings) -> Prices:
    """What this deployment pays: on one machine only a provider's model and speech cost anything."""
    paid = Prices(
        models=token_prices(settings.models.model_prices), call_minute=_SPEECH.get(settings.speech_models.speech)
    )
    if settings.platform == "local":
        return paid
    # A VECTOR search is paid by the tokens of its question and the vectors it meets: not known here.
    search = SEARCH if settings.aws.knowledge_kind == "MANAGED" else None
    known = {"search": search, "vcpu_hour": VCPU_HOUR, "gb_hour": GB_HOUR, "idle_ms": IDLE_MS}
    return paid.model_copy(update=known)
