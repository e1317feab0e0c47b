# Sourced by the scripts beside it: system packages and the Python environment they need.
# shellcheck shell=bash
#
#   need_packages PKG...            installs missing Debian packages, or ends with a sentence
#   offer_packages PKG...           the same, but goes on without them
#   find_python                     prints a Python of at least 3.11 (PYTHON overrides)
#   find_version 3.13               prints a Python of that version, or fails
#   make_environment DIR [EXTRA...] a virtual environment of this checkout, quick where it is
#                                   there already; EXTRA: dev, train
#
# OSA_SKIP_PACKAGES=1 leaves system packages alone.

REPOSITORY=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
TORCH_VERSION=2.13.0
# what building and loading the runtime dependencies takes
# shellcheck disable=SC2034  # used by the scripts that source this file
RUNTIME_PACKAGES=(python3 python3-venv python3-dev gcc pkg-config libsystemd-dev libportaudio2)

say() { printf '%s\n' "$*"; }
stop() { # stop EXIT_CODE SENTENCE...
    local code=$1
    shift
    printf 'scripts/%s: %s\n' "$(basename "$0")" "$*" >&2
    exit "$code"
}

as_root() {
    if [[ $EUID -eq 0 ]]; then "$@"; else sudo -- "$@"; fi
}

missing_packages() {
    local package
    for package in "$@"; do
        if [[ $(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null) != installed ]]; then
            printf '%s\n' "$package"
        fi
    done
}

# A broker that is installed only to be started privately must not come up as a service.
keep_broker_off() { # keep_broker_off before|after
    [[ -d /run/systemd/system && ${OSA_WANT_BROKER:-0} != 1 ]] || return 0
    case $1 in
        before) as_root systemctl mask --runtime --quiet mosquitto.service 2>/dev/null ;;
        after)
            as_root systemctl unmask --runtime --quiet mosquitto.service
            as_root systemctl disable --quiet mosquitto.service 2>/dev/null || true
            say "mosquitto was installed; its system service stays off" \
                "(sudo systemctl enable --now mosquitto starts it)."
            ;;
    esac
}

install_packages() {
    # apt must neither ask, nor remove anything (a desktop's sound server, say) to make room
    local options=(-qq -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0)
    local run=(env DEBIAN_FRONTEND=noninteractive apt-get "${options[@]}")
    local log result=0
    log=$(mktemp)
    case " $* " in *" mosquitto "*) keep_broker_off before ;; esac
    # an archive of somebody else's that is down need not matter
    as_root "${run[@]}" update >"$log" 2>&1 </dev/null || true
    as_root "${run[@]}" install -y --no-remove --no-install-recommends "$@" \
        >>"$log" 2>&1 </dev/null || result=$?
    case " $* " in *" mosquitto "*) keep_broker_off after ;; esac
    [[ $result -eq 0 ]] || grep -E '^(E|W):|sudo' "$log" | head -n 5 >&2 || true
    rm -f "$log"
    return "$result"
}

may_install() { # may_install PKG...: says why not
    if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
        say "this system has no apt; install what corresponds to these Debian packages, then" \
            "set OSA_SKIP_PACKAGES=1: $*"
        return 1
    fi
    if [[ $EUID -ne 0 ]] && ! command -v sudo >/dev/null; then
        say "system packages are missing and there is no sudo; as root run:" \
            "apt-get install --no-install-recommends $*"
        return 1
    fi
    if [[ $EUID -ne 0 ]] && ! sudo -v; then
        say "sudo refused; have someone who may run:" \
            "apt-get install --no-install-recommends $*"
        return 1
    fi
}

