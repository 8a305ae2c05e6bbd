"""The model behind the gateway: `builtin`, or a Strands provider named in the settings."""

from collections.abc import Callable

from strands.models import Model

from oratio.adapters.local.builtin_model import BuiltinModel
from oratio.adapters.strands_models import strands_model
from oratio.domain.plan.agent_plan import AgentPlan
from oratio.domain.refs import VersionRef
from oratio.settings import Settings

type Models = Callable[[VersionRef, AgentPlan], Model]


def models(settings: Settings) -> Models:
    """What makes an agent version's model; a provider's client is made once and shared.

    Raises:
        InvalidInput: `ORATIO_MODEL` names no provider, or one whose package is not installed.
    """
    if settings.models.model == "builtin":
        threshold = settings.models.builtin_answer_threshold
        return lambda _, plan: BuiltinModel(plan, answer_threshold=threshold)
    shared = strands_model(settings.models.model)
    return lambda _ref, _plan: shared
