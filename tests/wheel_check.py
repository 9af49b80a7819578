"""`make wheel-check`: build the wheel, install it in a clean environment outside the checkout, and run a grid."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parents[1]
SMALL = (
    "curricula=[math, math -> logic]", "grid={}", "model.warmup.steps=20", "model.warmup.examples_per_step=16",
    "training.steps=2", "training.prompts_per_step=4", "training.generations=2", "checkpoints.every_steps=null",
    "evaluation.items=20", "evaluation.samples=1",
)  # fmt: skip


def run(*command: object, cwd: Path = ROOT, env: Mapping[str, str] | None = None) -> str:
    """Run a command, show it with its time, and return its output; exit with its output if it fails."""
    words = list(map(str, command))
    begun = time.monotonic()
    ended = subprocess.run(words, check=False, cwd=cwd, env=env, capture_output=True, text=True)
    print(f"{time.monotonic() - begun:6.1f} s  {' '.join(words)[:150]}", flush=True)
    if ended.returncode:
        sys.exit(f"{ended.stdout}{ended.stderr}\nwheel-check failed with {ended.returncode}")
    return ended.stdout + ended.stderr


def built(folder: Path) -> Path:
    """Build the wheel into `folder`, from a copy of the tracked files: a checkout may hold an older build."""
    copy = folder / "checkout"
    for name in run("git", "ls-files").splitlines():
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, copy / name, follow_symlinks=False)
    run(sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", folder, copy)
    (wheel,) = folder.glob("xdomain-*.whl")
    return wheel


def missing_from(wheel: Path) -> set[str]:
    """Return the files of the checkout's package that the wheel lacks."""
    tracked = run("git", "ls-files", "xdomain", "experiments").splitlines()
    wanted = {name.replace("experiments/", "xdomain/examples/", 1) for name in tracked} - {"xdomain/examples"}
    return wanted - set(zipfile.ZipFile(wheel).namelist())


def installed(wheel: Path, folder: Path, env: Mapping[str, str]) -> Path:
    """Install the wheel with its extra `train` in a new environment and return the folder of its programs."""
    run(sys.executable, "-m", "venv", folder)
    constraints, programs = ROOT / "constraints.txt", folder / "bin"
    pip = (programs / "pip", "install", "-q", "-c", constraints, "--only-binary=:all:")
    run(*pip, "torch", cwd=folder, env=env)
    run(*pip, f"{wheel}[train]", cwd=folder, env=env)
    return programs


def main() -> None:
    begun = time.monotonic()
    env = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "VIRTUAL_ENV")}
    env |= {"HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    with tempfile.TemporaryDirectory(prefix="xdomain-wheel-") as name:
        folder = Path(name)
        wheel = built(folder / "wheel")
        if lacking := missing_from(wheel):
            sys.exit(f"{wheel.name} lacks {', '.join(sorted(lacking))}")
        programs = installed(wheel, folder / "environment", env)
        xdomain, work = programs / "xdomain", folder / "work"
        work.mkdir()
        home = run(programs / "python", "-c", "import xdomain; print(xdomain.__file__)", cwd=work, env=env).strip()
        if not home.startswith(str(folder)):
            sys.exit(f"{home} is not the installed package")
        version = run(xdomain, "--version", cwd=work, env=env).strip()
        if f"-{version}-" not in wheel.name:
            sys.exit(f"{wheel.name} says that its version is {version}")
        print(run(xdomain, "doctor", cwd=work, env=env))
        run(xdomain, "examples", "copy", "planted-conflict", "examples", cwd=work, env=env)
        run(xdomain, "grid", "plan", "examples/planted-conflict.yaml", cwd=work, env=env)
        for template in ("two-domains", "my-data", "gpu-7b"):
            run(xdomain, "init", template, "--template", template, cwd=work, env=env)
            run(xdomain, "grid", "plan", "experiment.yaml", cwd=work / template, env=env)
        run(xdomain, "init", "demo", cwd=work, env=env)
        settings = [word for each in SMALL for word in ("--set", each)]
        for verb in (("grid", "plan"), ("grid", "run"), ("report",)):
            run(xdomain, *verb, "experiment.yaml", *settings, cwd=work / "demo", env=env)
        page = work / "demo" / "xdomain-store" / "reports" / "smoke" / "report.html"
        if not page.is_file():
            sys.exit(f"there is no {page}")
    print(f"wheel-check passed in {time.monotonic() - begun:.0f} s")


if __name__ == "__main__":
    main()
