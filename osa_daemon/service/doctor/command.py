"""`osa-daemon doctor`: look once, listen, measure, or pack what a helper needs to see.

What each of these needs is imported when it is asked for: where a part of the installation is
broken, that is a sentence, too.
"""

from argparse import Namespace
from collections.abc import Callable
from importlib import import_module

from osa_daemon.errors import ResourceError


def doctor_command(arguments: Namespace) -> int:
    """Do what the arguments ask; raise ResourceError where the installation is broken."""
    if arguments.listen:
        return _imported("listen", "listen_command")(arguments)
    if arguments.soak is not None:
        return _imported("soak", "soak_command")(arguments)
    if arguments.bundle is not None:
        return _imported("bundle.command", "bundle_command")(arguments)
    return _imported("look", "look_command")(arguments)


def _imported(module: str, name: str) -> Callable[[Namespace], int]:
    try:
        handler: Callable[[Namespace], int] = getattr(
            import_module(f"osa_daemon.service.doctor.{module}"), name
        )
    except (ImportError, OSError) as error:  # OSError: a system library that is not there
        raise ResourceError(
            f"The installation is broken ({error}): run scripts/install.sh again."
        ) from error
    return handler
