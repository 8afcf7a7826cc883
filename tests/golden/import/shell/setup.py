subprocess.run(["devlink", "trap", "set", "pci/0000:03:00.0", "trap", "t", "action", "drop"])
