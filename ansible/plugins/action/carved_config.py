# SPDX-License-Identifier: GPL-2.0-or-later
"""carved_config on the controller: renders the file, has the module of the same name write it, and
confirms a trial only over a connection that was made after the switch came to rest. A host that
cannot be reached again is not confirmed, and so takes back what was in force before.

What only asks carvectl is run without Python, of which the start takes the CPU of a switch longer
than all else."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os
import re
import shlex
import time

from ansible.errors import AnsibleActionFail, AnsibleConnectionFailure, AnsibleError
from ansible.module_utils.common.text.converters import to_text
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action import ActionBase
from ansible_collections.carved.fleet.plugins.module_utils.carvectl import (
    OK, UNCONVERGED, CarvectlError, describe, is_working, read_json)
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
        result = dict(changed=True)
        try:
            result = self._commit()
            if self._is_over(result):
                return self._judged(result)
            status = self._settle()
            result.pop('devices', None)
            result.update(describe(status))
            return self._end_trial(result, status) if self.trial else self._judged(result)
        except CarvectlError as e:
            return dict(result, failed=True, msg=to_text(e), cmd=e.command)
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

    # --- the host ----------------------------------------------------------------------------

    def _stage(self, stage):
        """The module."""
        return self._execute_module(module_name=MODULE, task_vars=self.task_vars,
                                    module_args=dict(self.arguments, _stage=stage, _files=self.files))

    def _run(self, *words, **options):
        """Run a command of carvectl; returns what it says. expected: the exit codes that are no error."""
        command = ' '.join(
            (self._program(), '--bus=' + shlex.quote(self.arguments.get('bus', 'system'))) + words)
        # Ansible may give it a terminal, which it must neither ask nor write for
        done = self._low_level_execute_command(
            'said=$(%s %s 2>&1 </dev/null); code=$?; echo "$said"; (exit $code)'
            % (self._compute_environment_string(), command))
        said = done['stdout'].strip()
        if done['rc'] not in options.get('expected', (OK,)):
            raise CarvectlError(command, done['rc'], said or done['stderr'].strip())
        return said

    def _program(self):
        """For the shell; a path may have variables, as the module's."""
        path = re.sub('^~(?=/)', '$HOME', self.arguments.get('carvectl') or 'carvectl')
        return '"%s"' % re.sub(r'(["`\\])', r'\\\1', path)

    def _status(self):
        return read_json(self._run('--json', 'status', expected=(OK, UNCONVERGED)))

    def _patiently(self, *words, **options):
        """The same for what may cut the connection: on trial, there is another one."""
        try:
            self._run(*words, **options)
        except AnsibleConnectionFailure:
            if not self.trial:
                raise

    def _reached(self, ask):
        """What is answered over a new connection, for as long as there is time."""
        while True:
            try:
                self._connection.reset()
                return ask()
            except AnsibleConnectionFailure:
                if self._is_late():
                    raise
                time.sleep(PAUSE)

    def _is_late(self):
        return time.time() + PAUSE > self.ends

    # --- its steps ---------------------------------------------------------------------------

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

    def _settle(self):
        """Wait until nothing goes on; reload where that is what is left to do. Returns the status."""
        status = self._rest()
        if status['state'] == 'pending-reload' and boolean(self.arguments.get('disrupt', False)):
            self._patiently('apply', '--allow-reload', expected=(OK, 1, UNCONVERGED))
            status = self._rest()
        return status

    def _rest(self):
        """The status when nothing goes on; on trial, told over a connection that was made then."""
        while True:
            status = self._reached(self._status) if self.trial else self._status()
            if self._is_late() or not is_working(status):
                return status
            self._patiently('wait', '--for=settled', '--timeout=%ds' % (self.ends - time.time()),
                            expected=(OK, UNCONVERGED))

    def _end_trial(self, result, status):
        if status['config_out_of_sync']:
            return dict(result, failed=True, msg='the trial is over already: what was in force '
                        'before has come back')
        if not self._is_as_declared(result):
            result = self._judged(result)
            undone = self._reached(lambda: self._stage('undo'))
            result['msg'] += '; ' + (undone['msg'] if undone.get('failed') else
                                     'what was in force before is back')
            return result
        self._confirm()
        return self._judged(result)

    def _confirm(self):
        try:
            self._run('confirm')
        except AnsibleConnectionFailure:
            self._reached(lambda: self._run('confirm'))

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
