"""The flow worker's process as tests start it: everything real but the knowledge engine and the runtime.

Run as `python -m tests.flows.worker_process`; the settings come from the environment, as always.
"""

from flows.worker import main
from oratio.settings import Settings, load
from tasks.context import use
from tests.flows.stack import build

if __name__ == "__main__":
    settings: Settings = load()
    use(*build(settings))
    main()
