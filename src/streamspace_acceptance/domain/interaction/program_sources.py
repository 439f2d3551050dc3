"""The programs in the session's terminal that receive what a user does. They need bash, stty, dd and a terminal that
takes xterm's control sequences (ECMA-48, SGR mouse reports, OSC 4 for the colours).

Each puts its terminal into raw mode, so that every key arrives as it is, and writes what arrives to a file at once.
Places on the screen are shown by marks: cells in a colour of chance, by which a picture tells where they are.
"""

from __future__ import annotations

from collections.abc import Sequence

from streamspace_acceptance.desktop.pictures import Colour

FIRST_COLOUR = 201
"""Colours from here on in the terminal's palette are given to marks."""
INSET = 2
"""So many cells are between a mark in a corner and the border. A terminal takes what falls beyond its border for the
cell inside, which then is another one than the mark's."""

_RAW = "export LC_ALL=C; stty raw -echo; printf '\\033[?25l\\033[2J\\033[?1l'"
_MARK = """mark() { printf '\\033[%d;%dH\\033[48;5;%dm%*s\\033[0m' "$2" "$3" "$1" "${4:-1}" ''; }"""


def targets(colours: Sequence[Colour]) -> str:
    """Marks one cell in each corner and one in the middle; tells rows and columns, then logs keys and the mouse."""
    return f"""{_RAW}; {_MARK}; {_palette(colours)}
set -- $(stty size); last=$1 wide=$2 first={1 + INSET} low=$(($1 - {INSET})) right=$(($2 - {INSET}))
mark {FIRST_COLOUR} $first $first; mark {FIRST_COLOUR + 1} $first $right
mark {FIRST_COLOUR + 2} $low $first; mark {FIRST_COLOUR + 3} $low $right
mark {FIRST_COLOUR + 4} $((last / 2)) $((wide / 2))
printf '\\033[?1000h\\033[?1006h'
{_log("$last $wide")}"""


def wheel() -> str:
    """Logs turns of the wheel and keys, and shows each turn."""
    return f"""{_RAW}; printf 'Turn the mouse wheel over this window.\\r\\n'; printf '\\033[?1000h\\033[?1006h'
echo >"$0.ready"; : >"$0.log"
while IFS= read -rN1 key; do
  printf '%s' "$key" >>"$0.log"; report=$report$key
  case $report in *'<64;'*M) printf 'wheel up\\r\\n'; report= ;; *'<65;'*M) printf 'wheel down\\r\\n'; report= ;; esac
done"""


def shell(colours: Sequence[Colour], output: str) -> str:
    """A shell whose commands write to the terminal and to a log. Marks show where a first command writes `output`.

    The second line shows `output` as it has to look, with a mark behind it. A prompt is in the fourth line, so that the
    first command writes into the fifth, which has a mark where the output ends. The shell itself prints no prompt,
    which could overtake the output on its way through the log.
    """
    behind = len(output) + 1
    return f"""export LC_ALL=C PS1= PS2=; printf '\\033[2J\\033[H'; {_MARK}; {_palette(colours)}
printf '%s\\n%s' 'expected output:' {_quoted(output)}
mark {FIRST_COLOUR} 2 {behind}; mark {FIRST_COLOUR + 1} 5 {behind}
printf '\\033[4;1H$ '; echo >"$0.ready"
exec bash --norc --noprofile --noediting -i > >(exec tee "$0.log")"""


def keys() -> str:
    """Logs the keys and shows them, as `^C` and `^[[A`; Alt arrives as an escape before the key (xterm's mode 1036)."""
    return f"""{_RAW}; printf '\\033[?1036h\\033[?1034l\\033[H'; printf 'Keys received:\\r\\n'
echo >"$0.ready"; dd bs=1 2>/dev/null | tee "$0.log" | cat -v"""


def toggle_program(colours: Sequence[Colour]) -> str:
    """Shows an indicator in the middle, which changes between two colours at each key and at each press of a button.

    A terminal that knows mode 1000, and not mode 9, reports the release of a button, too, as the button `#`.
    """
    return f"""{_RAW}; {_MARK}; {_palette(colours)}
set -- $(stty size); row=$(($1 / 2)) column=$(($2 / 2)) now={FIRST_COLOUR}
draw() {{ for each in 0 1 2; do mark $now $((row - 1 + each)) $((column - 3)) 6; done; }}
draw; printf '\\033[?1000h\\033[?9h'; echo >"$0.ready"
while IFS= read -rN1 key; do
  [ "$key" = $'\\033' ] && IFS= read -rN5 key
  case $key in '[M#'*) continue ;; esac
  now=$(({2 * FIRST_COLOUR + 1} - now)); draw
done"""


def _palette(colours: Sequence[Colour]) -> str:
    defined = "".join(f"\\033]4;{FIRST_COLOUR + n};#{bytes(colour).hex()}\\007" for n, colour in enumerate(colours))
    return f"printf '{defined}'"


def _log(line: str) -> str:
    """dd writes each byte as it comes."""
    return f'echo "{line}" >"$0.ready"; exec dd bs=1 "of=$0.log" 2>/dev/null'


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"
