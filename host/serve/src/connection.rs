//! Closes connections whose client is silent or slow for too long, so that no client holds thousands of them for ever.
//!
//! An API server closes a connection after it was idle for 90 seconds. If the server closed it first, the next request could
//! fail, so the limit for silence is longer. The head of a request has a limit of its own, which further bytes do not extend.
//! hyper's limit counts from the last answer, and would close idle connections too. A body has the time of its request.
//!
//! The module must not know what is sent over a connection, only when a request begins and ends ([`Requests`]).

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, Sleep, sleep};

use crate::limits::Limits;

/// Counts the beginnings and the ends of a connection's requests. An odd number means that a request is at work.
#[derive(Clone, Default)]
pub struct Requests(Arc<AtomicUsize>);

impl Requests {
    /// The head of a request has come. The request is at work until the result is dropped.
    pub fn begin(&self) -> AtWork<'_> {
        self.0.fetch_add(1, Ordering::Relaxed);
        AtWork(&self.0)
    }

    fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

/// A request at work.
pub struct AtWork<'a>(&'a AtomicUsize);

impl Drop for AtWork<'_> {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// Gives handlers the counter of their connection. Each kind of listener says so for itself: for all
/// at once, axum's own implementations stand in the way.
impl Connected<IncomingStream<'_, Plain>> for Requests {
    fn connect_info(stream: IncomingStream<'_, Plain>) -> Self {
        stream.io().requests()
    }
}

/// A connection that limits how long its client is silent, and how long the head of a request takes.
pub struct Patient<T> {
    stream: T,
    silence: Duration,
    head: Duration,
    until: Pin<Box<Sleep>>,
    requests: Requests,
    /// The count when the time was last set.
    counted: usize,
    /// Whether a part of a request's head has come.
    has_begun: bool,
}

impl<T> Patient<T> {
    pub fn new(stream: T, limits: &Limits) -> Self {
        let Limits { silence, head, .. } = *limits;
        let (until, requests) = (Box::pin(sleep(silence)), Requests::default());
        Self { stream, silence, head, until, requests, counted: 0, has_begun: false }
    }

    /// What counts this connection's requests.
    pub fn requests(&self) -> Requests {
        self.requests.clone()
    }

    /// Sets the time anew if a request began or ended, or if bytes came. Only the first bytes of a head do so.
    fn note(&mut self, has_come: bool) {
        let count = self.requests.count();
        if count != self.counted {
            (self.counted, self.has_begun) = (count, false);
            self.wait(self.silence);
        }
        if has_come && !self.has_begun {
            // Bytes that come while no request is at work are the head of the next one.
            self.has_begun = count.is_multiple_of(2);
            self.wait(if self.has_begun { self.head } else { self.silence });
        }
    }

    fn wait(&mut self, time: Duration) {
        self.until.as_mut().reset(Instant::now() + time);
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Patient<T> {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let read = Pin::new(&mut this.stream).poll_read(context, buffer);
        this.note(read.is_ready());
        match read {
            Poll::Ready(read) => Poll::Ready(read),
            Poll::Pending => this.until.as_mut().poll(context).map(|()| Err(io::ErrorKind::TimedOut.into())),
        }
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Patient<T> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write_vectored(context, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

/// Connections without TLS.
pub struct Plain {
    pub listener: TcpListener,
    pub limits: Limits,
}

impl Listener for Plain {
    type Io = Patient<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        let (stream, peer) = Listener::accept(&mut self.listener).await;
        let _ = stream.set_nodelay(true);
        (Patient::new(stream, &self.limits), peer)
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        self.listener.local_addr()
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};
    use tokio::time::timeout;

    use super::*;

    const SHORT: Duration = Duration::from_millis(50);
    const LONG: Duration = Duration::from_secs(60);

    fn patient<T>(stream: T, silence: Duration, head: Duration) -> Patient<T> {
        Patient::new(stream, &Limits { silence, head, ..Limits::default() })
    }

    #[tokio::test]
    async fn a_silent_client_is_not_listened_to_for_ever() {
        let (mut client, server) = duplex(16);
        let mut server = patient(server, SHORT, LONG);
        let requests = server.requests.clone();
        let at_work = requests.begin();
        client.write_all(b"a").await.unwrap();
        assert_eq!(server.read_u8().await.unwrap(), b'a');
        assert_eq!(server.read_u8().await.unwrap_err().kind(), io::ErrorKind::TimedOut);
        // It still gets its answer.
        server.write_all(b"b").await.unwrap();
        assert_eq!(client.read_u8().await.unwrap(), b'b');
        drop(at_work);
    }

    #[tokio::test]
    async fn a_head_has_its_time_however_often_a_byte_of_it_comes() {
        let (mut client, server) = duplex(16);
        let mut server = patient(server, LONG, SHORT);
        tokio::spawn(async move {
            while client.write_all(b"a").await.is_ok() {
                sleep(SHORT / 10).await;
            }
        });
        let reading = async {
            loop {
                if let Err(cause) = server.read_u8().await {
                    return cause.kind();
                }
            }
        };
        assert_eq!(timeout(LONG, reading).await.unwrap(), io::ErrorKind::TimedOut);
    }

    #[tokio::test]
    async fn the_time_of_a_head_ends_with_it() {
        let (mut client, server) = duplex(16);
        let mut server = patient(server, LONG, SHORT);
        let requests = server.requests.clone();
        client.write_all(b"a").await.unwrap();
        assert_eq!(server.read_u8().await.unwrap(), b'a');
        let at_work = requests.begin();
        assert!(timeout(3 * SHORT, server.read_u8()).await.is_err(), "its body may be slow");
        drop(at_work);
        assert!(timeout(3 * SHORT, server.read_u8()).await.is_err(), "the connection may be idle");
        // The next head has its time again.
        client.write_all(b"b").await.unwrap();
        assert_eq!(server.read_u8().await.unwrap(), b'b');
        assert_eq!(server.read_u8().await.unwrap_err().kind(), io::ErrorKind::TimedOut);
        // A request that is answered before anybody looks counts as well.
        let (mut client, server) = duplex(16);
        let mut server = patient(server, LONG, SHORT);
        client.write_all(b"a").await.unwrap();
        assert_eq!(server.read_u8().await.unwrap(), b'a');
        drop(server.requests.clone().begin());
        assert!(timeout(3 * SHORT, server.read_u8()).await.is_err());
    }
}
