//! What a name service may say, and what is made of it.

use super::server::Receiver;
use super::*;

async fn attempt_with(lookup: Arc<dyn Lookup>, url: &str) -> Attempted {
    post(&Client::new(ClientSettings { lookup, ..settings() }), url).await
}

#[actix_rt::test]
async fn no_answer_and_an_empty_one_are_failures_of_dns_in_words() {
    let url = "http://hooks.test/";
    for (lookup, sentence) in [
        (
            Told::error("name or service not known"),
            "The address of hooks.test could not be found: name or service not known.",
        ),
        (
            Told::addresses(&[&[]]),
            "The address of hooks.test could not be found: it has no address.",
        ),
    ] {
        let attempted = attempt_with(lookup, url).await;
        assert_eq!(verdict(&attempted), Err(ErrorClass::Dns));
        assert_eq!(attempted.outcome.error.as_deref(), Some(sentence));
        assert_eq!(attempted.address, None);
    }
}

#[actix_rt::test]
async fn of_a_hundred_addresses_a_few_are_dialled() {
    let receiver = Receiver::acting([]).await;
    for (open, found) in [(4, Ok(200)), (10, Err(ErrorClass::Connect))] {
        let addresses: Vec<String> = (1..=100)
            .map(
                |number| {
                    if number == open { "127.0.0.1".into() } else { format!("127.0.1.{number}") }
                },
            )
            .collect();
        let addresses: Vec<&str> = addresses.iter().map(String::as_str).collect();
        let attempted = attempt_with(Told::addresses(&[&addresses]), &receiver.url()).await;
        assert_eq!(verdict(&attempted), found, "{open}: {attempted:?}");
        if found.is_err() {
            let sentence = attempted.outcome.error.unwrap();
            assert!(sentence.ends_with("the last of 4 addresses that were tried."), "{sentence}");
        }
    }
}

#[actix_rt::test]
async fn one_address_that_is_refused_refuses_them_all() {
    let receiver = Receiver::acting([]).await;
    for bad in ["10.0.0.1", "169.254.169.254", "::1", "64:ff9b::a00:1", "2002:7f00:1::"] {
        for answer in [["127.0.0.1", bad], [bad, "127.0.0.1"]] {
            let attempted = attempt_with(Told::addresses(&[&answer]), &receiver.url()).await;
            assert_eq!(verdict(&attempted), Err(ErrorClass::Refused), "{answer:?}");
            assert_eq!(attempted.address, None, "nothing was dialled");
            let sentence = attempted.outcome.error.unwrap();
            assert!(sentence.contains("hooks.test") && !sentence.contains(bad), "{sentence}");
        }
    }
    assert!(receiver.requests_by_connection().is_empty());
}

#[actix_rt::test]
async fn a_name_that_changes_its_address_is_judged_anew() {
    let receiver = Receiver::acting([]).await;
    let lookup = Told::addresses(&[&["127.0.0.1"], &["192.168.0.1"], &["127.0.0.1"]]);
    let settings = ClientSettings { lookup, keep_alive: Duration::ZERO, ..settings() };
    let client = Client::new(settings);
    let mut verdicts = Vec::new();
    for _ in 0..3 {
        verdicts.push(verdict(&post(&client, &receiver.url()).await));
    }
    assert_eq!(verdicts, [Ok(200), Err(ErrorClass::Refused), Ok(200)]);
    assert_eq!(receiver.requests().len(), 2);
}

#[actix_rt::test]
async fn the_host_header_has_the_port_unless_the_scheme_says_it() {
    let receiver = Receiver::acting([]).await;
    let client = Client::new(settings());
    assert_eq!(verdict(&post(&client, &receiver.url()).await), Ok(200));
    let request = receiver.requests().remove(0);
    let authority = receiver.url().replace("http://", "").replace("/hook?a=b", "");
    assert!(request.starts_with("POST /hook?a=b HTTP/1.1\r\n"), "{request}");
    assert!(request.to_lowercase().contains(&format!("\r\nhost: {authority}\r\n")), "{request}");
    for (url, host) in [
        ("https://example.com/", "example.com"),
        ("https://example.com:443/", "example.com"),
        ("https://example.com:80/", "example.com:80"),
        ("https://example.com:8443/x?y", "example.com:8443"),
        ("http://198.51.100.7:443/", "198.51.100.7:443"),
        ("https://[2606:4700::1111]/", "[2606:4700::1111]"),
        ("https://[2606:4700::1111]:8443/", "[2606:4700::1111]:8443"),
    ] {
        let endpoint = settings().policy.check_url(url).unwrap();
        assert_eq!(endpoint.host_header(), host, "{url}");
    }
}
