//! The secrets of a spec as one sealed blob: environment, callback headers, signing secret.
//! Keeps nothing in the clear, and nothing at all when there is no secret.

use std::collections::BTreeMap;

use secrecy::zeroize::Zeroizing;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{SealingKey, StoreError};
use crate::domain::{ExecutionSpec, Secret};

/// What of a spec must not be readable in the database.
#[derive(Debug, Default, PartialEq)]
pub(super) struct SpecSecrets {
    pub(super) env: BTreeMap<String, Secret>,
    pub(super) headers: Vec<(String, Secret)>,
    pub(super) signing_secret: Option<Secret>,
}

/// As it is written, in JSON, inside the blob.
#[derive(Serialize)]
struct Written<'a> {
    env: BTreeMap<&'a str, &'a str>,
    headers: Vec<(&'a str, &'a str)>,
    signing_secret: Option<&'a str>,
}

/// As it is read.
#[derive(Deserialize)]
struct Read {
    env: BTreeMap<String, String>,
    headers: Vec<(String, String)>,
    signing_secret: Option<String>,
}

impl SpecSecrets {
    /// Seals the secrets of a spec for the execution or the version of a function with this id; none
    /// when it has none.
    pub(super) fn seal(key: &SealingKey, id: Uuid, spec: &ExecutionSpec) -> Option<Vec<u8>> {
        let callback = spec.callback.as_ref();
        let headers = callback.map_or(&[][..], |callback| &callback.headers);
        let written = Written {
            env: spec.env.iter().map(|(name, value)| (name.as_str(), value.expose())).collect(),
            headers: headers.iter().map(|(name, value)| (name.as_str(), value.expose())).collect(),
            signing_secret: callback
                .and_then(|callback| callback.signing_secret.as_ref())
                .map(Secret::expose),
        };
        let nothing = written.env.is_empty() && written.headers.is_empty();
        if nothing && written.signing_secret.is_none() {
            return None;
        }
        let text = serde_json::to_vec(&written).expect("maps and lists of texts are always JSON");
        Some(key.seal(&Zeroizing::new(text), id.as_bytes()))
    }

    /// Opens what was sealed for this id.
    pub(super) fn open(
        key: &SealingKey,
        id: Uuid,
        sealed: Option<&[u8]>,
    ) -> Result<Self, StoreError> {
        let Some(sealed) = sealed else { return Ok(Self::default()) };
        let text = key.open(sealed, id.as_bytes())?;
        // The error of the parser is left out: it may quote what it could not read.
        let read: Read = serde_json::from_slice(&text)
            .map_err(|_| StoreError::Corrupt { what: format!("the secrets of {id}") })?;
        let hide = |(name, value): (String, String)| (name, Secret::new(value));
        Ok(Self {
            env: read.env.into_iter().map(hide).collect(),
            headers: read.headers.into_iter().map(hide).collect(),
            signing_secret: read.signing_secret.map(Secret::new),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Callback, Endpoint, PayloadFormat};

    fn spec(headers: &[(&str, &str)], signing_secret: Option<&str>) -> ExecutionSpec {
        let callback = Callback {
            endpoint: Endpoint::new("https://example.com/", PayloadFormat::Standard),
            headers: headers
                .iter()
                .map(|(name, value)| ((*name).into(), (*value).into()))
                .collect(),
            signing_secret: signing_secret.map(Secret::from),
        };
        ExecutionSpec { callback: Some(callback), ..ExecutionSpec::new("python", "") }
    }

    #[test]
    fn secrets_open_for_their_own_execution_only() {
        let key = SealingKey::from_bytes([1; 32]);
        let (id, other) = (Uuid::now_v7(), Uuid::now_v7());
        let mut spec = spec(&[("b", "2"), ("a", "1"), ("b", "3")], Some("whsec_x"));
        spec.env.insert("TOKEN".into(), "hunter2 \u{0} ☃".into());
        let sealed = SpecSecrets::seal(&key, id, &spec).unwrap();
        let opened = SpecSecrets::open(&key, id, Some(&sealed)).unwrap();
        let callback = spec.callback.unwrap();
        assert_eq!(opened.env, spec.env);
        assert_eq!(opened.headers, callback.headers, "in their order, repeated ones included");
        assert_eq!(opened.signing_secret, callback.signing_secret);
        let elsewhere = SpecSecrets::open(&key, other, Some(&sealed));
        assert!(matches!(elsewhere, Err(StoreError::WrongKey)));
    }

    #[test]
    fn nothing_secret_is_not_sealed() {
        let key = SealingKey::from_bytes([1; 32]);
        let id = Uuid::now_v7();
        assert_eq!(SpecSecrets::seal(&key, id, &ExecutionSpec::new("python", "")), None);
        assert_eq!(SpecSecrets::seal(&key, id, &spec(&[], None)), None);
        assert!(SpecSecrets::seal(&key, id, &spec(&[], Some(""))).is_some());
        assert_eq!(SpecSecrets::open(&key, id, None).unwrap(), SpecSecrets::default());
    }
}
