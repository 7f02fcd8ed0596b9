//! TLS of the server's own: a certificate and its key from files, read anew when they change.
//!
//! Nothing runs for it: the files are looked at when somebody connects.

use std::fs::{File, Metadata};
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rustls::ServerConfig;
use rustls::pki_types::pem::{self, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

/// Longest file of a certificate or key.
const MAX_FILE: u64 = 1 << 20;

/// Why a certificate cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("{file}: {error}")]
    Read {
        /// Which.
        file: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The key can be read by others than its owner.
    #[error("{file} can be read by others: chmod 600 it")]
    Open {
        /// The key's file.
        file: PathBuf,
    },
    /// No certificate in PEM form, or a damaged one.
    #[error("{file} holds no certificate")]
    NoCertificate {
        /// The certificate's file.
        file: PathBuf,
    },
    /// No private key in PEM form, or a damaged one.
    #[error("{file} holds no private key")]
    NoKey {
        /// The key's file.
        file: PathBuf,
    },
    /// The key is another certificate's.
    #[error("the key in {key} is not that of the certificate in {certificate}")]
    Mismatch {
        /// The certificate's file.
        certificate: PathBuf,
        /// The key's file.
        key: PathBuf,
    },
    /// The library does not take them.
    #[error("{file} cannot be used: {error}")]
    Unusable {
        /// The certificate's file.
        file: PathBuf,
        /// What it says.
        error: rustls::Error,
    },
}

/// What tells a file from the one that was there before.
type Stamp = Option<(u64, u64, i64, i64)>;

/// A certificate in use.
#[derive(Debug)]
pub struct Tls {
    certificate: PathBuf,
    key: PathBuf,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    config: Arc<ServerConfig>,
    /// The files as they were when they were read last, well or not.
    stamps: [Stamp; 2],
    looked: Instant,
}

impl Tls {
    /// Reads a chain of certificates, the server's own first, and its private key, both in PEM form.
    pub fn load(certificate: &Path, key: &Path) -> Result<Self, TlsError> {
        let stamps = [stamp(certificate), stamp(key)];
        let state = State { config: read(certificate, key)?, stamps, looked: Instant::now() };
        Ok(Self { certificate: certificate.to_owned(), key: key.to_owned(), state: Mutex::new(state) })
    }

    /// Reads the files anew. When they are no good, what was read before stays in use. Connections that are
    /// there keep what they began with.
    pub fn reload(&self) -> Result<(), TlsError> {
        self.read_again(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn read_again(&self, state: &mut State) -> Result<(), TlsError> {
        // Before they are read: a change meanwhile is seen the next time.
        state.stamps = [stamp(&self.certificate), stamp(&self.key)];
        state.looked = Instant::now();
        let read = read(&self.certificate, &self.key);
        match &read {
            Ok(config) => {
                state.config = config.clone();
                tracing::info!(target: "namecard::server", "the certificate was read anew");
            }
            Err(error) => tracing::error!(
                target: "namecard::server", error = %error, "the new certificate is no good, the old one stays"
            ),
        }
        read.map(drop)
    }

    /// For the next connection, with the files as they are; they are looked at no more often than `every`.
    pub(super) fn acceptor(&self, every: Duration) -> TlsAcceptor {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.looked.elapsed() >= every {
            state.looked = Instant::now();
            if state.stamps != [stamp(&self.certificate), stamp(&self.key)] {
                // Said in the log, once: the stamps are those of the files that are no good.
                let _ = self.read_again(&mut state);
            }
        }
        TlsAcceptor::from(state.config.clone())
    }
}

fn stamp(path: &Path) -> Stamp {
    let found = std::fs::metadata(path).ok()?;
    Some((found.ino(), found.len(), found.mtime(), found.mtime_nsec()))
}

fn read(certificate: &Path, key: &Path) -> Result<Arc<ServerConfig>, TlsError> {
    let chain: Vec<CertificateDer<'static>> =
        CertificateDer::pem_slice_iter(&content(certificate, |_| Ok(()))?)
            .collect::<Result<_, pem::Error>>()
            .ok()
            .filter(|chain: &Vec<_>| !chain.is_empty())
            .ok_or_else(|| TlsError::NoCertificate { file: certificate.to_owned() })?;
    let secret = content(key, |found| {
        let open = found.mode() & 0o077 != 0;
        if open { Err(TlsError::Open { file: key.to_owned() }) } else { Ok(()) }
    })?;
    let secret =
        PrivateKeyDer::from_pem_slice(&secret).map_err(|_| TlsError::NoKey { file: key.to_owned() })?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
        .map(|builder| builder.with_no_client_auth())
        .and_then(|builder| builder.with_single_cert(chain, secret))
        .map_err(|error| match error {
            rustls::Error::InconsistentKeys(_) => {
                TlsError::Mismatch { certificate: certificate.to_owned(), key: key.to_owned() }
            }
            error => TlsError::Unusable { file: certificate.to_owned(), error },
        })?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// A file's content, if what it is like is `good`: judged by the file that is read, not by its name.
fn content(path: &Path, good: impl FnOnce(&Metadata) -> Result<(), TlsError>) -> Result<Vec<u8>, TlsError> {
    let unreadable = |error| TlsError::Read { file: path.to_owned(), error };
    let file = File::open(path).map_err(unreadable)?;
    good(&file.metadata().map_err(unreadable)?)?;
    let mut content = Vec::new();
    file.take(MAX_FILE).read_to_end(&mut content).map_err(unreadable)?;
    Ok(content)
}
