"""What people look at: kitchen screens, the JSON behind them, health and metrics."""

from bridge.console.app import build
from bridge.console.context import ConsoleContext, RestaurantView

__all__ = ["ConsoleContext", "RestaurantView", "build"]
