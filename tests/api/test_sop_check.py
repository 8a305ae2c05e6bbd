"""`POST /api/sop/check`: an SOP as it is understood, before anything is made."""

import httpx

from tests.api.conftest import World, assert_problem

LOANS = "1. Ask for the amount.\n2. If the amount is above 5,000 euros, call `ask_manager(amount)`.\n"


async def test_a_check_reads_back_and_finds_and_makes_nothing(world: World, client: httpx.AsyncClient) -> None:
    answer = await client.post("/api/sop/check", json={"sop": LOANS})

    assert answer.status_code == 200
    found = answer.json()
    assert found["ok"] is True
    assert {
        "text": "If the amount is above 5,000 €:",
        "depth": 1,
        "lines": [2],
        "ref": "s2",
        "heading": False,
    } in found["readBack"]
    assert [(one["code"], one["severity"], one["lines"]) for one in found["findings"]] == [
        ("unknown_function", "warning", [2])
    ]
    assert found["bindings"] == [
        {"action": "call ask_manager(amount)", "stepId": "s3", "lines": [2], "operation": None}
    ]
    assert found["flow"]["schemaVersion"] == 2
    assert found["mermaid"].startswith("flowchart TD")
    assert (await client.get("/api/agents")).json()["agents"] == []


async def test_operations_of_tool_sources_are_bound_by_name(client: httpx.AsyncClient) -> None:
    tools = [{"name": "desk", "kind": "mcp", "url": "https://desk.example", "operations": [{"id": "ask_manager"}]}]
    found = (await client.post("/api/sop/check", json={"sop": LOANS, "tools": tools})).json()

    assert found["findings"] == []
    assert [one["operation"] for one in found["bindings"]] == ["ask_manager"]


async def test_an_sop_over_the_limit_is_refused(world: World, client: httpx.AsyncClient) -> None:
    long = "1. Ask for the name.\n" * (world.platform.settings.limits.max_sop_chars // 20)

    assert_problem(await client.post("/api/sop/check", json={"sop": long}), 413, "too_large")
