"""Last step of the form: everything on one page, the missing parts, and the button that sends it."""

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path

import streamlit as st

from console import tree
from console.drafts import Draft
from console.state import client, drafts, notify, page, system, tenant
from console.views.creation.create_knowledge import flat, folder, total
from console.wording import counted, plain, show_error
from oratio.client import Brief, Client
from oratio.domain.knowledge.descriptions import nest
from oratio.errors import NotAuthenticated, OratioError
from oratio.protocol.http import VersionDetail


def checklist(draft: Draft, before: VersionDetail | None) -> list[tuple[bool, str]]:
    """Return each part the form needs: True if it is there, and its name."""
    limits, held = system().limits, folder(draft, before)
    described = len(held) - len(tree.missing(draft.descriptions, held))
    return [
        (bool(draft.agent_name.strip()), "a name"),
        (0 < len(draft.sop.strip()) <= limits["maxSopChars"], "a procedure (SOP)"),
        (0 < len(held) <= limits["maxFiles"], f"documents: {counted(len(held), 'file')}, {described} described"),
        (bool(draft.knowledge_base_description.strip()), "when to consult them"),
        (bool(draft.human_handoff_description.strip()), "when to hand over"),
    ]


def review(draft: Draft, before: VersionDetail | None) -> None:
    held = folder(draft, before)
    missing = [text for done, text in checklist(draft, before) if not done]
    for label, text in (
        ("Name", f"{draft.agent_name} ({draft.agent_type})" if draft.agent_name.strip() else ""),
        ("Consults the documents", draft.knowledge_base_description),
        ("Hands over", draft.human_handoff_description),
        ("Documents", f"{counted(len(held), 'file')}, {total(held)}" if held else ""),
        ("SOP", counted(len(draft.sop.splitlines()), "line") if draft.sop.strip() else ""),
    ):
        st.markdown(f"**{label}**  \n{plain(text) or ':gray[not given yet]'}")
    undescribed = tree.missing(draft.descriptions, held)
    if held and undescribed:
        st.info(
            f"{len(undescribed)} of {counted(len(held), 'file')} without a description: searched all the same.",
            icon=":material/info:",
        )
    waiting = len(draft.descriptions) - len(tree.matching(draft.descriptions, held))
    if waiting:
        st.caption(f"{waiting} descriptions match no file of the folder and are not sent.")
    if missing:
        st.warning(f"Still missing: {'; '.join(missing)}.", icon=":material/pending:")
    label = "Build version" if before else "Create agent"
    if st.button(label, type="primary", key="create", icon=":material/rocket_launch:", disabled=bool(missing)):
        _submit(draft, before, held)


def _submit(draft: Draft, before: VersionDetail | None, held: Mapping[str, Path | int]) -> None:
    bar = st.progress(0.0, text="Sending")
    shown = 0.0

    def progress(sent: int, of: int) -> None:
        nonlocal shown
        if (share := sent / of) - shown >= 0.01:
            shown = share
            bar.progress(min(share, 1.0), text=f"Sending: {share:.0%}")

    try:
        with client() as api:
            agent_id = _send_version(api, draft, before, held, progress) if before else _create(api, draft, progress)
    except NotAuthenticated:
        raise
    except OratioError as error:
        bar.empty()
        show_error(error, "Creating the agent" if before is None else "Building the version")
        st.caption("Nothing was created, and the draft is kept.")
        return
    drafts().discard(tenant(), draft.draft_id)
    notify("It is being made. Watch it here.")
    st.switch_page(page("agent"), query_params={"id": agent_id})


def _create(api: Client, draft: Draft, progress: Callable[[int, int], None]) -> str:
    files = drafts().files(tenant(), draft.draft_id)
    brief = _brief(draft, tree.matching(draft.descriptions, files))
    made = api.create_agent(
        brief, list(files.items()), idempotency_key=_submission_key(draft, brief, files), progress=progress
    )
    return made.agent_id


def _send_version(
    api: Client,
    draft: Draft,
    before: VersionDetail | None,
    held: Mapping[str, Path | int],
    progress: Callable[[int, int], None],
) -> str:
    assert before is not None
    assert draft.agent_id is not None
    texts = tree.matching(draft.descriptions, held)
    brief = _brief(draft, texts)
    same = Brief(
        agent_name=_unless(brief.agent_name, before.agent_name),
        agent_type=_unless(brief.agent_type, before.agent_type),
        sop=_unless(brief.sop, before.sop),
        knowledge_base_description=_unless(brief.knowledge_base_description, before.knowledge_base_description),
        human_handoff_description=_unless(brief.human_handoff_description, before.human_handoff_description),
        descriptions=None if texts == flat(before) else brief.descriptions,
    )
    files = drafts().files(tenant(), draft.draft_id)
    # A removed file that was added again is a replaced one.
    removed = [path for path in draft.delete_files if path not in files]
    api.create_version(
        draft.agent_id, same, list(files.items()), delete_files=removed, activate=True, progress=progress
    )
    return draft.agent_id


def _unless(text: str | None, old: str) -> str | None:
    """Return the text to send: None when it is unchanged."""
    return None if text == old else text


def _brief(draft: Draft, texts: Mapping[str, str]) -> Brief:
    return Brief(
        agent_name=draft.agent_name,
        agent_type=draft.agent_type,
        sop=draft.sop,
        knowledge_base_description=draft.knowledge_base_description,
        human_handoff_description=draft.human_handoff_description,
        descriptions=json.dumps(nest(texts)),
    )


def _submission_key(draft: Draft, brief: Brief, files: Mapping[str, Path]) -> str:
    """Return the same key for the same form: pressing twice, or again after a lost answer, creates one agent."""
    stats = [(path, file.stat().st_size, file.stat().st_mtime_ns) for path, file in files.items()]
    return f"{draft.draft_id}-{hashlib.sha256(repr((brief.fields(), stats)).encode()).hexdigest()[:32]}"
