// Starts the binary's language server, and nothing else: what is checked and how is the binary's business.
const vscode = require('vscode')
const { LanguageClient } = require('vscode-languageclient/node')

let client

function start() {
  const settings = vscode.workspace.getConfiguration('seaworthy')
  const profile = settings.get('profile')
  const server = { command: settings.get('path'), args: profile ? ['lsp', '--profile', profile] : ['lsp'] }
  client = new LanguageClient('seaworthy', 'seaworthy', server, {
    documentSelector: ['yaml', 'helm', 'json'].map((language) => ({ scheme: 'file', language })),
    synchronize: { fileEvents: vscode.workspace.createFileSystemWatcher('**/*.{yaml,yml,json,tpl}') },
  })
  return client.start()
}

exports.activate = async (context) => {
  const restart = async () => {
    await client?.stop()
    await start()
  }
  context.subscriptions.push(
    vscode.commands.registerCommand('seaworthy.restart', restart),
    vscode.workspace.onDidChangeConfiguration((event) => event.affectsConfiguration('seaworthy') && restart()),
  )
  await start()
}

exports.deactivate = () => client?.stop()
