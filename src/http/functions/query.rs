//! The queries of functions: which one, and from where on. A cursor means nothing to clients.
//! Reads no function.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::domain::{FunctionKey, FunctionName};
use crate::http::error::{FieldError, Problem};
use crate::store::FunctionSummary;

/// How many functions or versions a page has when nobody says.
const LIMIT_DEFAULT: usize = 50;

/// How many it may have.
const LIMIT_MAX: usize = 200;

/// What a query asks for.
#[derive(Debug)]
pub(super) struct Query {
    pub(super) version: Option<u32>,
    pub(super) name: Option<FunctionName>,
    pub(super) limit: usize,
    variant: Option<FunctionName>,
    cursor: Option<String>,
}

/// What is wrong with a parameter: a stable word and a sentence.
type Wrong = (&'static str, String);

impl Query {
    /// Refuses any parameter where the body says everything: a variant that was passed over in a query
    /// would have another function changed or called than was meant.
    pub(super) fn none(query: &str) -> Result<(), Problem> {
        Self::read(query, &[]).map(|_| ())
    }

    /// Reads a query that may have the parameters of these names.
    pub(super) fn read(query: &str, known: &[&str]) -> Result<Self, Problem> {
        let query: BTreeMap<String, String> =
            url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let limit = LIMIT_DEFAULT;
        let mut read = Self { version: None, name: None, limit, variant: None, cursor: None };
        let mut errors = Vec::new();
        for (name, value) in query {
            if let Err((code, detail)) = read.set(&name, &value, known) {
                errors.push(FieldError { field: name, code, detail });
            }
        }
        if errors.is_empty() { Ok(read) } else { Err(Problem::invalid(errors)) }
    }

    fn set(&mut self, name: &str, value: &str, known: &[&str]) -> Result<(), Wrong> {
        let named = |text: &str| {
            let wrong = |bad| ("invalid_name", format!("`{name}` {bad}."));
            text.parse::<FunctionName>().map(Some).map_err(wrong)
        };
        match name {
            _ if !known.contains(&name) => {
                let why = if known.is_empty() { ": the body says everything" } else { "" };
                let detail = format!("There is no parameter `{name}` here{why}.");
                return Err(("unknown_field", detail));
            }
            "variant" => self.variant = named(value)?,
            "name" => self.name = named(value)?,
            "version" => {
                let version = value.parse().ok().filter(|version| *version > 0);
                let detail = || format!("`version` must be a whole number from 1 to {}.", u32::MAX);
                self.version = Some(version.ok_or_else(|| ("out_of_range", detail()))?);
            }
            "limit" => {
                let limit = value.parse().ok().filter(|limit| (1..=LIMIT_MAX).contains(limit));
                let detail = || format!("`limit` must be a whole number from 1 to {LIMIT_MAX}.");
                self.limit = limit.ok_or_else(|| ("out_of_range", detail()))?;
            }
            _ => self.cursor = Some(value.to_owned()),
        }
        Ok(())
    }

    /// The function of this name and of the variant that was asked for.
    pub(super) fn key(&self, name: FunctionName) -> FunctionKey {
        let default = FunctionKey::default_of(name);
        FunctionKey { variant: self.variant.clone().unwrap_or(default.variant), ..default }
    }

    /// Behind which function the page begins.
    pub(super) fn after(&self) -> Result<Option<FunctionKey>, Problem> {
        self.at(|text| {
            let (name, variant) = text.split_once('/')?;
            Some(FunctionKey { name: name.parse().ok()?, variant: variant.parse().ok()? })
        })
    }

    /// Before which version the page begins.
    pub(super) fn before(&self) -> Result<Option<u32>, Problem> {
        self.at(|text| text.parse().ok())
    }

    fn at<T>(&self, read: impl Fn(&str) -> Option<T>) -> Result<Option<T>, Problem> {
        let Some(cursor) = &self.cursor else { return Ok(None) };
        let bytes = URL_SAFE_NO_PAD.decode(cursor).ok();
        let at = bytes.and_then(|bytes| read(std::str::from_utf8(&bytes).ok()?));
        at.map(Some).ok_or_else(|| {
            let detail = "`cursor` must be the `next_cursor` of an earlier page.".to_owned();
            let field = "cursor".to_owned();
            Problem::invalid(vec![FieldError { field, code: "invalid", detail }])
        })
    }
}

/// Where a page of functions goes on.
pub(super) fn cursor_of_key(last: &FunctionSummary) -> String {
    URL_SAFE_NO_PAD.encode(last.key.to_string())
}

/// Where a page of versions goes on.
pub(super) fn cursor_of_version(last: &FunctionSummary) -> String {
    URL_SAFE_NO_PAD.encode(last.version.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [&str; 5] = ["variant", "version", "name", "limit", "cursor"];

    #[test]
    fn what_is_wrong_with_a_query_is_named() {
        let fields = |query: &str| match Query::read(query, &ALL) {
            Ok(_) => vec![],
            Err(problem) => problem.errors.into_iter().map(|error| error.field).collect(),
        };
        assert!(fields("variant=v&version=1&name=n&limit=200&cursor=x").is_empty());
        for bad in
            ["variant=a/b", "variant=", "version=0", "version=x", "limit=0", "limit=201", "x=1"]
        {
            assert_eq!(fields(bad).len(), 1, "{bad}");
        }
        assert!(Query::read("limit=1", &["variant"]).is_err(), "not everywhere");
        assert!(Query::none("").is_ok() && Query::none("variant=v").is_err());
    }

    #[test]
    fn a_version_that_is_too_high_for_any_is_told_how_high_they_go() {
        let problem = Query::read("version=4294967296", &ALL).unwrap_err();
        assert_eq!(problem.detail, "`version` must be a whole number from 1 to 4294967295.");
    }

    #[test]
    fn a_cursor_leads_on_in_its_own_list_only() {
        let key = FunctionKey { name: "a".parse().unwrap(), variant: "v".parse().unwrap() };
        let created_at = crate::domain::Timestamp::from_millis(0);
        let language = "sh".to_owned();
        let last = FunctionSummary { key: key.clone(), version: 7, created_at, language };
        let with = |cursor: &str| Query::read(&format!("cursor={cursor}"), &ALL).unwrap();
        assert_eq!(with(&cursor_of_key(&last)).after().unwrap(), Some(key));
        assert_eq!(with(&cursor_of_version(&last)).before().unwrap(), Some(7));
        assert!(with(&cursor_of_key(&last)).before().is_err());
        assert!(with(&cursor_of_version(&last)).after().is_err());
        assert!(with("!").after().is_err() && with("").before().is_err());
    }
}
