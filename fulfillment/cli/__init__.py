"""The `fulfillment` command: one file a command, put together in `app`."""

from fulfillment.cli.app import main

__all__ = ["main"]
