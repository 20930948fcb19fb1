//! The algorithms that JWTs may be signed by, and which keys fit each.
//! Verifies nothing.

use std::fmt;
use std::str::FromStr;

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use serde_json::Value;

/// What JWTs are signed by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JwtAlgorithm {
    /// HMAC with SHA-256: a secret that both have.
    Hs256,
    /// RSA (PKCS #1 v1.5) with SHA-256.
    Rs256,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// Ed25519.
    EdDsa,
}

/// What a PEM must be that keys are read from.
pub(super) const NO_PUBLIC_KEY: &str =
    "expected a public key in PEM for `auth.jwt.algorithm`: -----BEGIN PUBLIC KEY-----";

impl JwtAlgorithm {
    const ALL: [(&str, Self); 4] = [
        ("HS256", Self::Hs256),
        ("RS256", Self::Rs256),
        ("ES256", Self::Es256),
        ("EdDSA", Self::EdDsa),
    ];

    /// Whether whoever can verify can also sign.
    pub fn is_symmetric(self) -> bool {
        self == Self::Hs256
    }

    /// A public key for this algorithm.
    ///
    /// # Errors
    /// When the text is none: the end of a sentence that says what is.
    pub fn key_of_pem(self, pem: &str) -> Result<DecodingKey, &'static str> {
        // A private key would be read as well, and would verify nothing; it does not belong here.
        let is_public = pem.contains("PUBLIC KEY-----") && !pem.contains("PRIVATE KEY-----");
        let read = match self {
            Self::Hs256 => return Err(NO_PUBLIC_KEY),
            Self::Rs256 => DecodingKey::from_rsa_pem,
            Self::Es256 => DecodingKey::from_ec_pem,
            Self::EdDsa => DecodingKey::from_ed_pem,
        };
        let key = read(pem.as_bytes()).ok().filter(|key| is_public && self.fits(key));
        key.ok_or(NO_PUBLIC_KEY)
    }

    /// A published key, if it is for this algorithm and for signatures.
    pub(super) fn key_of_jwk(self, jwk: &Jwk) -> Option<DecodingKey> {
        let is_kind = match (&jwk.algorithm, self) {
            (AlgorithmParameters::RSA(_), Self::Rs256) => true,
            (AlgorithmParameters::EllipticCurve(key), Self::Es256) => {
                key.curve == EllipticCurve::P256
            }
            (AlgorithmParameters::OctetKeyPair(key), Self::EdDsa) => {
                key.curve == EllipticCurve::Ed25519
            }
            _ => false,
        };
        let is_meant = match jwk.common.key_algorithm {
            None => true,
            Some(KeyAlgorithm::RS256) => self == Self::Rs256,
            Some(KeyAlgorithm::ES256) => self == Self::Es256,
            Some(KeyAlgorithm::EdDSA) => self == Self::EdDsa,
            Some(_) => false,
        };
        let signs = matches!(jwk.common.public_key_use, None | Some(PublicKeyUse::Signature));
        let key = DecodingKey::from_jwk(jwk).ok();
        key.filter(|key| is_kind && is_meant && signs && self.fits(key))
    }

    /// Whether a key can be used: it finds a signature of nothing wrong, and not itself.
    fn fits(self, key: &DecodingKey) -> bool {
        /// `{"alg":"…"}`, no claims, and 64 bytes that sign nothing.
        const CLAIMS_AND_SIGNATURE: &str = "e30.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
        let header = match self {
            Self::Hs256 => "eyJhbGciOiJIUzI1NiJ9",
            Self::Rs256 => "eyJhbGciOiJSUzI1NiJ9",
            Self::Es256 => "eyJhbGciOiJFUzI1NiJ9",
            Self::EdDsa => "eyJhbGciOiJFZERTQSJ9",
        };
        let token = format!("{header}.{CLAIMS_AND_SIGNATURE}");
        let refused = decode::<Value>(token, key, &Validation::new(self.into()));
        refused.is_err_and(|error| matches!(error.kind(), ErrorKind::InvalidSignature))
    }
}

impl From<JwtAlgorithm> for Algorithm {
    fn from(algorithm: JwtAlgorithm) -> Self {
        match algorithm {
            JwtAlgorithm::Hs256 => Self::HS256,
            JwtAlgorithm::Rs256 => Self::RS256,
            JwtAlgorithm::Es256 => Self::ES256,
            JwtAlgorithm::EdDsa => Self::EdDSA,
        }
    }
}

impl fmt::Display for JwtAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, _) = Self::ALL[*self as usize];
        f.write_str(name)
    }
}

impl FromStr for JwtAlgorithm {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.iter().find(|(name, _)| *name == text).map(|(_, algorithm)| *algorithm).ok_or(())
    }
}
