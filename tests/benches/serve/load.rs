//! A load of reviews over HTTP/1.1: as many as a number of connections carry, or so many a second, whatever becomes of them.
//!
//! At a given rate, time counts from when a review was due and not from when a connection was free for it: a server that
//! stalls is not asked less. It must not know what the server is.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::sleep_until;

/// What an answer says that nothing was checked.
const SHED: &[u8] = b"too many requests at once";

/// Reviews, each as it is sent.
pub struct Load {
    pub address: SocketAddr,
    pub requests: Arc<[Vec<u8>]>,
}

/// What became of them: how long each took.
#[derive(Default)]
pub struct Answers {
    pub decided: Vec<Duration>,
    pub shed: Vec<Duration>,
    pub failed: usize,
    pub time: Duration,
}

impl Answers {
    /// Decided reviews a second.
    pub fn rate(&self) -> f64 {
        self.decided.len() as f64 / self.time.as_secs_f64()
    }

    fn add(&mut self, answer: Option<bool>, time: Duration) {
        match answer {
            Some(true) => self.decided.push(time),
            Some(false) => self.shed.push(time),
            None => self.failed += 1,
        }
    }
}

/// The time within which so many per cent were answered.
pub fn percentile(times: &mut [Duration], percent: usize) -> Duration {
    times.sort_unstable();
    times.get((times.len() * percent / 100).min(times.len().saturating_sub(1))).copied().unwrap_or_default()
}

/// A reviews' body as a request.
pub fn request(body: &str) -> Vec<u8> {
    let head = "POST /validate?timeout=3s HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\n";
    format!("{head}content-length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

impl Load {
    /// Sends for so long, over so many connections, each as soon as it has its answer.
    pub async fn closed(&self, connections: usize, time: Duration) -> Answers {
        self.run(connections, time, |_| Instant::now()).await
    }

    /// Sends so many a second for so long. There are enough connections to do it while answers wait.
    pub async fn open(&self, rate: f64, connections: usize, time: Duration) -> Answers {
        let begun = Instant::now();
        self.run(connections, time, move |number| begun + Duration::from_secs_f64(number as f64 / rate)).await
    }

    async fn run(
        &self,
        connections: usize,
        time: Duration,
        due: impl Fn(u64) -> Instant + Copy + Send + Sync + 'static,
    ) -> Answers {
        let (begun, next) = (Instant::now(), Arc::new(AtomicU64::new(0)));
        let sending = (0..connections).map(|_| {
            let (address, requests, next) = (self.address, Arc::clone(&self.requests), Arc::clone(&next));
            tokio::spawn(async move {
                let (mut answers, mut connection) = (Answers::default(), None);
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let at = due(number);
                    if at.duration_since(begun) >= time {
                        return answers;
                    }
                    sleep_until(at.into()).await;
                    let request = requests.get(number as usize % requests.len()).map_or(&[][..], Vec::as_slice);
                    let answer = ask(&mut connection, address, request).await;
                    if answer.is_none() {
                        connection = None;
                    }
                    answers.add(answer, at.elapsed());
                }
            })
        });
        let sending: Vec<_> = sending.collect();
        let mut all = Answers::default();
        for sent in sending {
            let Answers { decided, shed, failed, .. } = sent.await.expect("a connection ends");
            all.decided.extend(decided);
            all.shed.extend(shed);
            all.failed += failed;
        }
        all.time = begun.elapsed();
        all
    }
}

/// Whether the review was decided; nothing where there is no whole answer.
async fn ask(connection: &mut Option<TcpStream>, address: SocketAddr, request: &[u8]) -> Option<bool> {
    if connection.is_none() {
        let stream = TcpStream::connect(address).await.ok()?;
        stream.set_nodelay(true).ok()?;
        *connection = Some(stream);
    }
    let stream = connection.as_mut()?;
    stream.write_all(request).await.ok()?;
    let (mut bytes, mut part) = (Vec::new(), [0; 8192]);
    let end = loop {
        let length = stream.read(&mut part).await.ok().filter(|length| *length > 0)?;
        bytes.extend_from_slice(part.get(..length)?);
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
    };
    let head = String::from_utf8_lossy(bytes.get(..end)?).to_ascii_lowercase();
    let length: usize = head.lines().find_map(|line| line.strip_prefix("content-length: "))?.parse().ok()?;
    while bytes.len() < end + length {
        let length = stream.read(&mut part).await.ok().filter(|length| *length > 0)?;
        bytes.extend_from_slice(part.get(..length)?);
    }
    head.starts_with("http/1.1 200").then(|| !bytes.windows(SHED.len()).any(|window| window == SHED))
}
