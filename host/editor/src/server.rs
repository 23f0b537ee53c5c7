//! The protocol, message by message. Texts come whole, so that no edit can be lost between two counts of columns; a check
//! waits until no further message does, so that fast typing is checked once.

use std::collections::BTreeMap;
use std::path::PathBuf;

use engine::config::FILE_NAME;
use engine::report::Report;
use engine::waiver::Date;
use lsp_server::{Connection, ErrorCode, Message, Notification, Request, RequestId, Response};
use lsp_types::notification::{self as notify, Notification as _};
use lsp_types::request::{self as ask, Request as _};
use lsp_types::{
    CodeAction, CodeActionKind, CodeActionOrCommand, CodeActionParams, CodeActionProviderCapability, CodeDescription,
    Command, CreateFile, Diagnostic, DiagnosticSeverity, DidChangeTextDocumentParams, DidCloseTextDocumentParams,
    DidOpenTextDocumentParams, DidSaveTextDocumentParams, DocumentChangeOperation, DocumentChanges,
    ExecuteCommandOptions, ExecuteCommandParams, Hover, HoverContents, HoverParams, InitializeParams, InitializeResult,
    MarkupContent, MarkupKind, MessageType, NumberOrString, OneOf, OptionalVersionedTextDocumentIdentifier,
    PublishDiagnosticsParams, Range, ResourceOp, ResourceOperationKind, ServerCapabilities, ServerInfo,
    ShowDocumentParams, ShowMessageParams, TextDocumentEdit, TextDocumentSyncCapability, TextDocumentSyncKind,
    TextDocumentSyncOptions, TextDocumentSyncSaveOptions, TextEdit, Uri, WorkspaceEdit,
};
use serde_json::Value;
use url::Url;

use crate::notes::{Note, Weight, hover, notes};
use crate::position::{Encoding, Text};
use crate::workspace::Workspace;
use crate::{Open, actions};

/// The command by which an editor opens the page about a rule; its argument is the address.
const OPEN_PAGE: &str = "seaworthy.openPage";

/// Why serving ended before the editor said so.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Somebody started the command in a shell, or the editor ended at once.
    #[error("an editor starts this command, and talks to it by standard input; docs/editors.md says how")]
    NoEditor,
    /// What the editor said is not the protocol.
    #[error("the editor does not speak the protocol: {0}")]
    Protocol(#[from] lsp_server::ProtocolError),
    /// A message is not as the protocol has it.
    #[error("a message cannot be read: {0}")]
    Message(#[from] serde_json::Error),
    /// The editor names no folder.
    #[error("the editor names no folder on the disk: open a folder, not a single file")]
    NoFolder,
    /// The editor is gone.
    #[error("the editor is gone")]
    Gone,
}

/// Serves one editor until it says that it is done.
///
/// # Errors
/// [`ServeError`].
pub fn serve<O: Open>(connection: &Connection, opener: O) -> Result<(), ServeError> {
    let (id, params) = connection.initialize_start().map_err(|cause| {
        if cause.channel_is_disconnected() { ServeError::NoEditor } else { ServeError::Protocol(cause) }
    })?;
    let params: InitializeParams = serde_json::from_value(params)?;
    let offered = params.capabilities.general.as_ref().and_then(|general| general.position_encodings.clone());
    let encoding = Encoding::chosen(&offered.unwrap_or_default());
    let info = ServerInfo { name: "seaworthy".into(), version: Some(env!("CARGO_PKG_VERSION").into()) };
    let shows = params.capabilities.window.as_ref().and_then(|window| window.show_document.as_ref());
    let can_show = shows.is_some_and(|shows| shows.support);
    let result = InitializeResult { capabilities: capabilities(encoding, can_show), server_info: Some(info) };
    connection.initialize_finish(id, serde_json::to_value(result)?)?;
    let workspace = Workspace::new(opener, root(&params).ok_or(ServeError::NoFolder)?);
    let can = params.capabilities.workspace.and_then(|workspace| workspace.workspace_edit);
    let can_create =
        can.and_then(|can| can.resource_operations).is_some_and(|can| can.contains(&ResourceOperationKind::Create));
    Server { connection, workspace, encoding, can_create, can_show, shown: 0, published: BTreeMap::new() }.run()
}

fn capabilities(encoding: Encoding, can_show: bool) -> ServerCapabilities {
    ServerCapabilities {
        position_encoding: Some(encoding.kind()),
        text_document_sync: Some(TextDocumentSyncCapability::Options(TextDocumentSyncOptions {
            open_close: Some(true),
            change: Some(TextDocumentSyncKind::FULL),
            save: Some(TextDocumentSyncSaveOptions::Supported(true)),
            ..TextDocumentSyncOptions::default()
        })),
        hover_provider: Some(true.into()),
        code_action_provider: Some(CodeActionProviderCapability::Simple(true)),
        execute_command_provider: can_show.then(|| ExecuteCommandOptions {
            commands: vec![OPEN_PAGE.to_owned()],
            ..ExecuteCommandOptions::default()
        }),
        ..ServerCapabilities::default()
    }
}

/// The folder that is open. Of several it is the first.
#[allow(deprecated, reason = "editors of before workspace folders name their folder so")]
fn root(params: &InitializeParams) -> Option<PathBuf> {
    let folders = params.workspace_folders.iter().flatten().map(|folder| folder.uri.as_str());
    let address = folders.chain(params.root_uri.iter().map(|uri| uri.as_str())).next()?;
    Url::parse(address).ok()?.to_file_path().ok()
}

struct Server<'c, O: Open> {
    connection: &'c Connection,
    workspace: Workspace<O>,
    encoding: Encoding,
    /// Whether the editor makes files.
    can_create: bool,
    /// Whether the editor opens addresses.
    can_show: bool,
    /// How many it was asked to open.
    shown: u32,
    /// What the editor shows, by file, and of which version of its text: columns may be other ones in another.
    published: BTreeMap<String, (Option<i32>, Vec<Note>)>,
}

