#!/usr/bin/env bash
# Install the daemon of this checkout as a systemd service.
set -euo pipefail

usage() {
    cat <<'TEXT'
Usage: scripts/install.sh [--with-broker] [--dry-run]
       scripts/install.sh --roll-back

Installs the daemon as a service on 64-bit Debian 12/13 or Raspberry Pi OS:
  Debian packages, by apt       python3, python3-venv, python3-dev, gcc, pkg-config,
                                libsystemd-dev and libportaudio2, where they are missing
  osa-daemon                    a system user without a login, in the group audio
  /opt/osa-daemon/program-…     the program and its dependencies (locked, with hashes), and
                                its unit; `current` there leads to the program that runs
  /usr/local/bin/osa-daemon     a link to its command
  /etc/osa-daemon/config.yaml   the settings; a file that is there already is never changed
  /etc/osa-daemon/osa-daemon.schema.json   what editors check the settings with
  /var/lib/osa-daemon           the journal, owned by the user osa-daemon
  /etc/systemd/system/osa-daemon.service, enabled and started
  /etc/systemd/system/osa-daemon.service.d/addresses.conf  whom the service may reach: private
                                networks, and what else the settings name
  /etc/systemd/system/osa-daemon.service.d/back-off.conf   longer waits between restarts,
                                where systemd is 254 or later
Doing it again brings an installation up to date with this checkout: the new version is made
beside the one that runs, and one that does not start makes way for the version before, which
is kept. Settings, journal and what Home Assistant knows stay.

  --with-broker   also sets up mosquitto on port 1883, with passwords for the daemon and for
                  Home Assistant; a broker that is configured already is left alone.
                  Packages: mosquitto, mosquitto-clients. Files: osa-daemon.passwd and
                  osa-daemon.acl in /etc/mosquitto, conf.d/osa-daemon.conf there,
                  mqtt-password and home-assistant-password in /etc/osa-daemon; in the
                  settings, if unchanged, the user name and the password file
  --roll-back     goes back to the version before; the nights since stay
  --dry-run       says what would be done, and does nothing

scripts/uninstall.sh takes it off again.
TEXT
}

# shellcheck source=scripts/environment.sh
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"
# shellcheck source=scripts/broker.sh
source "$REPOSITORY/scripts/broker.sh"
# shellcheck source=scripts/program.sh
source "$REPOSITORY/scripts/program.sh"

COMMAND=/usr/local/bin/osa-daemon
CONFIG=/etc/osa-daemon
UNITS=/etc/systemd/system
DROP_INS=$UNITS/osa-daemon.service.d
broker=no dry=no changed=no back=no
arguments=("$@")
while [[ $# -gt 0 ]]; do
    case $1 in
        --help | -h) usage && exit 0 ;;
        --with-broker) broker=yes ;;
        --dry-run) dry=yes ;;
        --roll-back) back=yes ;;
        *) stop 2 "unknown argument $1; --help lists those there are." ;;
    esac
    shift
done

step() { say "* $*"; }
run() {
    if [[ $dry == yes ]]; then say "    would run: $*"; else "$@"; fi
}

check_machine() {
    local system
    case $(dpkg --print-architecture 2>/dev/null || uname -m) in
        arm64 | amd64 | aarch64 | x86_64) ;;
        *) stop 4 "this is a 32-bit system, for which onnxruntime has no builds:" \
            "install the 64-bit Raspberry Pi OS or Debian." ;;
    esac
    # shellcheck disable=SC1091  # the system's own file
    system=$(. /etc/os-release && printf '%s %s' "$ID" "${VERSION_ID:-}")
    case $system in
        "debian 12"* | "debian 13"* | "raspbian 12"* | "raspbian 13"*) ;;
        *) say "Warning: this is $system; it is made for Debian 12 and 13 and Raspberry Pi OS." ;;
    esac
    [[ $dry == yes || -d /run/systemd/system ]] ||
        stop 4 "systemd is not running here, so there is nothing to install a service into."
}

add_user() {
    id -u osa-daemon >/dev/null 2>&1 && return
    step "User osa-daemon"
    run useradd --system --user-group --no-create-home --home-dir /var/lib/osa-daemon \
        --shell /usr/sbin/nologin --groups audio osa-daemon
}

