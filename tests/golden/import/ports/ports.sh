devlink port split swp1 count 4
devlink port unsplit pci/0000:03:00.0/61
devlink sb port pool set pci/0000:03:00.0/1 pool 0 th 12
devlink sb tc bind set swp1 sb 0 tc 3 type ingress pool 0 th 10
devlink health set pci/0000:03:00.0/1 reporter tx auto_recover false
devlink trap set $1 trap x action drop
