//! TLS: a certificate that is replaced while connections live, and a listener on which no handshake delays another client.
//!
//! The files are read again every two seconds. The kubelet replaces both at once by swapping a link. A certificate and key
//! that do not match, or are half written, change nothing. A certificate that ends soon is told in time: an API server takes the
//! webhook for gone after that. Only HTTP/1.1 is offered: an API server uses it for a Service.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio::time::{sleep, timeout};
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::{self, ServerConfig};
use tokio_rustls::server::TlsStream;
use tokio_rustls::{TlsAcceptor, rustls::version};
use x509_cert::der::Decode as _;

use crate::connection::{Patient, Requests};
use crate::limits::Limits;

/// Handshakes at once. A client's single packet costs some milliseconds of work.
const HANDSHAKES: usize = 256;

/// How often the files are read again.
const PERIOD: Duration = Duration::from_secs(2);

/// How long before its end a certificate is told of. Whoever renews it has long done so.
const NOTICE: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// The files of a certificate and its key.
#[derive(Clone, Debug)]
pub struct Pair {
    /// The certificate and its chain, PEM.
    pub certificate: PathBuf,
    /// The key, PEM.
    pub key: PathBuf,
}

/// Why a certificate is not used.
#[derive(Debug, thiserror::Error)]
pub enum PairError {
    #[error("{option} {} cannot be read: {cause}; give a PEM file, or try it with --plain-http", .path.display())]
    Read { option: &'static str, path: PathBuf, cause: io::Error },
    #[error("{} has no certificate (PEM)", .0.display())]
    NoCertificate(PathBuf),
    #[error("{} has no private key (PEM)", .0.display())]
    NoKey(PathBuf),
    #[error("the certificate {} cannot be used with the key {}: {cause}", .pair.certificate.display(), .pair.key.display())]
    Unfit { pair: Pair, cause: rustls::Error },
}

/// What there is to say of the certificate. An end counts from 1970, and is there if it can be read.
pub enum News {
    /// It is shown from the start.
    Shown { end: Option<Duration> },
    /// It is shown from now on, in place of another.
    Replaced { end: Option<Duration> },
    /// A new one is not used, and the old one is kept.
    Refused(PairError),
    /// It ends soon, or has ended.
    Ends { at: Duration, is_over: bool },
}

/// Both files, as they were read.
#[derive(PartialEq, Eq)]
struct Texts {
    certificate: Vec<u8>,
    key: Vec<u8>,
}

impl Texts {
    /// When the certificate ends.
    fn end(&self) -> Option<Duration> {
        let certificate = CertificateDer::from_pem_slice(&self.certificate).ok()?;
        let parsed = x509_cert::Certificate::from_der(&certificate).ok()?;
        Some(parsed.tbs_certificate().validity().not_after.to_unix_duration())
    }
}

/// What there is to say of an end at this time.
fn ends(at: Duration, now: Duration) -> Option<News> {
    (at <= now + NOTICE).then_some(News::Ends { at, is_over: at <= now })
}

impl Pair {
    fn read(&self) -> Result<Texts, PairError> {
        let read = |option, path: &PathBuf| {
            std::fs::read(path).map_err(|cause| PairError::Read { option, path: path.clone(), cause })
        };
        Ok(Texts { certificate: read("--tls-cert", &self.certificate)?, key: read("--tls-key", &self.key)? })
    }

    fn configuration(&self, texts: &Texts) -> Result<Arc<ServerConfig>, PairError> {
        let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&texts.certificate).collect();
        let certificates = certificates.ok().filter(|all| !all.is_empty());
        let certificates = certificates.ok_or_else(|| PairError::NoCertificate(self.certificate.clone()))?;
        let key = PrivateKeyDer::from_pem_slice(&texts.key).map_err(|_| PairError::NoKey(self.key.clone()))?;
        let unfit = |cause| PairError::Unfit { pair: self.clone(), cause };
        let mut configuration = ServerConfig::builder_with_provider(aws_lc_rs::default_provider().into())
            .with_protocol_versions(&[&version::TLS13, &version::TLS12])
            .map_err(unfit)?
            .with_no_client_auth()
            .with_single_cert(certificates, key)
            .map_err(unfit)?;
        configuration.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::new(configuration))
    }
}

