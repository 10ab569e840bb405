// The page that shows a picture. Whatever the picture and the message hold, they cannot reach out of the page.
"use strict";

const escape = (text) => text.replace(/[&<>"']/g, (found) => `&#${found.charCodeAt(0)};`);

/** A page with a picture (`svg` as an image, `html` as flowc made it), and what is wrong with the text, if anything is. */
function page(format, picture, error) {
  if (format === "html" && picture && !error) return picture;
  const image =
    format === "svg" && picture ? `<img alt="" src="data:image/svg+xml;base64,${Buffer.from(picture).toString("base64")}">` : "";
  return `<!DOCTYPE html>
<html><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<style>
body { margin: 0; background: #fff; color: #222 }
img { display: block; margin: 1em auto; max-width: 100% }
pre { margin: 0; padding: 1em; white-space: pre-wrap; background: #fee }
</style></head><body>${error ? `<pre>${escape(error)}</pre>` : ""}${image}</body></html>`;
}

module.exports = { page };
