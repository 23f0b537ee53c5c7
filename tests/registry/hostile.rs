//! A registry that answers as a test tells it: by default what it has, honestly.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write, copy, sink};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use registry::Digest;
use serde_json::{Value, json};

pub const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
pub const INDEX: &str = "application/vnd.oci.image.index.v1+json";
pub const WASM: &str = "application/vnd.wasm.content.layer.v1+wasm";
pub const PAYLOAD: &str = "application/vnd.dev.cosign.simplesigning.v1+json";

/// An answer, down to its bytes.
#[derive(Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// Whether the body says its length; without, it ends with the connection.
    pub has_length: bool,
    /// Whether the body is followed by zeros without end.
    pub is_endless: bool,
}

impl Answer {
    pub fn of(body: impl Into<Vec<u8>>) -> Self {
        let (status, headers) = (200, Vec::new());
        Self { status, headers, body: body.into(), has_length: true, is_endless: false }
    }

    pub fn status(status: u16) -> Self {
        Self { status, ..Self::of("") }
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    pub fn redirect(to: &str) -> Self {
        Self::status(307).header("Location", to)
    }

    pub fn without_length(self) -> Self {
        Self { has_length: false, ..self }
    }

    pub fn endless(self) -> Self {
        Self { is_endless: true, ..self.without_length() }
    }
}

type Script = Box<dyn Fn(&str) -> Option<Answer> + Send + Sync>;

#[derive(Default)]
struct Shared {
    /// By what stands behind `manifests/`: a tag or a digest.
    manifests: HashMap<String, Vec<u8>>,
    blobs: HashMap<String, Vec<u8>>,
    /// Asked first, with the method and what stands behind the repository: `GET manifests/v1`.
    script: Option<Script>,
    /// What was asked, heads of requests whole.
    asked: Vec<String>,
}

pub struct Hostile {
    /// `127.0.0.1:PORT`.
    pub host: String,
    shared: Arc<Mutex<Shared>>,
    /// Bytes of bodies sent.
    sent: Arc<AtomicU64>,
}

impl Hostile {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let (shared, sent) = (Arc::new(Mutex::new(Shared::default())), Arc::new(AtomicU64::new(0)));
        let (served, counted) = (Arc::clone(&shared), Arc::clone(&sent));
        // It ends with the process.
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (served, counted) = (Arc::clone(&served), Arc::clone(&counted));
                std::thread::spawn(move || serve(stream, &served, &counted));
            }
        });
        Self { host, shared, sent }
    }

    /// From now on it answers so, where there is an answer.
    pub fn answers(&self, script: impl Fn(&str) -> Option<Answer> + Send + Sync + 'static) {
        self.shared.lock().unwrap().script = Some(Box::new(script));
    }

    /// Has a blob; its descriptor.
    pub fn blob(&self, media_type: &str, content: &[u8]) -> Value {
        let digest = Digest::of(content).to_string();
        self.shared.lock().unwrap().blobs.insert(digest.clone(), content.to_vec());
        json!({"mediaType": media_type, "digest": digest, "size": content.len()})
    }

    /// Has a manifest, at a tag too.
    pub fn manifest(&self, tag: &str, content: &Value) -> Digest {
        self.raw_manifest(tag, content.to_string().into_bytes())
    }

    pub fn raw_manifest(&self, tag: &str, bytes: Vec<u8>) -> Digest {
        let digest = Digest::of(&bytes);
        let mut shared = self.shared.lock().unwrap();
        shared.manifests.insert(tag.into(), bytes.clone());
        shared.manifests.insert(digest.to_string(), bytes);
        digest
    }

    /// Has a module of these layers.
    pub fn module_of(&self, tag: &str, layers: &[Value]) -> Digest {
        let config = self.blob("application/vnd.wasm.config.v1+json", b"{}");
        self.manifest(tag, &json!({"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": layers}))
    }

    /// Has an honest module.
    pub fn module(&self, tag: &str, content: &[u8]) -> Digest {
        let layer = self.blob(WASM, content);
        self.module_of(tag, &[layer])
    }

    pub fn name(&self, tag: &str) -> String {
        format!("{}/shop/rules:{tag}", self.host)
    }

    /// The heads of all requests so far.
    pub fn asked(&self) -> Vec<String> {
        self.shared.lock().unwrap().asked.clone()
    }

    pub fn sent(&self) -> u64 {
        self.sent.load(Ordering::SeqCst)
    }
}

/// Something that begins as a module does.
pub fn wasm(rest: &[u8]) -> Vec<u8> {
    [b"\0asm\x01\0\0\0", rest].concat()
}

fn serve(stream: TcpStream, shared: &Mutex<Shared>, sent: &AtomicU64) -> Option<()> {
    let mut head = String::new();
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    let length = head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
    copy(&mut reader.take(length.unwrap_or(0)), &mut sink()).ok()?;
    let mut words = head.split(' ');
    let (method, path) = (words.next()?, words.next()?);
    let below = path.strip_prefix("/v2/shop/rules/").unwrap_or(path);
    let answer = {
        let mut shared = shared.lock().unwrap();
        shared.asked.push(head.clone());
        let scripted = shared.script.as_ref().and_then(|script| script(&format!("{method} {below}")));
        scripted.unwrap_or_else(|| honest(&shared, below))
    };
    write(stream, &answer, method == "HEAD", sent)
}

fn honest(shared: &Shared, below: &str) -> Answer {
    let found = match below.split_once('/') {
        Some(("manifests", name)) => shared.manifests.get(name),
        Some(("blobs", digest)) => shared.blobs.get(digest),
        _ => None,
    };
    match found {
        Some(content) => Answer::of(content.clone()).header("Docker-Content-Digest", &Digest::of(content).to_string()),
        None => Answer::status(404),
    }
}

fn write(mut stream: TcpStream, answer: &Answer, is_head: bool, sent: &AtomicU64) -> Option<()> {
    let mut head = format!("HTTP/1.1 {} Said\r\nConnection: close\r\n", answer.status);
    for (name, value) in &answer.headers {
        head += &format!("{name}: {value}\r\n");
    }
    let says_length = answer.headers.iter().any(|(name, _)| name == "Content-Length");
    if answer.has_length && !says_length {
        head += &format!("Content-Length: {}\r\n", answer.body.len());
    }
    stream.write_all(format!("{head}\r\n").as_bytes()).ok()?;
    if is_head {
        return Some(());
    }
    stream.write_all(&answer.body).ok()?;
    sent.fetch_add(answer.body.len() as u64, Ordering::SeqCst);
    let zeros = [0; 64 << 10];
    if answer.is_endless {
        // Until the reader has gone.
        loop {
            stream.write_all(&zeros).ok()?;
            sent.fetch_add(zeros.len() as u64, Ordering::SeqCst);
        }
    }
    Some(())
}
