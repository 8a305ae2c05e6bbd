"""The typed client of the HTTP API, for programs, the command line and the console.

    with Client("http://127.0.0.1:8400", token) as oratio:
        agent = oratio.create_agent(brief, Path("docs"))
        for event in oratio.events(agent.agent_id): ...
        answer = oratio.ask(agent.agent_id, "What does the basic plan cost?")

`AsyncClient` has the same methods. Refusals raise the classes of `oratio.errors`.
"""

from oratio.client.asynchronous import AsyncClient
from oratio.client.forms import Brief, FileSource, read_folder
from oratio.client.synchronous import Client

__all__ = ["AsyncClient", "Brief", "Client", "FileSource", "read_folder"]
