//! Cursors: where a list goes on, in words that mean nothing to clients. One leads on only in the list
//! that it came from, and only as it was given: in another list it would leave things out, and nobody
//! would know. Keeps nothing.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use subtle::ConstantTimeEq;

use super::error::{FieldError, Problem};
use super::tokens::{MARK_BYTES, Tokens};
use crate::domain::Tenant;

/// The parameters that do not say which list it is, but which part of it.
const OF_THE_PAGE: [&str; 2] = ["limit", "cursor"];

/// A list: of whom, of what, and by which filters.
pub(super) struct List<'a> {
    tokens: &'a Tokens,
    /// All that tells it from every other.
    name: Vec<u8>,
}

impl<'a> List<'a> {
    /// The list of a tenant under this path that a query asks for.
    pub(super) fn new(
        tokens: &'a Tokens,
        (path, tenant): (&str, &Tenant),
        query: &BTreeMap<String, String>,
    ) -> Self {
        let filters: Vec<_> =
            query.iter().filter(|(name, _)| !OF_THE_PAGE.contains(&name.as_str())).collect();
        let name = serde_json::to_vec(&(path, tenant.as_str(), filters));
        Self { tokens, name: name.expect("plain texts can always be written") }
    }

    /// The cursor that leads on from a place.
    pub(super) fn cursor(&self, place: &[u8]) -> String {
        let mark = self.tokens.mark_of_place(&self.name, place);
        URL_SAFE_NO_PAD.encode([&mark[..], place].concat())
    }

    /// The place from which a cursor leads on; none when it is none of this list's.
    pub(super) fn place(&self, cursor: &str) -> Option<Vec<u8>> {
        let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
        let (mark, place) = bytes.split_first_chunk::<MARK_BYTES>()?;
        let expected = self.tokens.mark_of_place(&self.name, place);
        bool::from(expected.ct_eq(mark)).then(|| place.to_vec())
    }
}

/// What is said about a cursor that leads nowhere here.
pub(super) fn broken() -> FieldError {
    let detail = "`cursor` must be the `next_cursor` of an earlier page of this list, as it was given; \
                  one of a list with other filters leads on only there.";
    FieldError { field: "cursor".to_owned(), code: "invalid", detail: detail.to_owned() }
}

/// The same as a problem of its own.
pub(super) fn is_broken() -> Problem {
    Problem::invalid(vec![broken()])
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn query(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn a_cursor_leads_on_in_its_own_list_and_only_as_it_was_given() {
        let tokens = Tokens::new(&[7; 32], Duration::from_secs(1));
        let (ours, theirs) = (Tenant::default(), Tenant::new("acme"));
        let filters = query(&[("status", "failed"), ("limit", "3")]);
        let list = List::new(&tokens, ("/executions", &ours), &filters);
        let place = [1, 2, 3, 4];
        let cursor = list.cursor(&place);
        assert_eq!(list.place(&cursor).as_deref(), Some(&place[..]));
        let wider = query(&[("limit", "9"), ("cursor", &cursor), ("status", "failed")]);
        let same = List::new(&tokens, ("/executions", &ours), &wider);
        assert_eq!(same.place(&cursor).as_deref(), Some(&place[..]), "however long a page is");
        let others = [
            List::new(&tokens, ("/executions", &theirs), &filters),
            List::new(&tokens, ("/deliveries", &ours), &filters),
            List::new(&tokens, ("/executions", &ours), &query(&[])),
            List::new(&tokens, ("/executions", &ours), &query(&[("status", "completed")])),
        ];
        assert!(others.iter().all(|other| other.place(&cursor).is_none()));
        let elsewhere = Tokens::new(&[8; 32], Duration::from_secs(1));
        let elsewhere = List::new(&elsewhere, ("/executions", &ours), &filters);
        assert_eq!(elsewhere.place(&cursor), None);
        for at in 0..cursor.len() {
            for other in ["A", "b", "-", "=", "."] {
                let mut edited = cursor.clone();
                edited.replace_range(at..=at, other);
                let is_same = edited == cursor;
                assert_eq!(list.place(&edited).is_some(), is_same, "{at} {other}");
            }
        }
        for broken in ["", "x", &cursor[1..], &cursor[..cursor.len() - 1], &format!("{cursor}A")] {
            assert_eq!(list.place(broken), None, "{broken}");
        }
    }
}
