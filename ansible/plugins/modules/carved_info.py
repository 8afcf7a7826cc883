#!/usr/bin/python
# SPDX-License-Identifier: GPL-2.0-or-later
"""What carved knows of a host's switch ASICs."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r'''
module: carved_info
short_description: Status, facts and table sizes of a host's switch ASICs
version_added: 0.1.0
description:
  - Asks carved on the host; nothing is changed there, and no privileges are needed.
options:
  gather:
    description:
      - V(status) is the state of all devices and why they are in it.
      - V(facts) is all that each device has, names, types, limits and values. C(carvectl check --facts)
        tries a configuration on them, on any machine.
      - V(resources) is the sizes of each device's tables and how far they are in use.
    type: list
    elements: str
    choices: [status, facts, resources]
    default: [status]
  devices:
    description: Handles or entries; without it, all devices.
    type: list
    elements: str
    default: []
  dest:
    description:
      - A folder on the controller, in which the facts of each device are kept as a file. It has the name
        of the handle, with V(!) for V(/) and V(.json).
      - Needs V(facts) in O(gather).
    type: path
extends_documentation_fragment:
  - carved.fleet.carvectl
attributes:
  action:
    support: full
    description: It keeps the facts on the controller.
  check_mode:
    support: full
    description: Says whether a file would be written.
'''

EXAMPLES = r'''
- name: Look at the tables
  carved.fleet.carved_info:
    gather: [status, resources]
  register: asic

- name: Keep what the switch has beside the inventory
  carved.fleet.carved_info:
    gather: [facts]
    dest: "{{ inventory_dir }}/carved-facts/{{ inventory_hostname }}"
'''

RETURN = r'''
status:
  description: As C(carvectl status --json) tells it, see carvectl(1).
  returned: when gathered
  type: dict
facts:
  description: Each device's facts by its handle, as C(carvectl capture --facts) writes them.
  returned: when gathered
  type: dict
resources:
  description: Each device's tables by its handle, see carvectl(1).
  returned: when gathered
  type: dict
'''

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.carved.fleet.plugins.module_utils.carvectl import (
    Carvectl, CarvectlError, common_arguments)


def handles(status, names):
    """The devices that are there and meant."""
    there = [d for d in status['devices'] if d['handle']]
    unknown = [n for n in names if n not in [d[k] for d in there for k in ('handle', 'entry')]]
    if unknown:
        raise ValueError('no device or entry %s; there are %s' %
                         (', '.join(unknown), ', '.join(d['handle'] for d in there) or 'none'))
    return [d['handle'] for d in there
            if not names or d['handle'] in names or d['entry'] in names]


def gather(ctl, what, names):
    status = ctl.status()
    meant = handles(status, names)
    result = {}
    if 'status' in what:
        result['status'] = status
    if 'facts' in what:
        result['facts'] = dict((h, ctl.ask('capture', h, '--facts')) for h in meant)
    if 'resources' in what:
        result['resources'] = dict((h, ctl.ask('resources', h).get(h, {})) for h in meant)
    return result


def main():
    module = AnsibleModule(
        argument_spec=dict(
            common_arguments(),
            gather=dict(type='list', elements='str', default=['status'],
                        choices=['status', 'facts', 'resources']),
            devices=dict(type='list', elements='str', default=[]),
            dest=dict(type='path'),
        ),
        supports_check_mode=True)
    if module.params['dest'] and 'facts' not in module.params['gather']:
        module.fail_json(msg='dest: facts are not gathered')
    try:
        result = gather(Carvectl(module), module.params['gather'], module.params['devices'])
    except (CarvectlError, ValueError) as e:
        module.fail_json(msg=str(e))
    module.exit_json(changed=False, **result)


if __name__ == '__main__':
    main()
