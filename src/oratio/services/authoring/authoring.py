"""Authoring of an agent: writes code and prompt, has them reviewed, and signs exactly the reviewed bytes."""

import hashlib
import logging
from collections.abc import Callable, Sequence
from typing import Any

from oratio.authoring.author import Authored
from oratio.authoring.review import Finding, review_in_child
from oratio.authoring.review.signature import sign
from oratio.domain import tags
from oratio.domain.agents.brief import AgentBrief
from oratio.domain.knowledge.knowledge_base import Document
from oratio.domain.plan.agent_plan import AgentPlan
from oratio.domain.refs import VersionRef
from oratio.domain.storage_layout import CODE_FILE, PLAN_FILE, PROMPT_FILE, version_key
from oratio.errors import Conflict
from oratio.ports.agent_runtime import AgentPackage
from oratio.ports.object_store import ObjectStore
from oratio.ports.repositories import VersionRepository

logger = logging.getLogger(__name__)

MAX_ROUNDS = 3

type Author = Callable[[AgentBrief, Sequence[Document], Sequence[Finding]], Authored]


class AuthoringService:
    """Service behind `author_agent` and `check_code`.

    Args:
        author: Writes code and prompt from the operator's words and the findings on its last attempt.
        review_key: Signs bytes that passed the review; the runtime has the same key and refuses all others.
    """

    def __init__(
        self, *, versions: VersionRepository, code: ObjectStore, author: Author, review_key: Callable[[], bytes]
    ) -> None:
        self._versions = versions
        self._code = code
        self._author = author
        self._review_key = review_key

    def write(self, ref: VersionRef, *, round: int, findings: Sequence[Finding] = ()) -> dict[str, Any]:
        """Write plan, code and prompt of a version, replacing an earlier round's.

        Returns:
            Counts and digests for the journal.
        """
        version = self._versions.get(ref)
        authored = self._author(version.brief, version.documents, findings)
        digests: dict[str, str] = {}
        texts = {PLAN_FILE: authored.plan.model_dump_json(indent=2), CODE_FILE: authored.code}
        texts[PROMPT_FILE] = authored.prompt
        for file, text in texts.items():
            data = text.encode()
            digests[file] = hashlib.sha256(data).hexdigest()
            self._code.put(self._key(ref, file), data, tags=self._tags(ref))
        written = {
            "code_sha256": digests[CODE_FILE],
            "prompt_sha256": digests[PROMPT_FILE],
            "plan_sha256": digests[PLAN_FILE],
            "review_signature": None,
        }
        self._versions.update(ref, lambda record: record.model_copy(update=written))
        logger.info("agent_id=<%s> version=<%d> round=<%d> | agent written", ref.agent_id, ref.version, round)
        return {
            "round": round,
            "author": authored.plan.author,
            "steps": len(authored.plan.steps),
            "codeLines": authored.code.count("\n"),
            "codeSha256": digests[CODE_FILE],
            "models": [use.model_dump(by_alias=True) for use in authored.models],
        }

    def check(self, ref: VersionRef) -> list[Finding]:
        """Review the stored bytes in a child process; without findings, sign them.

        Raises:
            Conflict: The stored bytes were changed after they were written.
        """
        code, prompt, plan = (self._intact(ref, file) for file in (CODE_FILE, PROMPT_FILE, PLAN_FILE))
        findings = list(review_in_child(code.decode(), prompt.decode(), plan.decode()).findings)
        if findings:
            logger.warning(
                "agent_id=<%s> version=<%d> findings=<%d> | code refused", ref.agent_id, ref.version, len(findings)
            )
            return findings
        code_sha, prompt_sha, plan_sha = (hashlib.sha256(data).hexdigest() for data in (code, prompt, plan))
        signature = sign(code_sha, prompt_sha, plan_sha, self._review_key())
        self._versions.update(ref, lambda record: record.model_copy(update={"review_signature": signature}))
        return []

    def package(self, ref: VersionRef) -> AgentPackage:
        """Return the package for a runtime: the stored bytes and the signature that covers them.

        Raises:
            Conflict: The review has not passed, or the stored bytes have changed since.
        """
        signature = self._versions.get(ref).review_signature
        if signature is None:
            raise Conflict(f"version {ref.version} has not passed its code review", hint="retry the agent")
        return AgentPackage(
            code=self._intact(ref, CODE_FILE),
            prompt=self._intact(ref, PROMPT_FILE),
            plan=self._intact(ref, PLAN_FILE),
            signature=signature,
        )

    def plan(self, ref: VersionRef) -> AgentPlan:
        return AgentPlan.model_validate_json(self._intact(ref, PLAN_FILE))

    def read(self, ref: VersionRef, file: str) -> bytes:
        """Return one file of a version as stored: `agent_file.py`, `prompt.md`, `plan.json` or `rehearsal.json`.

        Raises:
            NotFound: It has not been written.
        """
        self._versions.get(ref)
        return self._code.get(self._key(ref, file))

    def uri(self, ref: VersionRef, file: str) -> str:
        return self._code.uri(self._key(ref, file))

    def _intact(self, ref: VersionRef, file: str) -> bytes:
        version = self._versions.get(ref)
        known = {CODE_FILE: version.code_sha256, PROMPT_FILE: version.prompt_sha256, PLAN_FILE: version.plan_sha256}
        data = self._code.get(self._key(ref, file))
        if hashlib.sha256(data).hexdigest() != known[file]:
            raise Conflict(f"{file} of version {ref.version} was changed after it was written", hint="retry the agent")
        return data

    @staticmethod
    def _key(ref: VersionRef, file: str) -> str:
        return version_key(ref.user_id, ref.agent_id, ref.version, file)

    @staticmethod
    def _tags(ref: VersionRef) -> dict[str, str]:
        return tags.object_tags(ref.user_id, ref.agent_id, "generated-code")
