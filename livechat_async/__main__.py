"""``python -m livechat_async``."""

import sys

from livechat_async.cli import main

sys.exit(main())
