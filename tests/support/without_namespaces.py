"""`python -m tests.support.without_namespaces UID COMMAND…`: runs it as that user, who gets no user namespaces.

Needs root. `user.max_user_namespaces` is 0 in a namespace that holds all user ids, so this machine's own setting stays.
"""

import ctypes
import os
import sys
from pathlib import Path

NEW_USERS = 0x10000000
ALL_IDS = "0 0 4294967295"
LIMIT = Path("/proc/sys/user/max_user_namespaces")


def main(uid: int, command: list[str]) -> None:
    """Ends with the command's exit status."""
    made, mapped = os.pipe(), os.pipe()
    child = os.fork()
    if child:
        os.read(made[0], 1)
        for name in ("uid_map", "gid_map"):
            Path(f"/proc/{child}/{name}").write_text(ALL_IDS)
        os.write(mapped[1], b"m")
        sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    assert ctypes.CDLL(None).unshare(NEW_USERS) == 0
    os.write(made[1], b"m")
    os.read(mapped[0], 1)
    LIMIT.write_text("0")
    os.setgroups([])
    os.setgid(uid)
    os.setuid(uid)
    os.execvp(command[0], command)  # noqa: S606


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
