"""Results in Redis, as Celery keeps them: the document of a task under ``celery-task-meta-<id>``, published on the channel of that name."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

from .. import forks
from ..errors import BackendError, DecodeError
from . import redis_scripts
from .documents import Documents
from .interface import MOST_STATES, READY_STATES, Backend, Meta, Stored, Watch
from .redis_connection import connection_arguments, import_redis, shown
from .redis_hub import Hub
from .settings import Settings

Answer = TypeVar("Answer")

#: Documents stored by one call of the script: the server does nothing else meanwhile.
_AT_ONCE = 128
#: Keys read by one command.
_READ_AT_ONCE = 1000
#: Seconds for which the worker that completed a chord is alone allowed to send its body, unless it is the same part again.
_CLAIM = 30.0
#: Seconds for which parts that come after the body was sent are known as late.
_LATE = 600


#: What a parent process has open.
_abandoned: list[object] = []


class RedisKeys:
    """The names of keys. ``prefix``: ``result_backend_transport_options["global_keyprefix"]``."""

    def __init__(self, prefix: str | None) -> None:
        if prefix and prefix[-1] not in ":_-.":
            prefix += "_"
        self.task_prefix = f"{prefix or ''}celery-task-meta-"
        self._group_prefix = f"{prefix or ''}celery-taskset-meta-"

    def task(self, task_id: str) -> str:
        return self.task_prefix + task_id

    def states(self, task_id: str) -> str:
        return f"{self.task_prefix}{task_id}.states"

    def group(self, group_id: str, part: str = "") -> str:
        return self._group_prefix + group_id + part

    def chord(self, group_id: str) -> list[str]:
        return [self.group(group_id, part) for part in (".j", ".t", ".s", ".d", ".c")]


class RedisBackend(Backend):
    """A :class:`Backend` in a Redis server; it tells those who watch through publish and subscribe.

    Raises:
        ImproperlyConfigured: redis-py is not installed, or the URL is malformed.
    """

    def __init__(self, settings: Settings, url: str, conf: object) -> None:
        self.settings = settings
        self.documents = Documents(settings)
        self.keys = RedisKeys(settings.transport_options.get("global_keyprefix"))
        self._arguments = connection_arguments(url, conf)
        self.url = shown(self._arguments)
        self._redis = import_redis()
        self.connection_errors = (self._redis.ConnectionError, self._redis.TimeoutError, OSError)
        self.refusals = (self._redis.AuthenticationError, self._redis.ResponseError, self._redis.InvalidResponse)  # the last: no Redis
        self._expires = int((settings.expires or 0) * 1000)
        self._chord_expires = int((settings.chord_expires or 0) * 1000)
        self._start()
        forks.watch(self)

    def _start(self) -> None:
        self._lock = threading.Lock()
        self._client: Any = None
        self._hub = Hub(self)

    # --------------------------------------------------------------------------------------------------------- connections
    def new_client(self) -> Any:
        """A client with a pool of connections of its own; it opens them when they are needed."""
        return self._redis.Redis.from_pool(self._redis.ConnectionPool(**self._arguments))

    def client(self) -> Any:
        """The client of this process."""
        with self._lock:
            if self._client is None:
                self._client = self.new_client()
                self._store_script = self._client.register_script(redis_scripts.STORE)
                self._compare_script = self._client.register_script(redis_scripts.COMPARE_AND_STORE)
                self._part_script = self._client.register_script(redis_scripts.CHORD_PART)
                self._close_script = self._client.register_script(redis_scripts.CLOSE_CHORD)
            return self._client

    def ensured(self, ask: Callable[[Any], Answer]) -> Answer:
        """What the store answers; asked again, after pauses, while the connection fails.

        Raises:
            BackendError: every retry is used up, or the server refuses.
        """
        pauses = self.settings.retry.pauses()
        while True:
            try:
                return ask(self.client())
            except self.refusals as exc:
                raise self.refused(exc) from None
            except self.connection_errors as exc:
                pause = next(pauses, None)
                if pause is None:
                    raise self.unreachable(exc) from None
                time.sleep(pause)

    def unreachable(self, exc: BaseException) -> BackendError:
        """The error that says so."""
        return BackendError(f"the result store {self.url} could not be reached: {exc}")

    def refused(self, exc: BaseException) -> BackendError:
        """The error of a server that answers, and does not do what it is asked: trying again does not help."""
        return BackendError(f"the result store {self.url} refuses: {exc}")

    # --------------------------------------------------------------------------------------------------------------- tasks
    def store(self, states: Sequence[Stored]) -> list[Stored]:
        written = [self.documents.encode(state.meta) for state in states]
        refused: list[int] = []
        for start in range(0, len(states), _AT_ONCE):
            refused += self._store(states, written, range(start, min(start + _AT_ONCE, len(states))))
        return [states[place] for place in refused]

    def _store(self, states: Sequence[Stored], written: Sequence[bytes], places: range) -> list[int]:
        if not self.documents.plain:  # the script cannot read them
            return [place for place in places if not self._compare_and_store(states[place].meta, written[place])]
        keys = [self.keys.task(states[place].meta["task_id"]) for place in places]
        arguments: list[Any] = [self._expires, MOST_STATES]
        for place in places:
            arguments += (written[place], "1" if states[place].meta["status"] in READY_STATES else "0")
        left = self.ensured(lambda client: self._store_script(keys, arguments, client))
        unsure = [places[place - 1] for place in left]
        return [place for place in unsure if not self._compare_and_store(states[place].meta, written[place])]

    def _compare_and_store(self, meta: Meta, data: bytes) -> bool:
        """Store one document unless the one that is there is final; whether it was taken."""
        task_id = meta["task_id"]
        key = self.keys.task(task_id)
        final = "1" if meta["status"] in READY_STATES else "0"
        while True:
            there = self.ensured(lambda client: client.get(key))
            if there == data:  # it was stored already, and the answer was lost
                return True
            if there is not None and self._is_final(there, task_id):
                return False
            digest = "" if there is None else hashlib.sha1(there, usedforsecurity=False).hexdigest()
            arguments = [self._expires, MOST_STATES, data, final, digest]
            if self.ensured(partial(self._compare, key=key, arguments=arguments)):
                return True

    def _is_final(self, data: bytes, task_id: str) -> bool:
        """Whether that is a whole document, and final: half a one must not keep the task from ending."""
        try:
            return self.documents.decode(data, task_id)["status"] in READY_STATES
        except DecodeError:
            return False

    def _compare(self, client: Any, key: str, arguments: list[Any]) -> bool:
        return bool(self._compare_script([key], arguments, client))

    def get_many(self, task_ids: Sequence[str]) -> dict[str, Meta]:
        return {task_id: self.documents.decode(data, task_id) for task_id, data in self.newest(task_ids).items()}

    def newest(self, task_ids: Sequence[str]) -> dict[str, bytes]:
        """The newest document of each task that has one, as it is stored."""
        found: dict[str, bytes] = {}
        for start in range(0, len(task_ids), _READ_AT_ONCE):
            some = task_ids[start : start + _READ_AT_ONCE]
            values = self.ensured(partial(_mget, keys=[self.keys.task(task_id) for task_id in some]))
            found.update((task_id, data) for task_id, data in zip(some, values, strict=True) if data is not None)
        return found

    def watch(self, task_ids: Iterable[str], *, progress: bool = True) -> Watch:
        return self._hub.open(task_ids, progress)

    def forget(self, task_ids: Sequence[str]) -> None:
        for start in range(0, len(task_ids), _READ_AT_ONCE):
            some = task_ids[start : start + _READ_AT_ONCE]
            keys = [key for task_id in some for key in (self.keys.task(task_id), self.keys.states(task_id))]
            self.ensured(partial(_delete, keys=keys))

    # ---------------------------------------------------------------------------------------------------- groups and chords
    def save_group(self, group_id: str, document: Mapping[str, Any]) -> None:
        data = self.documents.encode_any(document, f"the group {group_id}")
        self.ensured(lambda client: client.set(self.keys.group(group_id), data, px=self._expires or None))

    def load_group(self, group_id: str) -> Mapping[str, Any] | None:
        data = self.ensured(lambda client: client.get(self.keys.group(group_id)))
        return None if data is None else self.documents.decode_group(data, group_id)

    def forget_group(self, group_id: str) -> None:
        self.ensured(lambda client: client.delete(self.keys.group(group_id)))

    def open_chord(self, group_id: str, size: int) -> None:
        _, _, length, _, claim = self.keys.chord(group_id)

        def ask(client: Any) -> None:
            with client.pipeline() as pipeline:
                pipeline.delete(claim).set(length, size, px=self._chord_expires or None).execute()

        self.ensured(ask)

    def add_to_chord(self, group_id: str, more: int = 1) -> None:
        self.ensured(lambda client: client.incr(self.keys.group(group_id, ".t"), more))

    def chord_part(self, group_id: str, index: int, meta: Meta) -> list[Meta] | None:
        task_id = str(meta["task_id"])
        part = self.documents.encode_part(meta)
        arguments = [f"{task_id}:{index}", part, index, self._chord_expires, int(_CLAIM * 1000)]
        parts = self.ensured(lambda client: self._part_script(self.keys.chord(group_id), arguments, client))
        return None if parts is None else [self.documents.decode_part(found, group_id) for found in parts]

    def close_chord(self, group_id: str) -> None:
        self.ensured(lambda client: self._close_script(self.keys.chord(group_id), [_LATE], client))

    # -------------------------------------------------------------------------------------------------------------- the end
    def expire(self) -> int:
        """The server does so by itself."""
        return 0

    def close(self) -> None:
        self._hub.close()
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            client.close()

    def forked(self) -> None:
        """In the child: connections of its own; those of the parent are left alone (redis-py knows that they are not ours)."""
        _abandoned.append((self._client, self._hub))
        self._start()


def _mget(client: Any, keys: list[str]) -> list[bytes | None]:
    values: list[bytes | None] = client.mget(keys)
    return values


def _delete(client: Any, keys: list[str]) -> None:
    client.delete(*keys)
