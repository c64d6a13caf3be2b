# syntax=docker/dockerfile:1
# One static binary on nothing: no shell, no package manager, not root, and a
# root file system that may be read-only. What it keeps is under /data.

FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags "-s -w" -o /out/jobalertd ./cmd/jobalertd \
 && mkdir -p /out/data

# Only its wget is taken, for the health check.
FROM busybox:1.37-musl AS busybox

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=busybox /bin/busybox /bin/wget
COPY --from=build /src/LICENSE /src/NOTICE /
COPY --from=build /out/jobalertd /jobalertd
COPY --from=build --chown=65532:65532 /out/data /data
USER 65532:65532
WORKDIR /data
VOLUME /data
ENV JOBALERTD_DATA_DIR=/data \
    JOBALERTD_HTTP__LISTEN=0.0.0.0:8080 \
    JOBALERTD_LOG__FORMAT=json
EXPOSE 8080 4222
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=4 \
  CMD ["/bin/wget", "-q", "-O", "/dev/null", "http://127.0.0.1:8080/readyz"]
ENTRYPOINT ["/jobalertd"]
CMD ["serve"]