impl<O: Open> Server<'_, O> {
    fn run(mut self) -> Result<(), ServeError> {
        let connection = self.connection;
        let mut is_stale = self.read()?;
        loop {
            // What waits already comes first.
            let message = match connection.receiver.try_recv() {
                Ok(message) => message,
                Err(_) if is_stale => {
                    self.publish()?;
                    is_stale = false;
                    continue;
                }
                Err(_) => connection.receiver.recv().map_err(|_| ServeError::Gone)?,
            };
            match message {
                Message::Request(request) => {
                    if connection.handle_shutdown(&request)? {
                        return Ok(());
                    }
                    // What is asked is about what the editor shows.
                    if std::mem::take(&mut is_stale) {
                        self.publish()?;
                    }
                    let response = self.answer(request);
                    self.send(response.into())?;
                }
                Message::Notification(notification) => match self.hear(notification) {
                    Err(cause @ ServeError::Message(_)) => self.show(cause.to_string())?,
                    heard => is_stale |= heard?,
                },
                Message::Response(_) => {}
            }
        }
    }

    fn send(&self, message: Message) -> Result<(), ServeError> {
        self.connection.sender.send(message).map_err(|_| ServeError::Gone)
    }

    fn notify<N: notify::Notification>(&self, params: N::Params) -> Result<(), ServeError> {
        self.send(Notification::new(N::METHOD.to_owned(), params).into())
    }

    /// Takes in what has changed, and says whether a check has to follow.
    fn hear(&mut self, notification: Notification) -> Result<bool, ServeError> {
        let Notification { method, params } = notification;
        match method.as_str() {
            notify::DidOpenTextDocument::METHOD => {
                let DidOpenTextDocumentParams { text_document: document } = serde_json::from_value(params)?;
                Ok(self.set(document.uri.as_str(), document.version, Some(document.text)))
            }
            notify::DidChangeTextDocument::METHOD => {
                let DidChangeTextDocumentParams { text_document: document, content_changes } =
                    serde_json::from_value(params)?;
                let text = content_changes.into_iter().next_back().map(|change| change.text);
                Ok(self.set(document.uri.as_str(), document.version, text))
            }
            notify::DidCloseTextDocument::METHOD => {
                let DidCloseTextDocumentParams { text_document: document } = serde_json::from_value(params)?;
                let name = self.workspace.name(document.uri.as_str());
                Ok(name.is_some_and(|name| {
                    self.workspace.close(&name);
                    true
                }))
            }
            notify::DidSaveTextDocument::METHOD => {
                let DidSaveTextDocumentParams { text_document: document, .. } = serde_json::from_value(params)?;
                let name = self.workspace.name(document.uri.as_str());
                if name.is_some_and(|name| self.workspace.reaches_beyond(&name)) {
                    return self.read();
                }
                Ok(false)
            }
            notify::DidChangeWatchedFiles::METHOD => self.read(),
            _ => Ok(false),
        }
    }

    fn set(&mut self, address: &str, version: i32, text: Option<String>) -> bool {
        let Some((name, text)) = self.workspace.name(address).zip(text) else { return false };
        self.workspace.set(&name, version, text);
        true
    }

    /// Reads the workspace anew, and says whether a check has to follow. Where it cannot be read, the editor shows why.
    fn read(&mut self) -> Result<bool, ServeError> {
        if let Err(cause) = self.workspace.read() {
            self.show(cause.to_string())?;
            return Ok(false);
        }
        Ok(true)
    }

    /// Shows what is wrong.
    fn show(&self, message: String) -> Result<(), ServeError> {
        self.notify::<notify::ShowMessage>(ShowMessageParams { typ: MessageType::ERROR, message })
    }

    /// Says what is to be said of each file of which the editor shows something else.
    fn publish(&mut self) -> Result<(), ServeError> {
        let Some(said) = self.workspace.check(|report, is_changed| notes(report, is_changed)) else { return Ok(()) };
        let of_version = |(name, notes): (String, Vec<Note>)| (name.clone(), (self.workspace.version(&name), notes));
        let said: BTreeMap<_, _> = said.into_iter().map(of_version).collect();
        for name in self.published.keys().filter(|name| !said.contains_key(*name)) {
            self.say(name, &[])?;
        }
        for (name, of_file) in said.iter().filter(|(name, of_file)| self.published.get(*name) != Some(of_file)) {
            self.say(name, &of_file.1)?;
        }
        self.published = said;
        Ok(())
    }

    fn say(&self, name: &str, notes: &[Note]) -> Result<(), ServeError> {
        // What is no file, such as standard input, has no address.
        let Some(uri) = self.workspace.address(name).and_then(|address| address.parse().ok()) else { return Ok(()) };
        let text = self.workspace.text(name).unwrap_or_default();
        let text = Text::new(&text, self.encoding);
        let diagnostics = notes.iter().map(|note| diagnostic(note, &text)).collect();
        let version = self.workspace.version(name);
        self.notify::<notify::PublishDiagnostics>(PublishDiagnosticsParams { uri, diagnostics, version })
    }

    fn answer(&mut self, request: Request) -> Response {
        let Request { id, method, params } = request;
        let answer = match method.as_str() {
            ask::HoverRequest::METHOD => serde_json::from_value(params).map(|params| self.hover(&params)),
            ask::CodeActionRequest::METHOD => serde_json::from_value(params).map(|params| self.code_actions(&params)),
            ask::ExecuteCommand::METHOD => serde_json::from_value(params).map(|params| self.open_page(&params)),
            _ => {
                let message = format!("{method} is not answered here");
                return Response::new_err(id, ErrorCode::MethodNotFound as i32, message);
            }
        };
        match answer {
            Ok(answer) => Response::new_ok(id, answer),
            Err(cause) => Response::new_err(id, ErrorCode::InvalidParams as i32, cause.to_string()),
        }
    }

    /// Has the editor open the page about a rule; nothing else is opened.
    fn open_page(&mut self, params: &ExecuteCommandParams) -> Option<Value> {
        let page = params.arguments.first()?.as_str().filter(|_| self.can_show && params.command == OPEN_PAGE)?;
        let is_known = |report: &Report<'_>| report.rules.iter().any(|rule| rule.link() == Some(page));
        let uri: Uri =
            page.parse().ok().filter(|_| self.workspace.check(|report, _| is_known(report)) == Some(true))?;
        self.shown += 1;
        let id = RequestId::from(format!("page-{}", self.shown));
        let params = ShowDocumentParams { uri, external: Some(true), take_focus: None, selection: None };
        // If the editor is gone, it gets no answer either, and serving ends.
        let _ = self.send(Request::new(id, ask::ShowDocument::METHOD.to_owned(), params).into());
        None
    }

    /// What the rules say at a place, and why.
    fn hover(&mut self, params: &HoverParams) -> Option<Value> {
        let asked = &params.text_document_position_params;
        let name = self.workspace.name(asked.text_document.uri.as_str())?;
        let text = self.workspace.text(&name)?;
        let text = Text::new(&text, self.encoding);
        let (said, range) = self.workspace.check(|report, is_changed| {
            let notes = notes(report, is_changed).remove(&name).unwrap_or_default();
            let at: Vec<(&Note, Range)> = notes
                .iter()
                .map(|note| (note, range(note, &text)))
                .filter(|(_, range)| range.start <= asked.position && asked.position <= range.end)
                .collect();
            let mut rules: Vec<&str> = at.iter().filter_map(|(note, _)| note.rule.as_deref()).collect();
            rules.dedup();
            let about = rules.iter().filter_map(|name| {
                let rule = report.rules.iter().find(|rule| rule.name == *name)?;
                let said = at.iter().filter(|(note, _)| note.rule.as_deref() == Some(name));
                Some(hover(rule, &said.map(|(note, _)| note.message.as_str()).collect::<Vec<_>>()))
            });
            (about.collect::<Vec<_>>().join("\n---\n\n"), at.first().map(|(_, range)| *range))
        })?;
        let contents = HoverContents::Markup(MarkupContent { kind: MarkupKind::Markdown, value: said });
        serde_json::to_value(range.map(|range| Hover { contents, range: Some(range) })).ok()
    }

    /// The fixes of what is said at a range, and all safe ones of the file.
    fn code_actions(&mut self, params: &CodeActionParams) -> Option<Value> {
        let uri = &params.text_document.uri;
        let name = self.workspace.name(uri.as_str())?;
        let old = self.workspace.text(&name)?;
        let text = Text::new(&old, self.encoding);
        let (first, last) = (params.range.start.line + 1, params.range.end.line + 1);
        let configuration = self.configuration();
        let can_show = self.can_show;
        let (fixes, waivers, pages, all) = self.workspace.check(|report, _| {
            let waivers = configuration
                .as_ref()
                .map(|into| actions::waivers(report, &name, (first, last), into.text(), into.today))
                .unwrap_or_default();
            let pages = if can_show { actions::pages(report, &name, first, last) } else { Vec::new() };
            (actions::fixes(report, &name, first, last), waivers, pages, actions::all_fixes(report, &name))
        })?;
        let edit = |new: &str| of_file(uri.clone(), changed(&old, new, &text));
        let mut offered: Vec<CodeActionOrCommand> = Vec::new();
        for action in &fixes {
            let diagnostics = params.context.diagnostics.iter().filter(|context| is_about(action, context)).cloned();
            offered.push(CodeActionOrCommand::CodeAction(CodeAction {
                title: if action.is_safe { action.title.clone() } else { format!("{} (review it)", action.title) },
                kind: Some(CodeActionKind::QUICKFIX),
                diagnostics: Some(diagnostics.collect()),
                edit: Some(edit(&action.text)),
                is_preferred: Some(action.is_safe),
                ..CodeAction::default()
            }));
        }
        if let Some(into) = &configuration {
            let shown = &params.context.diagnostics;
            offered.extend(waivers.into_iter().map(|waiver| into.action(waiver, shown, self.encoding)));
        }
        offered.extend(pages.into_iter().map(|(rule, page)| {
            let title = format!("Open the page about {rule}");
            CodeActionOrCommand::Command(Command::new(title, OPEN_PAGE.to_owned(), Some(vec![page.into()])))
        }));
        if let Some(new) = all.filter(|new| *new != old) {
            offered.push(CodeActionOrCommand::CodeAction(CodeAction {
                title: "Fix all that is safe to fix in this file".into(),
                kind: Some(CodeActionKind::SOURCE_FIX_ALL),
                edit: Some(edit(&new)),
                ..CodeAction::default()
            }));
        }
        serde_json::to_value(offered).ok()
    }

    /// The configuration that waivers are written into. If it does not exist yet, the editor makes it, if it can.
    fn configuration(&self) -> Option<Configuration> {
        let (old, today) = self.workspace.configuration().filter(|(old, _)| self.can_create || old.is_some())?;
        let uri = self.workspace.address(FILE_NAME)?.parse().ok()?;
        Some(Configuration { uri, old, today })
    }
}

