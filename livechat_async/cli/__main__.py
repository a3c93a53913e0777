"""``python -m livechat_async.cli``."""

from __future__ import annotations

import sys

from livechat_async.cli import main

sys.exit(main())
