//! What of the machine every program may read, however closed in: the system's own directories
//! and the parts of `/etc` that hold no secrets. Opens nothing.

use std::fs;
use std::path::{Path, PathBuf};

/// Programs, libraries and what they share.
pub(super) const PROGRAMS: &[&str] =
    &["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/opt"];

/// The harmless parts of `/etc`. Not all of it, for other services keep their secrets there; of
/// TLS the certificates and not the `private` directories beside them.
const ETC: &[&str] = &[
    // The dynamic linker.
    "ld.so.cache",
    "ld.so.conf",
    "ld.so.conf.d",
    "ld.so.preload",
    // Names of users, hosts and services.
    "gai.conf",
    "group",
    "host.conf",
    "hosts",
    "nsswitch.conf",
    "passwd",
    "protocols",
    "resolv.conf",
    "services",
    // Time, language and kinds of files.
    "locale.alias",
    "localtime",
    "magic",
    "mime.types",
    "timezone",
    // Certificates of authorities.
    "ca-certificates",
    "ca-certificates.conf",
    "pki/ca-trust",
    "pki/tls/cert.pem",
    "pki/tls/certs",
    "pki/tls/openssl.cnf",
    "ssl/cert.pem",
    "ssl/certs",
    "ssl/openssl.cnf",
    // Shells, terminals and the system's name.
    "alternatives",
    "bash.bashrc",
    "debian_version",
    "inputrc",
    "os-release",
    "profile",
    "terminfo",
];

/// Directories in `/etc` that carry a version in their names begin with one of these.
const ETC_PREFIXES: &[&str] = &["python3"];

/// The harmless parts of `/etc`, those with a version in their names included.
pub(super) fn etc() -> Vec<PathBuf> {
    let etc = Path::new("/etc");
    let versioned = fs::read_dir(etc).into_iter().flatten().flatten().filter(|entry| {
        let name = entry.file_name();
        ETC_PREFIXES.iter().any(|prefix| name.as_encoded_bytes().starts_with(prefix.as_bytes()))
    });
    ETC.iter().map(|name| etc.join(name)).chain(versioned.map(|entry| entry.path())).collect()
}
