# SPDX-License-Identifier: GPL-2.0-or-later
"""carvectl as functions: what it prints with --json, and its exit codes. See carvectl(1)."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import json

# What exit codes mean, see carvectl(1).
OK = 0
STEPS = 2
UNCONVERGED = 3

# The states of a device on which carved is at work.
WORKING = ('reading', 'applying', 'flashing', 'reloading')


class CarvectlError(Exception):
    """carvectl ended with an error; the exception's text is what it said."""

    def __init__(self, command, code, text):
        super(CarvectlError, self).__init__(text)
        self.command = command
        self.code = code


def read_json(text):
    """The document in what it printed; there may be remarks around it."""
    try:
        return json.JSONDecoder().raw_decode(text[text.index('{'):])[0]
    except ValueError:
        raise CarvectlError([], OK, 'carvectl printed no JSON: ' + text)


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
        return read_json(self.run('--json', *arguments, **options))

    def status(self, *device):
        return self.ask('status', *device, expected=(OK, UNCONVERGED))


def common_arguments():
    """What every module takes."""
    return dict(
        bus=dict(type='str', choices=['system', 'user'], default='system'),
        carvectl=dict(type='path'),
    )


def is_working(status):
    """Does anything go on? The state of all is asked a moment before that of each, so either tells."""
    return any(state in WORKING
               for state in [status['state']] + [d['state'] for d in status['devices']])


def unconverged(status):
    return [d for d in status['devices'] if d['state'] not in ('converged', 'unmanaged')]


def describe(status):
    """A module's result from a status."""
    result = dict(carved_state=status['state'])
    if unconverged(status):
        result['devices'] = unconverged(status)
    return result


def disruptive(steps):
    """Those of a plan's steps that take ports down."""
    return [s for s in steps if s['kind'] in ('reload', 'firmware') or s['class'] == 'ports']


def as_text(steps):
    """A plan's steps for a message, one a line."""
    return '\n'.join('%s: %s %s %s' % (s['handle'], s['kind'], s['object'],
                                        ' -> '.join(x for x in (s['from'], s['to']) if x))
                     for s in steps)
