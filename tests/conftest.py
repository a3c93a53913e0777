"""Settings that every test shares."""

from __future__ import annotations

import gc
import os
import signal
from collections import defaultdict
from math import ceil

import pytest
from hypothesis import HealthCheck, settings

# Health checks and deadlines judge the speed of the machine, not the code. Where the variable CI is
# set, the examples are the same each time: a change is judged by what it changes. `--brief` tries
# fewer examples, and `--hypothesis-profile thorough` many. A test that needs more than others asks
# for a multiple of `settings.default.max_examples`.
settings.register_profile(
    "livechat_async",
    deadline=None,
    derandomize=bool(os.environ.get("CI")),
    max_examples=25,
    suppress_health_check=[
        HealthCheck.data_too_large,
        HealthCheck.filter_too_much,
        HealthCheck.too_slow,
    ],
)
settings.register_profile("brief", settings.get_profile("livechat_async"), max_examples=5)
settings.register_profile("thorough", settings.get_profile("livechat_async"), max_examples=1_000)
settings.load_profile("livechat_async")

# A program ignores the signals that its parent ignores: SIGINT where a script runs the tests with
# "&", and SIGHUP where nohup does. The tests send both.
for name, handler in (("SIGINT", signal.default_int_handler), ("SIGHUP", signal.SIG_DFL)):
    number = getattr(signal, name, None)  # Windows has no SIGHUP
    if number is not None and signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, handler)

_MOST_CASES = 5


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--brief",
        action="store_true",
        help="For a Python or dependencies beside the usual ones: up to five cases of each test, "
        "few examples, and no test that is marked `once`.",
    )


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("brief"):
        settings.load_profile("brief")
    gc.disable()  # it takes a third of the collection, and finds nothing


def pytest_collection_finish() -> None:
    """Leave the tests themselves out of every garbage collection from now on."""
    gc.collect()
    gc.freeze()
    gc.enable()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("brief"):
        return
    cases: dict[str, list[pytest.Item]] = defaultdict(list)
    for item in sorted(items, key=lambda each: each.nodeid):
        if item.get_closest_marker("once") is None:
            cases[item.nodeid.partition("[")[0]].append(item)
    kept = set[pytest.Item]()
    for of_test in cases.values():
        kept.update(of_test[:: ceil(len(of_test) / _MOST_CASES)])
    config.hook.pytest_deselected(items=[each for each in items if each not in kept])
    items[:] = [each for each in items if each in kept]
