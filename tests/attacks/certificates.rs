//! Certificates made for a test.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};

/// An authority of its own with a certificate for this computer.
pub struct Certificate {
    pub authority: String,
    pub chain: String,
    pub key: String,
}

impl Certificate {
    pub fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let authority = params.self_signed(&key).unwrap().pem();
        let issuer = Issuer::new(params, key);
        let key = KeyPair::generate().unwrap();
        let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
        let leaf = CertificateParams::new(names).unwrap().signed_by(&key, &issuer).unwrap();
        Self { authority, chain: leaf.pem(), key: key.serialize_pem() }
    }

    /// Puts them where a server reads them.
    pub fn put(&self, dir: &Path) -> (PathBuf, PathBuf) {
        let (chain, key) = (dir.join("chain.pem"), dir.join("key.pem"));
        replace(&chain, &self.chain, 0o644);
        replace(&key, &self.key, 0o600);
        (chain, key)
    }
}

/// Another file in a file's place, as tools that renew certificates do it.
pub fn replace(path: &Path, content: &str, mode: u32) {
    let aside = path.with_extension("new");
    std::fs::write(&aside, content).unwrap();
    std::fs::set_permissions(&aside, std::fs::Permissions::from_mode(mode)).unwrap();
    std::fs::rename(&aside, path).unwrap();
}
