"""View of a version's generated files: code, prompt, plan, and the use of each line of the SOP."""

import json

import streamlit as st

from console.diff import coverage, unified
from console.state import loading
from console.wording import plain, table
from oratio.protocol.http import AgentDetail, VersionDetail


def show(agent: AgentDetail) -> None:
    with loading() as api:
        numbers = [version.version for version in api.versions(agent.agent_id).versions]
        first, second = st.columns(2)
        current = agent.current_version or agent.latest_version
        number = first.selectbox(
            "Version", numbers, index=numbers.index(current) if current in numbers else 0, key="generated_version"
        )
        other = second.selectbox(
            "Compare with", [at for at in numbers if at != number], index=None, key="generated_other",
            placeholder="another version", disabled=len(numbers) < 2,
        )  # fmt: skip
        version = api.version(agent.agent_id, number)
        before = api.version(agent.agent_id, other) if other else None
    names = ["Code", "Prompt", "Plan", "SOP coverage"]
    kind = st.segmented_control("File", names, default="Code", required=True, key="generated_file")
    if kind == "SOP coverage":
        _coverage(version)
        return
    text, file, language = {
        "Code": (version.code, "agent_file.py", "python"),
        "Prompt": (version.prompt, "prompt.md", "markdown"),
        "Plan": (json.dumps(version.plan, indent=2, ensure_ascii=False) if version.plan else None, "plan.json", "json"),
    }[kind or "Code"]
    if text is None:
        st.info(f"`{file}` has not been written yet.", icon=":material/hourglass:")
        return
    if before is not None:
        _difference(version, before, kind or "Code", file)
        return
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.markdown(f"`{file}` · {len(text.splitlines())} lines")
        st.download_button(
            "Download", text, file, key="generated_download", icon=":material/download:", on_click="ignore"
        )
    if kind == "Prompt" and st.toggle("Rendered", key="generated_rendered"):
        with st.container(border=True):
            st.markdown(text)
        return
    st.code(text, language=language, line_numbers=True, height=640)


def _difference(version: VersionDetail, before: VersionDetail, kind: str, file: str) -> None:
    texts = {
        "Code": (before.code, version.code),
        "Prompt": (before.prompt, version.prompt),
        "Plan": tuple(json.dumps(one.plan, indent=2, ensure_ascii=False) for one in (before, version)),
    }[kind]
    old, new = texts[0] or "", texts[1] or ""
    difference = unified(old, new, (f"version {before.version}/{file}", f"version {version.version}/{file}"))
    if difference:
        st.code(difference, language="diff", height=640)
    else:
        st.success(f"`{file}` is the same in both versions.", icon=":material/equal:")


def _coverage(version: VersionDetail) -> None:
    if not version.plan:
        st.info("The plan has not been written yet.", icon=":material/hourglass:")
        return
    lines = coverage(version.sop, version.plan)
    said = [line for line in lines if line.text.strip()]
    unused = [at for first, last in version.plan.get("uncovered", ()) for at in range(first, last + 1)]
    used = len(said) - len(unused)
    st.progress(used / max(1, len(said)), text=f"{used} of {len(said)} lines are used")
    only = st.checkbox("Only lines that nothing uses", key="coverage_only", disabled=not unused)
    rows = [
        (
            str(line.number),
            plain(line.text.strip()),
            ", ".join(map(plain, line.uses))
            if line.uses
            else ":orange[nothing uses it]"
            if line.number in unused
            else "",
        )
        for line in said
        if not only or line.number in unused
    ]
    with st.container(height=560):
        st.markdown(table(("Line", "SOP", "What came of it"), rows))