install_command() {
    local target=$PROGRAMS/current/bin/osa-daemon
    [[ $(readlink "$COMMAND") != "$target" ]] || return 0
    if [[ -e $COMMAND || -L $COMMAND ]] && [[ $(readlink "$COMMAND") != "$PROGRAMS"/* ]]; then
        say "Warning: $COMMAND is not ours and is left as it is; ours is $target."
        return
    fi
    step "Command $COMMAND"
    run mkdir -p "$(dirname "$COMMAND")"
    run ln -sfn "$target" "$COMMAND"
}

install_file() { # install_file MODE SOURCE TARGET: only where it differs
    cmp -s "$2" "$3" && return
    step "File $3"
    run install -D -m "$1" "$2" "$3"
    changed=yes
}

install_settings() {
    if [[ -e $CONFIG/config.yaml ]]; then
        step "Settings in $CONFIG/config.yaml are kept"
    else
        install_file 0644 "$REPOSITORY/config/osa-daemon.yaml" "$CONFIG/config.yaml"
    fi
    # the settings' first line names it, for editors
    install_file 0644 "$REPOSITORY/config/osa-daemon.schema.json" "$CONFIG/osa-daemon.schema.json"
}

install_drop_ins() {
    local addresses
    # older ones would warn at every start that they do not know it
    if [[ $(systemctl --version | awk 'NR == 1 { print $2 + 0 }') -ge 254 ]]; then
        install_file 0644 "$REPOSITORY/systemd/back-off.conf" "$DROP_INS/back-off.conf"
    fi
    if [[ $dry == yes ]]; then
        say "    would write: $DROP_INS/addresses.conf, from the settings"
        return
    fi
    addresses=$(mktemp)
    "$VENV/bin/python" -I -m osa_daemon.service.addresses \
        --config "$CONFIG/config.yaml" >"$addresses"
    install_file 0644 "$addresses" "$DROP_INS/addresses.conf"
    rm -f "$addresses"
}

# What install_broker would do, file by file.
tell_broker() {
    if broker_is_configured; then
        step "mosquitto is configured already and is left as it is"
        return
    fi
    if [[ -s ${BROKER_FILES[0]} && -s ${BROKER_FILES[1]} && -s ${BROKER_FILES[2]} ]]; then
        step "Broker is set up already"
        say "    would add, where mqtt.device_id has another name now: a user of that name, and restart it"
        return
    fi
    step "Broker: mosquitto on port 1883, with passwords"
    say "    would write: ${BROKER_FILES[0]} (port 1883, anonymous access switched off)"
    say "    would write: ${BROKER_FILES[1]} (passwords, hashed)"
    say "    would write: ${BROKER_FILES[2]} (who may read and write which topics)"
    say "    would write: $CONFIG/mqtt-password (the daemon's; one that is there is kept)"
    say "    would write: $CONFIG/home-assistant-password (one that is there is kept)"
    say "    would set, if the file is unchanged: mqtt.username and mqtt.password_file" \
        "in $CONFIG/config.yaml"
    say "    would run: systemctl enable mosquitto.service, then restart it"
}

tell_packages() {
    local missing
    mapfile -t missing < <(missing_packages "$@")
    if [[ ${#missing[@]} -eq 0 ]]; then
        step "System packages: all are there"
    else
        step "System packages"
        say "    would install with apt: ${missing[*]}"
    fi
}

if [[ $dry == no && $EUID -ne 0 ]]; then
    command -v sudo >/dev/null ||
        stop 4 "this needs root and there is no sudo; as root run:" \
            "$(realpath "$0")${arguments[*]:+ ${arguments[*]}}"
    exec sudo -- "$0" "${arguments[@]}"
fi
check_machine
if [[ $dry == no ]]; then
    exec 9>/run/osa-daemon-install.lock
    flock --nonblock 9 || stop 4 "another installation is under way: wait until it is done."
fi
if [[ $back == yes ]]; then
    roll_back
    exit 0
fi
packages=("${RUNTIME_PACKAGES[@]}")
if [[ $broker == yes ]]; then
    packages+=(mosquitto mosquitto-clients)
    export OSA_WANT_BROKER=1
fi
if [[ $dry == yes ]]; then
    tell_packages "${packages[@]}"
else
    need_packages "${packages[@]}"
fi
add_user
install_program
install_settings
if [[ $broker == yes ]]; then
    if [[ $dry == yes ]]; then tell_broker; else install_broker; fi
fi
[[ $dry == yes ]] || "$VENV/bin/osa-daemon" check-config "$CONFIG/config.yaml" >/dev/null ||
    stop 2 "the settings are not valid (see above); put them right and run this again."
install_drop_ins
[[ $dry == yes ]] || change_over
install_command
start_service
if [[ $dry == yes ]]; then
    say "Nothing was changed: this was only to show what would be done."
    exit 0
fi
say "Done. $CONFIG/config.yaml holds its settings, journalctl -u osa-daemon shows its log," \
    "sudo osa-daemon doctor looks for what keeps it from working."
