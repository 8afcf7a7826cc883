# What shells know beside words; nothing of it is dropped, and nothing guessed.
[ -x /sbin/devlink ] || exit 0
DEV=pci/0000:03:00.0
(devlink trap set $DEV trap subshell action drop)
out=$(devlink trap set $DEV trap unknown action drop)
out=$(devlink trap set pci/0000:03:00.0 trap substituted action drop)
out=`devlink trap set pci/0000:03:00.0 trap backticks action drop`
devlink trap set $DEV trap redirected action drop>/dev/null 2>&1 || exit 1
devlink trap set $DEV trap logged action drop &>>/tmp/log
DL=$(command -v devlink)
$DL trap set $DEV trap by_variable action drop
export DL="/sbin/devlink -v"
$DL trap set $DEV trap two_words action drop
devlink trap set $(get device) trap asked action drop
echo "usage: devlink trap set $DEV trap TRAP action drop"
echo "devlink is not there"
for DEV in pci/0000:05:00.0 pci/0000:06:00.0; do
	devlink trap set $DEV trap in_a_loop action drop
done
DEV=pci/0000:03:00.0
devlink trap set $DEV trap after_a_loop action drop
[ -n "$1" ] && DEV=pci/0000:07:00.0
devlink trap set $DEV trap after_a_condition action drop
DEV=pci/0000:03:00.0
DEV+=1
devlink trap set $DEV trap longer action drop
DEV=pci/0000:03:00.0 true
read -r DEV
devlink trap set $DEV trap read action drop
cat >/etc/systemd/system/other.service <<END
[Service]
ExecStart=/bin/true
END
devlink trap set pci/0000:03:00.0 trap behind_a_unit action drop
case "$1" in
	start) devlink resource set pci/0000:03:00.0 path /kvd/linear size 98304;;
	stop) devlink resource set pci/0000:03:00.0 path /kvd/linear size 90112;;
esac