/// A configuration to write waivers into.
struct Configuration {
    uri: Uri,
    /// Its text; none where there is no such file yet.
    old: Option<String>,
    /// The day on which its waivers count.
    today: Date,
}

impl Configuration {
    fn text(&self) -> &str {
        self.old.as_deref().unwrap_or_default()
    }

    /// A waiver as an edit of the configuration, beside what the editor shows of its finding.
    fn action(&self, waiver: actions::Action, shown: &[Diagnostic], encoding: Encoding) -> CodeActionOrCommand {
        let edit = changed(self.text(), &waiver.text, &Text::new(self.text(), encoding));
        let uri = self.uri.clone();
        let edit = if self.old.is_some() { of_file(uri, edit) } else { of_new_file(uri, edit) };
        let diagnostics = shown.iter().filter(|shown| is_about(&waiver, shown)).cloned().collect();
        CodeActionOrCommand::CodeAction(CodeAction {
            title: waiver.title,
            kind: Some(CodeActionKind::QUICKFIX),
            diagnostics: Some(diagnostics),
            edit: Some(edit),
            ..CodeAction::default()
        })
    }
}

#[allow(clippy::mutable_key_type, reason = "the protocol's addresses are keys of its edits")]
fn of_file(uri: Uri, edit: TextEdit) -> WorkspaceEdit {
    WorkspaceEdit { changes: Some([(uri, vec![edit])].into()), ..WorkspaceEdit::default() }
}

