"""The page in a browser: what clicks, keys and words do."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webdriver import WebDriver
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.wait import WebDriverWait

from .browser import chromium
from .making import page, written
from .test_page import FLOW, HOSTILE


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    with chromium(tmp_path_factory.mktemp("profile")) as browser:
        yield browser


@pytest.fixture
def browser(running: Any) -> Iterator[WebDriver]:
    """The browser; in the end, nothing may have been complained of."""
    running.get_log("browser")
    yield running
    assert running.get_log("browser") == []


def find(browser: WebDriver, selector: str) -> WebElement:
    return browser.find_element(By.CSS_SELECTOR, selector)


def node(browser: WebDriver, title: str) -> WebElement:
    return find(browser, f'.node[aria-label="{title}"]')


def until(browser: WebDriver, condition: Callable[[WebDriver], object]) -> None:
    WebDriverWait(browser, 20, 0.05).until(condition)


def press(browser: WebDriver, *keys: str) -> None:
    browser.switch_to.active_element.send_keys(*keys)


def _heading(wanted: str) -> Callable[[WebDriver], bool]:
    return lambda browser: find(browser, "#details h2").text == wanted


def view(browser: WebDriver) -> list[float]:
    return [float(part) for part in str(find(browser, "#picture").get_dom_attribute("viewBox")).split()]


def test_a_click_tells_of_a_step(browser: WebDriver, tmp_path: Path) -> None:
    browser.get(written(tmp_path, page(FLOW)))
    aside = find(browser, "#details")
    assert not aside.is_displayed()
    node(browser, "top best").click()
    until(browser, lambda _: aside.is_displayed())
    for part in ("shop.best", "limit", "a.flow:3", "top = rows -> shop.best(limit=3)", "rows[0]", "publish"):
        assert part in aside.text
    assert len(browser.find_elements(By.CSS_SELECTOR, ".edge.near")) >= 2
    next(button for button in aside.find_elements(By.CSS_SELECTOR, "li button") if button.text == "publish").click()
    until(browser, lambda _: find(browser, "#details h2").text == "publish")
    press(browser, Keys.ESCAPE)
    until(browser, lambda _: not aside.is_displayed())


def test_words_find_steps(browser: WebDriver, tmp_path: Path) -> None:
    browser.get(written(tmp_path, page(FLOW)))
    press(browser, "/")
    field = find(browser, "#find")
    assert browser.switch_to.active_element == field
    field.send_keys("orders us")
    hits = browser.find_elements(By.CSS_SELECTOR, ".node.hit")
    assert [hit.get_attribute("aria-label") for hit in hits] == ["rows[1] orders"]
    assert find(browser, "#hits").text == "1 found"
    field.send_keys(Keys.ENTER)
    assert find(browser, "#hits").text == "1 of 1"
    field.send_keys(Keys.ESCAPE)
    assert not browser.find_elements(By.CSS_SELECTOR, ".node.hit")


def test_keys_alone(browser: WebDriver, tmp_path: Path) -> None:
    browser.get(written(tmp_path, page(FLOW)))
    browser.execute_script("arguments[0].focus()", node(browser, "rows[0] orders"))
    press(browser, Keys.ENTER)
    until(browser, lambda _: find(browser, "#details h2").text == "rows[0]")
    browser.execute_script("arguments[0].focus()", node(browser, "rows[0] orders"))
    press(browser, Keys.ARROW_RIGHT)
    until(browser, lambda _: find(browser, "#details h2").text == "top")
    press(browser, Keys.ARROW_LEFT)
    until(browser, lambda _: find(browser, "#details h2").text == "rows[0]")
    first = view(browser)
    press(browser, "0")  # beside the details there is less room
    until(browser, lambda _: view(browser) != first)
    before = view(browser)
    press(browser, "+")
    until(browser, lambda _: view(browser)[2] < before[2])
    press(browser, "0")
    until(browser, lambda _: view(browser) == before)
    ground = "return getComputedStyle(document.body).backgroundColor"
    light = browser.execute_script(ground)
    press(browser, "t")
    assert browser.execute_script(ground) != light
    box = "return getComputedStyle(document.querySelector('.node path')).fill"
    dark = browser.execute_script(box)
    press(browser, "t")
    assert browser.execute_script(box) != dark
    press(browser, "?")
    assert find(browser, "#keys").is_displayed()


def test_hostile_texts_run_nothing(browser: WebDriver, tmp_path: Path) -> None:
    flow = "\n".join(f"x{number} = t.a({json.dumps(text)})" for number, text in enumerate(HOSTILE))
    browser.get(written(tmp_path, page(flow)))
    assert len(browser.find_elements(By.CSS_SELECTOR, ".node")) == len(HOSTILE)
    for number in (0, 2, 6):
        node(browser, f"x{number} a").click()
        until(browser, _heading(f"x{number}"))
        assert find(browser, "#details code").text == json.dumps(HOSTILE[number])
    assert not browser.find_elements(By.CSS_SELECTOR, "img, b")


def test_two_thousand_boxes_stay_responsive(browser: WebDriver, tmp_path: Path) -> None:
    """Every step of a gesture is drawn before the next one: frames come, and in the end the picture has moved."""
    flow = "\n".join(f"x{number} = t.a({'' if number < 40 else f'x{number - 40}'})" for number in range(2000))
    browser.get(written(tmp_path, page(flow, limit=None)))
    assert len(browser.find_elements(By.CSS_SELECTOR, ".node")) == 2000
    before = view(browser)
    frames = browser.execute_async_script(
        """
        const done = arguments[0], stage = document.getElementById("stage");
        let count = 0;
        const step = () => {
          stage.dispatchEvent(new WheelEvent("wheel", { deltaY: -40, clientX: 400, clientY: 400, cancelable: true }));
          if (++count < 20) requestAnimationFrame(step); else done(count);
        };
        requestAnimationFrame(step);
        """
    )
    assert frames == 20
    until(browser, lambda _: view(browser)[2] < before[2] / 2)
    find(browser, "#find").send_keys("x1999")
    assert find(browser, "#hits").text == "1 found"
    find(browser, "#find").send_keys(Keys.ENTER)
    until(browser, lambda _: node(browser, "x1999 a").rect["width"] > 20)
