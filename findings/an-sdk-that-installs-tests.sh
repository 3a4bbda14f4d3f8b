#!/usr/bin/env bash
# The wheel of paddle-python-sdk, and a project that has a folder `tests` without `__init__.py`.
#
# Guess: the wheel brings `paddle_billing` and nothing else at the top. Besides, a project's own folder
#   comes first on `sys.path`, so `import tests.helpers` finds the project's.
# Seen: the wheel installs a top-level package `tests` with an `__init__.py`. A regular package anywhere
#   on the path wins over a namespace package before it, so the project's modules are not found.
# Why it matters: `python -m` of a script that imports from `tests` breaks by a new dependency that
#   nobody would suspect, while pytest, which imports by file, goes on working.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
mkdir -p "$folder/project/tests"
echo 'WORDS = "the project"' > "$folder/project/tests/helpers.py"
cat > "$folder/project/try.py" <<'PY'
import importlib.metadata
import sys

try:
    from tests.helpers import WORDS
except ModuleNotFoundError as error:
    WORDS = f"{error}; `tests` is {sys.modules['tests'].__file__.rpartition('/lib/')[2]}"
try:
    print("paddle-python-sdk", importlib.metadata.version("paddle-python-sdk"), end=": ")
except importlib.metadata.PackageNotFoundError:
    print("without it", end=": ")
print(WORDS)
PY
cd "$folder/project"
before=$("$folder/venv/bin/python" try.py)
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check paddle-python-sdk==1.16.1
after=$("$folder/venv/bin/python" try.py)
printf '%s\n' "$before" "$after"
[[ $before == "without it: the project" ]]
[[ $after == *"No module named 'tests.helpers'"*"site-packages/tests/__init__.py" ]]
