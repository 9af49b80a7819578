"""What a check tells on a node; on a cluster it is tested in tests/integration/test_ray.py."""

from __future__ import annotations

import pickle
from pathlib import Path

from xdomain import __version__
from xdomain.schedule.ray_nodes import look_at_node


def test_a_node_tells_its_version_and_whether_it_sees_the_store(tmp_path: Path) -> None:
    probe = tmp_path / ".probe"
    assert look_at_node(str(probe)) == (__version__, False)
    probe.touch()
    assert pickle.loads(pickle.dumps(look_at_node))(str(probe)) == (__version__, True)
