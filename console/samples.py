"""Programs to copy that reach one agent; knows no Streamlit."""


def curl(text: str) -> str:
    return (
        f"curl {text} \\\n  -H 'Authorization: Bearer orat_live_…' \\\n  -H 'Content-Type: application/json' \\\n"
        """  -d '{"prompt": "Hello"}'"""
    )


def python(text: str, agent_id: str) -> str:
    return f"""from oratio.client import Client

with Client("{text.split("/api/", 1)[0]}", "orat_live_…") as oratio:
    print(oratio.ask("{agent_id}", "Hello").answer)"""


def browser(voice: str) -> str:
    return f"""const socket = new WebSocket("{voice}", ["oratio.v1", "bearer." + ticket])
socket.binaryType = "arraybuffer"
socket.onopen = () => socket.send(JSON.stringify({{type: "session.start"}}))"""


def phone(voice: str) -> str:
    """Return the code of a bridge from Twilio Media Streams, whose 8 kHz mu-law a call here speaks too."""
    return f'''# pip install websockets; then, in Twilio: <Connect><Stream url="wss://your-host:8080"/></Connect>
import asyncio
import base64
import json
import os

from websockets.asyncio.client import connect
from websockets.asyncio.server import serve

VOICE = "{voice}"
KEY = os.environ["ORATIO_KEY"]  # orat_live_…
PHONE = {{"encoding": "mulaw", "rate": 8000}}


async def call(twilio):
    headers = {{"Authorization": f"Bearer {{KEY}}"}}
    async with connect(VOICE, subprotocols=["oratio.v1"], additional_headers=headers) as oratio:
        await oratio.send(json.dumps({{"type": "session.start", "audio": {{"input": PHONE, "output": PHONE}}}}))
        stream = asyncio.get_running_loop().create_future()
        caller = asyncio.create_task(from_caller(twilio, oratio, stream))
        await from_agent(oratio, twilio, stream)
        caller.cancel()


async def from_caller(twilio, oratio, stream):
    async for text in twilio:
        event = json.loads(text)
        if event["event"] == "start":
            stream.set_result(event["streamSid"])
        elif event["event"] == "media":
            await oratio.send(base64.b64decode(event["media"]["payload"]))
        elif event["event"] == "dtmf":
            await oratio.send(json.dumps({{"type": "input.dtmf", "digits": event["dtmf"]["digit"]}}))
        elif event["event"] == "stop":
            break
    await oratio.close()


async def from_agent(oratio, twilio, stream):
    sid, quiet = await stream, False
    async for frame in oratio:
        if isinstance(frame, str):
            kind = json.loads(frame)["type"]
            if kind == "interrupt":  # the caller speaks: drop what is queued
                quiet = True
                await twilio.send(json.dumps({{"event": "clear", "streamSid": sid}}))
            elif kind == "audio.start":
                quiet = False
        elif not quiet:
            sound = {{"payload": base64.b64encode(frame).decode()}}
            await twilio.send(json.dumps({{"event": "media", "streamSid": sid, "media": sound}}))


async def main():
    async with serve(call, "0.0.0.0", 8080) as server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())'''
