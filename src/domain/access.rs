//! What an API key may do and what it may be called: the scopes, and the names of keys and tenants.
//! Keeps no key and lets nobody in.

use super::Tenant;

/// The scope that includes all others.
pub const ADMIN: &str = "admin";

/// Every scope that there is.
pub const SCOPES: [&str; 9] = [
    "executions:write",
    "executions:read",
    "executions:cancel",
    "deliveries:read",
    "deliveries:redeliver",
    "functions:write",
    "keys:write",
    "metrics:read",
    ADMIN,
];

/// How long the name of a key or a tenant may be, in characters.
const NAME_CHARS_MAX: usize = 64;

/// Whether whoever has these scopes may do what needs that one.
pub fn includes(scopes: &[String], scope: &str) -> bool {
    scopes.iter().any(|own| own == scope || own == ADMIN)
}

/// The name of a key, which people read and no program does.
///
/// # Errors
/// The end of a sentence that says what a name must be.
pub fn key_name(text: &str) -> Result<String, &'static str> {
    let is_name = text.chars().any(|c| !c.is_whitespace())
        && text.chars().count() <= NAME_CHARS_MAX
        && !text.chars().any(char::is_control);
    if is_name {
        Ok(text.to_owned())
    } else {
        Err("must be 1 to 64 characters, and none of them a control character")
    }
}

/// The name of a tenant, as far as people may choose it. No path is made of it, but one day one may
/// be: `.` and `..` are none.
///
/// # Errors
/// The end of a sentence that says what a name must be.
pub fn tenant(text: &str) -> Result<Tenant, &'static str> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
    let is_name = !text.is_empty() && text.len() <= NAME_CHARS_MAX && text.chars().all(is_plain);
    if is_name && !text.chars().all(|c| c == '.') {
        Ok(Tenant::new(text))
    } else {
        Err("must be 1 to 64 of the characters A-Z, a-z, 0-9, `_`, `.` and `-`, not only dots")
    }
}

/// The scopes that somebody asks for, each once and in the order of [`SCOPES`].
///
/// # Errors
/// A sentence about the first that is none, or about there being none at all.
pub fn scopes<S: AsRef<str>>(asked: &[S]) -> Result<Vec<String>, String> {
    let known = SCOPES.join(", ");
    if let Some(unknown) = asked.iter().map(AsRef::as_ref).find(|scope| !SCOPES.contains(scope)) {
        let unknown = unknown.escape_debug();
        return Err(format!("There is no scope `{unknown}`; the scopes are {known}."));
    }
    if asked.is_empty() {
        return Err(format!("At least one scope is needed; the scopes are {known}."));
    }
    let is_asked = |scope: &&str| asked.iter().any(|asked| asked.as_ref() == *scope);
    Ok(SCOPES.into_iter().filter(is_asked).map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_is_had_by_name_or_by_being_admin() {
        let check = |own: &[&str], expected| {
            let own: Vec<String> = own.iter().map(|&scope| scope.to_owned()).collect();
            assert_eq!(includes(&own, "metrics:read"), expected, "{own:?}");
        };
        check(&["metrics:read"], true);
        check(&["executions:read", "metrics:read"], true);
        check(&["admin"], true);
        check(&["executions:read"], false);
        check(&["metrics"], false);
        check(&[], false);
    }

    #[test]
    fn names_are_short_and_harmless() {
        for good in ["a", "ci ☃ 'quoted'", &"ü".repeat(64)] {
            assert_eq!(key_name(good).as_deref(), Ok(good));
        }
        for bad in ["", " ", "a\nb", "a\u{0}", &"ü".repeat(65)] {
            assert!(key_name(bad).is_err(), "{bad:?}");
        }
        for good in ["default", "a", "A.b_c-9", &"x".repeat(64)] {
            assert_eq!(tenant(good).map(|tenant| tenant.to_string()).as_deref(), Ok(good));
        }
        for bad in ["", ".", "..", "a/b", "a b", "ü", "a\n", &"x".repeat(65)] {
            assert!(tenant(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn scopes_come_once_each_and_unknown_ones_are_named() {
        let asked = ["metrics:read", "executions:read", "metrics:read"];
        assert_eq!(scopes(&asked).unwrap(), ["executions:read", "metrics:read"]);
        let none: [&str; 0] = [];
        for bad in [scopes(&["executions:raed"]), scopes(&["*"]), scopes(&none)] {
            let sentence = bad.unwrap_err();
            assert!(SCOPES.iter().all(|scope| sentence.contains(scope)), "{sentence}");
        }
    }
}
