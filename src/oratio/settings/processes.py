"""Environments of Oratio's own processes: the settings, the secrets that each needs, no telemetry."""

import json
import os
from collections.abc import Mapping
from typing import Any, Literal, get_args

from pydantic import SecretStr
from pydantic_core import to_jsonable_python

from oratio.settings.tree import FIELDS, Settings, variable

type Process = Literal["up", "api", "voice", "flows", "agent-host", "console", "prefect", "check"]
"""The processes of Oratio, named as in `oratio status`; `up` starts the others, `check` is a short trial."""

SECRETS: Mapping[Process, frozenset[str]] = {
    "up": frozenset({"otlp_headers", "prefect_auth", "console_oidc_client_secret", "console_cookie_secret"}),
    "api": frozenset({"otlp_headers", "prefect_auth"}),
    "voice": frozenset({"otlp_headers"}),
    "flows": frozenset({"otlp_headers", "prefect_auth"}),
    "agent-host": frozenset({"otlp_headers"}),
    "console": frozenset({"console_oidc_client_secret", "console_cookie_secret"}),
    "prefect": frozenset(),
    "check": frozenset(),
}
"""The secret settings that each process needs; its environment holds no others. `api_token` is the command line's."""


def child_environment(settings: Settings, process: Process, **extra: str) -> dict[str, str]:
    """Return the environment of a child process of Oratio.

    It is this process's, with the settings pinned, all telemetry off, and of the secret settings only those that the
    child needs.
    """
    secrets = {name for name, field in FIELDS.items() if _is_secret(field.annotation)}
    withheld = {variable(name) for name in secrets - SECRETS[process]}
    inherited = {name: value for name, value in os.environ.items() if name.upper() not in withheld}
    pinned = {
        variable(name): _written(value)
        for name in FIELDS.keys() - secrets
        if (value := settings.value(name)) is not None
    }
    return {**inherited, **pinned, **quiet(settings), **extra}


def _written(value: Any) -> str:
    """Return a value as a variable has it; lists are JSON."""
    plain = to_jsonable_python(value)
    return json.dumps(plain) if isinstance(plain, list) else str(plain)


def _is_secret(annotation: Any) -> bool:
    return SecretStr in get_args(annotation)


def quiet(settings: Settings) -> dict[str, str]:
    """Return what turns every library's telemetry off; OpenTelemetry stays on when the settings want traces."""
    return {**QUIET, **({"OTEL_SDK_DISABLED": "false"} if settings.tracing.otlp_endpoint else {})}


QUIET: Mapping[str, str] = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
    "PREFECT_CLOUD_ENABLE_ORCHESTRATION_TELEMETRY": "false",
    "STREAMLIT_BROWSER_GATHER_USAGE_STATS": "false",
    "OTEL_SDK_DISABLED": "true",
    # Should Strands ever trace by itself, then without prompts, messages and tool input and output.
    "OTEL_SEMCONV_STABILITY_OPT_IN": "gen_ai_unredacted_attributes=",
    "AGENT_OBSERVABILITY_ENABLED": "false",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "TOKENIZERS_PARALLELISM": "false",
}
