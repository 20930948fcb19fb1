//! What an allow-list opens and what it does not: tiers, names against networks, plain http.
//! Checks URLs at submit and addresses at delivery, as the two steps that they are.

use super::*;

#[track_caller]
fn passes(entries: &[&str], url: &str) {
    let verdict = allowing(entries).check_url(url);
    assert!(verdict.is_ok(), "{url} with {entries:?}: {verdict:?}");
}

#[track_caller]
fn refused(entries: &[&str], url: &str, rule: &str) {
    assert_eq!(url_verdict(&allowing(entries), url), Err(rule), "{url} with {entries:?}");
}

#[test]
fn an_allowed_network_opens_its_literals_also_over_http() {
    passes(&["127.0.0.0/8"], "http://127.0.0.1:9000/");
    passes(&["127.0.0.1"], "http://127.0.0.1:9000/");
    passes(&["127.0.0.1"], "http://2130706433:9000/");
    passes(&["127.0.0.1"], "http://[::ffff:127.0.0.1]:9000/");
    passes(&["::ffff:127.0.0.0/104"], "http://127.0.0.1:9000/");
    passes(&["10.0.0.0/8"], "https://10.1.2.3/");
    passes(&["::1"], "http://[::1]:9000/");
    passes(&["[::1]"], "http://[::1]:9000/");
    passes(&["fd00::/8"], "https://[fd12::1]/");
    passes(&["8.8.8.8"], "http://8.8.8.8/");
    passes(&["10.0.0.0/8"], "https://[64:ff9b::a00:1]/");

    refused(&["127.0.0.1"], "http://127.0.0.2:9000/", "loopback");
    refused(&["127.0.0.0/8"], "http://[::1]:9000/", "loopback");
    refused(&["::1"], "http://127.0.0.1:9000/", "loopback");
    refused(&["10.0.0.0/8"], "https://192.168.1.1/", "private");
    refused(&["::/0"], "https://10.0.0.1/", "private");
    refused(&["0.0.0.0/0"], "https://[fd12::1]/", "private");
    refused(&["8.8.8.8"], "http://8.8.4.4/", "plain_http");
    refused(&["10.0.0.0/8"], "http://8.8.8.8/", "plain_http");
}

#[test]
fn an_allow_list_opens_no_port() {
    refused(&["127.0.0.0/8"], "http://127.0.0.1:6379/", "port");
    refused(&["redis.internal"], "https://redis.internal:6379/", "port");
}

#[test]
fn a_tunnel_needs_both_of_its_ends_allowed() {
    let inner = "https://[2002:a00:1::1]/";
    refused(&[], inner, "private");
    refused(&["2002::/16"], inner, "private");
    refused(&["10.0.0.0/8"], inner, "tunnel");
    passes(&["2002::/16", "10.0.0.0/8"], inner);
    // The same for the prefix of a translator: it does not vouch for what is behind.
    refused(&["64:ff9b::/96"], "https://[64:ff9b::a00:1]/", "private");
    refused(&["::/96"], "https://[::7f00:1]/", "loopback");
}

#[test]
fn localhost_passes_when_its_name_or_some_loopback_is_allowed() {
    for entries in
        [["localhost"], ["127.0.0.1"], ["127.0.0.0/8"], ["127.9.0.0/16"], ["::1"], ["0.0.0.0/0"]]
    {
        passes(&entries, "http://localhost:9000/");
        passes(&entries, "http://LOCALHOST.:9000/");
    }
    for entries in [&["10.0.0.0/8"][..], &["hooks.internal"], &["fd00::/8"], &["a.localhost"], &[]]
    {
        refused(entries, "http://localhost:9000/", "loopback");
        refused(entries, "https://localhost:9000/", "loopback");
    }
    passes(&["a.localhost"], "http://a.localhost/");
    passes(&["127.0.0.1"], "http://a.localhost/");
    refused(&["localhost"], "http://a.localhost/", "loopback");

    // Which loopback it is, its addresses tell.
    let policy = allowing(&["127.0.0.1"]);
    assert_eq!(at(&policy, "http://localhost:9000/", "127.0.0.1"), Ok(()));
    assert_eq!(at(&policy, "http://localhost:9000/", "::1"), Err("loopback"));
    let policy = allowing(&["localhost"]);
    assert_eq!(at(&policy, "http://localhost:9000/", "::1"), Ok(()));
}

#[test]
fn an_allowed_name_opens_what_it_resolves_to_and_no_other_name() {
    let policy = allowing(&["Hooks.Internal."]);
    for url in ["https://hooks.internal/", "http://HOOKS.internal.:8080/"] {
        assert!(policy.check_url(url).is_ok(), "{url}");
        for address in ["10.0.0.1", "127.0.0.1", "::1", "fd12::1", "2002:a00:1::1", "8.8.8.8"] {
            assert_eq!(at(&policy, url, address), Ok(()), "{url} {address}");
        }
        assert_eq!(at(&policy, url, "169.254.169.254"), Err("metadata"));
    }
    assert_eq!(at(&policy, "https://other.internal/", "10.0.0.1"), Err("private"));
    refused(&["hooks.internal"], "http://other.internal/", "plain_http");
    refused(&["hooks.internal"], "http://a.hooks.internal/", "plain_http");
    refused(&["hooks.internal"], "http://10.0.0.1/", "private");
}

