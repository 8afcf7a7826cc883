#!/usr/bin/python
# SPDX-License-Identifier: GPL-2.0-or-later
"""One config file of carved: planned, written, put on trial. The action plugin of the same name
calls it for what has to do with files."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r'''
module: carved_config
short_description: Have a switch take the state that a file of carved declares
version_added: 0.1.0
description:
  - Writes one configuration file of carved, has it read, and waits until the ASIC is as it says.
  - Before anything is written, carved on the host plans what the file would do. A file that it would
    refuse, or that needs a reload which is not permitted, is not written.
  - With O(confirm), the file is on trial. It is kept only when the host can be reached over a new
    connection and is converged. Otherwise it takes back what was in force before, by itself.
options:
  config:
    description: The configuration, as carved.yaml(5) describes it.
    type: dict
  content:
    description: The configuration as text.
    type: str
  src:
    description: The configuration as a file on the controller.
    type: path
  dest:
    description:
      - The file that is written.
      - A name below V(/etc/carved/carved.d) is a drop-in.
    type: path
    default: /etc/carved/carved.yaml
  state:
    description: V(absent) removes the file, and what it declared with it.
    type: str
    choices: [present, absent]
    default: present
  dropins:
    description:
      - Drop-ins that belong to it, by their name without C(.yaml); they are written to V(carved.d) beside
        O(dest), with it or not at all.
    type: dict
    default: {}
  presets:
    description: The same for presets, which are written to V(presets) beside O(dest).
    type: dict
    default: {}
  confirm:
    description:
      - On trial for so long, like V(90s), V(5m) or V(1h).
      - It has to be longer than the switch takes to be reached again after a reload.
    type: str
  disrupt:
    description:
      - Whether ports may go down, where the plan has a reload, a flash or a port that is split.
      - If not, a file that needs it is an error and is not written.
      - If so, the reload is made even where the configuration says C(reload) V(manual).
    type: bool
    default: false
  converged:
    description: Whether it is an error if the switch is not converged at the end.
    type: bool
    default: true
  timeout:
    description: How many seconds to wait for that.
    type: int
    default: 300
extends_documentation_fragment:
  - carved.fleet.carvectl
attributes:
  check_mode:
    support: full
    description: Says what would be done, as C(carvectl plan) does for these files.
  diff_mode:
    support: full
    description: Shows what the file says differently, key by key, as C(carvectl diff) does.
'''

EXAMPLES = r'''
- name: A leaf's ASIC
  carved.fleet.carved_config:
    config:
      version: 1
      devices:
        leaf:
          match: {driver: mlxsw_spectrum}
          trap_policers:
            1: {rate: 1000, burst: 128}
    confirm: 5m

- name: Other sizes, for which the ASIC is reloaded
  carved.fleet.carved_config:
    src: sizes.yaml
    dest: /etc/carved/carved.d/50-sizes.yaml
    confirm: 10m
    disrupt: true
'''

RETURN = r'''
steps:
  description: What was to be done, or with check mode would be.
  returned: when carved runs
  type: list
  elements: dict
  sample: [{handle: 'pci/0000:03:00.0', kind: trap_policer, object: '1', from: 'rate 1000',
            to: 'rate 2000', class: live, origin: '/etc/carved/carved.yaml:7:15'}]
carved_state:
  description: The state of all devices of the host together.
  returned: when carved runs
  type: str
  sample: converged
devices:
  description: The devices that are not converged, as C(carvectl status --json) tells them.
  returned: when there are such
  type: list
  elements: dict
'''

import os
import tempfile

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.carved.fleet.plugins.module_utils.carvectl import (
    OK, STEPS, UNCONVERGED, Carvectl, CarvectlError, as_text, common_arguments, describe, disruptive)


def read(path):
    """A file's text, or None where there is none."""
    try:
        with open(path, 'rb') as f:
            return f.read().decode('utf-8')
    except (IOError, OSError):
        if os.path.lexists(path):
            raise
        return None


def write(path, text):
    """The whole text or the old one; None: no file."""
    if text is None:
        if os.path.lexists(path):
            os.unlink(path)
        return
    directory = os.path.dirname(path)
    if not os.path.isdir(directory):
        os.makedirs(directory, 0o755)
    fd, temporary = tempfile.mkstemp(dir=directory, prefix='.carved-')
    with os.fdopen(fd, 'wb') as f:
        f.write(text.encode('utf-8'))
        os.fsync(fd)
    os.chmod(temporary, 0o644)
    os.rename(temporary, path)


