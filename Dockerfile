# The first stage builds; the second runs, and has nothing to build or to install with.
# Both are pinned to a release. Whoever wants the very same bytes appends the digest their registry shows for it.

FROM python:3.11.14-slim-bookworm AS build
WORKDIR /source
RUN python -m venv --without-pip /opt/bot
COPY pyproject.toml README.md LICENSE ./
COPY bot ./bot
RUN pip --python /opt/bot/bin/python install --no-cache-dir --disable-pip-version-check '.[otel]' \
    && pip --python /opt/bot/bin/python uninstall --yes pip

FROM python:3.11.14-slim-bookworm
LABEL org.opencontainers.image.title="copy-backup-bot" \
      org.opencontainers.image.licenses="Apache-2.0"
RUN pip uninstall --yes --root-user-action=ignore pip setuptools wheel \
    && groupadd --system --gid 10001 bot \
    && useradd --system --uid 10001 --gid bot --home-dir /data --shell /usr/sbin/nologin bot \
    && install --directory --owner bot --group bot --mode 0700 /data
COPY --from=build /opt/bot /opt/bot
USER 10001:10001
WORKDIR /data
VOLUME /data
# The audit log and the workflows are in /data; everything secret comes from the environment at run time.
ENV PATH=/opt/bot/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    DATABASE_URL=sqlite:////data/copy-backup-bot.sqlite \
    HOST=0.0.0.0 \
    PORT=3000 \
    LOG_FORMAT=json
EXPOSE 3000
# http.client asks no proxy, whatever the environment says
HEALTHCHECK --interval=30s --timeout=5s --start-period=15s \
    CMD ["python", "-c", "import http.client, os, sys; bot = http.client.HTTPConnection('127.0.0.1', int(os.environ['PORT']), timeout=4); bot.request('GET', '/livez'); sys.exit(bot.getresponse().status != 200)"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["copy-backup-bot"]
CMD ["serve"]
