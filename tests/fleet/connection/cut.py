# SPDX-License-Identifier: GPL-2.0-or-later
"""A connection to this machine that can be cut: while the file `cut` of a host is there, the host
cannot be reached, and a command that runs as it appears is lost. Beside it is noted what it was used for."""

DOCUMENTATION = """
name: cut
short_description: local, and can be cut
description: For tests.
options:
  cut:
    description: The file that cuts it.
    required: true
    vars: [{name: cut}]
"""

import os

from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.connection.local import Connection as Local


class Connection(Local):
    transport = "cut"

    def note(self, event):
        with open(self.get_option("cut") + "-events", "a", encoding="utf-8") as f:
            f.write(event + "\n")

    def check(self):
        if os.path.exists(self.get_option("cut")):
            raise AnsibleConnectionFailure("the host does not answer")

    def exec_command(self, cmd, in_data=None, sudoable=True):
        self.note(cmd)
        self.check()
        result = super().exec_command(cmd, in_data=in_data, sudoable=sudoable)
        self.check()
        return result

    def reset(self):
        self.note("reset")
        self.check()
