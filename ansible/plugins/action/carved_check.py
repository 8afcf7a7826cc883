# SPDX-License-Identifier: GPL-2.0-or-later
"""carved_check: a configuration tried on captured facts, by carvectl on the controller."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import glob
import json
import os
import shutil
import subprocess
import tempfile

from ansible.errors import AnsibleActionFail
from ansible.module_utils.common.text.converters import to_bytes, to_text
from ansible.plugins.action import ActionBase
from ansible_collections.carved.fleet.plugins.plugin_utils.text import as_yaml

OPTIONS = dict(
    config=dict(type='dict', required=True),
    dropins=dict(type='dict', default={}),
    presets=dict(type='dict', default={}),
    facts=dict(type='path', required=True),
    facts_required=dict(type='bool', default=True),
    carvectl=dict(type='path', default='carvectl'),
)


class ActionModule(ActionBase):
    TRANSFERS_FILES = False
    _supports_check_mode = True

    def run(self, tmp=None, task_vars=None):
        super(ActionModule, self).run(tmp, task_vars)
        options = self.validate_argument_spec(OPTIONS)[1]
        facts = sorted(glob.glob(os.path.join(glob.escape(options['facts']), '*.json')))
        if not facts and options['facts_required']:
            raise AnsibleActionFail('nothing was captured of this host: no *.json in %s'
                                    % options['facts'])
        root = tempfile.mkdtemp(prefix='carved-check-')
        try:
            files = self._write(root, options)
            problems = [p for f in facts or [None]
                        for p in self._check(options['carvectl'], root, files, f)]
        finally:
            shutil.rmtree(root)
        result = dict(changed=False, checked=[self._handle(f) for f in facts])
        if problems:
            result.update(failed=True, msg='\n'.join(problems))
        return result

    def _write(self, root, options):
        """The files where carved would look for them. Returns the main one and the drop-ins."""
        os.symlink('/usr', os.path.join(root, 'usr'))  # the presets that carved ships
        for name, preset in options['presets'].items():
            self._file(root, 'presets/' + name, preset)
        return [self._file(root, 'carved', options['config'])] + [
            self._file(root, 'carved.d/' + name, dropin)
            for name, dropin in sorted(options['dropins'].items())]

    def _file(self, root, name, variables):
        path = os.path.join(root, 'etc/carved', name + '.yaml')
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, 'wb') as f:
            f.write(to_bytes(as_yaml(variables)))
        return path

    def _check(self, carvectl, root, files, facts):
        """Returns the problems, a text each."""
        command = [carvectl, 'check', '--json', '--config-root=' + root] + files
        if facts:
            command.append('--facts=' + facts)
        try:
            done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True,
                                  check=False)
            answer = json.loads(done.stdout)
        except OSError as e:
            raise AnsibleActionFail('%s on the controller: %s' % (carvectl, to_text(e)))
        except ValueError:
            raise AnsibleActionFail(to_text(done.stderr).strip() or 'carvectl check said nothing')
        return [self._as_text(p, root) for p in answer['problems'] if p['severity'] == 'error']

    def _as_text(self, problem, root):
        place = '%s:%s:%s: ' % (problem['file'], problem['line'], problem['column'])
        return (place if problem['line'] else '').replace(root, '') + problem['message'] + (
            '\n        ' + problem['source'] if problem.get('source') else '')

    def _handle(self, facts):
        with open(facts, 'rb') as f:
            return json.load(f)['handle']
