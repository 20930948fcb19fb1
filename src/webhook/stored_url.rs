//! What can be told of a URL that was accepted and stored: whom it belongs to, and how to show it.
//! Judges nothing; that is done anew on each attempt.

use url::Url;

/// Host and port, by which deliveries share permits; the whole text should it not be a URL.
pub fn authority(url: &str) -> String {
    let parsed = Url::parse(url).ok();
    let named =
        parsed.as_ref().and_then(|url| Some((url.host_str()?, url.port_or_known_default()?)));
    named.map_or_else(|| url.to_owned(), |(host, port)| format!("{host}:{port}"))
}

/// The URL without its query, which may hold a token, and without userinfo and fragment.
pub fn shown(url: &str) -> String {
    let Ok(mut url) = Url::parse(url) else { return String::new() };
    url.set_query(None);
    url.set_fragment(None);
    // Both fail only for URLs that cannot have them.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_has_one_name_whatever_the_path() {
        assert_eq!(authority("https://Example.com/a?b"), "example.com:443");
        assert_eq!(authority("http://example.com:8080/"), "example.com:8080");
        assert_eq!(authority("http://[::1]/"), "[::1]:80");
    }

    #[test]
    fn what_may_be_secret_is_not_shown() {
        assert_eq!(shown("https://user:pw@example.com/hook?token=1#x"), "https://example.com/hook");
        assert_eq!(shown("not a url"), "");
    }
}
