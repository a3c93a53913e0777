"""Answers and webhooks of the real LiveChat: recorded without personal data, compared, replayed.

Read in this order: `pseudonyms` (one value for another), `shapes` (what the models know of each
answer), `scrub` (what stays, and what is replaced), `files` (a folder of captures), `record` (the
proxy that fills it), `check` (what the models do not know) and `replay` (which answer belongs to
which request).
"""

from livechat_async.captures.check import Difference, Report, check_captures
from livechat_async.captures.files import Capture, load_captures
from livechat_async.captures.record import Recorder

__all__ = ["Capture", "Difference", "Recorder", "Report", "check_captures", "load_captures"]
