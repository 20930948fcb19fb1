//! `[auth]`: whose JWTs are believed, and how many wrong credentials an address may show.
//! Reads the files that hold keys; verifies nothing.

use std::path::Path;
use std::time::Duration;

use url::Url;

use super::error::ConfigError;
use super::file::read_bytes;
use super::key::KeyPath;
use super::origin::shown;
use super::reader::{Reader, Rule};
use crate::domain::Secret;
use crate::http::JwtAlgorithm;

/// `[auth]`: who is let in.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct AuthConfig {
    /// How many wrong credentials an address may show in a minute; 0 is as many as it likes.
    pub failures_per_minute: u32,
    /// Whose JWTs are believed; none when nobody's are.
    pub jwt: Option<JwtConfig>,
}

/// `[auth.jwt]`: whose JWTs are believed.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct JwtConfig {
    /// The one algorithm that they are signed by.
    pub algorithm: JwtAlgorithm,
    /// What they are verified with.
    pub key: JwtConfigKey,
    /// What `iss` must be.
    pub issuer: Option<String>,
    /// What `aud` must be or have in it.
    pub audience: Option<String>,
    /// How far the issuer's clock may be from ours.
    pub leeway: Duration,
}

/// What JWTs are verified with.
#[derive(Debug, Clone)]
pub enum JwtConfigKey {
    /// A secret of 32 bytes or more.
    Secret(Secret),
    /// A public key, as PEM.
    PublicKey(String),
    /// Where keys are published.
    Jwks(Url),
}

/// A key is a few lines long; more is a mistake.
const PEM_BYTES_MAX: u64 = 64 * 1024;

/// The keys that there may be a key in.
const SECRET: &str = "auth.jwt.secret";
const PUBLIC_KEY_FILE: &str = "auth.jwt.public_key_file";
const JWKS_URL: &str = "auth.jwt.jwks_url";

impl AuthConfig {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            failures_per_minute: reader.number("auth.failures_per_minute", 0..=1_000_000),
            jwt: jwt(reader),
        }
    }
}

fn jwt(reader: &mut Reader<'_>) -> Option<JwtConfig> {
    let algorithm = reader.text("auth.jwt.algorithm", &ALGORITHM);
    let secret = reader.secret(SECRET, &SECRET_RULE);
    let public_key_file = non_empty(reader.get(PUBLIC_KEY_FILE));
    let jwks_url = non_empty(reader.text(JWKS_URL, &URL));
    let issuer = non_empty(reader.text("auth.jwt.issuer", &ISSUER));
    let audience = non_empty(reader.get("auth.jwt.audience"));
    let leeway = reader.get("auth.jwt.leeway");
    let given: Vec<&str> = [SECRET, PUBLIC_KEY_FILE, JWKS_URL]
        .into_iter()
        .filter(|key| is_set(reader, key) || is_set(reader, &format!("{key}_file")))
        .collect();
    let Ok(algorithm) = algorithm.parse::<JwtAlgorithm>() else {
        if let (Some(key), true) = (given.first(), algorithm.is_empty()) {
            let expected = "expected `auth.jwt.algorithm` beside it, such as \"RS256\"";
            refuse_key(reader, key, expected);
        }
        return None;
    };
    check_keys(reader, algorithm, &given);
    let key = match (secret, public_key_file, jwks_url) {
        (Some(secret), ..) => JwtConfigKey::Secret(secret),
        (_, Some(file), _) => JwtConfigKey::PublicKey(public_key(reader, &file, algorithm)?),
        (.., url) => JwtConfigKey::Jwks(Url::parse(&url?).ok()?),
    };
    Some(JwtConfig { algorithm, key, issuer, audience, leeway })
}

fn non_empty(text: String) -> Option<String> {
    Some(text).filter(|text| !text.is_empty())
}

/// Whether there is one key, of the kind that the algorithm takes.
fn check_keys(reader: &mut Reader<'_>, algorithm: JwtAlgorithm, given: &[&str]) {
    let (of_its_kind, expected): (&[&str], _) = if algorithm.is_symmetric() {
        (&[SECRET], "expected `auth.jwt.secret` or `auth.jwt.secret_file` beside it")
    } else {
        let expected = "expected `auth.jwt.public_key_file` or `auth.jwt.jwks_url` beside it";
        (&[PUBLIC_KEY_FILE, JWKS_URL], expected)
    };
    if let Some(other) = given.iter().find(|key| !of_its_kind.contains(key)) {
        let expected = if algorithm.is_symmetric() {
            format!("expected nothing: {algorithm} has `auth.jwt.secret` alone")
        } else {
            format!("expected nothing: {algorithm} has a public key and no secret")
        };
        refuse_key(reader, other, &expected);
    } else if given.is_empty() {
        reader.refuse(&KeyPath::from("auth.jwt.algorithm"), expected);
    } else if given.len() > 1 {
        let expected = "expected either this or `auth.jwt.public_key_file`, not both";
        reader.refuse(&KeyPath::from(JWKS_URL), expected);
    }
}

/// Whether anything is said of a key.
fn is_set(reader: &Reader<'_>, key: &str) -> bool {
    let setting = reader.layers().get(&KeyPath::from(key));
    setting.is_some_and(|setting| !setting.value.is_empty_text())
}

/// Notes a mistake with a key, at whichever of its two names was used.
fn refuse_key(reader: &mut Reader<'_>, key: &str, expected: &str) {
    let file = format!("{key}_file");
    let used = if is_set(reader, key) || key != SECRET { key } else { &file };
    reader.refuse(&KeyPath::from(used), expected);
}

fn public_key(reader: &mut Reader<'_>, file: &str, algorithm: JwtAlgorithm) -> Option<String> {
    let key = KeyPath::from(PUBLIC_KEY_FILE);
    let bytes = match read_bytes(Path::new(file), PEM_BYTES_MAX) {
        Ok((bytes, _)) => bytes,
        Err(source) => {
            let (origin, path) = (reader.origin_of(&key), shown(Path::new(file)));
            let key = key.to_string();
            reader.report(ConfigError::SecretUnreadable { origin, key, path, source });
            return None;
        }
    };
    let pem = String::from_utf8_lossy(&bytes).into_owned();
    match algorithm.key_of_pem(&pem) {
        Ok(_) => Some(pem),
        Err(_) => {
            let expected = format!(
                "expected a file with a public key for {algorithm} in PEM, -----BEGIN PUBLIC KEY-----"
            );
            reader.refuse(&key, &expected);
            None
        }
    }
}

const ALGORITHM: Rule = Rule {
    expected: "expected \"HS256\", \"RS256\", \"ES256\" or \"EdDSA\", or \"\" for no JWTs",
    fits: |text| text.is_empty() || text.parse::<JwtAlgorithm>().is_ok(),
};

const SECRET_RULE: Rule = Rule {
    expected: "expected 32 bytes or more, as `openssl rand -base64 32` prints them",
    fits: |text| text.is_empty() || text.len() >= 32,
};

const URL: Rule = Rule {
    expected: "expected an http or https URL, such as \"https://id.example.com/.well-known/jwks.json\"",
    fits: |text| {
        text.is_empty()
            || Url::parse(text).is_ok_and(|url| {
                let is_plain = url.username().is_empty() && url.password().is_none();
                matches!(url.scheme(), "http" | "https") && url.has_host() && is_plain
            })
    },
};

const ISSUER: Rule = Rule {
    expected: "expected what `iss` must be, such as \"https://id.example.com/\", and not \"ringback\", which \
               is this server's own",
    fits: |text| text != "ringback",
};

#[cfg(test)]
mod tests;
