// Reads docker-compose.yml and Dockerfile as far as that goes without an engine,
// and writes into the folder given as the argument what other programs can
// check: nats.conf, as the compose file carries it, and jobalertd.env, the
// environment its daemon would get.
//
//   node .ci/containers.mjs OUT      (packages are looked for in .ci/tools)
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, dirname } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const YAML = createRequire(join(here, "tools/"))("yaml");
const root = join(here, "..");
const out = process.argv[2];
const faults = [];

const compose = YAML.parse(readFileSync(join(root, "docker-compose.yml"), "utf8"), { merge: true, strict: true });
const services = compose.services;

for (const [name, s] of Object.entries(services)) {
  if (!s.image) faults.push(`service ${name} has no image`);
  if (s.image && !/:[^/]+$/.test(s.image)) faults.push(`service ${name}: image ${s.image} names no version`);
  const ends = s.restart === "no";
  if (!ends && !s.build && !s.healthcheck) faults.push(`service ${name} has no health check`);
  for (const [other, { condition }] of Object.entries(s.depends_on ?? {})) {
    const target = services[other];
    if (!target) faults.push(`service ${name} depends on ${other}, which does not exist`);
    else if (condition === "service_healthy" && !target.healthcheck && !target.build) faults.push(`${name} waits for the health of ${other}, which has no check`);
    else if (condition === "service_completed_successfully" && target.restart !== "no") faults.push(`${name} waits for the end of ${other}, which restarts`);
  }
  for (const v of s.volumes ?? []) {
    const volume = v.split(":")[0];
    if (!(volume in (compose.volumes ?? {}))) faults.push(`service ${name}: volume ${volume} is not declared`);
  }
  for (const c of s.configs ?? []) if (!compose.configs?.[c.source]) faults.push(`service ${name}: config ${c.source} is not declared`);
  for (const p of s.ports ?? []) if (!String(p).startsWith("127.0.0.1:")) faults.push(`service ${name}: port ${p} is published beyond this machine`);
}

const env = services.jobalertd.environment;
for (const [key, service] of [["JOBALERTD_NATS__URL", "nats"], ["JOBALERTD_DATABASE__URL", "postgres"]]) {
  const host = new URL(env[key].replace(/^\w+:/, "http:")).hostname;
  if (host !== service) faults.push(`${key} names host ${host}, the service is ${service}`);
}
if (!services[env.JOBALERTD_SMTP__HOST]) faults.push(`JOBALERTD_SMTP__HOST names no service`);

const dockerfile = readFileSync(join(root, "Dockerfile"), "utf8");
const image = {};
for (const [, pair] of dockerfile.replace(/\\\n/g, " ").matchAll(/^ENV (.*)$/gm))
  for (const [, key, value] of pair.matchAll(/(\w+)=(\S+)/g)) image[key] = value;
const last = dockerfile.slice(dockerfile.lastIndexOf("\nFROM "));
if (!/^USER [1-9]\d*/m.test(last)) faults.push("Dockerfile: the last stage does not run as a numbered user other than root");
if (!/^HEALTHCHECK /m.test(last)) faults.push("Dockerfile: no health check");
const ignore = readFileSync(join(root, ".dockerignore"), "utf8").split("\n");
for (const f of ["go.mod", "go.sum", "cmd", "alerts", "subscriptions", "mailer", "config", "LICENSE", "NOTICE"])
  if (!ignore.includes("!" + f)) faults.push(`.dockerignore keeps ${f} out of the build`);

const merged = { ...image, ...env, JOBALERTD_DATA_DIR: join(out, "data") };
writeFileSync(join(out, "jobalertd.env"), Object.entries(merged).map(([k, v]) => `${k}=${v}\n`).join(""));
writeFileSync(join(out, "nats.conf"), compose.configs.nats.content.replace("/data", join(out, "jetstream")));
if (faults.length) {
  console.error(faults.join("\n"));
  process.exit(1);
}
console.log(`${Object.keys(services).length} services and the image's stages are consistent`);
