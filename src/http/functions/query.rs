//! The queries of functions: which one, and from where on.
//! Reads no function.

use std::collections::BTreeMap;

use crate::domain::{FunctionKey, FunctionName, Tenant};
use crate::http::cursor::{List, is_broken};
use crate::http::error::{FieldError, Problem};
use crate::http::query::parameters;
use crate::http::state::Api;
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
    /// All of it as it came.
    filters: BTreeMap<String, String>,
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
        let query = parameters(query)?;
        let filters = query.clone();
        let limit = LIMIT_DEFAULT;
        let mut read =
            Self { version: None, name: None, limit, variant: None, cursor: None, filters };
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

    /// The list under this path that is asked for.
    pub(super) fn list<'a>(&self, api: &'a Api, path: &str, tenant: &Tenant) -> List<'a> {
        List::new(&api.tokens, (path, tenant), &self.filters)
    }

    /// Behind which function the page begins.
    pub(super) fn after(&self, list: &List<'_>) -> Result<Option<FunctionKey>, Problem> {
        self.at(list, |text| {
            let (name, variant) = text.split_once('/')?;
            Some(FunctionKey { name: name.parse().ok()?, variant: variant.parse().ok()? })
        })
    }

    /// Before which version the page begins.
    pub(super) fn before(&self, list: &List<'_>) -> Result<Option<u32>, Problem> {
        self.at(list, |text| text.parse().ok())
    }

    fn at<T>(
        &self,
        list: &List<'_>,
        read: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<T>, Problem> {
        let Some(cursor) = &self.cursor else { return Ok(None) };
        let place = list.place(cursor);
        let at = place.and_then(|place| read(std::str::from_utf8(&place).ok()?));
        at.map(Some).ok_or_else(is_broken)
    }
}

/// The place of a function in its list.
pub(super) fn place_of_key(last: &FunctionSummary) -> String {
    last.key.to_string()
}

/// The place of a version in its list.
pub(super) fn place_of_version(last: &FunctionSummary) -> String {
    last.version.to_string()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::http::tokens::Tokens;

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
    fn a_cursor_leads_on_from_where_the_page_ended() {
        let tokens = Tokens::new(&[7; 32], Duration::from_secs(1));
        let list = List::new(&tokens, ("functions", &Tenant::default()), &BTreeMap::new());
        let key = FunctionKey { name: "a".parse().unwrap(), variant: "v".parse().unwrap() };
        let created_at = crate::domain::Timestamp::from_millis(0);
        let language = "sh".to_owned();
        let last = FunctionSummary { key: key.clone(), version: 7, created_at, language };
        let with = |cursor: &str| Query::read(&format!("cursor={cursor}"), &ALL).unwrap();
        let by_key = with(&list.cursor(place_of_key(&last).as_bytes()));
        let by_version = with(&list.cursor(place_of_version(&last).as_bytes()));
        assert_eq!(by_key.after(&list).unwrap(), Some(key));
        assert_eq!(by_version.before(&list).unwrap(), Some(7));
        assert!(by_key.before(&list).is_err() && by_version.after(&list).is_err());
        assert!(with("%21").after(&list).is_err() && with("").before(&list).is_err());
    }
}
