# Sourced by install.sh and uninstall.sh: a mosquitto for those who have no broker.
# shellcheck shell=bash
# Uses run, step and say, CONFIG (the daemon's folder under /etc), VENV and REPOSITORY.

BROKER=/etc/mosquitto
BROKER_FILES=("$BROKER/conf.d/osa-daemon.conf" "$BROKER/osa-daemon.passwd" "$BROKER/osa-daemon.acl")

# Whether somebody other than us has told mosquitto where to listen.
broker_is_configured() {
    local file
    for file in "$BROKER"/mosquitto.conf "$BROKER"/conf.d/*.conf; do
        [[ $file != "${BROKER_FILES[0]}" ]] || continue
        ! grep -qsE '^[[:space:]]*(listener|port|bind_address)[[:space:]]' "$file" || return 0
    done
    return 1
}

new_password() { # without what shells and YAML read as a sign
    LC_ALL=C tr -dc 'A-Za-z0-9' </dev/urandom | head -c 24 || true
}

# keep_password FILE GROUP: makes the file with a new password where there is none
keep_password() {
    [[ ! -s $1 ]] || return 0
    (umask 077 && new_password >"$1")
    chgrp "$2" "$1"
    chmod 0640 "$1"
}

# The bed's user is named as its mqtt.device_id: so the access list serves many beds.
bed_name() {
    "$VENV/bin/osa-daemon" check-config "$CONFIG/config.yaml" --json |
        "$VENV/bin/python" -c 'import json, sys
print(json.load(sys.stdin)["settings"]["mqtt.device_id"]["value"])'
}

write_broker_files() { # write_broker_files BED
    keep_password "$CONFIG/mqtt-password" osa-daemon
    keep_password "$CONFIG/home-assistant-password" root
    cat >"${BROKER_FILES[0]}" <<TEXT
# Made by osa-daemon's scripts/install.sh --with-broker.
listener 1883
allow_anonymous false
password_file ${BROKER_FILES[1]}
acl_file ${BROKER_FILES[2]}
TEXT
    put_users "$1:$(<"$CONFIG/mqtt-password")" "homeassistant:$(<"$CONFIG/home-assistant-password")"
    install -m 0640 -g mosquitto "$REPOSITORY/config/mosquitto/acl.conf" "${BROKER_FILES[2]}"
}

# put_users USER:PASSWORD...: hashed, to those of other names that are there; the file changes as a
# whole or not at all. They pass through a file, not through a command line that others can list.
put_users() (
    users=${BROKER_FILES[1]} room=$(mktemp -d)
    trap 'rm -rf "$room"' EXIT
    printf '%s\n' "$@" >"$room/new"
    mosquitto_passwd -U "$room/new"
    touch "$room/all"
    if [[ -s $users ]]; then
        awk -F: 'NR == FNR { new[$1]; next } !($1 in new)' "$room/new" "$users" >"$room/all"
    fi
    cat "$room/new" >>"$room/all"
    install -m 0640 -g mosquitto "$room/all" "$users.new"
    mv -f "$users.new" "$users"
)

add_bed() { # add_bed BED: one more user; those that are there stay
    keep_password "$CONFIG/mqtt-password" osa-daemon
    put_users "$1:$(<"$CONFIG/mqtt-password")"
}

# Fill in the two keys of our own untouched settings file; name them where it is the user's.
point_settings_at_broker() { # point_settings_at_broker USER
    local file=$CONFIG/config.yaml user=$1
    if cmp -s "$file" "$REPOSITORY/config/osa-daemon.yaml"; then
        # in its own section: the page's password is in a file of its own
        sed -i -E "/^mqtt:/,/^[a-z]/ {
                       s|^( +)(# ?)?username:.*|\1username: $user|
                       s|^( +)(# ?)?password_file:.*|\1password_file: $CONFIG/mqtt-password|
                   }" "$file"
    elif ! grep -qs "^[^#]*$CONFIG/mqtt-password" "$file" ||
        ! grep -qsE "^[^#]*username: *[\"']?$user\b" "$file"; then
        say "    in $file set mqtt.username: $user and" \
            "mqtt.password_file: $CONFIG/mqtt-password"
    fi
}

is_broker_user() { # is_broker_user BED: Home Assistant's is no bed's
    [[ $1 != homeassistant ]] && grep -q "^$1:" "${BROKER_FILES[1]}"
}

check_bed_name() {
    [[ $1 != homeassistant ]] ||
        stop 2 "mqtt.device_id is homeassistant, the name of Home Assistant's user at this broker:" \
            "choose another one in $CONFIG/config.yaml, and run this again."
}

install_broker() {
    local bed is_known=yes
    if broker_is_configured; then
        step "mosquitto is configured already and is left as it is"
        return
    fi
    if [[ -s ${BROKER_FILES[0]} && -s ${BROKER_FILES[1]} && -s ${BROKER_FILES[2]} ]]; then
        # where the settings cannot be read all stays as it is: what is wrong with them is said later
        bed=$(bed_name 2>/dev/null) || is_known=no
        if [[ $is_known == yes ]] && ! is_broker_user "$bed"; then
            check_bed_name "$bed"
            step "Broker: one more user, $bed, because mqtt.device_id is $bed now"
            run add_bed "$bed"
            run systemctl restart mosquitto.service
        else
            step "Broker is set up already"
        fi
        [[ $is_known == no ]] || point_settings_at_broker "$bed"
        return
    fi
    step "Broker: mosquitto on port 1883, with passwords"
    bed=$(bed_name)
    check_bed_name "$bed"
    run mkdir -p "$CONFIG"
    run write_broker_files "$bed"
    run point_settings_at_broker "$bed"
    run systemctl --quiet enable mosquitto.service
    run systemctl restart mosquitto.service
    say "    for Home Assistant (integration MQTT): this machine's address, port 1883, user" \
        "homeassistant, the password in $CONFIG/home-assistant-password"
    say "    what passes is not encrypted: for networks you do not trust, set up TLS"
}

remove_broker() {
    [[ -e ${BROKER_FILES[0]} ]] || return 0
    step "Broker: what was set up for the daemon; the package mosquitto stays"
    run rm -f "${BROKER_FILES[@]}"
    run systemctl try-restart mosquitto.service
}
