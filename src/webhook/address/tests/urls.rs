//! Spellings of URLs: the ones that must pass, the ones that hide something, the malformed ones.
//! Judges no resolved address.

use super::*;

#[track_caller]
fn refused(rule: &'static str, urls: &[&str]) {
    for url in urls {
        assert_eq!(url_verdict(&AddressPolicy::default(), url), Err(rule), "{url:?}");
    }
}

#[test]
fn public_urls_pass_and_are_written_down_in_one_way() {
    for (text, written) in [
        ("https://example.com", "https://example.com/"),
        ("HTTPS://EXAMPLE.com/Hook?A=b", "https://example.com/Hook?A=b"),
        ("https://example.com:443/x", "https://example.com/x"),
        ("https://example.com:/x", "https://example.com/x"),
        ("https://example.com.:8443/x", "https://example.com:8443/x"),
        ("https://bücher.example/ä?ö", "https://xn--bcher-kva.example/%C3%A4?%C3%B6"),
        ("https://a_b.example/", "https://a_b.example/"),
        ("https://example.com/a/../b/%2e%2e/c", "https://example.com/c"),
        ("https://example.com/a@b", "https://example.com/a@b"),
        (
            "https://example.com/?next=https://u@127.0.0.1/",
            "https://example.com/?next=https://u@127.0.0.1/",
        ),
        ("https://8.8.8.8/", "https://8.8.8.8/"),
        ("https://134744072/", "https://8.8.8.8/"),
        ("https://[2606:4700::1111]:8443/", "https://[2606:4700::1111]:8443/"),
        ("https://[::ffff:8.8.8.8]/", "https://[::ffff:808:808]/"),
        ("https://[64:ff9b::8.8.8.8]/", "https://[64:ff9b::808:808]/"),
        ("https://localhost.example.com/", "https://localhost.example.com/"),
        ("https://notlocalhost/", "https://notlocalhost/"),
        ("https://metadata.example.com/", "https://metadata.example.com/"),
        // A name whose address is private is judged when it is resolved.
        ("https://127.0.0.1.nip.io/", "https://127.0.0.1.nip.io/"),
        ("https://localtest.me/", "https://localtest.me/"),
    ] {
        assert_eq!(url_verdict(&AddressPolicy::default(), text), Ok(written.to_owned()), "{text}");
    }
}

#[test]
fn loopback_is_found_in_every_spelling() {
    refused(
        "loopback",
        &[
            "https://127.0.0.1/",
            "https://127.255.255.255/",
            "https://2130706433/",
            "https://017700000001/",
            "https://0x7f000001/",
            "https://0X7F000001/",
            "https://0x7f.1/",
            "https://127.1/",
            "https://127.0.1/",
            "https://0177.0.0.1/",
            "https://0177.0x0.0.1/",
            "https://①②⑦.⓪.⓪.①/",
            "https://１２７.０.０.１/",
            "https://127。0。0。1/",
            "https://127．0．0｡1/",
            "https://127.0.0.1./",
            "https://%31%32%37.0.0.1/",
            "https://127.0.0.1:8080/",
            "https://[::1]/",
            "https://[0:0:0:0:0:0:0:1]/",
            "https://[::ffff:7f00:1]/",
            "https://[::ffff:127.0.0.1]/",
            "https://[::7f00:1]/",
            "https://[::127.0.0.1]/",
            "https://[::ffff:0:7f00:1]/",
            "https://[64:ff9b::7f00:1]/",
            "https://[2002:7f00:1::]/",
            "https://localhost/",
            "https://LOCALHOST/",
            "https://localhost./",
            "https://ⓛocalhost/",
            "https://ｌｏｃａｌｈｏｓｔ/",
            "https://localhost。/",
            "https://loc\u{ad}alhost/",
            "https://loc%61lhost/",
            "https://a.localhost/",
            "https://a.b.LocalHost./",
            "http://localhost:9000/",
            "http://127.0.0.1:9000/",
        ],
    );
}

