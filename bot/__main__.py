"""`python -m bot` and the `eyeballs` script. Imports late: the chart worker loads this module anew when it starts."""

from __future__ import annotations


def main() -> None:
    """Run the command line."""
    from bot.cli import main as run

    run()


if __name__ == "__main__":
    main()
