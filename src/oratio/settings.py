"""Every setting of Oratio in one tree; the only reader of the environment.

A value comes from, first that is present: the command line, an `ORATIO_*` variable, `oratio.toml` in the
working folder, the default here.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

from oratio.errors import FieldProblem, InvalidInput

PORT_OFFSETS: Mapping[str, int] = {"api": 0, "voice": 1, "console": 2, "agent-host": 3, "prefect": 4, "flows": 5}

type JwtAlgorithm = Literal[
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"
]  # fmt: skip


class FurtherIssuer(BaseModel):
    """One OIDC provider more; its tenants are named by the issuer and the `sub` together."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    issuer: str = Field(min_length=1)
    audience: str = Field(min_length=1)
    jwks_url: str | None = None
    algorithms: tuple[JwtAlgorithm, ...] = Field(("RS256",), min_length=1)


class Settings(BaseSettings):
    """Read once at the start of a process and handed down; nothing below reads the environment again."""

    model_config = SettingsConfigDict(
        env_prefix="ORATIO_", toml_file="oratio.toml", extra="forbid", frozen=True, validate_default=True
    )

    platform: Literal["local", "aws"] = Field("local", description="Where everything lives: this machine, or AWS.")
    environment: str = Field("local", pattern=r"^[a-z0-9-]{1,32}$", description="Tag on every cloud resource.")
    model: str = Field(
        "builtin",
        description="What writes and answers: `builtin`, or a Strands provider such as `bedrock/<model id>`, "
        "`anthropic/<model>`, `openai/<model>`, `ollama/<model>`, `llamacpp/<address>`.",
    )
    speech: str = Field(
        "local",
        description="Speech model of calls: `local`, `nova-sonic`, `openai/<model>`, `gemini/<model>` or `none`.",
    )
    speech_model: str = Field("amazon.nova-2-sonic-v1:0", min_length=1, description="Model id of `nova-sonic`.")
    speech_region: str | None = Field(None, description="AWS region of `nova-sonic`; unset: the one of everything.")
    speech_voice: str | None = Field(None, description="Voice of a speech-to-speech model; unset: its usual one.")
    speech_endpointing: Literal["HIGH", "MEDIUM", "LOW"] = Field(
        "MEDIUM", description="How soon `nova-sonic` takes a pause for the end of a turn; HIGH is soonest."
    )
    speech_renew_seconds: float = Field(
        420, ge=1, le=470, description="Age at which a `nova-sonic` connection is renewed; Bedrock ends it at 480."
    )
    data: Path = Field(Path(".oratio"), description="Folder for all data of the embedded platform.")
    host: str = Field("127.0.0.1", description="Address the API, voice server and console listen on.")
    port_base: int = Field(8400, ge=1024, le=65500, description="API port; five follow (docs/operations.md).")
    public_url: str | None = Field(None, description="Public base address of the API, when behind a proxy.")
    public_voice_url: str | None = Field(None, description="Public base address of the voice server (wss://...).")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="Least level that is logged.")
    log_format: Literal["line", "json"] = Field("line", description="A log record as a line for people, or as JSON.")
    otlp_endpoint: str | None = Field(
        None,
        pattern=r"^https?://[^\s@]+$",
        description="OTLP/HTTP collector that gets traces, `http://host:4318`; unset: none.",
    )
    otlp_headers: SecretStr | None = Field(None, description="Headers the collector wants, `name=value,name=value`.")
    trace_ratio: float = Field(1.0, ge=0, le=1, description="Share of traces that is kept.")

    knowledge_bucket: str = Field("oratio-knowledge-bases", description="Bucket of uploaded documents.")
    code_bucket: str = Field("oratio-generated-code", description="Bucket of generated code and prompts.")
    conversations_bucket: str = Field("oratio-conversations", description="Bucket of transcripts and recordings.")

    agents_table: str = Field("oratio-agents", description="DynamoDB table of agents.")
    knowledge_bases_table: str = Field("oratio-knowledgebases", description="DynamoDB table of knowledge bases.")
    versions_table: str = Field("oratio-agent-versions", description="DynamoDB table of agents' versions.")
    api_keys_table: str = Field("oratio-api-keys", description="DynamoDB table of API keys.")
    conversations_table: str = Field("oratio-conversations", description="DynamoDB table of conversations' heads.")
    journal_table: str = Field("oratio-journal", description="DynamoDB table of steps, leases, events and submits.")
    requests_table: str = Field("oratio-requests", description="DynamoDB table of idempotency keys and used tickets.")
    webhooks_table: str = Field("oratio-webhooks", description="DynamoDB table of webhooks.")
    outbox_table: str = Field("oratio-outbox", description="DynamoDB table of webhook deliveries that wait.")
    live_calls_table: str = Field("oratio-live-calls", description="DynamoDB table of the calls in progress.")

    aws_region: str | None = Field(
        None, pattern=r"^[a-z]{2}(-[a-z]+)+-\d$", description="AWS region of everything; unset: the AWS profile's own."
    )
    aws_account_id: str | None = Field(
        None, pattern=r"^\d{12}$", description="AWS account that must own the buckets; unset: not checked."
    )

    ingestion_interval_seconds: float = Field(
        10, ge=0, description="Seconds between two starts of ingestion in the AWS account, whose quota is 10."
    )
    aws_sessions_per_second: float = Field(
        20, gt=0, description="Sessions one process begins at AgentCore in a second; the account's quota is 25 in all."
    )
    agent_base: Path | None = Field(
        None, description="Zip of agents' dependencies for AgentCore; unset: the one `oratio aws build-base` made."
    )

    secrets_prefix: str = Field(
        "oratio/", description="What the names of the secrets in AWS Secrets Manager begin with."
    )
    secrets_folder: Path | None = Field(
        None, description="Mounted folder of the secrets on `aws`, one file each; unset: AWS Secrets Manager."
    )

    knowledge_kind: Literal["MANAGED", "VECTOR"] = Field(
        "MANAGED", description="Kind of new Bedrock knowledge bases; VECTOR keeps its vectors in S3 Vectors."
    )
    knowledge_role_arn: str | None = Field(
        None, description="Role Bedrock reads the documents with; unset: `oratio-kb-<environment>` of the account."
    )
    vector_bucket: str = Field("oratio-vectors", description="S3 Vectors bucket of VECTOR knowledge bases.")
    embedding_model: str = Field(
        "amazon.titan-embed-text-v2:0", min_length=1, description="Bedrock model of VECTOR knowledge bases."
    )
    agent_boundary_arn: str = Field("", description="Permissions boundary of each agent's role on AWS; empty for none.")
    tenant_role_arn: str | None = Field(
        None, description="Role on AWS whose tag `userId` bounds what is done for a tenant; unset: the process's own."
    )

    max_files: int = Field(1_000, ge=1, description="Files an agent may have.")
    max_total_bytes: int = Field(500_000_000, ge=1, description="Bytes of all files of an agent.")
    max_file_bytes: int = Field(50_000_000, ge=1, description="Bytes of one file.")
    max_sop_chars: int = Field(100_000, ge=1, description="Characters of an SOP.")
    max_description_chars: int = Field(2_000, ge=1, description="Characters of one description.")

    calls_per_minute_key: int = Field(1_200, ge=1, description="HTTP calls a minute one API key may make.")
    calls_per_minute_tenant: int = Field(12_000, ge=1, description="HTTP calls a minute one tenant may make in all.")
    failed_auth_per_minute: int = Field(
        100, ge=1, description="Tokens and keys that do not hold, a minute and address; more are answered with 429."
    )
    webhook_allow_private: bool = Field(
        False, description="Let webhooks go to private addresses and plain http; never where tenants are strangers."
    )
    turns_per_key: int = Field(20, ge=1, description="Text turns one API key may have answered at a time.")
    turns_per_tenant: int = Field(100, ge=1, description="Text turns one tenant may have answered at a time.")

    console_url: str | None = Field(
        None, pattern=r"^https?://[^\s@]+$", description="Address people open the console at; unset: its own port."
    )
    console_oidc_client_id: str | None = Field(
        None, description="Client id of the console at `jwt_issuer`: operators sign in there; unset: by `oratio token`."
    )
    console_oidc_client_secret: SecretStr | None = Field(None, description="The client's secret at the provider.")
    console_oidc_token: Literal["id", "access"] = Field(
        "id", description="Which of the provider's tokens the API is shown: the one whose audience is `jwt_audience`."
    )
    console_cookie_secret: SecretStr | None = Field(
        None, description="Signs the console's sign-in cookies; the same for all consoles; unset: a file of this one."
    )

    jwt_issuer: str | None = Field(None, description="Exact `iss` of an outside OIDC provider; unset: embedded issuer.")
    jwt_audience: str | None = Field(None, description="`aud` (or Cognito `client_id`) that tokens must carry.")
    jwt_jwks_url: str | None = Field(
        None, description="Where the outside issuer's keys are; unset: where its discovery document says."
    )
    jwt_algorithms: tuple[JwtAlgorithm, ...] = Field(
        ("RS256",), min_length=1, description="What the outside issuer may sign with, as a JSON list."
    )
    jwt_issuers: tuple[FurtherIssuer, ...] = Field(
        (),
        description="Further issuers, a JSON list of {issuer, audience, jwks_url?, algorithms?} (docs/api.md, Tokens).",
    )

    flow_limit: int = Field(4, ge=1, le=1000, description="Flow runs at a time in the work pool, over all its workers.")
    lease_seconds: int = Field(
        60, ge=5, description="How long a silent run keeps its version before another may take it."
    )
    agent_idle_seconds: int = Field(900, ge=1, description="An agent process unused this long is stopped.")
    turn_deadline_seconds: float = Field(30, gt=0, description="How long one answer may take in all.")
    conversation_idle_seconds: int = Field(
        1_800, ge=1, description="A conversation in writing to which nothing was added this long has ended."
    )
    conversation_retention_days: int | None = Field(
        None, ge=1, description="Conversations are deleted this many days after their last word; unset: kept."
    )
    rehearsal_required: bool = Field(True, description="Refuse to activate a version whose rehearsal failed.")
    allow_unsandboxed: str = Field(
        "", description="`i-understand` runs agents where this machine offers no sandbox; never on a shared machine."
    )

    voice_processes: int | None = Field(
        None, ge=1, le=64, description="Voice processes that share the port; unset: 1 on `local`, one a core on `aws`."
    )
    voice_internal_host: str = Field(
        "127.0.0.1",
        description="Where the other voice processes reach this one; `auto`: this host's own address in its network.",
    )
    voice_max_calls: int = Field(200, ge=1, description="Calls one voice process takes at a time.")
    voice_calls_per_key: int = Field(20, ge=1, description="Calls one API key may have at a time.")
    voice_idle_seconds: float = Field(60, gt=0, description="A call in which nothing is said this long is ended.")
    voice_call_seconds: float = Field(1_800, gt=0, description="Longest call.")
    voice_resume_seconds: float = Field(60, ge=0, description="How long a dropped caller may come back.")
    voice_drain_seconds: float = Field(15, ge=0, description="How long calls may go on when the voice server stops.")
    voice_handoff_seconds: float = Field(20, gt=0, description="How long a caller waits for an operator.")
    voice_holding_seconds: float = Field(2.5, gt=0, description="Silence before the holding line is said.")
    voice_holding_line: str = Field(
        "One moment please, I am looking that up.", max_length=200, description="Said when an answer takes long."
    )
    voice_tool_seconds: float = Field(
        20, gt=0, description="How long a speech-to-speech model waits for the agent's answer."
    )
    voice_silence_seconds: float = Field(0.7, ge=0.2, le=3, description="Silence that ends a caller's turn.")
    voice_name: str = Field("af_heart", description="Voice of `local`: af_heart, am_michael; flite-slt (fast).")
    voice_record: bool = Field(True, description="Keep a two-channel WAV of every call.")
    speech_warm: bool = Field(False, description="Load the speech models at start, and keep them, for the first call.")
    speech_idle_seconds: float = Field(300, ge=0, description="Speech models unused this long are let go.")

    model_prices: str = Field(
        "",
        pattern=r"^$|^([^=,\s]+=\d+(\.\d+)?:\d+(\.\d+)?,)*[^=,\s]+=\d+(\.\d+)?:\d+(\.\d+)?$",
        description="Dollars a million tokens in and out, for cost estimates: `bedrock/<model id>=3:15,...`.",
    )

    prefect_api_url: str | None = Field(None, description="Prefect server to use; unset: the embedded one.")
    prefect_auth: SecretStr | None = Field(None, description="What a shared Prefect server asks of its clients.")
    work_pool: str = Field("oratio-local", description="Prefect work pool flows run on.")
    worker_name: str | None = Field(None, description="This flow worker on a shared Prefect; unset: host and process.")
    tenant_flow_limit: int | None = Field(
        None,
        ge=1,
        description="Flow runs one tenant may have at a time, by a work queue each; unset: no limit.",
    )
    model_flow_limit: int | None = Field(
        None, ge=1, description="Agents written by the model at a time over all workers; unset: no limit."
    )
    builtin_answer_threshold: float | None = Field(
        None, ge=0, le=1, description="Evidence `builtin` wants before it answers; unset: the measured default."
    )
    api_token: SecretStr | None = Field(None, description="Operator token the CLI sends to a remote API (`--token`).")
    api_url: str | None = Field(None, description="Remote API the CLI talks to (`--api`); unset: the one in `data`.")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)

    def port(self, service: str) -> int:
        return self.port_base + PORT_OFFSETS[service]

    @property
    def api_base(self) -> str:
        return (self.public_url or self.local_url("api")).rstrip("/")

    @property
    def voice_base(self) -> str:
        return (self.public_voice_url or f"ws://{self.host}:{self.port('voice')}").rstrip("/")

    @property
    def prefect_url(self) -> str:
        """Base of Prefect's API, ending in `/api`."""
        return self.prefect_api_url or f"http://127.0.0.1:{self.port('prefect')}/api"

    @property
    def shares_prefect(self) -> bool:
        """Whether other machines' workers may execute flow runs too."""
        return self.prefect_api_url is not None

    def local_url(self, service: str) -> str:
        host = self.host if service in ("api", "voice", "console") else "127.0.0.1"
        return f"http://{'127.0.0.1' if host == '0.0.0.0' else host}:{self.port(service)}"  # noqa: S104 - compared


