"""What people are told when something cannot be done: sentences that say what happened and what to do."""

from __future__ import annotations


class UserError(Exception):
    """Something the person can understand and mend; its text is shown to them as it is."""


class NotFoundError(UserError):
    """What was named is not there, or belongs to another server: the answer is the same."""


class RefusedError(UserError):
    """The person may not do this."""


class InvalidError(UserError):
    """A field's value cannot be taken; the text names the field, the value and what would do."""


class UntoldError(UserError):
    """Discord does not say at the moment what it was asked."""


class OperatorError(Exception):
    """The operator has to mend something before the application can start; shown as it is, without a traceback."""
