"""sbatch's options and the shell lines of jobs."""

from __future__ import annotations

import subprocess

import pytest

from xdomain.config.execution import ExecutionConfig
from xdomain.core.errors import ConfigError
from xdomain.plan.stage import StageKind
from xdomain.schedule.slurm_options import job_options, job_setup


def test_defaults_ask_for_the_threads_of_every_process() -> None:
    execution = ExecutionConfig(threads=2, train_processes=4, device="cpu")
    assert job_options(execution, StageKind.TRAIN) == {"nodes": 1, "cpus-per-task": 8}
    assert job_options(execution, StageKind.EVALUATE) == {"nodes": 1, "cpus-per-task": 2}


def test_device_cuda_asks_for_a_gpu_per_process_and_auto_for_none() -> None:
    cuda = ExecutionConfig(train_processes=2, device="cuda")
    assert job_options(cuda, StageKind.TRAIN)["gpus-per-node"] == 2
    assert job_options(cuda, StageKind.BASE)["gpus-per-node"] == 1
    assert "gpus-per-node" not in job_options(ExecutionConfig(), StageKind.TRAIN)


def test_amounts_and_further_options_reach_sbatch() -> None:
    execution = ExecutionConfig.model_validate(
        {
            "resources": {"train": {"cpus": 3, "gpus": 1, "memory_gb": 8, "minutes": 30}},
            "slurm": {"options": {"partition": "gpu", "nodes": 2}, "train": {"partition": "big"}},
        }
    )
    assert job_options(execution, StageKind.TRAIN) == {
        "nodes": 2,
        "cpus-per-task": 3,
        "gpus-per-node": 1,
        "mem": "7629M",
        "time": 30,
        "partition": "big",
    }
    assert job_options(execution, StageKind.BASE)["partition"] == "gpu"


@pytest.mark.parametrize(
    ("asked", "words"), [({"gpus": 0.5}, "whole GPUs"), ({"minutes": 1}, "1 minutes leave no time")]
)
def test_what_slurm_cannot_give(asked: dict[str, float], words: str) -> None:
    execution = ExecutionConfig.model_validate({"resources": {"train": asked}})
    with pytest.raises(ConfigError, match=words) as refused:
        job_options(execution, StageKind.TRAIN)
    assert refused.value.where == f"execution.resources.train.{next(iter(asked))}"


def test_a_shell_takes_the_lines() -> None:
    execution = ExecutionConfig.model_validate({"threads": 3, "slurm": {"setup": ["MINE='a b'"]}})
    script = "\n".join([*job_setup(execution), 'echo "$OMP_NUM_THREADS $MKL_NUM_THREADS $MINE"'])
    assert subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True).stdout == "3 3 a b\n"
