"""Minutes of fuzzing: `make soak`. ``FLOWC_SOAK`` is the number of seconds, ``FLOWC_SEED`` the seed to begin with."""

from __future__ import annotations

import os
import random
import time

import pytest

from ..language.mutation import mutate
from ..language.test_fuzz import CORPUS, hold

SECONDS = float(os.environ.get("FLOWC_SOAK", "300"))

#: The longest that one small damaged flow may take, in seconds of processor time.
SLOWEST = 30.0


@pytest.mark.soak
def test_damaged_flows_hold_for_long() -> None:
    seed = int(os.environ.get("FLOWC_SEED", "0")) or random.SystemRandom().randrange(1, 2**32)
    began = time.monotonic()
    tried = 0
    while time.monotonic() - began < SECONDS:
        tried += 1
        chance = random.Random(f"{seed}/{tried}")
        text = mutate(chance.choice(CORPUS), chance, CORPUS)
        before = time.process_time()
        try:
            hold(text)
        except BaseException:
            print(f"seed {seed}, text {tried}:\n{text!r}")
            raise
        assert time.process_time() - before < SLOWEST, f"seed {seed}, text {tried} is slow:\n{text!r}"
    print(f"{tried:,} texts from seed {seed}")