fn of_new_file(uri: Uri, edit: TextEdit) -> WorkspaceEdit {
    let create = CreateFile { uri: uri.clone(), options: None, annotation_id: None };
    let text_document = OptionalVersionedTextDocumentIdentifier { uri, version: None };
    let edits = TextDocumentEdit { text_document, edits: vec![OneOf::Left(edit)] };
    let operations =
        vec![DocumentChangeOperation::Op(ResourceOp::Create(create)), DocumentChangeOperation::Edit(edits)];
    let changes = DocumentChanges::Operations(operations);
    WorkspaceEdit { document_changes: Some(changes), ..WorkspaceEdit::default() }
}

/// Whether the action is about what an editor shows there.
fn is_about(action: &actions::Action, shown: &Diagnostic) -> bool {
    matches!(&shown.code, Some(NumberOrString::String(code)) if Some(code) == action.rule.as_ref())
        && shown.range.start.line + 1 == action.line
}

fn range(note: &Note, text: &Text<'_>) -> Range {
    match note.end {
        Some(end) => Range { start: text.position(note.start), end: text.position(end) },
        None => text.whole_line(note.start.line),
    }
}

fn diagnostic(note: &Note, text: &Text<'_>) -> Diagnostic {
    Diagnostic {
        range: range(note, text),
        severity: Some(match note.weight {
            Weight::Error => DiagnosticSeverity::ERROR,
            Weight::Warning => DiagnosticSeverity::WARNING,
            Weight::Information => DiagnosticSeverity::INFORMATION,
            Weight::Hint => DiagnosticSeverity::HINT,
        }),
        code: note.rule.clone().map(NumberOrString::String),
        // A code without a name of a rule has no page.
        code_description: note.url.as_deref().and_then(|url| Some(CodeDescription { href: url.parse().ok()? })),
        source: Some("seaworthy".into()),
        message: note.message.clone(),
        ..Diagnostic::default()
    }
}

/// The one edit between two texts: what is before and behind it stays as it is, and so do marks of the editor there.
fn changed(old: &str, new: &str, text: &Text<'_>) -> TextEdit {
    let lines = |text: &str| text.split_inclusive('\n').map(str::to_owned).collect::<Vec<String>>();
    let (before, after) = (lines(old), lines(new));
    let first = before.iter().zip(&after).take_while(|(old, new)| old == new).count();
    let rest = before.len().min(after.len()) - first;
    let last = before.iter().rev().zip(after.iter().rev()).take(rest).take_while(|(old, new)| old == new).count();
    let at = |line: usize| {
        let line = u32::try_from(line).unwrap_or(u32::MAX);
        lsp_types::Position { line, character: 0 }.min(text.end())
    };
    let new_text = after.get(first..after.len() - last).unwrap_or_default().concat();
    TextEdit { range: Range { start: at(first), end: at(before.len() - last) }, new_text }
}
