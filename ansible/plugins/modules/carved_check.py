#!/usr/bin/python
# SPDX-License-Identifier: GPL-2.0-or-later
"""The documentation of the action plugin of the same name."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r'''
module: carved_check
short_description: Does a configuration fit what was captured of a switch?
version_added: 0.1.0
description:
  - Runs C(carvectl check) on the controller, once for each captured device; nothing is asked of the
    host. All problems of all devices are told in one go.
options:
  config:
    description: The configuration, as carved.yaml(5) describes it.
    type: dict
    required: true
  dropins:
    description: Drop-ins that are laid over it, by their name without C(.yaml).
    type: dict
    default: {}
  presets:
    description: Presets beside those that carved ships, by their name without C(.yaml).
    type: dict
    default: {}
  facts:
    description: The folder in which the facts of the host's devices are, as V(*.json).
    type: path
    required: true
  facts_required:
    description: Whether it is an error that there are none; the configuration is checked all the same.
    type: bool
    default: true
  carvectl:
    description: The program carvectl on the controller, where it is not in the path.
    type: path
    default: carvectl
requirements:
  - carved on the controller; it need not run there
author:
  - carved maintainers (@carved)
attributes:
  action:
    support: full
    description: It runs on the controller.
  check_mode:
    support: full
    description: Nothing is changed anyway.
'''

EXAMPLES = r'''
- name: Would it fit?
  carved.fleet.carved_check:
    config: "{{ carved_config }}"
    facts: "{{ inventory_dir }}/carved-facts/{{ inventory_hostname }}"
'''

RETURN = r'''
checked:
  description: The devices on which it was tried.
  returned: always
  type: list
  elements: str
  sample: ['pci/0000:03:00.0']
'''
