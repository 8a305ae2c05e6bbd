"""Form of a new agent, or of an agent's next version, in four steps over a draft that is always saved."""

import streamlit as st

from console.components.autosave import autosave
from console.drafts import Draft
from console.state import drafts, loading, page, tenant
from console.views.creation import create_knowledge, create_review, create_steps
from console.views.form import save
from console.wording import ago
from oratio.errors import NotFound
from oratio.protocol.http import VersionDetail

_STEPS = ("Basics", "Knowledge", "Hand-off", "Review")


def show() -> None:
    draft = _draft()
    before = _version_before(draft)
    st.title(f"New version of {before.agent_name}" if before else "New agent")
    form, summary = st.columns([3, 1], gap="large")
    with summary:
        _summary(draft, before)
    with form:
        _steps(draft, before)
    autosave()


def begin_version(version: VersionDetail, agent_id: str, *, step: int | None = None) -> str:
    """Return the draft of an agent's next version: the one in progress, or a new one from this version."""
    draft = drafts().newest(tenant(), agent_id)
    if draft is None:
        draft = drafts().start(
            tenant(),
            agent_id=agent_id,
            agent_name=version.agent_name,
            agent_type=version.agent_type,
            sop=version.sop,
            knowledge_base_description=version.knowledge_base_description,
            human_handoff_description=version.human_handoff_description,
            descriptions=create_knowledge.flat(version),
        )
    if step is not None:
        draft = save(draft.draft_id, step=step)
        st.session_state[f"{draft.draft_id}_at"] = _STEPS[step]
    return draft.draft_id


def begin_again(version: VersionDetail) -> str:
    """Return a draft of a new agent with the texts of a failed one; its documents must be chosen again."""
    return (
        drafts()
        .start(
            tenant(),
            agent_name=version.agent_name,
            agent_type=version.agent_type,
            sop=version.sop,
            knowledge_base_description=version.knowledge_base_description,
            human_handoff_description=version.human_handoff_description,
            descriptions=create_knowledge.flat(version),
        )
        .draft_id
    )


def _draft() -> Draft:
    """Return the draft in the address, else the newest one, else a new one."""
    wanted = st.query_params.get("draft", "")
    try:
        draft = drafts().get(tenant(), wanted)
    except NotFound:
        draft = drafts().newest(tenant()) or drafts().start(tenant())
    if draft.draft_id != wanted:
        st.query_params["draft"] = draft.draft_id
    return draft


def _version_before(draft: Draft) -> VersionDetail | None:
    if draft.agent_id is None:
        return None
    with loading() as api:
        agent = api.agent(draft.agent_id)
        return api.version(agent.agent_id, agent.current_version or agent.latest_version)


def _steps(draft: Draft, before: VersionDetail | None) -> None:
    key = f"{draft.draft_id}_at"
    if key not in st.session_state:
        st.session_state[key] = _STEPS[min(draft.step, len(_STEPS) - 1)]
    at = _STEPS.index(
        st.segmented_control(
            "Step",
            _STEPS,
            key=key,
            format_func=lambda name: f"{_STEPS.index(name) + 1} · {name}",
            label_visibility="collapsed",
            required=True,
        )
        or _STEPS[0]
    )
    if at != draft.step:
        draft = save(draft.draft_id, step=at)
    if at == 0:
        create_steps.basics(draft)
    elif at == 1:
        create_knowledge.knowledge(draft, before)
    elif at == 2:
        create_steps.handoff(draft)
    else:
        create_review.review(draft, before)
    with st.container(horizontal=True, horizontal_alignment="distribute"):
        if at:
            st.button("Back", key="step_back", icon=":material/arrow_back:", on_click=_go, args=(key, at - 1))
        else:
            st.space("stretch")
        if at < len(_STEPS) - 1:
            st.button("Next", key="step_next", type="primary", on_click=_go, args=(key, at + 1))


def _go(key: str, step: int) -> None:
    st.session_state[key] = _STEPS[step]


def _summary(draft: Draft, before: VersionDetail | None) -> None:
    """Show the complete and the missing parts, next to every step."""
    with st.container(border=True):
        for done, text in create_review.checklist(draft, before):
            mark = ":green[:material/check_circle:]" if done else ":material/radio_button_unchecked:"
            st.markdown(f"{mark} {text}")
        st.caption(f":material/save: Draft saved {ago(int(draft.updated_at * 1000))}")
        st.button("Start over", key="start_over", icon=":material/delete_sweep:", on_click=_ask_to_discard)
    if st.session_state.get("discard_asked"):
        _discard(draft)


def _ask_to_discard() -> None:
    st.session_state["discard_asked"] = True


@st.dialog("Delete this draft?")
def _discard(draft: Draft) -> None:
    st.session_state.pop("discard_asked", None)
    st.write("The typed texts and the chosen files are deleted.")
    if st.button("Throw away", key="discard", type="primary"):
        drafts().discard(tenant(), draft.draft_id)
        st.query_params.pop("draft", None)
        if draft.agent_id:
            st.switch_page(page("agent"), query_params={"id": draft.agent_id})
        st.rerun()
