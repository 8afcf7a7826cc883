# SPDX-License-Identifier: GPL-2.0-or-later
"""carvectl as functions: what it prints with --json, and its exit codes. See carvectl(1)."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import json

# What exit codes mean, see carvectl(1).
OK = 0
STEPS = 2
UNCONVERGED = 3


class CarvectlError(Exception):
    """carvectl ended with an error; the exception's text is what it said."""

    def __init__(self, command, code, text):
        super(CarvectlError, self).__init__(text)
        self.command = command
        self.code = code


class Carvectl:
    """Runs carvectl on this host."""

    def __init__(self, module):
        self.module = module
        self.program = module.params['carvectl'] or module.get_bin_path('carvectl', required=True)

    def run(self, *arguments, **options):
        """Run a command. expected: the exit codes that are no error; others raise CarvectlError."""
        command = [self.program, '--bus=' + self.module.params['bus']] + list(arguments)
        code, out, err = self.module.run_command(command)
        if code not in options.get('expected', (OK,)):
            raise CarvectlError(command, code, err.strip() or out.strip() or
                                'carvectl ended with %d' % code)
        return out

    def ask(self, *arguments, **options):
        """The same with --json; returns the document."""
        out = self.run('--json', *arguments, **options)
        try:
            return json.loads(out)
        except ValueError:
            raise CarvectlError(arguments, OK, 'carvectl printed no JSON: ' + out)

    def status(self, *device):
        return self.ask('status', *device, expected=(OK, UNCONVERGED))


def common_arguments():
    """What every module takes."""
    return dict(
        bus=dict(type='str', choices=['system', 'user'], default='system'),
        carvectl=dict(type='path'),
    )


def disruptive(steps):
    """Those of a plan's steps that take ports down."""
    return [s for s in steps if s['kind'] in ('reload', 'firmware') or s['class'] == 'ports']


def as_text(steps):
    """A plan's steps for a message, one a line."""
    return '\n'.join('%s: %s %s %s' % (s['handle'], s['kind'], s['object'],
                                        ' -> '.join(x for x in (s['from'], s['to']) if x))
                     for s in steps)
