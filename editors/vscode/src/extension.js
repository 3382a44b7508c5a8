// Starts `svcgen lsp` and hands everything else to it.
const vscode = require("vscode");
const { LanguageClient, TransportKind } = require("vscode-languageclient/node");

let client;

function settings() {
  return vscode.workspace.getConfiguration("svcgen");
}

function expanded(text) {
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? "";
  return text.replaceAll("${workspaceFolder}", folder);
}

function server() {
  const path = expanded(settings().get("path"));
  const python = expanded(settings().get("python"));
  const [command, args] = path ? [path, ["lsp"]] : python ? [python, ["-m", "svcgen", "lsp"]] : ["svcgen", ["lsp"]];
  const cwd = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath;
  return { command, args, options: { cwd }, transport: TransportKind.stdio };
}

async function start() {
  const made = new LanguageClient("svcgen", "svcgen", server(), {
    documentSelector: [
      { scheme: "file", language: "svcgen" },
      { scheme: "untitled", language: "svcgen" },
    ],
    initializationOptions: { include: settings().get("include") },
  });
  client = made;
  try {
    await made.start();
  } catch (error) {
    const remedy = "Install it with: pip install 'svcgen[lsp]', and set svcgen.python or svcgen.path.";
    const choice = await vscode.window.showErrorMessage(`svcgen lsp did not start: ${error.message}. ${remedy}`, "Open settings");
    if (choice) await vscode.commands.executeCommand("workbench.action.openSettings", "svcgen.");
  }
}

async function stop() {
  const running = client;
  client = undefined;
  if (running?.isRunning()) await running.stop();
}

async function restart() {
  await stop();
  await start();
}

exports.activate = async (context) => {
  context.subscriptions.push(
    vscode.commands.registerCommand("svcgen.restart", restart),
    vscode.workspace.onDidChangeConfiguration((change) => {
      if (change.affectsConfiguration("svcgen")) void restart();
    }),
  );
  await start();
};

exports.deactivate = stop;