#[test]
fn a_name_over_http_waits_for_its_addresses_when_networks_are_allowed() {
    let url = "http://receiver/";
    refused(&[], url, "plain_http");
    passes(&["172.18.0.0/16"], url);
    let policy = allowing(&["172.18.0.0/16"]);
    assert_eq!(at(&policy, url, "172.18.0.5"), Ok(()));
    assert_eq!(at(&policy, url, "172.19.0.5"), Err("private"));
    assert_eq!(at(&policy, url, "8.8.8.8"), Err("plain_http"));
    assert_eq!(at(&policy, "https://receiver/", "8.8.8.8"), Ok(()));
}

#[test]
fn allow_http_opens_plain_http_to_public_addresses_only() {
    let policy = AddressPolicy::new(vec![], true);
    for url in ["http://example.com/", "http://8.8.8.8/", "https://example.com/"] {
        assert!(policy.check_url(url).is_ok(), "{url}");
    }
    assert_eq!(at(&policy, "http://example.com/", "8.8.8.8"), Ok(()));
    assert_eq!(at(&policy, "http://example.com/", "10.0.0.1"), Err("private"));
    assert_eq!(url_verdict(&policy, "http://127.0.0.1/"), Err("loopback"));
    assert_eq!(url_verdict(&policy, "http://localhost/"), Err("loopback"));
    assert_eq!(url_verdict(&policy, "http://169.254.169.254/"), Err("metadata"));
}

#[test]
fn metadata_names_are_refused_even_when_they_are_allowed() {
    let entries = ["metadata.google.internal", "metadata", "metadata.goog", "0.0.0.0/0"];
    for url in ["http://metadata.google.internal/", "http://metadata./", "https://metadata.goog/"] {
        refused(&entries, url, "metadata");
    }
}

#[test]
fn every_resolved_address_is_judged_by_itself() {
    let policy = AddressPolicy::default();
    let url = "https://rebinding.example/";
    assert_eq!(at(&policy, url, "8.8.8.8"), Ok(()));
    for address in ["127.0.0.1", "::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1"] {
        assert_eq!(at(&policy, url, address), Err("loopback"), "{address}");
    }
}

#[test]
fn sentences_say_what_the_operator_could_do() {
    let check = |url: &str, expected: &str| {
        let sentence = AddressPolicy::default().check_url(url).unwrap_err().to_string();
        assert_eq!(sentence, expected);
    };
    check(
        "https://2130706433/",
        "the callback URL's host 127.0.0.1 is a loopback address; the operator can allow it with \
         --allow-callback-to 127.0.0.1",
    );
    check(
        "https://[::ffff:10.0.0.1]/",
        "the callback URL's host [::ffff:a00:1] is a private address; the operator can allow it \
         with --allow-callback-to 10.0.0.1",
    );
    check(
        "http://localhost:9000/",
        "the callback URL's host localhost is the server itself; the operator can allow it with \
         --allow-callback-to localhost",
    );
    check(
        "http://[2606:4700::1111]/",
        "the callback URL must use https; the operator can allow plain http to \
         [2606:4700::1111] with --allow-callback-to 2606:4700::1111, or to every host with \
         webhook.allow_http",
    );
    check(
        "http://169.254.169.254/",
        "the callback URL's host 169.254.169.254 is a cloud's metadata service, which no callback \
         may reach",
    );
}

#[test]
fn a_sentence_about_a_name_does_not_tell_its_address() {
    let endpoint = Endpoint::parse("https://hooks.example/").unwrap();
    let refusal =
        AddressPolicy::default().check_address(&endpoint, "10.1.2.3".parse().unwrap()).unwrap_err();
    assert_eq!(
        refusal.to_string(),
        "the callback URL's host hooks.example resolves to a private address; the operator can \
         allow it with --allow-callback-to hooks.example"
    );
}

#[test]
fn the_server_itself_is_no_endpoint_unless_it_is_allowed() {
    let listening =
        |entries: &[&str]| allowing(entries).listening_at(vec!["8.8.8.8:8443".parse().unwrap()]);
    let own = "https://8.8.8.8:8443/v1/executions";
    assert_eq!(url_verdict(&listening(&[]), own), Err("own"));
    // Whatever it is called, and however it is written.
    assert_eq!(at(&listening(&[]), "https://us.example:8443/", "8.8.8.8"), Err("own"));
    assert_eq!(at(&listening(&[]), "https://us.example:8443/", "64:ff9b::808:808"), Err("own"));
    assert_eq!(url_verdict(&listening(&[]), "https://134744072:8443/"), Err("own"));
    for passing in ["https://8.8.8.8/", "https://8.8.4.4:8443/", "https://8.8.8.8:8444/"] {
        assert!(listening(&[]).check_url(passing).is_ok(), "{passing}");
    }
    assert!(listening(&["8.8.8.8"]).check_url(own).is_ok());
    assert_eq!(at(&listening(&["us.example"]), "https://us.example:8443/", "8.8.8.8"), Ok(()));
    let sentence = listening(&[]).check_url(own).unwrap_err().to_string();
    let expected = "the callback URL leads to 8.8.8.8:8443, where this server itself listens; the \
                    operator can allow it with --allow-callback-to 8.8.8.8";
    assert_eq!(sentence, expected);
}
