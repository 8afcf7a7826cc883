# SPDX-License-Identifier: GPL-2.0-or-later
"""carved_info on the controller: has the module of the same name ask the host, and keeps the facts."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import json
import os
import tempfile

from ansible.errors import AnsibleActionFail
from ansible.module_utils.common.text.converters import to_bytes, to_text
from ansible.plugins.action import ActionBase

MODULE = 'carved.fleet.carved_info'


class ActionModule(ActionBase):
    TRANSFERS_FILES = False
    _supports_check_mode = True

    def run(self, tmp=None, task_vars=None):
        super(ActionModule, self).run(tmp, task_vars)
        result = self._execute_module(module_name=MODULE, task_vars=task_vars)
        dest = self._task.args.get('dest')
        if dest and 'facts' in result:
            try:
                kept = [self._keep(os.path.join(dest, handle.replace('/', '!') + '.json'), facts)
                        for handle, facts in result['facts'].items()]
            except OSError as e:
                raise AnsibleActionFail('dest: %s' % to_text(e))
            result['changed'] = any(kept)
        return result

    def _keep(self, path, facts):
        """Returns whether the file was another one."""
        text = to_bytes(json.dumps(facts, indent=4, sort_keys=True))
        try:
            with open(path, 'rb') as f:
                if f.read() == text:
                    return False
        except FileNotFoundError:
            pass
        if not self._task.check_mode:
            self._write(path, text)
        return True

    def _write(self, path, text):
        """The whole text or the old one."""
        folder = os.path.dirname(path)
        os.makedirs(folder, 0o755, exist_ok=True)
        fd, temporary = tempfile.mkstemp(dir=folder, prefix='.carved-')
        with os.fdopen(fd, 'wb') as f:
            f.write(text)
        os.chmod(temporary, 0o644)
        os.rename(temporary, path)
