# SPDX-License-Identifier: GPL-2.0-or-later
"""carved_config on the controller: renders the file, has the module of the same name write it, and
confirms a trial only over a connection that was made after the switch came to rest. A host that
cannot be reached again is not confirmed, and so takes back what was in force before."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os
import time

from ansible.errors import AnsibleActionFail, AnsibleConnectionFailure, AnsibleError
from ansible.module_utils.common.text.converters import to_text
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action import ActionBase
from ansible_collections.carved.fleet.plugins.plugin_utils.text import as_yaml

MODULE = 'carved.fleet.carved_config'
PAUSE = 2  # seconds between two attempts to reach the host


class ActionModule(ActionBase):
    TRANSFERS_FILES = False
    _supports_check_mode = True

    def run(self, tmp=None, task_vars=None):
        super(ActionModule, self).run(tmp, task_vars)
        self.task_vars = task_vars
        self.arguments = dict(self._task.args)
        self.files = self._files()
        self.ends = time.time() + int(self.arguments.get('timeout', 300))
        self.trial = bool(self.arguments.get('confirm'))
        try:
            result = self._commit()
            if self._is_over(result):
                return self._judged(result)
            self._settle(result)
            return self._end_trial(result) if self.trial else self._judged(result)
        except AnsibleConnectionFailure as e:
            if not self.trial:
                raise
            return dict(failed=True, changed=True, msg=(
                'the host is not reached again, so that the configuration is not confirmed: when its '
                'trial of %s is over, the host takes back what was in force before. %s'
                % (self.arguments['confirm'], to_text(e))))

    def cleanup(self, force=False):
        """What is left on a host that is not reached must not hide why."""
        try:
            super(ActionModule, self).cleanup(force)
        except AnsibleConnectionFailure:
            pass

    # --- what is written ---------------------------------------------------------------------

    def _files(self):
        """The texts of all files that are written, by their paths; None: it is removed."""
        dest = self.arguments.get('dest', '/etc/carved/carved.yaml')
        files = {dest: self._text()}

        for option, folder in (('dropins', 'carved.d'), ('presets', 'presets')):
            for name, variables in (self.arguments.get(option) or {}).items():
                path = os.path.join(os.path.dirname(dest), folder, name + '.yaml')
                files[path] = as_yaml(variables)
        return files

    def _text(self):
        """The three ways to tell a configuration."""
        given = [k for k in ('config', 'content', 'src') if self.arguments.get(k) is not None]
        absent = self.arguments.get('state') == 'absent'

        if absent and given:
            raise AnsibleActionFail('state absent takes no %s' % given[0])
        if not absent and len(given) != 1:
            raise AnsibleActionFail('one of config, content and src is needed')
        if absent:
            return None
        value = self.arguments[given[0]]
        if given[0] == 'config' and not isinstance(value, dict):
            raise AnsibleActionFail('config is no dictionary')
        return {'config': as_yaml, 'content': to_text, 'src': self._file}[given[0]](value)

    def _file(self, src):
        try:
            with open(self._loader.get_real_file(self._find_needle('files', src)), 'rb') as f:
                return to_text(f.read(), errors='surrogate_or_strict')
        except (AnsibleError, UnicodeError, OSError) as e:
            raise AnsibleActionFail('src: %s' % to_text(e))

    # --- its steps ---------------------------------------------------------------------------

    def _stage(self, stage):
        return self._execute_module(module_name=MODULE, task_vars=self.task_vars,
                                    module_args=dict(self.arguments, _stage=stage, _files=self.files))

    def _reached(self, stage):
        """A step over a new connection, for as long as there is time."""
        while True:
            try:
                self._connection.reset()
                return self._stage(stage)
            except AnsibleConnectionFailure:
                if time.time() + PAUSE > self.ends:
                    raise
                time.sleep(PAUSE)

    def _commit(self):
        try:
            return self._stage('commit')
        except AnsibleConnectionFailure:
            if not self.trial:
                raise
        return dict(changed=True)

    def _is_over(self, result):
        """Is there nothing to wait for?"""
        return (result.get('failed') or self._task.check_mode or not result['changed'] or
                result.get('running') is False)

    def _settle(self, result):
        settled = self._reached('settle') if self.trial else self._stage('settle')
        for key in ('carved_state', 'devices', 'out_of_sync', 'failed', 'msg'):
            result.pop(key, None)
            if key in settled:
                result[key] = settled[key]

    def _end_trial(self, result):
        if result.get('failed'):
            return result
        if result['out_of_sync']:
            return dict(result, failed=True, msg='the trial is over already: what was in force '
                        'before has come back')
        if not self._is_as_declared(result):
            result = self._judged(result)
            undone = self._reached('undo')
            result['msg'] += '; ' + (undone['msg'] if undone.get('failed') else
                                     'what was in force before is back')
            return result
        confirmed = self._reached('confirm')
        return dict(result, **confirmed) if confirmed.get('failed') else self._judged(result)

    def _is_as_declared(self, result):
        return (result.get('carved_state', 'converged') == 'converged' or
                not boolean(self.arguments.get('converged', True)))

    def _judged(self, result):
        """A switch that is not as declared is an error, whether or not this run changed it."""
        if not (result.get('failed') or self._task.check_mode or self._is_as_declared(result)):
            result.update(failed=True, msg='the switch is %s: %s' % (
                result['carved_state'], '; '.join(
                    '%s is %s: %s' % (d['handle'] or d['entry'], d['state'], d['reason'])
                    for d in result.get('devices', []))))
        return result
