"""The form of `Connections` on AgentCore: Bedrock's model and Retrieve, with the execution role's own rights.

The role reaches one knowledge base and one model, so what the environment names cannot be more than that.
"""

import logging
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from strands.models import BedrockModel, Model

from oratio.agentkit.app import create_app
from oratio.agentkit.definition import AgentDefinition
from oratio.agentkit.platform.connections import ConnectionFailed, Connections, FoundPassage
from oratio.agentkit.platform.environment import ENGINE_ID, KIND, MODEL, VERSION
from oratio.agentkit.platform.passages import found_passages, retrieve_request
from oratio.agentkit.turn import TurnRecorder

PASSAGES = 6
SEARCHES_AT_ONCE = 8
_THROTTLED = ("ThrottlingException", "ServiceQuotaExceededException")


class BedrockConnections(Connections):
    """One for the whole process: clients are made once, whatever the number of conversations."""

    def __init__(self, *, model_id: str, engine_id: str, kind: str, version: int) -> None:
        self._engine_id = engine_id
        self._kind = kind
        self._version = version
        session = boto3.session.Session()
        patient = Config(read_timeout=120, retries={"mode": "standard", "total_max_attempts": 3})
        hasty = Config(connect_timeout=2, read_timeout=10, retries={"mode": "standard", "total_max_attempts": 2})
        self._model = BedrockModel(boto_session=session, boto_client_config=patient, model_id=model_id)
        self._knowledge = session.client("bedrock-agent-runtime", config=hasty)
        self._threads = ThreadPoolExecutor(SEARCHES_AT_ONCE, thread_name_prefix="search")

    def model(self, turn: TurnRecorder) -> Model:
        return self._model

    def search(self, query: str, *, timeout_s: float) -> Sequence[FoundPassage]:
        if not query.strip():
            return []
        return self._threads.submit(self._retrieve, query).result(timeout_s)

    def hand_off(self, reason: str, summary: str, *, timeout_s: float) -> dict[str, Any]:
        """Nothing to ask here: the request goes back with the turn's result, and Oratio finds the human."""
        return {}

    def _retrieve(self, query: str) -> list[FoundPassage]:
        request = retrieve_request(self._engine_id, self._kind, query, version=self._version, limit=PASSAGES)
        try:
            answer = self._knowledge.retrieve(**request)
        except ClientError as error:
            code = str(error.response.get("Error", {}).get("Code", ""))
            raise ConnectionFailed("rate_limited" if code in _THROTTLED else "unavailable") from None
        except BotoCoreError:
            raise ConnectionFailed("unavailable") from None
        return found_passages(answer, query)


def serve(folder: Path, environment: Mapping[str, str]) -> None:
    """Serve the agent in a folder on AgentCore's port until stopped; the environment says what it may reach.

    Raises:
        BadDefinition: The agent's files do not load.
    """
    logging.getLogger("bedrock_agentcore").setLevel(logging.WARNING)  # it would log what callers say
    model_id = environment[MODEL]
    definition = AgentDefinition.from_folder(folder, model=f"bedrock/{model_id}")
    connections = BedrockConnections(
        model_id=model_id,
        engine_id=environment[ENGINE_ID],
        kind=environment[KIND],
        version=int(environment[VERSION]),
    )
    app = create_app(definition, connections, drills=True)
    # All addresses: a microVM of its own, reached by AgentCore only.
    app.run(port=int(environment.get("PORT", "8080")), host=environment.get("HOST", "0.0.0.0"))  # noqa: S104
