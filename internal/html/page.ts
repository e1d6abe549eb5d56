import { createHash } from "node:crypto";
import { Html, html } from "./html.ts";
import { BASE_STYLE } from "./style.ts";

/**
 * A page that needs no other file. Its policy (CSP Level 3) allows its own style and pictures in `data:` addresses, so
 * it sends no request and runs no script. `style` is added to the base style and must not contain texts from outside.
 */
export function page({ title, style, body }: { title: string; style: string; body: Html }): string {
  const css = `${BASE_STYLE}${style}`;
  const digest = createHash("sha256").update(css).digest("base64");
  const policy = `default-src 'none'; style-src 'sha256-${digest}'; img-src data:; base-uri 'none'; form-action 'none'`;
  return html`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<link rel="icon" href="data:,">
<title>${title}</title>
<style>${new Html(css)}</style>
</head>
<body>
${body}
</body>
</html>
`.markup;
}
