# Sourced by install.sh: builds the program beside the one that runs, and changes over to it.
# shellcheck shell=bash
# Uses run, step, say and stop, pip_in and install_runtime, REPOSITORY, CONFIG and dry.

# shellcheck disable=SC2034,SC2154  # shared with install.sh
PROGRAMS=/opt/osa-daemon
SERVICE=osa-daemon.service
LEAST_FREE_KB=600000 # a program takes 300 MB or so, and pip as much while it works
is_new=no
START_S=240          # the unit's TimeoutStartSec and TimeoutStopSec, twice, and some
RESTARTS=8           # of them one or two are the way back
SETTLE_S=5           # a program that is ready is to stay so

# The name of this checkout's program: of another interpreter, lock, code or unit it is another.
program_name() { # program_name PYTHON
    local files
    mapfile -t files < <(cd "$REPOSITORY" && find osa_daemon pyproject.toml README.md LICENSE \
        scripts/requirements.lock systemd/osa-daemon.service systemd/trial \
        -type f -not -name '*.pyc' -not -path '*/web/static/try/runtime/*' | LC_ALL=C sort)
    printf 'program-%s' "$(fingerprint "$1" "${files[@]}" | cut -c1-12)"
}

# Removes all programs but the one that runs and the one to go back to.
tidy() {
    local program keep
    keep=" $(readlink "$PROGRAMS/current" || true) $(readlink "$PROGRAMS/previous" || true) "
    for program in "$PROGRAMS"/program-* "$PROGRAMS"/venv; do
        [[ -d $program && $keep != *" $(basename "$program") "* ]] || continue
        rm -rf "$program"
    done
}

# Installations used to have one program, in $PROGRAMS/venv, without its unit beside it.
adopt_earlier() {
    if [[ ! -L $PROGRAMS/current && -x $PROGRAMS/venv/bin/osa-daemon && -f $UNITS/$SERVICE ]]; then
        cp "$UNITS/$SERVICE" "$PROGRAMS/venv/$SERVICE"
        ln -sfn venv "$PROGRAMS/current"
    fi
}

build_program() { # build_program PYTHON NAME
    local dir=$PROGRAMS/$2 free built
    free=$(mkdir -p "$PROGRAMS" && df --output=avail -k "$PROGRAMS" | tail -n 1)
    [[ $free -ge $LEAST_FREE_KB ]] ||
        stop 4 "$((free / 1000)) MB are free at $PROGRAMS and $((LEAST_FREE_KB / 1000)) are needed:" \
            "make room; what is installed goes on."
    (cd "$REPOSITORY/osa_daemon/models" && sha256sum --quiet --check SHA256SUMS) ||
        stop 1 "the model files are not what they should be (see above): get this checkout anew;" \
            "what is installed goes on."
    umask 022 # the service's user is to read it
    "$1" -m venv "$dir"
    install_runtime "$dir"
    built=$(mktemp -d)
    pip_in "$dir" wheel -qq --no-deps --wheel-dir "$built" "$REPOSITORY"
    pip_in "$dir" install -qq --no-deps "$built"/osa_daemon-*.whl
    rm -rf "$built"
    install -m 0644 "$REPOSITORY/systemd/$SERVICE" "$dir/$SERVICE"
    install -m 0755 "$REPOSITORY/systemd/trial" "$dir/trial"
    # on the disk before anything leads to it
    sync --file-system "$dir"
    touch "$dir/complete"
}

# Sets VENV to this checkout's program, which is built unless it is there.
install_program() {
    local python=${PYTHON:-/usr/bin/python3} name
    if [[ $dry == yes ]]; then
        step "Program in $PROGRAMS"
        say "    would make a Python environment, with the dependencies that" \
            "scripts/requirements.lock names and this checkout, and change over to it"
        return
    fi
    is_python "$python" || stop 4 "$python is not a Python of at least 3.11 with venv."
    mkdir -p "$PROGRAMS"
    adopt_earlier
    name=$(program_name "$python")
    VENV=$PROGRAMS/$name
    step "Program in $VENV"
    [[ ! -e $VENV/complete ]] || return 0
    rm -rf "$VENV"
    tidy
    build_program "$python" "$name"
}

