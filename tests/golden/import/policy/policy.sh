devlink trap group set pci/0000:03:00.0 group acl_drops nopolicer
devlink trap policer set pci/0000:03:00.0 policer 2 rate 512
devlink sb pool set pci/0000:03:00.0 pool 0 size 12582912 thtype dynamic
devlink sb pool set pci/0000:03:00.0 sb 0 pool 4 size 13000000 thtype static
devlink sb occupancy snapshot pci/0000:03:00.0
devlink dev flash pci/0000:03:00.0 file mellanox/mlxsw_spectrum-13.2010.1406.mfa2