#[test]
fn metadata_services_are_found_in_every_spelling() {
    refused(
        "metadata",
        &[
            "http://169.254.169.254/latest/meta-data/",
            "https://169.254.43518/",
            "https://2852039166/",
            "https://0xa9fea9fe/",
            "https://[::ffff:a9fe:a9fe]/",
            "https://[::a9fe:a9fe]/",
            "https://[::ffff:0:a9fe:a9fe]/",
            "https://[64:ff9b::a9fe:a9fe]/",
            "https://[64:ff9b:1::a9fe:a9fe]/",
            "https://[2002:a9fe:a9fe::1]/",
            "https://[fd00:ec2::254]/",
            "https://168.63.129.16/",
            "https://metadata.google.internal/",
            "https://METADATA.google.internal./",
            "https://metadata/",
            "https://ⓜetadata/",
            "https://metadata.goog/",
        ],
    );
}

#[test]
fn other_literals_that_are_not_public_are_refused() {
    refused("unspecified", &["https://0/", "https://0.0.0.0/", "https://[::]/", "https://0x0/"]);
    refused("private", &["https://0300.0250.1/", "https://10.1/", "https://[fd12::1]/"]);
    refused("link_local", &["https://169.254.1.1/", "https://[fe80::1]/"]);
    refused("broadcast", &["https://4294967295/"]);
    refused("tunnel", &["https://[2002:808:808::1]/", "https://[2001::1]/"]);
    refused("reserved", &["https://[::8.8.8.8]/", "https://[64:ff9b:1::808:808]/"]);
}

#[test]
fn what_other_parsers_read_differently_is_malformed() {
    refused(
        "characters",
        &[
            "https://evil.com\\@127.0.0.1/",
            "https:\\\\127.0.0.1/",
            "https://example.com/a b",
            " https://example.com/",
            "https://example.com/\n",
            "https://exa\tmple.com/",
            "https://example.com/\r\nhost: evil",
            "https://example.com/\0",
            "https://example.com/\u{7f}",
            "https://example.com/\u{85}",
            "https://example.com/\u{a0}",
            "https://example.com/\u{3000}",
        ],
    );
    refused(
        "userinfo",
        &[
            "https://evil.com@127.0.0.1/",
            "https://user:password@example.com/",
            "https://:password@example.com/",
            "https://user@example.com/",
            "https://@example.com/",
            "https://:@example.com/",
            "https://127.0.0.1@example.com/",
            "https://a@b@example.com/",
        ],
    );
    refused(
        "fragment",
        &["https://127.0.0.1#@evil.com", "https://example.com/#", "https://a.b/#x"],
    );
    refused(
        "host",
        &[
            "https:example.com",
            "http:example.com",
            "http:///example.com",
            "https:/example.com",
            "https:///example.com",
            "https:////example.com",
            "https://",
            "https:///",
            "https://?x",
            "https://:443/",
            "https://./",
            "https://a..b/",
            "https://.a/",
            "https://a../",
            "https://localhost../",
            "https://1.2.3.4.5/",
            "https://256.1.1.1/",
            "https://4294967296/",
            "https://08.0.0.1/",
            "https://127.0.0.1\u{ff3c}/",
            "https://[fe80::1%25eth0]/",
            "https://[::1/",
            "https://[::1]x/",
            "https://[1.2.3.4]/",
            "https://a%00b/",
            "https://a%2fb/",
            "https://*.example.com/",
            "https://a!b/",
            "https://a|b/",
            "https://xn--a/",
            "https://\u{200b}/",
        ],
    );
    let long_label = format!("https://{}.com/", "a".repeat(64));
    let long_name = format!("https://{}com/", "abcdefg.".repeat(32));
    refused("host", &[&long_label, &long_name]);
}