change_over() {
    local name
    name=$(basename "$VENV")
    if [[ $(readlink "$PROGRAMS/current" || true) != "$name" ]]; then
        step "Changing over to $name"
        is_new=yes
    fi
    cmp -s "$VENV/$SERVICE" "$UNITS/$SERVICE" || changed=yes
    "$VENV/trial" switch "$name"
}

# The program whose process runs, by the interpreter in its command line; nothing where none does.
running_program() {
    local pid
    pid=$(systemctl show -p MainPID --value "$SERVICE")
    { tr '\0' '\n' <"/proc/$pid/cmdline"; } 2>/dev/null | sed -nE "1s|^$PROGRAMS/([^/]+)/.*|\1|p"
}

# Waits until one program or another is ready and stays so; fails where START_S or RESTARTS are over.
wait_until_ready() {
    local ends=$((SECONDS + START_S)) restarts
    while [[ $SECONDS -lt $ends ]]; do
        restarts=$(systemctl show -p NRestarts --value "$SERVICE")
        [[ $restarts -lt $RESTARTS ]] || return 1
        if systemctl --quiet is-active "$SERVICE"; then
            sleep "$SETTLE_S"
            if systemctl --quiet is-active "$SERVICE" &&
                [[ $(systemctl show -p NRestarts --value "$SERVICE") == "$restarts" ]]; then
                return 0
            fi
        fi
        sleep 1
    done
    return 1
}

show_log() { # show_log SINCE UNTIL: in seconds since 1970
    journalctl -u "$SERVICE" --since "@$1" --until "@$2" -o cat --no-pager | tail -n 15 |
        sed 's/^/    /' >&2
}

start_service() {
    local began failed wanted ready=yes
    step "Service osa-daemon"
    if [[ $dry == yes ]]; then
        run systemctl enable --now "$SERVICE"
        return
    fi
    wanted=$(readlink "$PROGRAMS/current")
    systemctl daemon-reload
    systemctl --quiet enable "$SERVICE"
    # a broken installation may have used up its tries
    systemctl reset-failed "$SERVICE" 2>/dev/null || true
    began=$(date +%s)
    if [[ $changed == no && $(running_program) == "$wanted" ]]; then
        tidy
        return
    fi
    systemctl restart "$SERVICE" 2>/dev/null || true
    failed=$(($(date +%s) + 1))
    wait_until_ready || ready=no
    if [[ $ready == yes && $(readlink "$PROGRAMS/current") == "$wanted" ]]; then
        tidy
        return
    fi
    show_log "$began" "$failed"
    if [[ $is_new == yes && $(readlink "$PROGRAMS/current") == "$wanted" ]] &&
        "$PROGRAMS/current/trial" back; then
        # it was ready, and ended again and again
        systemctl restart "$SERVICE" 2>/dev/null || true
        ready=yes
        wait_until_ready || ready=no
    fi
    if [[ $(readlink "$PROGRAMS/current") == "$wanted" ]]; then
        stop 1 "the service does not start yet (its log is above; systemd goes on trying)."
    elif [[ $ready == no ]]; then
        stop 1 "neither the new version (its log is above) nor the one before starts:" \
            "journalctl -u osa-daemon -n 20 says why; systemd goes on trying."
    fi
    stop 1 "the new version does not start (its log is above): the version before runs again."
}

roll_back() {
    local began
    [[ -x $PROGRAMS/current/trial ]] || stop 4 "no version is installed that could go back."
    began=$(date +%s)
    "$PROGRAMS/current/trial" back || stop 4 "there is no version to go back to."
    systemctl restart "$SERVICE" 2>/dev/null || true
    wait_until_ready || {
        show_log "$began" "$(date +%s)"
        stop 1 "the earlier version does not start (its log is above)."
    }
    say "Done: $(readlink "$PROGRAMS/current") runs. The next scripts/install.sh changes over again."
}
