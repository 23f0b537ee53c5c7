//! An editor without a screen. Shared by tests and a benchmark, which does not use all of it.

use std::collections::HashMap;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use seaworthy_tests::artifacts::target;
use serde_json::{Value, json};
use tempfile::TempDir;

/// What is given to any answer: far more than one takes, far less than for ever.
const PATIENCE: Duration = Duration::from_secs(60);

pub struct Client {
    folder: TempDir,
    server: Child,
    input: Option<ChildStdin>,
    messages: Receiver<Value>,
    next_id: u64,
    /// What was last said of each file.
    said: HashMap<String, Vec<Value>>,
    /// The addresses that it was asked to open.
    pub shown: Vec<String>,
}

impl Client {
    /// Opens a folder with these files, as an editor with these capabilities.
    pub fn start(files: &[(&str, &str)], capabilities: Value) -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), files, capabilities)
    }

    /// The same in a folder where something is already.
    pub fn start_in(folder: TempDir, files: &[(&str, &str)], capabilities: Value) -> Self {
        let mut server = Command::new(target().join("release/seaworthy"))
            .arg("lsp")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let input = server.stdin.take();
        let output = server.stdout.take().unwrap();
        let (sender, messages) = channel();
        thread::spawn(move || {
            let mut output = BufReader::new(output);
            while let Some(message) = read(&mut output) {
                let _ = sender.send(message);
            }
        });
        let mut client = Self { folder, server, input, messages, next_id: 0, said: HashMap::new(), shown: Vec::new() };
        files.iter().for_each(|(name, text)| client.write(name, text));
        let root = format!("file://{}", client.path("").display());
        let folder = json!([{"uri": root.trim_end_matches('/'), "name": "shop"}]);
        client.ask("initialize", json!({"capabilities": capabilities, "workspaceFolders": folder}));
        client.tell("initialized", json!({}));
        client
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().canonicalize().unwrap().join(name)
    }

    pub fn address(&self, name: &str) -> String {
        format!("file://{}", self.path(name).display())
    }

    /// Writes a file to the disk.
    pub fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub fn open(&mut self, name: &str, text: &str) {
        let document = json!({"uri": self.address(name), "languageId": "yaml", "version": 1, "text": text});
        self.tell("textDocument/didOpen", json!({"textDocument": document}));
    }

    pub fn change(&mut self, name: &str, text: &str) {
        self.settle();
        self.tell_change(name, 2, text);
    }

    /// Types the text of a version, and waits until something is said of that version.
    pub fn type_on(&mut self, name: &str, version: u64, text: &str) -> Vec<Value> {
        self.tell_change(name, version, text);
        let address = self.address(name);
        loop {
            let message = self.next();
            let said = &message["params"];
            if said["uri"] == address && said["version"] == version {
                return said["diagnostics"].as_array().unwrap().clone();
            }
            self.take(&message);
        }
    }

    fn tell_change(&mut self, name: &str, version: u64, text: &str) {
        let document = json!({"uri": self.address(name), "version": version});
        self.tell("textDocument/didChange", json!({"textDocument": document, "contentChanges": [{"text": text}]}));
    }

    pub fn save(&mut self, name: &str) {
        self.settle();
        let document = json!({"uri": self.address(name)});
        self.tell("textDocument/didSave", json!({"textDocument": document}));
    }

    pub fn close(&mut self, name: &str) {
        self.settle();
        let document = json!({"uri": self.address(name)});
        self.tell("textDocument/didClose", json!({"textDocument": document}));
    }

    /// Waits until all that was told before has been worked off, and forgets what was said of it.
    fn settle(&mut self) {
        self.ask_in_vain("seaworthy/none", json!({}));
        self.said.clear();
    }

    /// What is said of a file next.
    pub fn diagnostics(&mut self, name: &str) -> Vec<Value> {
        let address = self.address(name);
        loop {
            if let Some(said) = self.said.remove(&address) {
                return said;
            }
            let message = self.next();
            self.take(&message);
        }
    }

    /// What was last said of a file.
    pub fn last(&self, name: &str) -> Vec<Value> {
        self.said.get(&self.address(name)).cloned().unwrap_or_default()
    }

    /// The next message to people.
    pub fn message(&mut self) -> String {
        loop {
            let message = self.next();
            if message["method"] == "window/showMessage" {
                return message["params"]["message"].as_str().unwrap().to_owned();
            }
            self.take(&message);
        }
    }

    pub fn ask(&mut self, method: &str, params: Value) -> Value {
        let response = self.response(method, params);
        assert!(response.get("error").is_none(), "{response}");
        response["result"].clone()
    }

    pub fn ask_in_vain(&mut self, method: &str, params: Value) -> Value {
        self.response(method, params)["error"].clone()
    }

    fn response(&mut self, method: &str, params: Value) -> Value {
        self.next_id += 1;
        let id = self.next_id;
        self.send(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}));
        loop {
            let message = self.next();
            if message["id"] == id {
                return message;
            }
            self.take(&message);
        }
    }

    /// Ends the server as the protocol has it; its exit code.
    pub fn end(mut self) -> Option<i32> {
        self.ask("shutdown", Value::Null);
        self.tell("exit", Value::Null);
        self.input = None;
        self.server.wait().unwrap().code()
    }

    fn tell(&mut self, method: &str, params: Value) {
        self.send(&json!({"jsonrpc": "2.0", "method": method, "params": params}));
    }

    fn send(&mut self, message: &Value) {
        self.send_text(&message.to_string());
    }

    /// Writes a message as it is.
    pub fn send_text(&mut self, text: &str) {
        write!(self.input.as_mut().unwrap(), "Content-Length: {}\r\n\r\n{text}", text.len()).unwrap();
    }

    fn next(&self) -> Value {
        self.messages.recv_timeout(PATIENCE).expect("the server answers")
    }

    fn take(&mut self, message: &Value) {
        if message["method"] == "textDocument/publishDiagnostics" {
            let address = message["params"]["uri"].as_str().unwrap().to_owned();
            self.said.insert(address, message["params"]["diagnostics"].as_array().unwrap().clone());
        }
        if message["method"] == "window/showDocument" && message["params"]["external"] == true {
            self.shown.push(message["params"]["uri"].as_str().unwrap().to_owned());
        }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

fn read(output: &mut impl BufRead) -> Option<Value> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if output.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim_end().strip_prefix("Content-Length: ") {
            Some(number) => length = number.parse().ok()?,
            None if line.trim_end().is_empty() => break,
            None => {}
        }
    }
    let mut text = vec![0; length];
    output.read_exact(&mut text).ok()?;
    serde_json::from_slice(&text).ok()
}
