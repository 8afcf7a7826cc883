# SPDX-License-Identifier: GPL-2.0-or-later
"""The options of every module that asks carved on the host."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type


class ModuleDocFragment(object):
    DOCUMENTATION = r'''
options:
  bus:
    description: The D-Bus on which carved is.
    type: str
    choices: [system, user]
    default: system
  carvectl:
    description: The program carvectl, where it is not in the path.
    type: path
requirements:
  - carved on the host
author:
  - carved maintainers (@carved)
'''
