# Runs a program with nothing of the host in sight but a read-only folder and one writable folder.
# Arguments: an empty folder for the new root, the read-only folder, the writable folder, the program, its arguments.
set -eu
new=$1 tool=$2 work=$3
shift 3
mount -t tmpfs -o mode=0755,nosuid,nodev tmpfs "$new"
mkdir "$new/tool" "$new/work" "$new/tmp" "$new/dev" "$new/old"
mount --bind "$tool" "$new/tool"
mount -o remount,bind,ro "$new/tool"
mount --bind "$work" "$new/work"
for device in null zero random urandom; do
  : >"$new/dev/$device"
  mount --bind "/dev/$device" "$new/dev/$device"
done
cd "$new"
pivot_root . old
umount -l old
exec "$@"