need_packages() {
    [[ ${OSA_SKIP_PACKAGES:-0} != 1 ]] || return 0
    local missing refusal
    mapfile -t missing < <(missing_packages "$@")
    [[ ${#missing[@]} -gt 0 ]] || return 0
    refusal=$(may_install "${missing[@]}") || stop 4 "$refusal"
    say "Installing with apt: ${missing[*]}"
    install_packages "${missing[@]}" ||
        stop 4 "apt could not install ${missing[*]}; the lines above say why."
}

offer_packages() {
    [[ ${OSA_SKIP_PACKAGES:-0} != 1 ]] || return 0
    local missing
    mapfile -t missing < <(missing_packages "$@")
    [[ ${#missing[@]} -gt 0 ]] || return 0
    may_install "${missing[@]}" >/dev/null || return 0
    say "Installing with apt: ${missing[*]}"
    install_packages "${missing[@]}" || say "Going on without: ${missing[*]}"
}

is_version() { # is_version VERSION COMMAND
    "$2" -c "import sys; sys.exit('%d.%d' % sys.version_info[:2] != '$1')" >/dev/null 2>&1
}

# A version manager may keep interpreters outside PATH, beside the ones that it shows there.
find_version() { # find_version VERSION
    local candidate
    for candidate in "python$1" /usr/bin/"python$1" python3 /usr/local/bin/"python$1" \
        "${PYENV_ROOT:-$HOME/.pyenv}"/versions/"$1".*/bin/"python$1"; do
        if is_version "$1" "$candidate"; then
            command -v "$candidate"
            return
        fi
    done
    return 1
}

is_python() { # is_python COMMAND: at least 3.11, and able to make environments
    "$1" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

find_python() {
    local candidate
    if [[ -n ${PYTHON:-} ]]; then
        is_python "$PYTHON" || stop 4 "PYTHON=$PYTHON is not a Python of at least 3.11 with venv."
        "$PYTHON" -c 'import sys; print(sys.executable)'
        return
    fi
    for candidate in python3 /usr/bin/python3 python3.13 python3.12 python3.11; do
        if is_python "$candidate"; then
            "$candidate" -c 'import sys; print(sys.executable)'
            return
        fi
    done
    stop 4 "there is no Python of at least 3.11 with venv here; PYTHON=/path/to/python names one."
}

# fingerprint PYTHON FILE...: changes when the interpreter or a file of this checkout does
fingerprint() {
    local python=$1
    shift
    { "$python" -VV && cd "$REPOSITORY" && sha256sum "$@"; } | sha256sum | cut -c1-64
}

# install_once DIR NAME FINGERPRINT COMMAND...: skips what was done with the same fingerprint
install_once() {
    local stamp=$1/.installed-$2 print=$3
    shift 3
    [[ $(cat "$stamp" 2>/dev/null) != "$print" ]] || return 0
    "$@"
    printf '%s\n' "$print" >"$stamp"
}

pip_in() { # pip_in DIR ARGUMENT...
    local dir=$1
    shift
    "$dir/bin/python" -m pip --disable-pip-version-check --no-input "$@"
}

make_environment() {
    local dir=$1 python print extra
    shift
    python=$(find_python)
    [[ $dir == /* ]] || dir=$REPOSITORY/$dir
    if [[ ! -x $dir/bin/python ]] || ! cmp -s <("$dir/bin/python" -VV 2>&1) <("$python" -VV); then
        say "Making the Python environment $(basename "$dir") with $("$python" -V)"
        "$python" -m venv --clear "$dir"
    fi
    print=$(fingerprint "$python" scripts/requirements.lock)
    install_once "$dir" runtime "$print" install_runtime "$dir"
    for extra in "$@"; do
        print=$(fingerprint "$python" scripts/requirements.lock "scripts/requirements-$extra.txt")
        install_once "$dir" "$extra" "$print" "install_$extra" "$dir"
    done
    print=$(fingerprint "$python" pyproject.toml)
    install_once "$dir" project "$print" \
        pip_in "$dir" install -qq --no-deps --editable "$REPOSITORY"
}

install_runtime() {
    say "Installing the runtime dependencies (locked, with hashes)"
    # systemd-python comes as source: built apart, whatever pip's age
    pip_in "$1" install -qq --use-pep517 --require-hashes \
        -r "$REPOSITORY/scripts/requirements.lock"
}

install_dev() {
    say "Installing what tests need"
    pip_in "$1" install -qq --no-compile -r "$REPOSITORY/scripts/requirements-dev.txt"
}

install_train() {
    say "Installing what training and export need"
    # first and by its exact version: a machine may offer a CPU build of just this one
    pip_in "$1" install -qq --no-compile "torch==$TORCH_VERSION"
    pip_in "$1" install -qq --no-compile --no-deps \
        -r "$REPOSITORY/scripts/requirements-train.txt"
}
