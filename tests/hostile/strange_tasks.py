"""An application whose tasks do what no task should. Copied beside a flow and imported as ``tasks``."""

# mypy: ignore-errors

import os
import sys
import threading
import time

from flowc import App

app = App("tasks")


class Unpicklable(Exception):
    def __init__(self, first, second):
        super().__init__(first)
        self.lock = threading.Lock()


class Unshown(Exception):
    def __str__(self):
        raise SystemExit(7)

    __repr__ = __str__


class Unhashable(Exception):
    __hash__ = None

    def __eq__(self, other):
        raise ValueError


class BrokenArgs(Exception):
    args = property(lambda self: 1 / 0)


class Strange(BaseException):
    pass


class Meta(type):
    @property
    def __module__(cls):
        raise ValueError("module")


def nest(depth):
    made = []
    for _ in range(depth):
        made = [made]
    return made


def circle():
    made = {}
    made["me"] = made
    return made


class EvilText(str):
    def __str__(self):
        raise SystemExit

    def encode(self, *args):
        raise SystemExit


class EvilMap(dict):
    def items(self):
        raise SystemExit(3)

    def __iter__(self):
        raise SystemExit(4)


class EvilRepr:
    def __repr__(self):
        raise SystemExit(5)


class EvilReduce:
    def __reduce__(self):
        raise SystemExit(6)

    def __json__(self):
        raise SystemExit


class Level:
    def __getattr__(self, name):
        raise RecursionError(name)


def deep(n):
    return deep(n + 1)


def chained(n):
    found = ValueError("0")
    for number in range(n):
        made = ValueError(str(number))
        made.__cause__ = found
        found = made
    raise found


def groups(depth):
    found = ValueError("x")
    for _ in range(depth):
        found = ExceptionGroup("g", [found, ValueError("y")])
    raise found


def cause_circle():
    one, two = ValueError("one"), ValueError("two")
    one.__cause__, two.__cause__ = two, one
    raise one


def noted():
    exc = ValueError("x")
    exc.__notes__ = [EvilRepr(), 5, "\x1b[31m"]
    raise exc


def throw(exc):
    raise exc


def close_streams():
    sys.stdout.close()
    sys.stderr.close()


def close_handles():
    os.closerange(0, 3)


def drop_streams():
    sys.stdout = sys.stderr = None


def leave_thread():
    threading.Thread(target=time.sleep, args=(0.5,)).start()
    return 1


def fork_child():
    pid = os.fork()
    if pid == 0:
        os._exit(3)
    return os.waitpid(pid, 0)[1] >> 8


def change_folder():
    os.mkdir("gone")
    os.chdir("gone")
    os.rmdir("../gone")


def signals():
    import signal

    signal.signal(signal.SIGTERM, signal.SIG_IGN)


WAYS = {
    "base": lambda: throw(Strange("x")),
    "exit": lambda: sys.exit(0),
    "exit_text": lambda: sys.exit("\x1b[31m"),
    "exit_big": lambda: sys.exit(10**5000),
    "interrupt": lambda: throw(KeyboardInterrupt()),
    "generator": lambda: throw(GeneratorExit()),
    "stop": lambda: throw(StopIteration(5)),
    "memory": lambda: throw(MemoryError()),
    "recursion": lambda: deep(0),
    "unpicklable": lambda: throw(Unpicklable(1, 2)),
    "unshown": lambda: throw(Unshown("x")),
    "unhashable": lambda: throw(Unhashable("x")),
    "broken_args": lambda: throw(BrokenArgs("x")),
    "evil_args": lambda: throw(ValueError(EvilRepr(), EvilText("x"), EvilMap())),
    "strange_module": lambda: throw(Meta("E", (Exception,), {})("x")),
    "strange_name": lambda: throw(type("\x1b[31m\n\u202e", (Exception,), {"__module__": "\x1b[2J"})("x")),
    "long_name": lambda: throw(type("x" * 1_000_000, (Exception,), {})("x")),
    "escape": lambda: throw(ValueError("\x1b[31m\u202e\r\x9b2J\x07")),
    "long_message": lambda: throw(ValueError("x" * 50_000_000)),
    "many_lines": lambda: throw(ValueError("x\n" * 300_000)),
    "millions_of_lines": lambda: throw(ValueError("x\n" * 5_000_000)),
    "surrogate": lambda: throw(ValueError("\ud800")),
    "chained": lambda: chained(5_000),
    "cause_circle": cause_circle,
    "groups": lambda: groups(500),
    "noted": noted,
    "set_result": lambda: {1, 2},
    "object_result": EvilRepr,
    "reduce_result": EvilReduce,
    "attribute_result": Level,
    "text_result": lambda: EvilText("x"),
    "map_result": lambda: EvilMap(a=1),
    "key_result": lambda: {(1, 2): 3},
    "mixed_keys": lambda: {None: 1, 1: 2, "1": 3, 1.5: 5},
    "function_result": lambda: deep,
    "nan_result": lambda: [float("nan"), float("inf"), -0.0, 1e400],
    "big_result": lambda: 10**5000,
    "huge_number_result": lambda: 1 << 10_000_000,
    "circle_result": circle,
    "nested_result": lambda: nest(100_000),
    "deep_result": lambda: nest(900),
    "large_result": lambda: "x" * 20_000_000,
    "wide_result": lambda: list(range(500_000)),
    "bytes_result": lambda: b"\xff\x00",
    "escape_result": lambda: {"\x1b[31m": "\x9b\u202e\x7f\u200b\ud800"},
    "type_result": lambda: {"__type__": "datetime", "__value__": "nonsense"},
    "type_result_2": lambda: {"__type__": ["x"], "__value__": None},
    "type_result_3": lambda: {"__type__": "uuid", "__value__": 5},
    "generator_result": lambda: (x for x in range(3)),
    "exception_result": lambda: ValueError("x"),
    "prints": lambda: print("\u2028told", file=sys.stdout) or sys.stderr.write("more\n"),
    "prints_much": lambda: print("x" * 3_000_000),
    "writes_to_handle": lambda: os.write(1, b"raw\n"),
    "runs_a_process": lambda: os.system("echo from a process"),
    "close_streams": close_streams,
    "close_handles": close_handles,
    "drop_streams": drop_streams,
    "leave_thread": leave_thread,
    "fork": fork_child,
    "folder": change_folder,
    "signals": signals,
    "exit_at_once": lambda: os._exit(0),
    "abort": os.abort,
    "kill": lambda: os.kill(os.getpid(), 9),
    "stop_self": lambda: os.kill(os.getpid(), 15) or time.sleep(0.2),
}

#: What ends the process itself, so that only a pool of processes survives it.
DEADLY = {"exit_at_once", "abort", "kill"}


@app.task(name="p.work")
def work(way, *rest):
    return WAYS[way]()


@app.task(name="p.bound", bind=True)
def bound(self, way):
    value = WAYS[way]()
    self.update_state(state="PROGRESS", meta=value)


@app.task(name="p.keep")
def keep(value=None, *rest):
    return "kept"


@app.task(name="p.handle")
def handle(request, exc, traceback, *rest):
    repr(traceback)


@app.task(name="p.reraise")
def reraise(request, exc, traceback, *rest):
    raise exc


@app.task(name="p.hear")
def hear(*args):
    raise KeyboardInterrupt
