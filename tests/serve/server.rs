//! The server under test, and as much of an HTTP client as it takes.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use serve::{Event, Events};
use tokio::sync::mpsc::Receiver;

use crate::support::Folder;

/// What is given to anything: far more than it takes.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// The lines of a server's log.
pub type Log = Arc<Mutex<Vec<String>>>;

/// A running server. It ends when it is dropped.
pub struct Server {
    running: Running,
    pub address: SocketAddr,
    log: Log,
}

/// What runs a server.
enum Running {
    /// The binary.
    Process(Child),
    /// A thread of this process.
    Thread(Events),
}

/// What was answered.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Answer {
    /// The response of an AdmissionReview, held to what an API server takes.
    pub fn review(&self) -> Value {
        assert_eq!(self.status, 200, "{self:?}");
        let review: Value = serde_json::from_str(&self.body).unwrap();
        assert_eq!(
            (&review["apiVersion"], &review["kind"]),
            (&json!("admission.k8s.io/v1"), &json!("AdmissionReview"))
        );
        let response = review["response"].clone();
        assert_eq!(response["uid"], "7f3c", "{response:#}");
        let allowed = response["allowed"].as_bool().unwrap();
        assert_eq!(response["status"]["code"], if allowed { Value::Null } else { json!(403) }, "{response:#}");
        assert!(response["status"]["message"].as_str().unwrap_or_default().len() <= 9000);
        let warnings = texts(&response["warnings"]);
        assert!(warnings.iter().all(|text| text.len() <= 256 && !text.contains(char::is_control)), "{warnings:#?}");
        assert!(warnings.iter().map(String::len).sum::<usize>() <= 4096);
        assert_eq!(warnings.iter().collect::<BTreeSet<_>>().len(), warnings.len(), "{warnings:#?}");
        response
    }

    pub fn is_allowed(&self) -> bool {
        self.review()["allowed"] == true
    }

    pub fn warnings(&self) -> Vec<String> {
        texts(&self.review()["warnings"])
    }

    pub fn message(&self) -> String {
        self.review()["status"]["message"].as_str().unwrap_or_default().to_owned()
    }
}

fn texts(list: &Value) -> Vec<String> {
    list.as_array().into_iter().flatten().map(|text| text.as_str().unwrap().to_owned()).collect()
}

impl Server {
    /// Starts it in this folder, with HTTP.
    pub fn start(folder: &Folder, arguments: &[&str]) -> Self {
        Self::start_with(folder, &[&["--plain-http"], arguments].concat())
    }

    pub fn start_with(folder: &Folder, arguments: &[&str]) -> Self {
        let at_once = ["--drain-seconds", "0"];
        let at_once = if arguments.contains(&at_once[0]) { &[][..] } else { &at_once };
        let all = [&["serve", "--address", "127.0.0.1:0"], at_once, arguments].concat();
        let mut command = folder.command(&all);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let log = Log::default();
        let (lines, kept) = (BufReader::new(child.stderr.take().unwrap()).lines(), Arc::clone(&log));
        thread::spawn(move || lines.for_each(|line| kept.lock().unwrap().push(line.unwrap())));
        Self::listening(Running::Process(child), log)
    }

    /// Serves in a thread of this process, where a test can set what no user can.
    pub fn in_thread(run: impl FnOnce(Log, Receiver<Event>) + Send + 'static) -> Self {
        let (log, (events, told)) = (Log::default(), serve::events());
        let kept = Arc::clone(&log);
        thread::spawn(move || run(kept, told));
        Self::listening(Running::Thread(events), log)
    }

    fn listening(running: Running, log: Log) -> Self {
        let mut server = Self { running, address: SocketAddr::from(([127, 0, 0, 1], 0)), log };
        let line = server.wait_for("listening on ");
        let url = line.split("://").nth(1).unwrap();
        server.address = url.split('"').next().unwrap().parse().unwrap();
        server
    }

