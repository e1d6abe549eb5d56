import { PlatterError } from "../../base/error.ts";
import { ImageMissing } from "../image-missing.ts";

const ABSENT =
  /manifest unknown|StatusCode: 404|name unknown|repository .* not found|not found: manifest|requested image not found/i;
const REFUSED =
  /unauthorized|authentication required|access .*denied|denied: |invalid username\/password|403/i;
const TLS = /x509|certificate|HTTP response to HTTPS client|tls: /i;

/** A failed call of skopeo or podman for an image in a registry as one line, without a log; other errors as they are. */
export function registryError(error: unknown, name: string): unknown {
  if (!(error instanceof PlatterError) || error.code !== "E_TOOL_FAILED") return error;
  const reference = `docker://${name}`;
  const reason = reasonIn(error.detail, name) ?? error.message;
  const host = name.split("/")[0] as string;
  if (ABSENT.test(reason)) {
    return new ImageMissing(reference, reason, { hint: "Check the name and the tag.", cause: error });
  }
  return new PlatterError({
    code: "E_REGISTRY",
    kind: "tool",
    message: `Cannot fetch \`${reference}\`: ${reason}`,
    hint: hintFor(reason, host),
    cause: error,
  });
}

function hintFor(reason: string, host: string): string {
  if (REFUSED.test(reason))
    return `Log in with \`podman login ${host}\` or \`skopeo login ${host}\`, and check the name.`;
  if (TLS.test(reason)) {
    return `Add the registry's certificate in \`/etc/containers/certs.d/${host}\`, or its settings in registries.conf(5).`;
  }
  return "Check the name and the network.";
}

/** The last message of skopeo (a logrus line) or podman (`Error: …`), without the steps that led to it. */
function reasonIn(lines: readonly string[], name: string): string | undefined {
  const line = lines.findLast((each) => /level=(?:fatal|error)|^Error: /.test(each)) ?? lines.at(-1);
  if (line === undefined) return undefined;
  const quoted = /\bmsg="((?:[^"\\]|\\.)*)"/.exec(line)?.[1]?.replace(/\\(.)/g, "$1");
  const text = (quoted ?? line.replace(/^Error: /, "")).trim();
  const steps =
    /^(?:Error parsing image name .*?: |initializing source .*?: |unable to copy from source .*?: )+/i;
  const own = `docker://${name}: `;
  const short = text.replace(steps, "");
  const rest = short.startsWith(own) ? short.slice(own.length) : short;
  // skopeo ends some messages with the place of a body that it did not get.
  return rest.replace(/[\s,;:.]+$/, "");
}
