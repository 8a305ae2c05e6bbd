"""A request is answered in the session of the tenant who asks, as far as that tenant's rows and objects go."""

from oratio.tenancy import acting_for
from tests.api.conftest import World, create
from tests.fakes.aws.tenant_wall import TenantWall


async def test_a_request_acts_with_its_tenants_rights_alone(world: World, wall: TenantWall) -> None:
    async with world.client() as client:
        agent_id = await create(client)
        assert (await client.get(f"/api/agents/{agent_id}")).status_code == 200
    assert wall.asked > 5
    assert wall.refused == []


async def test_rows_of_another_tenant_would_be_refused_by_aws_itself(world: World, wall: TenantWall) -> None:
    async with world.client() as client:
        agent_id = await create(client)
    with acting_for("eve"):
        world.platform.agents.get("alice", agent_id)
        world.platform.documents.exists(f"alice/{agent_id}/manual.md")
    assert [line.partition(":")[0] for line in wall.refused] == ["eve", "eve"]
    wall.refused.clear()
