"""Every parser of foreign input, by name."""

from __future__ import annotations

from tests.support.hostile.data_parsers import DATA
from tests.support.hostile.parsers import CONFIGURATIONS
from tests.support.hostile.reply_parsers import REPLIES
from tests.support.hostile.store_parsers import STORES

PARSERS = {parser.name: parser for parser in (*CONFIGURATIONS, *DATA, *STORES, *REPLIES)}
