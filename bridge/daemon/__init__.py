"""The composition root: builds everything from the configuration, owns tasks and signals."""

from bridge.config import Role
from bridge.daemon.daemon import Daemon, StartError

__all__ = ["Daemon", "Role", "StartError"]
