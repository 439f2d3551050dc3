"""Files of several kinds in a home: links, programs, empty and many files, odd names, rights, and one that was deleted.

A file system may lack some of these kinds. So a home is compared with what it was when they were saved.
"""

from __future__ import annotations

from streamspace_acceptance.cluster.kubernetes import Cluster
from streamspace_acceptance.cluster.objects import Pod

# The file `deleted` is there after the first time, and not after the second.
_SAVE = r"""
mkdir -p "$1/many files" "$1/empty folder" && cd "$1" || exit
accent=$(printf 'na\303\257ve')
: > empty; echo "$2" > "$accent"; echo plain > plain; printf '#!/bin/sh\n' > program; chmod 644 plain; chmod 755 program
echo private > private; chmod 600 private
[ -h link ] || ln -s program link
if [ -e deleted ]; then rm -f deleted; else : > deleted; fi
for file in 0 1 2 3 4 5 6 7 8 9; do for each in 0 1 2 3 4 5 6 7 8 9; do echo "$2" > "many files/$file$each"; done; done
"""
# The rights of a file's group and the group itself are left out: a node gives them to the pod's own (fsGroup).
_TELL = r"""
cd "$1" 2>/dev/null || { echo 'the folder: not there'; exit 0; }
rights() {
  ls -ldn "$1" 2>/dev/null | { read -r mode _ owner _; echo "$(echo "$mode" | cut -c2-4,8-10) of user $owner"; }
}
is() { if test "$@"; then echo yes; else echo no; fi; }
accent=$(printf 'na\303\257ve')
echo "an empty file is there, has content: $(is -f empty), $(is -s empty)"
echo "a file with an accent in its name says: $(cat "$accent" 2>/dev/null)"
echo "a program may be run: $(is -x program)"
echo "a plain file may be run: $(is -x plain)"
echo "an empty folder is there: $(is -d 'empty folder')"
echo "rights of a private file's owner and others: $(rights private)"
echo "a link leads to: $(readlink link 2>/dev/null)"
echo "a file that every second save deletes is there: $(is -e deleted)"
set -- many\ files/*; echo "of a hundred files there are: $#"
"""


def save(cluster: Cluster, pod: Pod, folder: str, mark: str) -> str:
    """Saves the files in `folder`, and tells of them as `tell` does."""
    cluster.execute(pod, ["sh", "-c", _SAVE, "sh", folder, mark])
    return tell(cluster, pod, folder)


def tell(cluster: Cluster, pod: Pod, folder: str) -> str:
    """The files in `folder`, a line for each kind."""
    return cluster.execute(pod, ["sh", "-c", _TELL, "sh", folder]).stdout


def differences(saved: str, found: str) -> list[str]:
    """The kinds of files that are not as they were saved."""
    before, after = _by_kind(saved), _by_kind(found)
    changed = [kind for kind in before if after.get(kind) != before[kind]]
    return [f"{kind}: {after.get(kind) or 'nothing'}, not {before[kind]}" for kind in changed]


def rows(saved: str, found: str) -> list[tuple[str, str, str]]:
    """Each kind of file, as it was saved and as it was found."""
    before, after = _by_kind(saved), _by_kind(found)
    return [(kind, before.get(kind, "nothing"), after.get(kind, "nothing")) for kind in before | after]


def _by_kind(told: str) -> dict[str, str]:
    return {kind: state for line in told.splitlines() for kind, _, state in [line.partition(": ")]}