#[test]
fn only_absolute_http_and_https_urls_are_callbacks() {
    refused(
        "absolute",
        &["", "example.com/hook", "/hook", "//example.com/hook", "not-a-url", "://x"],
    );
    refused(
        "scheme",
        &[
            "ftp://example.com/",
            "file:///etc/passwd",
            "gopher://example.com/",
            "javascript:alert(1)",
            "data:,x",
            "localhost:8080/x",
            "ws://example.com/",
            "httpss://example.com/",
            "unix:/run/docker.sock",
        ],
    );
    refused("plain_http", &["http://example.com/", "http://8.8.8.8/", "http://[2606:4700::1111]/"]);
}

#[test]
fn ports_of_other_protocols_are_refused() {
    let denied =
        [0, 22, 25, 465, 587, 2375, 2376, 3306, 5432, 6379, 6443, 8500, 9200, 10250, 11211, 27017];
    for port in denied {
        for host in ["example.com", "8.8.8.8", "[2606:4700::1111]"] {
            refused("port", &[&format!("https://{host}:{port}/")]);
        }
    }
    refused(
        "port",
        &[
            "https://example.com:99999/",
            "https://example.com:65536/",
            "https://example.com:-1/",
            "https://example.com:8o/",
            "https://example.com:00022/",
            "https://example.com:000/",
        ],
    );
    for port in [1, 21, 23, 80, 443, 1024, 2374, 8080, 8443, 9000, 65535] {
        let url = format!("https://example.com:{port}/");
        assert!(AddressPolicy::default().check_url(&url).is_ok(), "{url}");
    }
}

#[test]
fn a_url_has_2048_bytes_as_it_came_and_as_it_is_kept() {
    let with_path = |bytes: usize| format!("https://example.com/{}", "a".repeat(bytes));
    assert!(AddressPolicy::default().check_url(&with_path(2048 - 20)).is_ok());
    refused("too_long", &[&with_path(2048 - 19), &with_path(10_000_000)]);
    // Two bytes each here, six bytes each once they are percent-encoded.
    refused("too_long", &[&format!("https://example.com/{}", "ä".repeat(400))]);
}

#[test]
fn an_endpoint_tells_its_parts() {
    let parts = |url: &str| {
        let endpoint = AddressPolicy::new(vec![], true).check_url(url).unwrap();
        let literal = endpoint.literal().map(|address| address.to_string());
        let shown = endpoint.shown().to_owned();
        (endpoint.authority().to_owned(), endpoint.is_https(), literal, shown)
    };
    let expect = |authority: &str, https, literal: Option<&str>, shown: &str| {
        (authority.to_owned(), https, literal.map(str::to_owned), shown.to_owned())
    };
    assert_eq!(
        parts("https://Example.COM./a?token=s3cret"),
        expect("example.com:443", true, None, "https://example.com/a"),
    );
    assert_eq!(
        parts("http://8.8.8.8?x"),
        expect("8.8.8.8:80", false, Some("8.8.8.8"), "http://8.8.8.8/"),
    );
    assert_eq!(
        parts("https://[2606:4700:0::1111]:8443/a"),
        expect(
            "[2606:4700::1111]:8443",
            true,
            Some("2606:4700::1111"),
            "https://[2606:4700::1111]:8443/a"
        ),
    );
}

#[test]
fn neither_debug_nor_a_refusal_repeats_secrets_of_the_url() {
    let policy = AddressPolicy::default();
    let endpoint = policy.check_url("https://example.com/a?token=s3cret").unwrap();
    assert_eq!(format!("{endpoint:?}"), r#"Endpoint("https://example.com/a")"#);
    for url in [
        "https://user:s3cret@example.com/",
        "https://127.0.0.1/?token=s3cret",
        "https://example.com/#s3cret",
        "http://example.com/s3cret",
        "https://example.com:22/s3cret",
        "https://example.com:s3cret/",
        "s3cret",
    ] {
        let sentence = policy.check_url(url).unwrap_err().to_string();
        assert!(!sentence.contains("s3cret"), "{url}: {sentence}");
    }
}
