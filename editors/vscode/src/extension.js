// Starts `flowc lsp` for flows, and shows the picture of one beside its text.
"use strict";

const { execFile } = require("node:child_process");
const path = require("node:path");
const vscode = require("vscode");
const { LanguageClient, TransportKind } = require("vscode-languageclient/node");
const { page } = require("./page");

/** Milliseconds without a keystroke after which a picture is drawn anew. */
const PAUSE = 400;

/** Characters that a picture may have. */
const LARGEST = 64 * 1024 * 1024;

let client;
const pictures = new Map();

function settings() {
  const chosen = vscode.workspace.getConfiguration("flowc");
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? "";
  return {
    command: chosen.get("command", "flowc").replaceAll("${workspaceFolder}", folder),
    options: chosen.get("arguments", []),
    format: chosen.get("preview.format", "svg"),
  };
}

async function start() {
  if (client || !vscode.workspace.isTrusted) return;
  const { command, options } = settings();
  client = new LanguageClient(
    "flowc",
    "flowc",
    { command, args: ["lsp", ...options], transport: TransportKind.stdio },
    { documentSelector: [{ language: "flowc" }] },
  );
  try {
    await client.start();
  } catch (wrong) {
    client = undefined;
    vscode.window.showErrorMessage(
      `flowc: '${command} lsp' does not start (${wrong.message}). Install it with pip install 'flowc[lsp]', or set flowc.command.`,
    );
  }
}

async function stop() {
  const running = client;
  client = undefined;
  await running?.stop();
}

/** Draw a text as it stands, saved or not. */
function draw(document, format) {
  const { command } = settings();
  const folder = document.uri.scheme === "file" ? path.dirname(document.uri.fsPath) : undefined;
  const args = ["graph", "-", "--format", format];
  if (folder) args.push("--stdin-filename", document.uri.fsPath);
  return new Promise((resolve) => {
    const running = execFile(command, args, { cwd: folder, maxBuffer: LARGEST }, (wrong, out, said) => {
      resolve(wrong ? { error: said || wrong.message } : { picture: out });
    });
    running.stdin?.on("error", () => {});
    running.stdin?.end(document.getText());
  });
}

async function refresh(document) {
  const shown = pictures.get(document.uri.toString());
  if (!shown) return;
  const { format } = settings();
  const turn = ++shown.turn;
  const drawn = await draw(document, format);
  // A newer text may have been drawn meanwhile; and a text with mistakes keeps its last picture.
  if (turn !== shown.turn || !pictures.has(document.uri.toString())) return;
  if (drawn.picture) shown.picture = drawn.picture;
  shown.panel.webview.html = page(format, shown.picture, drawn.error);
}

function preview() {
  const document = vscode.window.activeTextEditor?.document;
  if (!document || document.languageId !== "flowc") return;
  if (!vscode.workspace.isTrusted) {
    vscode.window.showInformationMessage("flowc draws nothing in a workspace that is not trusted.");
    return;
  }
  const key = document.uri.toString();
  const known = pictures.get(key);
  if (known) {
    known.panel.reveal(undefined, true);
    return;
  }
  const panel = vscode.window.createWebviewPanel(
    "flowc.preview",
    `${path.basename(document.fileName)} (picture)`,
    { viewColumn: vscode.ViewColumn.Beside, preserveFocus: true },
    { enableScripts: true, localResourceRoots: [], retainContextWhenHidden: true },
  );
  pictures.set(key, { panel, turn: 0 });
  panel.onDidDispose(() => pictures.delete(key));
  refresh(document);
}

function activate(context) {
  let waiting;
  context.subscriptions.push(
    vscode.commands.registerCommand("flowc.preview", preview),
    vscode.commands.registerCommand("flowc.restart", async () => {
      await stop();
      await start();
    }),
    vscode.workspace.onDidChangeTextDocument(({ document }) => {
      if (!pictures.has(document.uri.toString())) return;
      clearTimeout(waiting);
      waiting = setTimeout(() => refresh(document), PAUSE);
    }),
    vscode.workspace.onDidGrantWorkspaceTrust(start),
  );
  return start();
}

module.exports = { activate, deactivate: stop };
