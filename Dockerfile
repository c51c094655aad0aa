# syntax=docker/dockerfile:1
# check=error=true

# The image holds one static binary. It brings no Postgres: a container is given
# DATABASE_URL, and the embedded default is for a workstation.

FROM --platform=$BUILDPLATFORM golang:1.26-bookworm AS build
WORKDIR /src

# Modules first: they change less often than the code.
RUN --mount=type=cache,target=/go/pkg/mod \
    --mount=type=bind,source=go.mod,target=go.mod \
    --mount=type=bind,source=go.sum,target=go.sum \
    go mod download

COPY . .
ARG TARGETOS
ARG TARGETARCH
ARG VERSION=devel
RUN --mount=type=cache,target=/go/pkg/mod \
    --mount=type=cache,target=/root/.cache/go-build \
    make build BINARY=/out/gradewatch VERSION="$VERSION" CGO_ENABLED=0 GOOS="$TARGETOS" GOARCH="$TARGETARCH"

# Distroless static, not debian-slim: the binary needs no shell, no libc and no
# package manager, and what is not there needs no security updates. It has the
# zoneinfo, /etc/passwd with the user nonroot (65532), and CA certificates for
# SMTP and webhooks. Judging uses the roots that the binary carries.
FROM gcr.io/distroless/static-debian12:nonroot AS run
ARG VERSION=devel
LABEL org.opencontainers.image.title="Gradewatch" \
      org.opencontainers.image.description="Watches registered URLs from the outside" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.base.name="gcr.io/distroless/static-debian12:nonroot"
COPY --from=build /out/gradewatch /usr/local/bin/gradewatch
USER 65532:65532

# Loopback is the default of the program; in a container the network in front of
# it decides who reaches it.
ENV GRADEWATCH_LISTEN=:8080
EXPOSE 8080

HEALTHCHECK --interval=15s --timeout=5s --start-period=20s --retries=3 \
    CMD ["gradewatch", "health"]

# No ENTRYPOINT: Fly keeps it in front of a process group's command, and
# `gradewatch worker` is easier to read there than `worker`.
STOPSIGNAL SIGTERM
CMD ["gradewatch", "web"]
