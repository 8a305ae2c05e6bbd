"""Pipecat's WebSocket transport as an echo: a pipeline a socket, protobuf frames of 20 ms. Runs in the peers' venv."""

import asyncio
import socket
import sys

import uvicorn
from fastapi import FastAPI, WebSocket
from loguru import logger
from pipecat.frames.frames import Frame, InputAudioRawFrame, OutputAudioRawFrame
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
from pipecat.serializers.protobuf import ProtobufFrameSerializer
from pipecat.transports.websocket.fastapi import FastAPIWebsocketParams, FastAPIWebsocketTransport
from pipecat.workers.runner import WorkerRunner

RATE = 16_000
app = FastAPI()


class PipecatEcho(FrameProcessor):
    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if isinstance(frame, InputAudioRawFrame):
            frame = OutputAudioRawFrame(
                audio=frame.audio, sample_rate=frame.sample_rate, num_channels=frame.num_channels
            )
        await self.push_frame(frame, direction)


@app.websocket("/")
async def call(websocket: WebSocket) -> None:
    await websocket.accept()
    params = FastAPIWebsocketParams(
        audio_in_enabled=True,
        audio_out_enabled=True,
        audio_out_10ms_chunks=2,
        serializer=ProtobufFrameSerializer(),
    )
    transport = FastAPIWebsocketTransport(websocket=websocket, params=params)
    rates = PipelineParams(audio_in_sample_rate=RATE, audio_out_sample_rate=RATE)
    worker = PipelineWorker(Pipeline([transport.input(), PipecatEcho(), transport.output()]), params=rates)

    @transport.event_handler("on_client_disconnected")
    async def gone(_transport: object, _client: object) -> None:
        await worker.cancel()

    await WorkerRunner(handle_sigint=False).run(worker)


async def main() -> None:
    logger.remove()
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    config = uvicorn.Config(app, log_level="critical", ws_per_message_deflate=False, lifespan="off")
    server = uvicorn.Server(config)
    listening.listen(1_000)
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    sys.stdout.write(f"ws://127.0.0.1:{listening.getsockname()[1]}/ -\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.read)
    server.should_exit = True
    await serving


if __name__ == "__main__":
    asyncio.run(main())
