"""Records every look-up and connection of every Python process whose PYTHONPATH names this folder.

`SOCKET_TRAP` names the file: one line per event with the process, what it did, and the host. Addresses of this machine
and sockets of other families than the internet's are left out.
"""

import os
import sys

LOCAL = ("127.", "localhost", "::1", "0.0.0.0")


def _is_local(host: object) -> bool:
    text = host.decode() if isinstance(host, bytes) else host
    return text is None or text == "" or str(text).startswith(LOCAL)


def _watch(event: str, arguments: tuple[object, ...]) -> None:
    if event in ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"):
        host = arguments[0]
    elif event in ("socket.connect", "socket.sendto"):
        address = arguments[1]
        if not isinstance(address, tuple):
            return
        host = address[0]
    else:
        return
    if not _is_local(host):
        line = f"{os.getpid()} {event} {host}\n".encode()
        descriptor = os.open(os.environ["SOCKET_TRAP"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.write(descriptor, line)
        os.close(descriptor)


def _begin() -> None:
    path = os.environ.get("SOCKET_TRAP")
    if path:
        with open(f"{path}.processes", "a", encoding="utf-8") as handle:  # one write per process
            handle.write(f"{os.getpid()} {' '.join(sys.orig_argv[1:4])}\n")
        sys.addaudithook(_watch)


_begin()
