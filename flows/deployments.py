"""Deployments of `prefect.yaml`, applied by Prefect's client in process: its CLI takes 12 s for the same."""

import importlib
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import yaml
from prefect import Flow
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.actions import WorkPoolCreate, WorkPoolUpdate
from prefect.exceptions import ObjectAlreadyExists, ObjectNotFound
from prefect.utilities.callables import parameter_schema

PREFECT_YAML = Path(__file__).resolve().parent.parent / "prefect.yaml"
_POOL_VARIABLE = "{{ $ORATIO_WORK_POOL }}"


class Deployment(NamedTuple):
    """Entry of `prefect.yaml`; `entrypoint` is `package.module.flow_function`."""

    name: str
    entrypoint: str
    description: str
    tags: list[str]
    work_pool: str


def read_deployments(path: Path, work_pool: str) -> list[Deployment]:
    """Return the entries of a `prefect.yaml`, with the work pool's name filled in."""
    tree: dict[str, Any] = yaml.safe_load(path.read_text())
    return [
        Deployment(
            name=entry["name"],
            entrypoint=entry["entrypoint"],
            description=entry["description"],
            tags=entry["tags"],
            work_pool=entry["work_pool"]["name"].replace(_POOL_VARIABLE, work_pool),
        )
        for entry in tree["deployments"]
    ]


def load_flow(entrypoint: str) -> Flow[..., Any]:
    """Return a flow of ours by its module path; this worker runs nothing else.

    Raises:
        ValueError: The entrypoint is not a flow of the `flows` package.
    """
    module, _, name = entrypoint.rpartition(".")
    if not module.startswith("flows."):
        raise ValueError(f"{entrypoint!r} is not a flow of Oratio")
    flow = getattr(importlib.import_module(module), name, None)
    if not isinstance(flow, Flow):
        raise ValueError(f"{entrypoint!r} is not a flow")
    return flow


async def apply_deployments(
    client: PrefectClient, deployments: list[Deployment], *, pool_type: str, template: dict[str, Any], limit: int
) -> list[UUID]:
    """Get or create the work pools and deployments; return the deployments' ids.

    Args:
        template: The base job template of a pool that has to be created.
        limit: Flow runs at a time in each pool.
    """
    for pool in sorted({deployment.work_pool for deployment in deployments}):
        made = WorkPoolCreate(name=pool, type=pool_type, base_job_template=template, concurrency_limit=limit)
        # Another worker may create it at the same moment.
        with suppress(ObjectAlreadyExists):
            try:
                await client.read_work_pool(pool)
                await client.update_work_pool(pool, WorkPoolUpdate(concurrency_limit=limit))
            except ObjectNotFound:
                await client.create_work_pool(made)
    return [await _apply(client, deployment) for deployment in deployments]


async def _apply(client: PrefectClient, deployment: Deployment) -> UUID:
    flow = load_flow(deployment.entrypoint)
    return await client.create_deployment(
        flow_id=await client.create_flow(flow),
        name=deployment.name,
        entrypoint=deployment.entrypoint,
        description=deployment.description,
        tags=deployment.tags,
        work_pool_name=deployment.work_pool,
        parameter_openapi_schema=parameter_schema(flow).model_dump_for_openapi(),
        enforce_parameter_schema=True,
        pull_steps=[],
    )
