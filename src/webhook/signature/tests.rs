//! Published vectors, what receivers refuse, and the reference library as a judge.
//! Makes no request.

mod ed25519;

use std::time::Duration;

use proptest::prelude::*;

use super::*;

const V1_SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const V1_ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
const V1_SECONDS: i64 = 1_614_265_330;
const V1_BODY: &[u8] = br#"{"test": 2432232314}"#;
const V1_SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

/// Svix's own vector of the Ed25519 scheme, for the request of V1.
const V3_SIGNATURE: &str =
    "v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg==";

const V7_ID: &str = "msg_vector_3";
const V7_SECONDS: i64 = 1_750_000_000;
const V7_BODY: &[u8] = br#"{"type":"execution.cancelled","timestamp":"2025-06-15T15:06:40.123456Z","data":{"execution_id":"exec_03","status":"cancelled","success":false,"reason":"cancelled"}}"#;
const V7_NEW: (&str, &str) =
    ("whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX", "v1,JnBtZ33U3x6XYuJTTMgGGNVfz7DJwNjozqg/Oavn9FU=");
const V7_OLD: (&str, &str) = (
    "whsec_ZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXp7fH1+f4CBgoM=",
    "v1,hYxbNZQQSsJKxjUmBZum56PB51QU773WnnFJlKf/uiY=",
);

fn v1_with(signature: &str) -> Result<(), Mismatch> {
    let received = Received { id: V1_ID, timestamp: "1614265330", signature, body: V1_BODY };
    verify_standard(&V1_SECRET.into(), received, V1_SECONDS, TOLERANCE)
}

#[test]
fn standard_webhooks_vectors_are_reproduced() {
    let check = |secret: &str, id, seconds, body: &[u8], expected: &str| {
        assert_eq!(standard(&secret.into(), id, seconds, body).as_deref(), Ok(expected), "{id}");
    };
    check(V1_SECRET, V1_ID, V1_SECONDS, V1_BODY, V1_SIGNATURE);
    check(
        "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
        "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk",
        1_649_367_553,
        br#"{"email":"test@example.com","username":"test_user"}"#,
        "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=",
    );
    assert_eq!(V7_BODY.len(), 164);
    check(V7_NEW.0, V7_ID, V7_SECONDS, V7_BODY, V7_NEW.1);
    check(V7_OLD.0, V7_ID, V7_SECONDS, V7_BODY, V7_OLD.1);
}

#[test]
fn hopx_vectors_are_reproduced_and_github_s_is_one() {
    for (secret, body, expected) in [
        (
            "It's a Secret to Everybody",
            b"Hello, World!".as_slice(),
            "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
        ),
        (
            "your-secret-key",
            br#"{"execution_id":"exec_abc123","status":"completed","success":true}"#,
            "sha256=79888087deb2bc837601836b799f0868f28c854421910d84eacaf03deb10c3b1",
        ),
        (
            "your-secret-key",
            V7_BODY,
            "sha256=6adf3e4c44de8674733bfa9bd26043243ba6961ace81460389ddb855a7b45213",
        ),
    ] {
        assert_eq!(hopx(&secret.into(), body), expected);
        assert_eq!(verify_hopx(&secret.into(), body, expected), Ok(()));
    }
}

/// We do not produce Hook0's scheme (`t=…,v0=hex` over `t.body`), but it is the same primitive.
#[test]
fn hook0_s_vector_comes_out_of_the_same_primitive() {
    let mac = mac_of(b"secret", &[b"1636936200", b".", b"hello !"]);
    assert_eq!(
        hex::encode(mac.finalize().into_bytes()),
        "1b3d69df55f1e52f05224ba94a5162abeb17ef52cd7f4948c390f810d6a87e98"
    );
}

#[test]
fn the_two_schemes_read_a_whsec_secret_differently() {
    let text = V7_NEW.0;
    let literal = mac_of(text.as_bytes(), &[V7_BODY]);
    let literal = format!("sha256={}", hex::encode(literal.finalize().into_bytes()));
    assert_eq!(hopx(&text.into(), V7_BODY), literal);

    let bytes: Vec<u8> = (0..24).collect();
    let decoded = mac_of(&bytes, &[b"msg_vector_3.1750000000.", V7_BODY]);
    let decoded = format!("v1,{}", STANDARD.encode(decoded.finalize().into_bytes()));
    assert_eq!(standard(&text.into(), V7_ID, V7_SECONDS, V7_BODY), Ok(decoded));
}

#[test]
fn other_versions_and_other_signatures_are_passed_over() {
    let good = V1_SIGNATURE;
    for header in [
        good.to_owned(),
        format!("{V3_SIGNATURE} {good}"),
        format!("{good} {V3_SIGNATURE}"),
        format!("{} {good}", V7_NEW.1),
        format!("nonsense  v1,%% {good} "),
    ] {
        assert_eq!(v1_with(&header), Ok(()), "{header}");
    }
}

