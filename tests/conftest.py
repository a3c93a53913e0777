"""Settings that every test shares."""

from __future__ import annotations

import os
import signal

from hypothesis import HealthCheck, settings

# Health checks and deadlines judge the speed of the machine, not the code. Where the variable CI is
# set, the examples are the same each time: a change is judged by what it changes. The environments
# that repeat the tests try fewer examples; `--hypothesis-profile thorough` tries many. A test that
# needs more than others asks for a multiple of `settings.default.max_examples`.
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
