devlink -n -jp trap set pci/0000:03:00.0 trap with_options action drop
devlink -N blue trap set pci/0000:03:00.0 trap t action drop
ip netns exec blue devlink trap set pci/0000:03:00.0 trap t action drop
devlink dev reload pci/0000:03:00.0
devlink dev reload pci/0000:03:00.0 netns blue
devlink -b /etc/devlink.batch
devlink health diagnose pci/0000:03:00.0 reporter fw