/// The certificate that is shown now.
pub struct Certificate {
    pair: Pair,
    current: RwLock<Arc<ServerConfig>>,
}

impl Certificate {
    /// Reads the pair, and reads it again from now on. `told` is called when there is something to say of it.
    pub fn watch(pair: Pair, told: impl Fn(News) + Send + Sync + 'static) -> Result<Arc<Self>, PairError> {
        let mut known = pair.read()?;
        let current = RwLock::new(pair.configuration(&known)?);
        let certificate = Arc::new(Self { pair, current });
        let watched = Arc::clone(&certificate);
        let mut end = known.end();
        told(News::Shown { end });
        tokio::spawn(async move {
            loop {
                let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                if let Some(news) = end.and_then(|at| ends(at, now)) {
                    told(news);
                    // It is said once.
                    end = None;
                }
                sleep(PERIOD).await;
                let now = match watched.pair.read() {
                    Ok(now) if now == known => continue,
                    Ok(now) => now,
                    // While the link is swapped, the files are missing for a moment.
                    Err(_) => continue,
                };
                match watched.pair.configuration(&now) {
                    Ok(configuration) => {
                        watched.set(configuration);
                        end = now.end();
                        told(News::Replaced { end });
                    }
                    Err(cause) => told(News::Refused(cause)),
                }
                known = now;
            }
        });
        Ok(certificate)
    }

    fn set(&self, configuration: Arc<ServerConfig>) {
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = configuration;
    }

    fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

/// Accepts connections after their handshake.
pub struct TlsListener {
    connections: mpsc::Receiver<(Patient<TlsStream<TcpStream>>, SocketAddr)>,
    address: SocketAddr,
}

impl TlsListener {
    pub fn new(listener: TcpListener, certificate: Arc<Certificate>, limits: Limits) -> io::Result<Self> {
        let address = listener.local_addr()?;
        let (send, connections) = mpsc::channel(64);
        let places = Arc::new(Semaphore::new(HANDSHAKES));
        tokio::spawn(async move {
            loop {
                let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
                let accepted = tokio::select! {
                    accepted = listener.accept() => accepted,
                    () = send.closed() => return,
                };
                let Ok((stream, peer)) = accepted else {
                    // Most likely no descriptor is free: some will be.
                    sleep(Duration::from_millis(50)).await;
                    continue;
                };
                let (acceptor, send) = (certificate.acceptor(), send.clone());
                tokio::spawn(async move {
                    let _ = stream.set_nodelay(true);
                    if let Ok(Ok(stream)) = timeout(limits.handshake, acceptor.accept(stream)).await {
                        drop(place);
                        let _ = send.send((Patient::new(stream, &limits), peer)).await;
                    }
                });
            }
        });
        Ok(Self { connections, address })
    }
}

impl Connected<IncomingStream<'_, TlsListener>> for Requests {
    fn connect_info(stream: IncomingStream<'_, TlsListener>) -> Self {
        stream.io().requests()
    }
}

impl Listener for TlsListener {
    type Io = Patient<TlsStream<TcpStream>>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        match self.connections.recv().await {
            Some(connection) => connection,
            // The task that accepts has ended, so no connection comes.
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        Ok(self.address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_told_a_week_before() {
        let day = Duration::from_secs(24 * 60 * 60);
        let told = |in_days: u32| match ends(day * in_days, day * 100) {
            Some(News::Ends { at, is_over }) => Some((at, is_over)),
            _ => None,
        };
        assert_eq!(told(108), None);
        assert_eq!(told(107), Some((day * 107, false)));
        assert_eq!(told(100), Some((day * 100, true)));
        assert_eq!(told(1), Some((day, true)));
    }
}
