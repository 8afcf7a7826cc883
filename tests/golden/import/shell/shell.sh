command -v devlink >/dev/null || exit 1
export D=pci/0000:03:00.0 L=/kvd/linear
readonly -x E="pci/0000:04:00.0"
devlink resource set $D path $L size 98304 2>/dev/null
(devlink trap set $D trap in_parentheses action drop)
said=$(devlink trap set $D trap substituted action drop)
said=`devlink trap set $D trap old_style action drop`
devlink lc set $E lc 1 type 16x100G
devlink lc set $E lc 2 notype
devlink health set $E reporter fw_fatal auto_recover 1 auto_dump 0
devlink resource set $D path /kvd/hash_single size $((64 * 1024))
devlink -batch /etc/devlink.batch
devlink -b - <<EOF
trap set pci/0000:04:00.0 trap here action trap
EOF
devlink trap set `devlink dev show | head -n 1` trap unknown action drop
devlink trap set "$(devlink dev show | head -n 1)" trap unknown action drop
D=$(devlink trap set pci/0000:04:00.0 trap inner action drop; (echo $((1 + 1))))
devlink trap set $D trap unknown action drop
