"""The composition root: builds everything from the configuration, owns tasks and signals."""

from bridge.daemon.daemon import Daemon, Role, StartError

__all__ = ["Daemon", "Role", "StartError"]
