"""A proxy before a server that counts the connections it holds at a time."""

from __future__ import annotations

import selectors
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

_BYTES = 65_536


class Connections:
    """Connections through the proxy at `port`: how many are `open`, were it at `most`, and there were in `all`."""

    def __init__(self, port: int) -> None:
        self.port, self.open, self.most, self.all = port, 0, 0, 0


@contextmanager
def counting_proxy(server_port: int) -> Iterator[Connections]:
    """Pass on everything to a server of this machine.

    One thread does it all, and looks at the connections it has before it takes another: what a client closed is not
    counted when it opens the next one.
    """
    listener = socket.create_server(("127.0.0.1", 0))
    counted = Connections(listener.getsockname()[1])
    ended = threading.Event()
    thread = threading.Thread(target=partial(_serve, listener, server_port, counted, ended))
    thread.start()
    try:
        yield counted
    finally:
        ended.set()
        thread.join()


def _serve(listener: socket.socket, server_port: int, counted: Connections, ended: threading.Event) -> None:
    with selectors.DefaultSelector() as selector, listener:
        selector.register(listener, selectors.EVENT_READ)
        while not ended.is_set():
            ready = [key for key, _ in selector.select(0.1)]
            # Whatever its last bytes were, a connection that the client closed has ended before the next one begins.
            others = [key for key in ready if key.fileobj is not listener]
            for key in others or ready:
                if key.fileobj is listener:
                    client, server = listener.accept()[0], socket.create_connection(("127.0.0.1", server_port))
                    selector.register(client, selectors.EVENT_READ, (client, server))
                    selector.register(server, selectors.EVENT_READ, (server, client))
                    counted.open += 1
                    counted.all += 1
                    counted.most = max(counted.most, counted.open)
                elif key.fd in selector.get_map():  # its other end may just have been closed
                    source, target = key.data
                    _pass_on(selector, source, target, counted)
        for key in list(selector.get_map().values()):
            if key.fileobj is not listener:
                key.data[0].close()


def _pass_on(
    selector: selectors.BaseSelector, source: socket.socket, target: socket.socket, counted: Connections
) -> None:
    try:
        if data := source.recv(_BYTES):
            target.sendall(data)
            return
    except ConnectionError:
        pass  # one end is gone, which closes the other
    for end in (source, target):
        selector.unregister(end)
        end.close()
    counted.open -= 1