#[test]
fn either_secret_of_a_rotation_verifies() {
    let header = format!("{} {}", V7_NEW.1, V7_OLD.1);
    for secret in [V7_NEW.0, V7_OLD.0] {
        let received =
            Received { id: V7_ID, timestamp: "1750000000", signature: &header, body: V7_BODY };
        assert_eq!(verify_standard(&secret.into(), received, V7_SECONDS, TOLERANCE), Ok(()));
    }
}

#[test]
fn a_signature_must_be_spelled_as_it_is_sent() {
    let bare = V1_SIGNATURE.strip_prefix("v1,").unwrap();
    let hex = hex::encode(STANDARD.decode(bare).unwrap());
    for header in [
        "",
        " ",
        "v1",
        "v1,",
        bare,
        V3_SIGNATURE,
        &format!("v1a,{bare}"),
        &format!("V1,{bare}"),
        &format!("v1,{}", bare.trim_end_matches('=')),
        &format!("v1,{}", bare.replace('+', "-").replace('/', "_")),
        &format!("v1,{}", &bare[..40]),
        &format!("v1,{hex}"),
        &format!("x{V1_SIGNATURE}"),
        &format!("{V1_SIGNATURE},{V1_SIGNATURE}"),
    ] {
        assert_eq!(v1_with(header), Err(Mismatch::Signature), "{header:?}");
    }
}

#[test]
fn every_part_of_the_signed_content_counts() {
    let good =
        Received { id: V1_ID, timestamp: "1614265330", signature: V1_SIGNATURE, body: V1_BODY };
    let other_body = br#"{"test": 2432232315}"#;
    for received in [
        Received { id: "msg_p5jXN8AQM9LWM0D4loKWxJel", ..good },
        Received { timestamp: "1614265331", ..good },
        Received { body: other_body, ..good },
        Received { body: b"", ..good },
    ] {
        let verdict = verify_standard(&V1_SECRET.into(), received, V1_SECONDS, TOLERANCE);
        assert_eq!(verdict, Err(Mismatch::Signature), "{received:?}");
    }
    let literal = Secret::new(V1_SECRET.strip_prefix("whsec_").unwrap());
    let verdict = verify_standard(&literal, good, V1_SECONDS, TOLERANCE);
    assert_eq!(verdict, Err(Mismatch::Signature), "without whsec_ the text itself is the key");
}

#[test]
fn a_timestamp_may_be_300_seconds_off_and_no_more() {
    let at = |offset: i64| {
        let received =
            Received { id: V1_ID, timestamp: "1614265330", signature: V1_SIGNATURE, body: V1_BODY };
        verify_standard(&V1_SECRET.into(), received, V1_SECONDS + offset, TOLERANCE)
    };
    for offset in [0, 299, 300, -299, -300] {
        assert_eq!(at(offset), Ok(()), "{offset}");
    }
    let by = Duration::from_secs(301);
    assert_eq!(at(301), Err(Mismatch::TooOld { by, tolerance: TOLERANCE }));
    assert_eq!(at(-301), Err(Mismatch::TooNew { by, tolerance: TOLERANCE }));
    assert_eq!(at(301).unwrap_err().to_string(), "the timestamp is 301s old, and 300s is allowed");
}

#[test]
fn a_timestamp_is_whole_seconds_in_plain_digits() {
    let with = |timestamp| {
        let received = Received { id: "a", timestamp, signature: V1_SIGNATURE, body: b"{}" };
        verify_standard(&V1_SECRET.into(), received, V1_SECONDS, TOLERANCE)
    };
    for text in
        ["", " ", "x", "01614265330", "+1614265330", "1614265330.5", "1e9", "1614265330 ", "-0"]
    {
        assert_eq!(with(text), Err(Mismatch::MalformedTimestamp), "{text:?}");
    }
    assert!(matches!(with("1614265330000"), Err(Mismatch::TooNew { .. })), "milliseconds");
    assert!(matches!(with("-9223372036854775808"), Err(Mismatch::TooOld { .. })));
    assert!(matches!(with("9223372036854775807"), Err(Mismatch::TooNew { .. })));
    assert_eq!(with("99999999999999999999"), Err(Mismatch::MalformedTimestamp));
}

#[test]
fn hopx_takes_one_lower_case_signature_with_or_without_its_prefix() {
    let secret = Secret::new("your-secret-key");
    let good = hopx(&secret, V7_BODY);
    let bare = good.strip_prefix("sha256=").unwrap();
    assert_eq!(verify_hopx(&secret, V7_BODY, bare), Ok(()));
    for value in [
        "",
        "sha256=",
        &bare.to_uppercase(),
        &bare[..62],
        &format!("{good},{good}"),
        &format!("{good} {good}"),
        &format!("sha1={bare}"),
        &format!("SHA256={bare}"),
        &format!(" {good}"),
        &hopx(&"another".into(), V7_BODY),
        &hopx(&secret, b"another"),
    ] {
        assert_eq!(verify_hopx(&secret, V7_BODY, value), Err(Mismatch::Signature), "{value:?}");
    }
}

