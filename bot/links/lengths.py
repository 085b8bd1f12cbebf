"""How long what people call a link may be."""

MAX_TITLE = 100
MAX_TAGS = 10
MAX_TAG = 30
