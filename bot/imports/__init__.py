"""What platforms hand out as files: recognised by content, read strictly, matched with posts, kept whole or not."""
