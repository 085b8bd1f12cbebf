"""What people see in Discord: embeds, views, modals, autocomplete."""
