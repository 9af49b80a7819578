"""Plan, run, analyse and plot the smoke grid: `python docs/how-to/smoke_from_python.py [STORE]`."""

import sys
from pathlib import Path

import matplotlib.pyplot as plt

import xdomain

session = xdomain.open_experiment("experiments/smoke.yaml", store=sys.argv[1] if len(sys.argv) > 1 else None)
print(len(session.plan.stages), "stages,", session.forecast().cost.train_steps, "training steps")
session.run(progress=lambda event: print(f"{event.seconds:6.0f} s", event.event, getattr(event, "title", "")))
result = session.analyse()
print(*result.sentences, sep="\n")

transfer = result.matrices["transfer"].frame()
figure, axes = plt.subplots()
image = axes.imshow(100 * transfer, cmap="RdBu", vmin=-30, vmax=30)
axes.set_xticks(range(len(transfer.columns)), transfer.columns)
axes.set_yticks(range(len(transfer.index)), transfer.index)
figure.colorbar(image, label="change of accuracy, in points")
path = Path(session.store.root) / "transfer.png"
figure.savefig(path)
print(path)
