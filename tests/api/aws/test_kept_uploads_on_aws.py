import dataclasses

from tests.api.conftest import FORM, World
from tests.api.uploads.test_resumable_uploads import *  # noqa: F403
from tests.api.uploads.test_resumable_uploads import FOLDER, _begin, _send

del test_an_abandoned_upload_is_swept  # noqa: F821 - the bucket's own rule does that


async def test_an_upload_begun_at_one_process_goes_on_and_is_submitted_at_others(world: World) -> None:
    others = []
    for number in (1, 2):
        settings = world.platform.settings.changed(data=world.data / f"other{number}")
        other = World.__new__(World)
        other.__dict__.update(world.__dict__, platform=dataclasses.replace(world.platform, settings=settings))
        other.use_runtime(world.runtime)
        others.append(other)
    async with world.client() as first, others[0].client() as second, others[1].client() as third:
        upload_id = (await _begin(first))["uploadId"]
        assert (await _send(second, upload_id, FOLDER["manual.md"])).status_code == 204
        assert (await _begin(third))["held"] == ["manual.md"]
        assert (await _send(first, upload_id, FOLDER["plans/prices.csv"])).status_code == 204
        made = await third.post(
            "/api/agents", data={**FORM, "uploadId": upload_id}, files=[("files", ("x.md", b"# X"))]
        )
        assert made.status_code == 202, made.text
        documents = world.platform.versions.history("alice", made.json()["agentId"])[0].documents
        assert [document.path for document in documents] == ["manual.md", "plans/prices.csv", "x.md"]
        assert not [path for path in world.data.rglob("*") if path.is_file() and "staging" in path.parts]
        assert (await second.delete(f"/api/uploads/{upload_id}")).status_code == 204
        assert (await _send(first, upload_id, FOLDER["manual.md"])).status_code == 404
