"""How a group's processes are started; their training stands in tests/integration/test_process_group.py."""

from __future__ import annotations

from pathlib import Path

from xdomain.worker.process_group import MemberFailure, launch_command


def test_the_command_line() -> None:
    command = launch_command(Path("folder/task.json"), 2, 3)
    assert command[command.index("--num_processes") + 1] == "2"
    assert command[command.index("--num_cpu_threads_per_process") + 1] == "3"
    assert "--multi_gpu" in command
    assert command[-3:] == ["-m", "xdomain.worker.group_member", "folder/task.json"]


def test_what_ended_a_process_survives_json() -> None:
    failure = MemberFailure(what="ValueError: no", error_json=None, out_of_memory=False, of_another=True)
    assert MemberFailure.model_validate_json(failure.model_dump_json()) == failure