class Change:
    """The files that are wanted beside those that are there."""

    def __init__(self, module):
        self.module = module
        self.ctl = Carvectl(module)
        self.wanted = module.params['_files']
        self.before = dict((path, read(path)) for path in self.wanted)
        self.differing = sorted(p for p in self.wanted if self.wanted[p] != self.before[p])

    def overlay(self):
        """The options that make carvectl look at the files as wanted, without their being there."""
        options = []
        for path in self.differing:
            if self.wanted[path] is None:
                options += ['--without', path]
            else:
                options += ['--with', '%s=%s' % (path, self.temporary(self.wanted[path]))]
        return options

    def temporary(self, text):
        fd, path = tempfile.mkstemp(dir=self.module.tmpdir, suffix='.yaml')
        with os.fdopen(fd, 'wb') as f:
            f.write(text.encode('utf-8'))
        return path

    def write(self, texts):
        for path in self.differing:
            write(path, texts[path])

    def status(self):
        """Of carved, or None where it does not run."""
        try:
            return self.ctl.status()
        except CarvectlError as e:
            if self.is_active():
                self.fail(e)
            return None

    def is_active(self):
        if self.module.params['bus'] != 'system':
            return True
        return self.module.run_command(['systemctl', 'is-active', '--quiet', 'carved'])[0] == 0

    def fail(self, error, **result):
        if isinstance(error, CarvectlError):
            result['cmd'] = error.command
        self.module.fail_json(msg=str(error), **result)


def plan(change):
    """What the wanted file would do: the steps, and what it says differently."""
    overlay = change.overlay()
    try:
        steps = change.ctl.ask('plan', '--candidate', *overlay, expected=(OK, STEPS))['steps']
        changes = change.ctl.ask('diff', *overlay, expected=(OK, STEPS))['changes']
    except CarvectlError as e:
        change.fail(e)
    return steps, changes


def as_diff(change, changes):
    """For --diff: one line for each key."""
    def side(which):
        return ''.join('%s: %s\n' % (c['path'], c[which]) for c in changes if c[which])

    return dict(before_header='in force', after_header=', '.join(change.differing),
                before=side('from'), after=side('to'))


def refuse_disruption(change, steps):
    hard = disruptive(steps)

    if hard and not change.module.params['disrupt']:
        change.module.fail_json(
            steps=steps, msg='nothing is written: ports would go down, and disrupt is not set\n%s'
            % as_text(hard))


def refuse_trial(change, status):
    if change.module.params['confirm'] and 'confirm_deadline_usec' not in status:
        change.module.fail_json(
            msg='nothing is written: carved %s on this host is too old for trials (confirm)'
            % status['version'])
    if change.module.params['confirm'] and status['confirm_deadline_usec']:
        change.module.fail_json(
            msg='nothing is written: another configuration is on trial on this host; '
            '"carvectl confirm" or "carvectl rollback" ends that')


def stage_commit(change):
    """Plan, write, have it read. A trial is left open, and not waited for."""
    module = change.module
    status = change.status()
    if status is None:
        commit_at_rest(change)
    steps, changes = plan(change)
    changed = bool(change.differing) or status['config_out_of_sync']
    result = dict(changed=changed, steps=steps, diff=as_diff(change, changes), **describe(status))
    if module.check_mode or not changed:
        module.exit_json(**result)
    refuse_disruption(change, steps)
    refuse_trial(change, status)
    change.write(change.wanted)
    trial = ['--confirm', module.params['confirm']] if module.params['confirm'] else []
    try:
        change.ctl.run('reload', '--no-wait', *trial)
    except CarvectlError as e:
        change.write(change.before)
        change.fail(e, steps=steps)
    module.exit_json(**result)


def commit_at_rest(change):
    """carved does not run: the files are checked by themselves and read at its start."""
    module = change.module
    changed = bool(change.differing)
    options = change.overlay()
    files = [o.partition('=') for o in options if '=' in o]
    for path, _equals, temporary in files:
        if '/presets/' not in path:
            check(change, path, temporary)
    if not module.check_mode:
        change.write(change.wanted)
    module.exit_json(changed=changed, running=False)


def check(change, path, temporary):
    try:
        change.ctl.run('check', temporary)
    except CarvectlError as e:
        change.fail(str(e).replace(temporary, path))


def stage_undo(change):
    """End the trial; the files are those of the configuration that is in force then."""
    try:
        change.ctl.run('rollback', expected=(OK, 1, UNCONVERGED))
        files = change.ctl.ask('configs', 'show', '0')['files']
    except CarvectlError as e:
        change.fail(e)
    texts = dict((f['path'], f['text']) for f in files)
    for path in change.wanted:
        write(path, texts.get(path))
    change.module.exit_json()


STAGES = dict(commit=stage_commit, undo=stage_undo)


def main():
    module = AnsibleModule(
        argument_spec=dict(
            common_arguments(),
            config=dict(type='dict'),
            content=dict(type='str'),
            src=dict(type='path'),
            dest=dict(type='path', default='/etc/carved/carved.yaml'),
            state=dict(type='str', choices=['present', 'absent'], default='present'),
            confirm=dict(type='str'),
            disrupt=dict(type='bool', default=False),
            converged=dict(type='bool', default=True),
            timeout=dict(type='int', default=300),
            dropins=dict(type='dict', default={}),
            presets=dict(type='dict', default={}),
            _files=dict(type='dict', required=True),
            _stage=dict(type='str', choices=sorted(STAGES), default='commit'),
        ),
        mutually_exclusive=[('config', 'content', 'src')],
        supports_check_mode=True)
    try:
        STAGES[module.params['_stage']](Change(module))
    except (IOError, OSError, UnicodeError) as e:
        module.fail_json(msg=str(e))


if __name__ == '__main__':
    main()
