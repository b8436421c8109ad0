# apitrail as an image: `docker build -t apitrail .`, or with buildah or podman. It lies here, where
# `docker build .` and the URL of a repository expect it. How it is used: docs/container.md.
#
# BASE has Python 3.12 or newer as `python3`: Python's own slim image, or a Debian (trixie) of yours.
ARG BASE=docker.io/library/python:3.13-slim

FROM ${BASE} AS builder
# Debian ships ensurepip, which venv needs, in a package of its own.
RUN python3 -c "import ensurepip" 2>/dev/null || \
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends python3-venv >/dev/null; }
WORKDIR /src
# Where build/wheels has packages they are all taken from there, else from the index; the locks have the
# hashes of either.
COPY build.lock runtime.lock build/wheels* wheels/
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore PIP_FIND_LINKS=/src/wheels \
    SOURCE_DATE_EPOCH=0
RUN if ls wheels/*.whl >/dev/null 2>&1; then export PIP_NO_INDEX=1; fi && \
    python3 -m venv /tools && \
    /tools/bin/pip install -q --require-hashes --no-deps -r wheels/build.lock && \
    python3 -m venv --without-pip /opt/apitrail && \
    /tools/bin/pip --python /opt/apitrail/bin/python install -q --no-compile --require-hashes --no-deps -r wheels/runtime.lock
COPY pyproject.toml README.md LICENSE ./
COPY .ci/release .ci/release
COPY examples/systemd examples/systemd
COPY src src
# The wheel has manual pages, made by the commands: what they import is lent to the build.
RUN for each in /opt/apitrail/lib/python3*/site-packages; do echo "$each" >"/tools/${each#/opt/apitrail/}/lent.pth"; done && \
    /tools/bin/pip wheel -q --no-deps --no-build-isolation -w /dist . && \
    /tools/bin/pip --python /opt/apitrail/bin/python install -q --no-compile --no-deps --no-index /dist/*.whl
# Compiled, and with the index of AWS's operations, once and for all: nothing of it can be written later.
ENV PATH=/opt/apitrail/bin:$PATH APITRAIL_CACHE=/opt/apitrail/cache
RUN python3 -m compileall -q --invalidation-mode unchecked-hash /opt/apitrail/lib && \
    python3 -c "from apitrail.aws.find import index; index.load()" && \
    chmod -R a+rX /opt/apitrail

FROM ${BASE}
COPY --from=builder /opt/apitrail /opt/apitrail
RUN install -d -o 65532 -g 65532 -m 0700 /trail
# APITRAIL_WORKERS: beside a service there is often one core, and little memory.
# HOME is the trail's: an empty user has no other place to write, and the root may be read-only.
ENV PATH=/opt/apitrail/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 \
    HOME=/trail APITRAIL_TRAIL=/trail APITRAIL_CONFIG=/etc/apitrail APITRAIL_CACHE=/opt/apitrail/cache \
    APITRAIL_HEALTH=127.0.0.1:9464 APITRAIL_WORKERS=0
USER 65532:65532
VOLUME /trail
WORKDIR /trail
# What docker says to a container that it stops: the recorder ends its calls and writes `close`.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 \
    CMD ["python3", "-Im", "apitrail.recording.probe"]
ENTRYPOINT ["apitrail"]
# On loopback, so that a container lets nobody in whom its user did not name: docs/container.md says how.
CMD ["record"]
LABEL org.opencontainers.image.title="apitrail" \
      org.opencontainers.image.description="Records calls to AWS in a log that an auditor can check" \
      org.opencontainers.image.licenses="Apache-2.0"
