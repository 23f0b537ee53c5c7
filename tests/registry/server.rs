//! A real registry for one test: Debian's docker-registry on a port of its own, which ends with the test however that ends.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use registry::{Options, Reference, Registry};
use tempfile::TempDir;

pub struct Server {
    process: Child,
    folder: TempDir,
    /// `127.0.0.1:PORT`.
    pub host: String,
}

/// `hunter2` by bcrypt, for the user `ana`.
const PASSWORDS: &str = "ana:$2b$04$abcdefghijklmnopqrstuuV3duMsC0HpUex6N9qapiuOHHWkwRXVm\n";

impl Server {
    pub fn start() -> Self {
        Self::with("")
    }

    /// One that lets in only the user `ana` with the password `hunter2`.
    pub fn with_login() -> Self {
        Self::with("auth: {htpasswd: {realm: test, path: FOLDER/passwords}}\n")
    }

    fn with(more: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().display().to_string();
        fs::write(folder.path().join("passwords"), PASSWORDS).unwrap();
        let config = format!(
            "version: 0.1\nlog: {{level: info, formatter: json}}\nstorage: {{filesystem: {{rootdirectory: FOLDER/data}}}}\n\
             http: {{addr: '127.0.0.1:0', secret: test}}\n{more}"
        );
        let file = folder.path().join("config.yml");
        fs::write(&file, config.replace("FOLDER", &path)).unwrap();
        let mut command = Command::new("docker-registry");
        let command = command.arg("serve").arg(&file).env_clear().stdin(Stdio::null()).stdout(Stdio::null());
        let mut process = command
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|cause| panic!("docker-registry cannot be started ({cause}): run `make docker-registry`"));
        let log = process.stderr.take().unwrap();
        // From here on it ends with this value.
        let mut server = Self { process, folder, host: String::new() };
        let mut lines = BufReader::new(log).lines().map_while(Result::ok);
        let line = lines.find(|line| line.contains("listening on ")).expect("it says where it listens");
        let host = line.split_once("listening on ").unwrap().1.split(['"', ',']).next().unwrap();
        host.clone_into(&mut server.host);
        // It stops where nobody reads what it says.
        std::thread::spawn(move || lines.for_each(drop));
        server
    }

    /// `HOST/shop/NAME` as it is typed.
    pub fn name(&self, name: &str) -> String {
        format!("{}/shop/{name}", self.host)
    }

    /// What is there, as the library sees it.
    pub fn look(&self, name: &str) -> (Registry, Reference) {
        (client(), self.name(name).parse().unwrap())
    }

    /// Puts other content in the place of a blob.
    pub fn change_blob(&self, hex: &str, content: &[u8]) {
        let blob = format!("data/docker/registry/v2/blobs/sha256/{}/{hex}/data", &hex[..2]);
        let path = self.folder.path().join(blob);
        assert!(path.exists(), "{}", path.display());
        fs::write(path, content).unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Asks as nobody, whoever runs the tests.
pub fn client() -> Registry {
    let credentials = registry::Credentials::Anonymous;
    Registry::new(Options { credentials, ..Options::default() }).unwrap()
}
