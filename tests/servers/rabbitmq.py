"""A rabbitmq-server of our own, with the port mapper that it needs."""

from __future__ import annotations

import os
import shutil
import socket
from pathlib import Path

from .server import Command, Server, ServerMissing, free_port

#: Where packages put the script itself; the one on the PATH may change to another user and folder first.
PLACES = (
    "/usr/lib/rabbitmq/bin/rabbitmq-server",
    "/usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin/rabbitmq-server",
    "/opt/rabbitmq/sbin/rabbitmq-server",
    "/opt/homebrew/opt/rabbitmq/sbin/rabbitmq-server",
    "/usr/local/opt/rabbitmq/sbin/rabbitmq-server",
)

CONFIGURATION = """\
listeners.tcp.1 = 127.0.0.1:{port}
num_acceptors.tcp = 2
vm_memory_high_watermark.absolute = 1GB
disk_free_limit.absolute = 10MB
log.file = rabbit.log
log.file.level = warning
"""


class RabbitServer(Server):
    """A rabbitmq-server without plugins, whose durable queues and persistent messages outlive :meth:`stop` and :meth:`kill`.

    Args:
        folder: where its data and logs go.
        owner: the process with which it ends; by default this one.
        litter: a folder that is removed should the owner end without having stopped it.
    """

    def __init__(self, folder: Path, *, owner: int | None = None, litter: Path | None = None) -> None:
        super().__init__(folder, owner=owner, litter=litter)
        self._mapper_port = free_port()

    @property
    def url(self) -> str:
        """``amqp://guest:guest@127.0.0.1:PORT//``."""
        return f"amqp://guest:guest@127.0.0.1:{self.port}//"

    def commands(self) -> list[Command]:
        """The port mapper in the foreground, so that it does not outlive the server as a daemon; then the server."""
        script, mapper = _script(), shutil.which("epmd")
        if mapper is None:
            raise ServerMissing("epmd, a part of Erlang, is not on the PATH: `make servers` installs it or says how")
        (self.folder / "rabbitmq.conf").write_text(CONFIGURATION.format(port=self.port))
        name = f"flowc-{self.port}@localhost"
        environment = {
            "PATH": os.pathsep.join((str(script.parent), os.environ.get("PATH", os.defpath))),
            "HOME": str(self.folder),  # the cookie with which nodes trust each other lies there
            "LC_ALL": "C.UTF-8",
            "RUNNING_UNDER_SYSTEMD": "1",  # the script becomes the server, instead of waiting for it
            "ERL_EPMD_PORT": str(self._mapper_port),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_CRASH_DUMP_BYTES": "0",
            "RABBITMQ_NODENAME": name,
            "RABBITMQ_MNESIA_BASE": str(self.folder / "data"),
            "RABBITMQ_LOG_BASE": str(self.folder / "log"),
            "RABBITMQ_CONFIG_FILE": str(self.folder / "rabbitmq"),
            "RABBITMQ_CONF_ENV_FILE": os.devnull,
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.folder / "no-plugins"),
            # One scheduler starts quickest. With its name from the start, a node does not start another only to start a port mapper.
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": f"+S 1:1 -sname {name} -kernel inet_dist_use_interface {{127,0,0,1}}",
        }
        return [
            Command([mapper, "-port", str(self._mapper_port), "-address", "127.0.0.1"], environment),
            Command([str(script)], environment),
        ]

    def is_ready(self) -> bool:
        """Whether it greets who speaks AMQP, which it does when it has wholly started."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as connection:
            connection.sendall(b"AMQP\0\0\x09\x01")
            return connection.recv(1) == b"\x01"


def _script() -> Path:
    for place in PLACES:
        for path in sorted(Path("/").glob(place[1:])):
            if os.access(path, os.X_OK):
                return path
    found = shutil.which("rabbitmq-server")
    if found is None:
        raise ServerMissing("rabbitmq-server is not installed: `make servers` installs it or says how")
    return Path(found)
