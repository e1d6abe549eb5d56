# Runs a program with nothing of the host in sight but two read-only folders and one writable one.
# Arguments: an empty folder for the new root, the program's folder, the work directory, the folder for what is made,
# the program, its arguments. Runs in user and mount namespaces of its own.
# The table of mounts in /run is the host's, and not for an ordinary user to write: -n leaves it alone.
set -eu
new=$1 tool=$2 work=$3 out=$4
shift 4
mount -n -t tmpfs -o mode=0755,nosuid,nodev tmpfs "$new"
mkdir "$new/tool" "$new/work" "$new/out" "$new/tmp" "$new/dev"
mount -n --bind "$tool" "$new/tool"
mount -n -o remount,bind,ro,nosuid,nodev "$new/tool"
mount -n --bind "$work" "$new/work"
mount -n -o remount,bind,ro,nosuid,nodev,noexec "$new/work"
mount -n --bind "$out" "$new/out"
for device in null zero random urandom; do
  : >"$new/dev/$device"
  mount -n --bind "/dev/$device" "$new/dev/$device"
done
# The old root disappears below the new one, and without CAP_SYS_ADMIN no mount can be changed or taken away again.
cd "$new"
mount -n --move . /
exec setpriv --bounding-set=-all,+sys_chroot --inh-caps=-all --no-new-privs chroot . "$@"
