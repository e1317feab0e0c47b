#!/usr/bin/env bash
# Take the installed daemon off this machine.
set -euo pipefail

usage() {
    cat <<'TEXT'
Usage: scripts/uninstall.sh [--purge] [--dry-run]

Stops and removes the service and the program that scripts/install.sh installed. Settings,
journal, clips, user and a broker that was set up stay.

  --purge     removes those as well: every recorded night is lost
  --dry-run   says what would be done, and does nothing

System packages are left alone.
TEXT
}

# shellcheck source=scripts/environment.sh
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"
# shellcheck source=scripts/broker.sh
source "$REPOSITORY/scripts/broker.sh"

COMMAND=/usr/local/bin/osa-daemon
CONFIG=/etc/osa-daemon
UNITS=/etc/systemd/system
purge=no dry=no
arguments=("$@")
while [[ $# -gt 0 ]]; do
    case $1 in
        --help | -h) usage && exit 0 ;;
        --purge) purge=yes ;;
        --dry-run) dry=yes ;;
        *) stop 2 "unknown argument $1; --help lists those there are." ;;
    esac
    shift
done

step() { say "* $*"; }
run() {
    if [[ $dry == yes ]]; then say "    would run: $*"; else "$@"; fi
}

if [[ $dry == no && $EUID -ne 0 ]]; then
    command -v sudo >/dev/null ||
        stop 4 "this needs root and there is no sudo; as root run:" \
            "$(realpath "$0")${arguments[*]:+ ${arguments[*]}}"
    exec sudo -- "$0" "${arguments[@]}"
fi

if [[ -e $UNITS/osa-daemon.service ]]; then
    step "Service osa-daemon"
    run systemctl --quiet disable --now osa-daemon.service
    run rm -f "$UNITS/osa-daemon.service" "$UNITS/osa-daemon.service.d/back-off.conf" \
        "$UNITS/osa-daemon.service.d/addresses.conf"
    [[ ! -d $UNITS/osa-daemon.service.d ]] ||
        run rmdir --ignore-fail-on-non-empty "$UNITS/osa-daemon.service.d"
    run systemctl daemon-reload
fi
if [[ $(readlink "$COMMAND") == /opt/osa-daemon/* ]]; then
    step "Command $COMMAND"
    run rm -f "$COMMAND"
fi
if [[ -e /opt/osa-daemon ]]; then
    step "Program in /opt/osa-daemon"
    run rm -rf /opt/osa-daemon
fi
if [[ -e /usr/local/share/osa-daemon ]]; then
    step "What scripts/install_try has put into /usr/local/share/osa-daemon"
    run rm -rf /usr/local/share/osa-daemon
fi
if [[ $purge == yes ]]; then
    remove_broker
    # the user's own; it names a password file that goes, too
    run rm -f "$UNITS/osa-daemon.service.d/credentials.conf"
    [[ ! -d $UNITS/osa-daemon.service.d ]] ||
        run rmdir --ignore-fail-on-non-empty "$UNITS/osa-daemon.service.d"
    step "Settings in $CONFIG, journal in /var/lib/osa-daemon, user osa-daemon"
    run rm -rf "$CONFIG" /var/lib/osa-daemon
    ! id -u osa-daemon >/dev/null 2>&1 || run userdel osa-daemon
fi
if [[ $dry == yes ]]; then
    say "Nothing was changed: this was only to show what would be done."
elif [[ $purge == yes ]]; then
    say "Done: nothing of it is left but system packages."
else
    say "Done. Settings, journal and clips stay; --purge removes them too."
fi
