//! Why an engine or a server does not start, each in one clear sentence.

use std::io;
use std::path::PathBuf;

use crate::process::{LauncherError, RuntimesError};
use crate::store::StoreError;
use crate::webhook::signature::BadKey;
use crate::webhook::{AllowEntryError, TlsError};

/// Why an engine or a server does not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The store cannot be opened or read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Programs cannot be launched as the configuration wants it.
    #[error(transparent)]
    Launcher(#[from] LauncherError),
    /// The network of programs is to be off, and nothing here can take it away from them.
    #[error(
        "`execution.network` is \"off\", but isolation level none, which cannot take the network \
         away from a program, is {reason}"
    )]
    NetworkStaysOn {
        /// Why it is that level.
        reason: String,
    },
    /// The same for a tenant.
    #[error(
        "the network is \"off\" for `tenants.\"{tenant}\"`, but its isolation level is none, which cannot \
         take the network away from a program"
    )]
    NetworkStaysOnFor {
        /// Its name.
        tenant: String,
    },
    /// The table of runtimes makes no sense.
    #[error("the runtimes make no sense: {0}")]
    Runtimes(#[from] RuntimesError),
    /// An entry of the allow-list is none.
    #[error("`webhook.allow` has an entry that cannot be used: {0}")]
    Allow(#[from] AllowEntryError),
    /// The certificates cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The key for secrets cannot be used.
    #[error("`secrets.key` and each of `secrets.previous_keys` must be 32 bytes in base64")]
    SecretsKey,
    /// A key that callbacks are to be signed or verified with cannot be used.
    #[error("`webhook.ed25519_key` or `webhook.ed25519_previous` cannot be used: {0}")]
    SigningKey(#[from] BadKey),
    /// The same in a file.
    #[error("cannot use {}: {source}", path.display())]
    SigningKeyFile {
        /// Which file.
        path: PathBuf,
        /// What a key is.
        source: BadKey,
    },
    /// The key of tokens cannot be used.
    #[error(
        "cannot use {}: a key for tokens is 32 bytes in base64; remove the file and a new one is \
         made, and every token ends",
        path.display()
    )]
    TokenKeyFile {
        /// Which file.
        path: PathBuf,
    },
    /// The key that JWTs are verified with cannot be used.
    #[error("`auth.jwt.public_key_file` cannot be used; {expected}")]
    JwtKey {
        /// What a key is.
        expected: &'static str,
    },
    /// The system gives no random numbers.
    #[error("the system gives no random numbers: {0}")]
    Randomness(#[from] getrandom::Error),
    /// The address cannot be listened on.
    #[error("cannot listen on {listen}: {source}")]
    Listen {
        /// The address.
        listen: String,
        /// What the system said.
        source: io::Error,
    },
    /// The engine has stopped while it was being started.
    #[error("the engine stopped while it was being started")]
    Stopped,
}
