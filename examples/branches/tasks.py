"""A release that is only pretended."""

from __future__ import annotations

from flowc import App

app = App("branches")


@app.task(name="branches.build")
def build(optimize: bool) -> str:
    return "app-optimized" if optimize else "app"


@app.task(name="branches.test")
def test(app: str, suite: str) -> bool:
    return True


@app.task(name="branches.screenshot")
def screenshot(app: str) -> str:
    return f"{app}.png"


@app.task(name="branches.archive")
def archive(folder: str) -> None:
    pass


@app.task(name="branches.ask")
def ask(question: str) -> bool:
    return True


@app.task(name="branches.deploy")
def deploy(app: str, replicas: int) -> str:
    return f"{app} runs {replicas} times"
