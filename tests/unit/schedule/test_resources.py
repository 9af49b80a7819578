"""Resources that stages ask for, and that clusters and this machine have."""

from __future__ import annotations

import os

import pytest

from xdomain.config.execution import ExecutionConfig
from xdomain.core.errors import ConfigError
from xdomain.plan.stage import StageKind
from xdomain.schedule.resources import (
    asked_of_machine,
    check_demands,
    demand,
    demands,
    fits,
    machine_capacity,
    room,
    stated,
    visible_gpus,
)

CPU_NODE = {"CPU": 8.0, "memory": 16e9}
GPU_NODE = {"CPU": 4.0, "GPU": 2.0, "memory": 64e9, "a100": 2.0}


@pytest.mark.parametrize(
    ("execution", "nodes", "gpus"),
    [
        ({"device": "auto"}, [CPU_NODE], None),
        ({"device": "auto"}, [CPU_NODE, GPU_NODE], 1.0),
        ({"device": "cpu"}, [GPU_NODE], None),
        ({"device": "cuda"}, [CPU_NODE], 1.0),
        ({"resources": {"train": {"gpus": 0.5}}}, [GPU_NODE], 0.5),
        ({"resources": {"train": {"gpus": 0}}}, [GPU_NODE], None),
    ],
)
def test_gpus_of_a_train_stage(execution: dict, nodes: list, gpus: float | None) -> None:
    wanted = demands(ExecutionConfig.model_validate(execution), nodes)
    assert wanted[StageKind.TRAIN].get("GPU") == gpus


def test_a_node_holds_what_its_scarcest_resource_allows() -> None:
    assert fits({"CPU": 1.0, "GPU": 0.5}, GPU_NODE) == 4
    assert fits({"CPU": 3.0, "GPU": 0.5}, GPU_NODE) == 1
    assert fits({"CPU": 1.0, "GPU": 1.0}, CPU_NODE) == 0
    # Ten tenths are one, in floating point too.
    assert fits({"GPU": 0.1}, {"GPU": 1.0}) == 10


def test_room_counts_the_smallest_kind_on_each_node() -> None:
    execution = ExecutionConfig.model_validate(
        {"device": "cpu", "threads": 2, "resources": {"train": {"custom": {"a100": 1}}}}
    )
    wanted = demands(execution, [CPU_NODE, GPU_NODE])
    assert wanted[StageKind.TRAIN] == {"CPU": 2.0, "a100": 1.0}
    assert room(wanted, [CPU_NODE, GPU_NODE]) == 4 + 2
    assert room(wanted, []) == 0


def test_a_refusal_names_the_field_what_is_asked_and_what_is_there() -> None:
    execution = ExecutionConfig.model_validate({"resources": {"train": {"gpus": 4, "memory_gb": 8}}})
    nodes = [CPU_NODE, GPU_NODE, GPU_NODE]
    with pytest.raises(ConfigError) as refused:
        check_demands(demands(execution, nodes), nodes)
    assert refused.value.where == "execution.resources.train"
    assert "1 CPU, 4 GPU, 8.0 GB memory" in refused.value.what
    assert refused.value.what.count("2 GPU") == 1, "equal nodes are named once"


@pytest.mark.parametrize("resources", [{"gpus": 1.5}, {"custom": {"GPU": 1}}, {"custom": {"a100": 0}}, {"cpus": 0}])
def test_amounts_that_no_cluster_counts(resources: dict) -> None:
    with pytest.raises(ValueError, match="resources"):
        ExecutionConfig.model_validate({"resources": {"train": resources}})


def test_custom_resources_are_stated_beside_the_others() -> None:
    execution = ExecutionConfig.model_validate({"resources": {"train": {"memory_gb": 2, "custom": {"a100": 1}}}})
    assert stated(execution, StageKind.TRAIN) == {"memory": 2e9, "a100": 1.0}
    assert stated(execution, StageKind.EVALUATE) == {}
    assert asked_of_machine(execution, machine_capacity(0))[StageKind.TRAIN] == {"memory": 2e9}


def test_a_group_asks_for_every_process() -> None:
    execution = ExecutionConfig(train_processes=4, threads=2)
    assert demand(execution, StageKind.TRAIN, on_gpu=True) == {"CPU": 8.0, "GPU": 4.0}
    assert demand(execution, StageKind.EVALUATE, on_gpu=True) == {"CPU": 2.0, "GPU": 1.0}
    assert demand(execution, StageKind.TRAIN, on_gpu=False) == {"CPU": 8.0}


@pytest.mark.parametrize(("variable", "gpus"), [("0,1", ["0", "1"]), ("", []), ("-1", []), ("GPU-8a", ["GPU-8a"])])
def test_gpus_that_the_environment_shows(variable: str, gpus: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", variable)
    assert visible_gpus() == visible_gpus("cuda") == gpus
    assert visible_gpus("cpu") == []


def test_this_machine_has_cores_and_memory() -> None:
    has = machine_capacity(3)
    assert has["GPU"] == 3
    assert has["CPU"] == os.cpu_count()
    assert has["memory"] > 1e8
