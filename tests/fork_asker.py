"""Program that has a command run in a fork, on its own streams: it takes no time to start.

    python -I -S fork_asker.py SOCKET sam build ...         SAM's own program
    python -I -S fork_asker.py SOCKET python SCRIPT ...     a script, in SAM's environment
    python -I -S fork_asker.py SOCKET -m MODULE ...         a module, found in the folder of the run

It ends with the exit code of the run, and the run ends with it.
"""

import marshal
import os
import sys
from _socket import AF_UNIX, SCM_RIGHTS, SOCK_SEQPACKET, SOL_SOCKET, socket
from struct import pack

KILLED = 137  # the exit code of a run that ends without one, as a shell would say it


def ask(
    address: str, command: list[str], env: dict[str, str], cwd: str, streams: tuple[int, int, int]
) -> int:
    """Have a command run in a fork, on these streams; return its exit code."""
    asking = socket(AF_UNIX, SOCK_SEQPACKET)
    asking.connect(address)
    asked = marshal.dumps((command, env, cwd))
    asking.sendmsg([asked], [(SOL_SOCKET, SCM_RIGHTS, pack("3i", *streams))])
    code = int(asking.recv(16) or KILLED)
    asking.close()
    return code


if __name__ == "__main__":
    address, *command = sys.argv[1:]
    here = os.getcwd()  # noqa: PTH109 - pathlib takes longer to load than all the rest
    sys.exit(ask(address, command, dict(os.environ), here, (0, 1, 2)) & 0xFF)
