"""Ctrl-C is not lost, wherever it comes and whoever started the command."""

from __future__ import annotations

import os
import signal

import pytest

from xdomain.core.interrupt import Interrupt


class InterruptedWhenItGoes:
    """Python prints and drops what is raised in a destructor."""

    def __del__(self) -> None:
        os.kill(os.getpid(), signal.SIGINT)


def test_a_destructor_swallows_no_interrupt() -> None:
    with Interrupt() as interrupt:
        InterruptedWhenItGoes()
        with pytest.raises(KeyboardInterrupt):
            interrupt.pause(60)


def test_a_command_started_in_the_background_hears_it() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # as `command &` in a script does
    try:
        with Interrupt() as interrupt:
            os.kill(os.getpid(), signal.SIGINT)
            with pytest.raises(KeyboardInterrupt):
                interrupt.pause(60)
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)
