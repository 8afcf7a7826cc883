# SPDX-License-Identifier: GPL-2.0-or-later
"""The collection as a thing that is shipped: documented, and clean by Ansible's own tools as far as
they work without a network (the sanity tests left out fetch packages from PyPI)."""
import json
import os
import subprocess
import sys

import pytest

SANITY = ["action-plugin-docs", "empty-init", "future-import-boilerplate", "line-endings", "metaclass-boilerplate",
          "no-assert", "no-basestring", "no-dict-iteritems", "no-get-exception", "no-illegal-filenames",
          "no-main-display", "no-smart-quotes", "no-unicode-literals", "replace-urlopen", "shebang", "symlinks",
          "use-argspec-type-path", "use-compat-six"]
MODULES = ["carved_config", "carved_info", "carved_check"]

# prints the argument spec of the module whose file is the argument
SPEC = """
import json, runpy, sys
from ansible.module_utils import basic
def spec(argument_spec, **_):
    print(json.dumps(argument_spec))
    sys.exit()
basic.AnsibleModule = spec
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


@pytest.fixture(scope="module")
def run(collections, tmp_path_factory):
    home = tmp_path_factory.mktemp("home")

    def run(*words):
        return subprocess.run([str(w) for w in words], capture_output=True, text=True, check=False, timeout=300,
                              cwd=collections / "ansible_collections/carved/fleet",
                              env={**os.environ, "ANSIBLE_COLLECTIONS_PATHS": str(collections), "HOME": str(home),
                                   "PYTHONPATH": str(collections), "LC_ALL": "C.UTF-8"})
    return run


def test_ansible_lint(run):
    done = run("ansible-lint", "--offline", "--nocolor", "-q")
    assert done.returncode == 0, done.stdout + done.stderr


def test_ansible_sanity(run):
    done = run("ansible-test", "sanity", *(w for test in SANITY for w in ("--test", test)))
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def docs(run):
    """What Ansible has understood of them."""
    done = run("ansible-doc", "-t", "module", "--json", *(f"carved.fleet.{module}" for module in MODULES))
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("module", MODULES)
def test_ansible_doc(docs, module):
    doc = docs[f"carved.fleet.{module}"]
    assert doc["examples"] and doc["return"] and doc["doc"]["options"]


@pytest.mark.parametrize("module", MODULES[:2])
def test_options_are_those_that_are_documented(run, docs, module):
    documented = docs[f"carved.fleet.{module}"]["doc"]["options"]
    spec = json.loads(run(sys.executable, "-c", SPEC, f"plugins/modules/{module}.py").stdout)
    taken = {name: option for name, option in spec.items() if not name.startswith("_")}
    assert taken.keys() == documented.keys()
    for name, option in taken.items():
        for key in "type", "choices", "default", "elements":
            assert option.get(key) == documented[name].get(key), (name, key)
        assert option.get("required", False) == documented[name].get("required", False), name
