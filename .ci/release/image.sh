#!/bin/sh
# Builds the image `apitrail` with buildah into build/image, without any privilege but a chroot's: on BASE,
# an image of a registry, or where none is named on a Debian that mmdebstrap makes with nothing but Python.
# It has tools installed where it may; without them it says so, and ends with 3.
set -eu
cd "$(dirname "$0")/../.."
here=$PWD/build/image
base=${BASE:-}

lacking() {
    for tool in buildah $([ -n "$base" ] || echo mmdebstrap); do
        command -v "$tool" >/dev/null || echo "$tool"
    done
}

if [ -n "$(lacking)" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    # shellcheck disable=SC2046 # names of packages
    { apt-get update -qq && apt-get install -qq -y --no-install-recommends $(lacking) debian-archive-keyring; } >/dev/null 2>&1 || true
fi
if [ -n "$(lacking)" ]; then
    echo "no image is built: install $(lacking | tr '\n' ' ')" >&2
    exit 3
fi

export BUILDAH_ISOLATION=chroot
driver=
in_store() {
    # shellcheck disable=SC2086 # none or two words
    buildah $driver --root "$here/store" --runroot "$here/run" "$@"
}
# An environment that uv made has no pip of its own.
pip() {
    if ! .venv/bin/python -m pip --version >/dev/null 2>&1 && ! [ -d "$here/pip" ]; then
        .venv/bin/uv pip install -q --target "$here/pip" pip
    fi
    PYTHONPATH=$here/pip .venv/bin/python -m pip "$@"
}

mkdir -p "$here"
rm -f "$here/apitrail.tar"
# Where the disk is an overlay itself, as in a container.
in_store images >/dev/null 2>&1 || driver="--storage-driver vfs"
if [ -z "$base" ]; then
    if ! [ -s "$here/debian.tar" ]; then
        mmdebstrap --quiet --variant=minbase --include=python3,ca-certificates \
            --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
            --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-include=/usr/share/doc/*/copyright' \
            trixie "$here/debian.part.tar" >&2 || { echo "no image is built: no mirror of Debian was reached" >&2; exit 3; }
        mv "$here/debian.part.tar" "$here/debian.tar"
    fi
    base=localhost/debian-python
    if ! in_store inspect --type image "$base" >/dev/null 2>&1; then
        made=$(in_store from scratch)
        in_store add -q "$made" "$here/debian.tar" / >/dev/null
        in_store commit -q --rm "$made" "$base" >/dev/null
    fi
fi

# Here, where pip knows the way to an index. The base's Python chooses: wheels differ by version.
probe=$(in_store from "$base")
in_store run "$probe" -- true || { echo "no image is built: buildah cannot run a container here" >&2; exit 3; }
version=$(in_store run "$probe" -- python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])')
in_store rm "$probe" >/dev/null
for lock in build runtime; do
    pip download -qq --require-hashes --no-deps --only-binary :all: --python-version "$version" \
        -d build/wheels -r "$lock.lock" >&2
done

# HEALTHCHECK is Docker's own: OCI's format has none.
in_store build -q --format docker --build-arg BASE="$base" -t localhost/apitrail . >/dev/null
in_store push -q localhost/apitrail "docker-archive:$here/apitrail.tar:localhost/apitrail:latest" >&2
echo "$here/apitrail.tar"
