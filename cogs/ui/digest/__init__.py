"""The digest as Discord messages, in every form that a channel may allow, and the buttons under it."""

from cogs.delivery.channels import Form
from cogs.ui.digest.buttons import BUTTONS, FeatureButton
from cogs.ui.digest.layouts import creators_named, marker, message

__all__ = ["BUTTONS", "FeatureButton", "Form", "creators_named", "marker", "message"]
