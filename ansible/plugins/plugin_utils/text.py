# SPDX-License-Identifier: GPL-2.0-or-later
"""Variables of the inventory as the text of a file."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import yaml

from ansible.parsing.yaml.dumper import AnsibleDumper


def as_yaml(variables):
    return yaml.dump(variables, Dumper=AnsibleDumper, default_flow_style=False, sort_keys=False,
                     allow_unicode=True, width=100)
