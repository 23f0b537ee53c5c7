//! Certificates: one is shown, a new pair is taken, and one that does not fit changes nothing.

use std::fs;
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;

use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use tokio_rustls::rustls::crypto::aws_lc_rs::default_provider;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::reviews::{create, deployment};
use crate::server::{Server, goes_red, post_over, review};
use crate::support::Folder;

/// A certificate and its key, PEM, and the certificate as a client trusts it.
pub struct Pair {
    pub certificate: String,
    key: String,
    der: CertificateDer<'static>,
}

impl Pair {
    /// Of a server that is called so.
    pub fn of(name: &str) -> Self {
        Self::signed(&CertificateParams::new(vec![name.to_owned()]).unwrap())
    }

    fn signed(params: &CertificateParams) -> Self {
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        Self { certificate: certificate.pem(), key: key.serialize_pem(), der: certificate.der().clone() }
    }

    pub fn write(&self, folder: &Path) {
        fs::write(folder.join("tls.crt"), &self.certificate).unwrap();
        fs::write(folder.join("tls.key"), &self.key).unwrap();
    }

    /// A connection of a client that trusts this certificate alone.
    fn connect(&self, server: &Server) -> StreamOwned<ClientConnection, TcpStream> {
        let mut roots = RootCertStore::empty();
        roots.add(self.der.clone()).unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap();
        let config = config.with_root_certificates(roots).with_no_client_auth();
        let name = ServerName::try_from("webhook").unwrap();
        StreamOwned::new(ClientConnection::new(Arc::new(config), name).unwrap(), server.connect())
    }

    fn is_answered_over(&self, connection: &mut StreamOwned<ClientConnection, TcpStream>) -> bool {
        let body = review(&create(&deployment("web:1.2.3", true))).to_string();
        post_over(connection, "/validate", "content-type: application/json", body.as_bytes()).is_allowed()
    }
}

#[test]
fn a_new_pair_is_shown_and_old_connections_live_on() {
    let folder = Folder::new();
    let (old, new) = (Pair::of("webhook"), Pair::of("webhook"));
    old.write(folder.path());
    let server = Server::start_with(&folder, &["--tls-cert", "tls.crt", "--tls-key", "tls.key"]);
    let mut connection = old.connect(&server);
    assert!(old.is_answered_over(&mut connection));
    // Half of a new pair is not used.
    fs::write(folder.path().join("tls.crt"), &new.certificate).unwrap();
    server.wait_for("the old certificate is kept");
    assert!(old.is_answered_over(&mut old.connect(&server)));
    goes_red(|| assert!(new.is_answered_over(&mut new.connect(&server))));
    new.write(folder.path());
    server.wait_for("the certificate was replaced");
    assert!(new.is_answered_over(&mut new.connect(&server)));
    assert!(old.is_answered_over(&mut connection), "this one shook hands before");
    assert!(old.connect(&server).conn.complete_io(&mut server.connect()).is_err(), "nobody is shown the old one");
}

#[test]
fn a_certificate_that_has_ended_is_told_and_another_takes_its_place() {
    let folder = Folder::new();
    let mut params = CertificateParams::new(vec!["webhook".to_owned()]).unwrap();
    params.not_after = date_time_ymd(2020, 1, 1);
    Pair::signed(&params).write(folder.path());
    let server = Server::start_with(&folder, &["--tls-cert", "tls.crt", "--tls-key", "tls.key"]);
    let line = server.wait_for("the certificate has ended at 2020-01-01T00:00:00Z");
    assert!(line.contains("warning"), "{line}");
    let new = Pair::of("webhook");
    new.write(folder.path());
    server.wait_for("the certificate was replaced");
    assert!(new.is_answered_over(&mut new.connect(&server)));
}
