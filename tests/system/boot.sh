#!/usr/bin/env bash
# Become PID 1 of a throw-away copy of this machine: boot.sh FOLDER CHECKOUT [SEEN...]
# Runs in fresh mount, pid, cgroup, uts and ipc namespaces (see booted.py). The root is an overlay
# whose changes live in memory; the checkout is seen, read-only, at /srv/checkout, each folder SEEN
# at its own place, and FOLDER/shared at /srv/shared.
set -eu
folder=$1 checkout=$2 root=$1/root

mkdir -p "$root" "$folder/changes"
mount -t tmpfs tmpfs "$folder/changes"
mkdir "$folder/changes/upper" "$folder/changes/work"
mount -t overlay overlay "$root" \
    -o "lowerdir=/,upperdir=$folder/changes/upper,workdir=$folder/changes/work"

mount -t proc proc "$root/proc"
mount --bind "$root/proc/sys" "$root/proc/sys"
mount -o remount,bind,ro "$root/proc/sys"
mount -t sysfs -o ro sysfs "$root/sys"
mount -t tmpfs -o mode=755 tmpfs "$root/dev"
while read -r name minor; do
    mknod -m 666 "$root/dev/$name" c 1 "$minor"
done <<<$'null 3\nzero 5\nfull 7\nrandom 8\nurandom 9'
mkdir "$root/dev/shm" "$root/dev/pts"
ln -s /proc/self/fd "$root/dev/fd"
for place in dev/shm tmp; do mount -t tmpfs -o mode=1777 tmpfs "$root/$place"; done
mount -t tmpfs -o mode=755 tmpfs "$root/run"
mkdir -p "$root/srv/checkout"
mount --bind "$checkout" "$root/srv/checkout"
mount -o remount,bind,ro "$root/srv/checkout"
for place in "${@:3}"; do
    mkdir -p "$root$place"
    mount --bind "$place" "$root$place"
    mount -o remount,bind,ro "$root$place"
done
# what the outside gives and takes: a sound server's socket, say
mkdir -p "$folder/shared" "$root/srv/shared"
mount --bind "$folder/shared" "$root/srv/shared"

# the same hierarchies as outside, of which this namespace sees its own part
if [[ $(stat -f -c %T /sys/fs/cgroup) == cgroup2fs ]]; then
    mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
else
    mount -t tmpfs -o mode=755 tmpfs "$root/sys/fs/cgroup"
    for hierarchy in /sys/fs/cgroup/*/; do
        name=$(basename "$hierarchy")
        mkdir "$root/sys/fs/cgroup/$name"
        case $name in
            unified) mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup/$name" ;;
            systemd) mount -t cgroup -o none,name=systemd cgroup "$root/sys/fs/cgroup/$name" ;;
            *) mount -t cgroup -o "$name" cgroup "$root/sys/fs/cgroup/$name" ;;
        esac
    done
fi

# nothing but what the test starts, and nothing that reaches out of here
systemd-id128 new >"$root/etc/machine-id"
ln -sf /dev/null "$root/etc/systemd/system/systemd-networkd.service"
ln -sf /dev/null "$root/etc/systemd/system/systemd-resolved.service"
ln -sf /dev/null "$root/etc/systemd/system/mosquitto.service"
printf '[Unit]\nRequires=basic.target\nAfter=basic.target\nAllowIsolate=yes\n' \
    >"$root/etc/systemd/system/osa-test.target"
hostname osa-test

mkdir -p "$root/mnt/outside"
cd "$root"
pivot_root . mnt/outside
umount -l /mnt/outside
mount --make-rshared /
# without `container` systemd would set up the kernel; without these rights it cannot
exec setpriv --bounding-set=-sys_time,-sys_module,-sys_rawio,-sys_boot env -i \
    container=osa-test PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 \
    SYSTEMD_CGROUP_ENABLE_LEGACY_FORCE=1 \
    /lib/systemd/systemd --system --unit=osa-test.target --show-status=false