#[test]
fn a_whsec_secret_must_be_padded_base64_of_24_to_64_bytes() {
    let of = |bytes: usize| format!("whsec_{}", STANDARD.encode(vec![7_u8; bytes]));
    for secret in [&of(24), &of(25), &of(32), &of(64), V1_SECRET, V7_OLD.0] {
        assert_eq!(check_secret(&secret.into()), Ok(()), "{secret}");
    }
    let unpadded = of(25).trim_end_matches('=').to_owned();
    for secret in [
        "whsec_",
        "whsec_my secret!",
        &unpadded,
        &of(0),
        &of(1),
        &of(23),
        &of(65),
        &of(24).replace('B', "-"),
        &format!("{}\n", of(24)),
        &format!("{}=", of(24)),
    ] {
        assert_eq!(check_secret(&secret.into()), Err(BadSecret), "{secret:?}");
    }
    assert_eq!(
        BadSecret.to_string(),
        "a signing secret that begins with whsec_ must go on with padded standard base64 of 24 to 64 bytes"
    );
}

#[test]
fn a_secret_that_is_made_here_is_one_that_every_library_takes_and_no_other_has() {
    let [one, other] = [(); 2].map(|()| new_secret().unwrap());
    assert_ne!(one, other);
    for secret in [one, other] {
        assert_eq!(check_secret(&secret), Ok(()));
        let base64 = secret.expose().strip_prefix("whsec_").unwrap();
        assert_eq!((base64.len(), base64.ends_with('=')), (44, true), "32 bytes, padded");
        standardwebhooks::Webhook::new(secret.expose()).unwrap();
    }
}

#[test]
fn any_other_secret_is_taken_as_it_is() {
    for secret in ["s", "your-secret-key", "WHSEC_x", " whsec_", "whsk_abc", "пароль", "a b"]
    {
        assert_eq!(check_secret(&secret.into()), Ok(()), "{secret}");
    }
}

#[test]
fn nothing_is_signed_with_a_key_that_cannot_be_read_or_is_empty() {
    for secret in ["", "whsec_", "whsec_my secret!", "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGA"] {
        assert_eq!(standard(&secret.into(), "a", 0, b"{}"), Err(BadSecret), "{secret:?}");
        let received = Received { id: "a", timestamp: "0", signature: V1_SIGNATURE, body: b"{}" };
        let verdict = verify_standard(&secret.into(), received, 0, TOLERANCE);
        assert_eq!(verdict, Err(Mismatch::Secret(BadSecret)), "{secret:?}");
    }
}

proptest! {
    #[test]
    fn the_reference_library_signs_the_same(
        key in prop::collection::vec(any::<u8>(), 1..100),
        id in "[A-Za-z0-9_-]{1,40}",
        seconds in 0_i64..10_000_000_000,
        body in "\\PC{0,200}",
    ) {
        let encoded = Secret::new(format!("whsec_{}", STANDARD.encode(&key)));
        let theirs = standardwebhooks::Webhook::new(encoded.expose()).unwrap();
        let theirs = theirs.sign(&id, seconds, body.as_bytes()).unwrap();
        prop_assert_eq!(standard(&encoded, &id, seconds, body.as_bytes()), Ok(theirs));
    }

    #[test]
    fn the_reference_library_signs_the_same_with_a_raw_key(
        text in "[ -~]{1,40}|\\PC{1,20}",
        body in "\\PC{0,200}",
    ) {
        prop_assume!(!text.starts_with("whsec_"));
        let theirs = standardwebhooks::Webhook::from_bytes(text.clone().into_bytes()).unwrap();
        let theirs = theirs.sign("evt_1", 1_750_000_000, body.as_bytes()).unwrap();
        prop_assert_eq!(standard(&Secret::new(text), "evt_1", 1_750_000_000, body.as_bytes()), Ok(theirs));
    }

    #[test]
    fn what_is_signed_verifies_and_one_flipped_bit_does_not(
        text in "[ -~]{1,40}",
        mut body in prop::collection::vec(any::<u8>(), 1..200),
        at in any::<prop::sample::Index>(),
        bit in 0_u8..8,
    ) {
        prop_assume!(!text.starts_with("whsec_"));
        let secret = Secret::new(text);
        let signature = standard(&secret, "evt_1", 5, &body).unwrap();
        let hopx_value = hopx(&secret, &body);
        let verdicts = |body: &[u8]| {
            let received = Received { id: "evt_1", timestamp: "5", signature: &signature, body };
            let standard = verify_standard(&secret, received, 5, TOLERANCE).is_ok();
            (standard, verify_hopx(&secret, body, &hopx_value).is_ok())
        };
        prop_assert_eq!(verdicts(&body), (true, true));
        let at = at.index(body.len());
        body[at] ^= 1 << bit;
        prop_assert_eq!(verdicts(&body), (false, false));
    }
}