def load(**overrides: Any) -> Settings:
    """The settings of this process.

    Raises:
        InvalidInput: Names each setting that is wrong and how.
    """
    try:
        settings = Settings(**{name: value for name, value in overrides.items() if value is not None})
    except ValidationError as error:
        problems = [FieldProblem(tuple(map(str, entry["loc"])), _told(entry)) for entry in error.errors()]
        what = "; ".join(f"{'.'.join(problem.loc)}: {problem.msg}" for problem in problems)
        raise InvalidInput(f"settings are wrong ({what})", problems, hint="see `oratio settings`") from None
    except SettingsError as error:
        raise InvalidInput(f"settings are wrong ({error})", hint="a list of settings is written as JSON") from None
    except (OSError, ValueError) as error:
        raise InvalidInput(f"oratio.toml cannot be read ({error})", hint="mend or remove the file") from None
    return settings.model_copy(update={"data": settings.data.expanduser().absolute()})


def _told(entry: ErrorDetails) -> str:
    """What is wrong with a setting; a pattern alone tells nobody what to write."""
    if entry["type"] != "string_pattern_mismatch":
        return entry["msg"]
    return f"{entry['msg']}: {Settings.model_fields[str(entry['loc'][0])].description}"


def sources(settings: Settings) -> list[tuple[str, str, str, str]]:
    """Name, value (secrets hidden), where it came from, and description of each setting."""
    from_file = TomlConfigSettingsSource(Settings)()
    rows = []
    for name, field in Settings.model_fields.items():
        variable = f"ORATIO_{name.upper()}"
        origin = variable if variable in os.environ else "oratio.toml" if name in from_file else "default"
        rows.append((variable, str(getattr(settings, name)), origin, field.description or ""))
    return rows


