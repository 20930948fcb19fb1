//! Values of flags that several commands take: seconds, and pairs. Says what is expected.

/// More than no time at all.
pub(in crate::cli) fn seconds(text: &str) -> Result<f64, String> {
    let seconds: Option<f64> = text.parse().ok();
    seconds
        .filter(|seconds| seconds.is_finite() && *seconds > 0.0 && *seconds < 1e9)
        .ok_or_else(|| "expected a number of seconds that is more than 0".to_owned())
}

/// A name and a value with this sign between them. The value is not repeated in the message: it may be
/// a secret.
pub(in crate::cli) fn pair(flag: &str, text: &str, sign: char) -> Result<(String, String), String> {
    let found = text.split_once(sign).filter(|(name, _)| !name.trim().is_empty());
    let expected = match sign {
        ':' => "NAME: VALUE",
        _ => "NAME=VALUE",
    };
    let (name, value) = found.ok_or_else(|| format!("{flag}: {expected} is expected"))?;
    Ok(match sign {
        ':' => (name.trim().to_owned(), value.trim().to_owned()),
        _ => (name.to_owned(), value.to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_a_time() {
        for good in ["0.2", "1", "1e3"] {
            assert!(seconds(good).is_ok(), "{good}");
        }
        for bad in ["", "0", "-1", "NaN", "inf", "1e300", "soon"] {
            assert!(seconds(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn pairs_are_cut_at_the_first_sign_and_not_repeated() {
        let cut = |text, sign| pair("--x", text, sign).ok();
        let both = |name: &str, value: &str| Some((name.to_owned(), value.to_owned()));
        assert_eq!(cut("a=b=c", '='), both("a", "b=c"));
        assert_eq!(cut("A: b: c", ':'), both("A", "b: c"));
        assert_eq!(cut("a= b", '='), both("a", " b"));
        let refused = pair("--env", "hunter2", '=').unwrap_err();
        assert_eq!(refused, "--env: NAME=VALUE is expected");
        assert_eq!(cut("=b", '='), None);
    }
}
