#!/bin/bash
# The desktop of a session: TigerVNC on VNC_PORT (5900), openbox, a terminal. First process of its container, run as the
# session's user with HOME on the session's volume. SIGTERM ends it at once: what matters is in the home already.

# The kernel ends all other processes of the container with this one. Set before all else: a first process gets no signal
# that it has not asked for.
trap 'exit 0' TERM INT
set -u
here=$(dirname "$(readlink -f "$0")")
export DISPLAY=:0
export HOME=${HOME:-/home/user} USER=${USER:-user} SHELL=/bin/bash LANG=C.UTF-8
export XDG_RUNTIME_DIR=/tmp/runtime XDG_CACHE_HOME=/tmp/cache XDG_CONFIG_HOME=$HOME/.config
cd "$HOME" || exit 1
mkdir -p -m 700 "$XDG_RUNTIME_DIR" "$XDG_CACHE_HOME"
# A restarted container finds the /tmp that its predecessor was killed in.
rm -f /tmp/.X0-lock /tmp/.X11-unix/X0 /tmp/display
mkdir -p -m 1777 /tmp/.X11-unix

# The server writes its display number once clients may connect.
mkfifo /tmp/display
Xtigervnc "$DISPLAY" -displayfd 3 -desktop "${STREAMSPACE_SESSION:-StreamSpace}" -geometry 1280x720 -depth 24 \
  -rfbport "${VNC_PORT:-5900}" -SecurityTypes None -AlwaysShared -FrameRate 60 \
  -nolisten tcp -noreset -dpi 96 3>/tmp/display &
server=$!
read -r _ </tmp/display || exit 1
rm -f /tmp/display

xsetroot -solid '#24506e' -cursor_name left_ptr

terminal() {
  # Closing the terminal would leave a user with nothing: another one opens, as long as there is a screen for it.
  while kill -0 "$server" 2>/dev/null; do
    xterm -name terminal -title Terminal -geometry 112x32+71+24 -fa 'DejaVu Sans Mono' -fs 12 -sl 5000 \
      -bg '#0f1b24' -fg '#e6edf3' -cr '#7cc4ff' -b 8 -xrm '*waitforwm: false' -xrm '*internalBorder: 8' \
      -xrm '*pointerShape: left_ptr' -e /bin/bash --rcfile "$here/bashrc" -i || sleep 1
  done
}
export -f terminal
export server here

# openbox runs its startup command once it manages windows: a terminal opened before that is sometimes never mapped.
openbox --sm-disable --config-file "$here/openbox.xml" --startup "/bin/bash -c terminal" &

# Orphans of the user's programs are reaped by bash, being the first process. Without its X server a desktop is over.
wait "$server"
exit 1
