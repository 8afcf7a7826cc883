# SPDX-License-Identifier: GPL-2.0-or-later
"""What Ansible did as one JSON document on standard output."""

DOCUMENTATION = """
name: results
type: stdout
short_description: results as JSON
description: For tests.
"""

import json

from ansible.plugins.callback import CallbackBase


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "results"

    def __init__(self):
        super().__init__()
        self.results = []

    def take(self, result, *_more, **_options):
        self.results.append({"host": result._host.get_name(), "task": result._task.get_name(),
                             "action": result._task.action, **result._result})

    def take_unreachable(self, result):
        self.take(result)
        self.results[-1]["unreachable"] = True

    def take_skipped(self, result):
        self.take(result)
        self.results[-1]["skipped"] = True

    v2_runner_on_ok = v2_runner_on_failed = take
    v2_runner_on_unreachable = take_unreachable
    v2_runner_on_skipped = take_skipped

    def v2_playbook_on_stats(self, stats):
        print(json.dumps({"results": self.results, "hosts": {
            host: stats.summarize(host) for host in sorted(stats.processed)}}, default=str))
