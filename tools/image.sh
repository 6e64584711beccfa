#!/usr/bin/env bash
# usage: tools/image.sh EXAMPLE    e.g. tools/image.sh examples/cnt
# Builds EXAMPLE/image, the folder that instances see laid over the host's root: /opt/app with the
# backend and /opt/app/site-packages with its requirements, pinned by hash. Nothing is done when no
# input has changed. Instances that run on the old folder keep it: it is moved aside to image.previous.
set -euo pipefail
example=${1:?usage: tools/image.sh EXAMPLE}
python=/usr/bin/python3
cd "$example"
say() { echo "image $example: $*" >&2; }

key=$({ "$python" --version; uname -m; cat backend/requirements.txt; find backend/app -name '*.py' |
  LC_ALL=C sort | xargs sha256sum; } | sha256sum | cut -d' ' -f1)
[ "$(cat image/opt/app/.built-from 2>/dev/null)" != "$key" ] || exit 0

# Debian's python3-venv brings pip as a wheel that runs in place; python3-pip need not be installed.
if ! pip=$(ls /usr/share/python-wheels/pip-*.whl 2>/dev/null | tail -1) || [ -z "$pip" ]; then
  say "pip is missing: apt-get install python3-venv"
  exit 1
fi
rm -rf image.new
mkdir -p image.new/opt/app
packages_key=$({ "$python" --version; uname -m; cat backend/requirements.txt; } | sha256sum | cut -d' ' -f1)
if [ "$(cat image/opt/app/.packages-from 2>/dev/null)" = "$packages_key" ]; then
  cp -a image/opt/app/site-packages image.new/opt/app/
else
  say "fetching what backend/requirements.txt names"
  # The files go to TMPDIR first, so a small /tmp is no obstacle.
  mkdir -p image.new/tmp
  TMPDIR=$PWD/image.new/tmp PYTHONPATH='' "$python" "$pip/pip" install --quiet --no-input \
    --disable-pip-version-check --root-user-action=ignore --no-warn-script-location --no-compile \
    --require-hashes --only-binary :all: --target image.new/opt/app/site-packages \
    -r backend/requirements.txt >&2
  rm -rf image.new/tmp image.new/opt/app/site-packages/bin
fi
cp -r backend/app image.new/opt/app/
find image.new/opt/app/app -name __pycache__ -prune -exec rm -rf {} +
# Compiled ahead and never checked against the source's time: an instance starts with reading only.
"$python" -m compileall -q --invalidation-mode unchecked-hash \
  -s "$PWD/image.new" -p / image.new/opt/app >/dev/null
echo "$packages_key" >image.new/opt/app/.packages-from
echo "$key" >image.new/opt/app/.built-from
chmod -R go+rX image.new
rm -rf image.previous
[ ! -e image ] || mv image image.previous
mv image.new image
say "built, $(du -sh image | cut -f1)"
