/** A policy in the form that Fedora's has, written for the tests: no line is from a real one. */

/** `file_contexts`: general patterns first, as semodule sorts them. */
export const CONTEXTS = String.raw`
# A comment, with ümlauts.
/.*	system_u:object_r:default_t:s0
/[^/]+	--	system_u:object_r:etc_runtime_t:s0
/a?quota\.(user|group)	--	system_u:object_r:quota_db_t:s0
/dev(/.*)?	system_u:object_r:device_t:s0
/mnt(/[^/]*)?	-d	system_u:object_r:mnt_t:s0
/mnt/[^/]*/.*	<<none>>
/proc/.*	<<none>>
/sys/.*	<<none>>
/tmp/.*	<<none>>
/usr/.*	system_u:object_r:usr_t:s0
/etc/.*	system_u:object_r:etc_t:s0
/var/.*	system_u:object_r:var_t:s0
/opt/.*	system_u:object_r:usr_t:s0
/srv/.*	system_u:object_r:var_t:s0
/var/run/.*	system_u:object_r:var_run_t:s0
/var/run/.*\.*pid	<<none>>
/var/lib(/.*)?	system_u:object_r:var_lib_t:s0
/var/lib/containers(/.*)?	system_u:object_r:container_var_lib_t:s0
/var/lib/containers/storage/overlay(2)?(-(images|layers))?(/.*)?	system_u:object_r:container_ro_file_t:s0
/var/log/[^/]*-[0-9]{8}(\.(gz|xz|zst))?	--	system_u:object_r:logrotate_log_t:s0
/var/log/sa{1,3}[[:digit:]]*	--	system_u:object_r:sysstat_log_t:s0
/var/lib/letters/[[:upper:]][^[:space:]/]{2,}	system_u:object_r:letters_t:s0
/usr/(.*/)?lib(/.*)?	system_u:object_r:lib_t:s0
/usr/(.*/)?bin(/.*)?	system_u:object_r:bin_t:s0
/usr/lib/(debug|games)/(.*/)?s?bin/.+	--	system_u:object_r:bin_t:s0
/usr/(s)?bin/(mount|umount)(\.[a-z]+)?	--	system_u:object_r:mount_exec_t:s0
/usr/lib/systemd/system/[^@/]+@?\.(service|socket)	--	system_u:object_r:systemd_unit_file_t:s0
/usr/lib/systemd/systemd-(user|net)?sessions?	--	system_u:object_r:systemd_exec_t:s0
/usr/share/fonts/(\w|\d)*?\.ttf	--	system_u:object_r:fonts_t:s0
/usr/lib/python3?(\.\d{1,2})?/site-packages(/.*)?	system_u:object_r:python_lib_t:s0
/usr/lib/x/?	system_u:object_r:slash_t:s0
/usr/src/.*\S+\s*\.\x68	--	system_u:object_r:header_t:s0
/dev/[0-9].*	-c	system_u:object_r:usb_device_t:s0
/dev/sd[a-z]+[0-9]*	-b	system_u:object_r:fixed_disk_device_t:s0:c1,c3
/dev/(misc/)?psaux|/dev/mice	-c	system_u:object_r:mouse_device_t:s0
/dev/initctl	-p	system_u:object_r:initctl_t:s0
/dev/log	-s	system_u:object_r:devlog_t:s0
/dev/[]\-^]x	system_u:object_r:odd_t:s0
/etc/passwd[-+]?	--	system_u:object_r:passwd_file_t:s0
/etc/(shadow|gshadow).*	--	system_u:object_r:shadow_t:s0
/etc/my\-app/conf	system_u:object_r:my_conf_t:s0
/etc/my\-app/conf/.*	system_u:object_r:my_conf_t:s0
/home/[^/]+	-d	system_u:object_r:home_root_t:s0
/	-d	system_u:object_r:root_t:s0
/boot	-d	system_u:object_r:boot_t:s0
/boot	system_u:object_r:boot_any_t:s0
/etc/localtime	-l	system_u:object_r:locale_t:s0
/etc/localtime	--	system_u:object_r:locale_file_t:s0
/etc/hostname	--	system_u:object_r:hostname_etc_t:s0
/etc/resolv\.conf.*	system_u:object_r:net_conf_t:s0
/usr/bin/passwd	--	system_u:object_r:passwd_exec_t:s0
/usr/bin/su	--	system_u:object_r:su_exec_t:s0
/usr/lib/os\-release	--	system_u:object_r:etc_t:s0
/tmp	-d	system_u:object_r:tmp_t:s0
/lost\+found	-d	system_u:object_r:lost_found_t:s0
/usr/.*/lost\+found/.*	<<none>>
`;

/** `.homedirs`: genhomedircon writes these. */
export const HOMEDIRS = String.raw`
/home/[^/]+/.+	unconfined_u:object_r:user_home_t:s0
/home/[^/]+	-d	unconfined_u:object_r:user_home_dir_t:s0
/home/[^/]+/\.ssh(/.*)?	unconfined_u:object_r:ssh_home_t:s0
/home/[^/]+/((www)|(web)|(public_html))(/.+)?	unconfined_u:object_r:httpd_user_content_t:s0
/home/lost\+found/.*	<<none>>
/home	-d	system_u:object_r:home_root_t:s0
/root/\.ssh(/.*)?	system_u:object_r:ssh_home_t:s0
/root(/.*)?	system_u:object_r:admin_home_t:s0
`;

/** `.local`: semanage fcontext writes these. Some replace lines of `file_contexts`. */
export const LOCAL = `
/srv/www(/.*)?    system_u:object_r:httpd_sys_content_t:s0
/etc/hostname     --    system_u:object_r:local_hostname_t:s0
/usr/bin/su       system_u:object_r:local_su_t:s0
/var/.*/secret    <<none>>
`;

export const SUBS = `/export/home /home
/data	/srv
`;

/** `.subs_dist`, as Fedora had it until release 41: several aliases fit the same path. */
export const SUBS_DIST = `# Aliases.
/run /var/run
/run/lock /var/lock
/run/systemd/system /usr/lib/systemd/system
/var/home /home
/var/roothome /root
/usr/local /usr
/usr/local/lib32 /usr/lib
/usr/lib64 /usr/lib
/lib /usr/lib
/lib64 /usr/lib
/bin /usr/bin
/sbin /usr/sbin
/var/usrlocal /usr
/sysroot /
`;