def unknown_variables() -> list[str]:
    """`ORATIO_*` variables that name no setting: most likely typing errors, for `oratio doctor` to tell."""
    known = {f"ORATIO_{name.upper()}" for name in Settings.model_fields}
    return sorted(name for name in os.environ if name.startswith("ORATIO_") and name not in known)


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
    secrets = {name for name, field in Settings.model_fields.items() if _is_secret(field.annotation)}
    withheld = {f"ORATIO_{name.upper()}" for name in secrets - SECRETS[process]}
    inherited = {name: value for name, value in os.environ.items() if name.upper() not in withheld}
    pinned = {
        f"ORATIO_{name.upper()}": json.dumps(value) if isinstance(value, list) else str(value)
        for name, value in settings.model_dump(mode="json").items()
        if value is not None and not isinstance(getattr(settings, name), SecretStr)
    }
    return {**inherited, **pinned, **quiet(settings), **extra}


def _is_secret(annotation: Any) -> bool:
    return SecretStr in get_args(annotation)


def quiet(settings: Settings) -> dict[str, str]:
    """What turns the telemetry of every library off; OpenTelemetry itself stays on when the settings want traces."""
    return {**QUIET, **({"OTEL_SDK_DISABLED": "false"} if settings.otlp_endpoint else {})}


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
