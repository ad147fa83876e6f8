"""The local launcher keeps the contract of all launchers."""

from ..contracts.launcher import LauncherContract


class TestLocalLauncher(LauncherContract):
    """With the `launcher` of this directory's conftest."""
