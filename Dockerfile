# syntax=docker/dockerfile:1

FROM python:3.11.14-slim-bookworm AS build
WORKDIR /source
RUN python -m venv /opt/bot
COPY pyproject.toml README.md LICENSE ./
COPY bot ./bot
RUN /opt/bot/bin/pip install --no-cache-dir --disable-pip-version-check .

FROM python:3.11.14-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /data --shell /usr/sbin/nologin bot \
    && install --directory --owner bot --group bot --mode 0700 /data
COPY --from=build /opt/bot /opt/bot
USER 10001
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
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s \
    CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/livez', timeout=4)"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["copy-backup-bot"]
CMD ["serve"]
