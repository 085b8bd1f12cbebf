"""The one door for texts that people read, so that languages can come later without touching logic."""

from __future__ import annotations

import gettext

_translation = gettext.translation("eyeballs", fallback=True)
_ = _translation.gettext
ngettext = _translation.ngettext