    /// The first line of the log with this text, as soon as there is one.
    pub fn wait_for(&self, text: &str) -> String {
        let start = Instant::now();
        loop {
            if let Some(line) = self.log().into_iter().find(|line| line.contains(text)) {
                return line;
            }
            assert!(start.elapsed() < PATIENCE, "no line says {text}: {:#?}", self.log());
            thread::sleep(Duration::from_millis(10));
        }
    }

    pub fn log(&self) -> Vec<String> {
        self.log.lock().unwrap().clone()
    }

    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    pub fn get(&self, path: &str) -> Answer {
        send(&mut self.connect(), &format!("GET {path} HTTP/1.1\r\nhost: a\r\n\r\n"), b"")
    }

    pub fn post(&self, path: &str, body: impl AsRef<[u8]>) -> Answer {
        self.post_as(path, "content-type: application/json", body)
    }

    pub fn post_as(&self, path: &str, header: &str, body: impl AsRef<[u8]>) -> Answer {
        post_over(&mut self.connect(), path, header, body.as_ref())
    }

    /// Asks for a review of this request.
    pub fn ask(&self, request: &Value) -> Answer {
        self.post("/validate?timeout=10s", review(request).to_string())
    }

    pub fn signal(&self, signal: Signal) {
        let Running::Process(child) = &self.running else { panic!("a thread takes no signal") };
        kill_process(Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap(), signal).unwrap();
    }

    /// The exit code, where it ends by itself.
    pub fn wait(mut self) -> Option<i32> {
        let Running::Process(child) = &mut self.running else { panic!("a thread has no exit code") };
        let start = Instant::now();
        while start.elapsed() < PATIENCE {
            if let Some(status) = child.try_wait().unwrap() {
                return status.code();
            }
            thread::sleep(Duration::from_millis(10));
        }
        panic!("it does not end: {:#?}", self.log());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        match &mut self.running {
            Running::Process(child) => {
                let _ = child.kill();
                let _ = child.wait();
            }
            // The second time, it stops at once.
            Running::Thread(events) => {
                for _ in 0..2 {
                    let _ = events.try_send(Event::End);
                }
            }
        }
    }
}

/// Fails if the check passes: its defence is off.
pub fn goes_red(check: impl FnOnce()) {
    assert!(catch_unwind(AssertUnwindSafe(check)).is_err(), "the check passes without the defence");
}

/// Fails unless the check passes with the defence, and fails without it.
pub fn only_with(with: &Server, without: &Server, check: impl Fn(&Server)) {
    check(with);
    goes_red(|| check(without));
}

/// The `AdmissionReview` of a request.
pub fn review(request: &Value) -> Value {
    let mut request = request.clone();
    request["uid"] = json!("7f3c");
    json!({ "kind": "AdmissionReview", "apiVersion": "admission.k8s.io/v1", "request": request })
}

pub fn post_over(stream: &mut (impl Read + Write), path: &str, header: &str, body: &[u8]) -> Answer {
    let head = format!("POST {path} HTTP/1.1\r\nhost: a\r\n{header}\r\ncontent-length: {}\r\n\r\n", body.len());
    send(stream, &head, body)
}

/// Sends a request and reads the answer, whose length is said.
pub fn send(stream: &mut (impl Read + Write), head: &str, body: &[u8]) -> Answer {
    stream.write_all(head.as_bytes()).unwrap();
    // Who refuses a body may close before all of it has come.
    let _ = stream.write_all(body);
    let mut bytes = Vec::new();
    let end = loop {
        let mut part = [0; 4096];
        let length = stream.read(&mut part).unwrap();
        assert!(length > 0, "the connection was closed: {}", String::from_utf8_lossy(&bytes));
        bytes.extend_from_slice(&part[..length]);
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
    };
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap().to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).expect("a length");
    let mut body = bytes[end..].to_vec();
    body.resize(length.parse().unwrap(), 0);
    let there = bytes.len() - end;
    stream.read_exact(&mut body[there..]).unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Answer { status, head, body: String::from_utf8(body).unwrap() }
}
