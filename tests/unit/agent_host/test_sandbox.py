"""The exact escape table of each tier, and the filter's decisions on both architectures."""

import errno

import pytest

from oratio.agent_host.forkserver_client import ForkserverClient, TierRefused
from oratio.agent_host.isolation import choose_isolation, confinement
from oratio.agent_host.probes.attempts import ATTEMPTS
from oratio.agent_host.probes.table import ALLOWED, attempts_in, escapes
from oratio.agent_host.sandbox import seccomp
from oratio.agent_host.sandbox.confinement import Tier
from oratio.agent_host.sandbox.kernel import ARCHITECTURES
from oratio.agent_host.sandbox.syscalls import DENIED, number
from oratio.errors import Unavailable

PID = 42
DENY, NOT_THERE, ALLOW = errno.EPERM, errno.ENOSYS, 0

# name, arguments, what the filter answers
DECISIONS: list[tuple[str, tuple[int, ...], int]] = [
    ("clone", (0x10000,), ALLOW),
    ("clone", (17,), DENY),
    ("clone3", (), NOT_THERE),
    ("socketpair", (1, 1), ALLOW),
    ("socketpair", (1, 1 | 0o2000000 | 0o4000), ALLOW),
    ("socketpair", (1, 2), DENY),
    ("socketpair", (2, 1), DENY),
    ("kill", (PID, 9), ALLOW),
    ("kill", (1, 9), DENY),
    ("tgkill", (PID, PID, 6), ALLOW),
    ("tgkill", (1, 1, 6), DENY),
    ("prlimit64", (0,), ALLOW),
    ("prlimit64", (PID,), ALLOW),
    ("prlimit64", (1,), DENY),
    ("ioctl", (3, 0x5413), ALLOW),
    ("ioctl", (3, 0x5412), DENY),
    ("ioctl", (3, 0x541C), DENY),
    *((name, (), DENY) for name in DENIED),
]


def verdict(program: list[seccomp.Instruction], architecture: int, call: int, arguments: tuple[int, ...]) -> int:
    """What the kernel would make of one call: the value of the return instruction it ends at."""
    words = {0: call, 4: architecture, **{16 + 8 * place: value for place, value in enumerate(arguments)}}
    accumulator, at = 0, 0
    while True:
        code, jump_true, jump_false, k = program[at]
        at += 1
        match code:
            case 0x20:
                accumulator = words.get(k, 0)
            case 0x54:
                accumulator &= k
            case 0x15:
                at += jump_true if accumulator == k else jump_false
            case 0x35:
                at += jump_true if accumulator >= k else jump_false
            case 0x45:
                at += jump_true if accumulator & k else jump_false
            case 0x06:
                return k
            case _:
                raise AssertionError(f"instruction {code:#x} is not classic BPF as we write it")


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize(("name", "arguments", "answer"), DECISIONS)
def test_the_filter_decides(architecture: str, name: str, arguments: tuple[int, ...], answer: int) -> None:
    call = number(architecture, name)
    if call is None:
        pytest.skip(f"{architecture} has no {name}")
    program = seccomp.program(architecture, PID)
    expected = seccomp.RET_ALLOW if answer == ALLOW else seccomp.RET_ERRNO | answer
    assert verdict(program, seccomp.AUDIT_ARCH[architecture], call, arguments) == expected


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_another_architecture_is_killed_and_an_unknown_call_is_not_there(architecture: str) -> None:
    program = seccomp.program(architecture, PID)
    own = seccomp.AUDIT_ARCH[architecture]
    assert verdict(program, 0x40000003, 1, ()) == seccomp.RET_KILL
    assert verdict(program, own, 500, ()) == seccomp.RET_ERRNO | NOT_THERE
    if architecture == "x86_64":
        assert verdict(program, own, 0x40000000 | 41, ()) == seccomp.RET_KILL
    assert verdict(program, own, {"x86_64": 0, "aarch64": 63}[architecture], ()) == seccomp.RET_ALLOW  # read


def test_no_jump_leaves_the_filter() -> None:
    for architecture in ARCHITECTURES:
        program = seccomp.program(architecture, PID)
        for at, instruction in enumerate(program):
            assert at + 1 + max(instruction.jt, instruction.jf) < len(program) or instruction.code == 0x06


def test_there_are_thirty_two_attempts() -> None:
    assert len({attempt.__doc__ for attempt in ATTEMPTS}) == 32


@pytest.mark.xdist_group("agent-host")
@pytest.mark.parametrize("tier", [Tier.A, Tier.B])
async def test_exactly_the_allowed_attempts_succeed(tier: Tier) -> None:
    parent = ForkserverClient(tier)
    try:
        await parent.start()
    except TierRefused as refused:
        pytest.skip(f"this machine does not offer tier {tier}: {refused}")
    try:
        outcome = await attempts_in(parent, confinement(0))
    finally:
        await parent.stop()
    assert {name for name, succeeded in outcome.items() if succeeded} == ALLOWED[tier]
    assert escapes(tier, outcome) == []


@pytest.mark.xdist_group("agent-host")
async def test_the_attempts_have_teeth() -> None:
    parent = ForkserverClient(Tier.NONE)
    await parent.start()
    try:
        outcome = await attempts_in(parent, confinement(0))
    finally:
        await parent.stop()
    assert sum(outcome.values()) >= 10
    assert outcome["Open a TCP socket"]


async def test_without_a_sandbox_nothing_runs_unless_the_operator_allows_it() -> None:
    with pytest.raises(Unavailable, match="i-understand"):
        await choose_isolation(allow_unsandboxed=False, strongest=Tier.NONE)


async def test_without_a_sandbox_agents_run_when_the_operator_allows_it() -> None:
    isolation = await choose_isolation(allow_unsandboxed=True, strongest=Tier.NONE)
    await isolation.parent.stop()
    assert isolation.tier is Tier.NONE
