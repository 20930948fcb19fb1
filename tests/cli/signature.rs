//! `ringback signature sign|verify`, against the published test vectors.

use super::support::{file, ringback, ringback_reading};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
const TIME: &str = "1614265330";
const BODY: &str = r#"{"test": 2432232314}"#;
const VALUE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

#[test]
fn sign_prints_the_headers_of_the_standard_vector() {
    let arguments = ["signature", "sign", "--secret", SECRET, "--id", ID, "--timestamp", TIME, "-"];
    let ran = ringback_reading(&arguments, BODY);
    let expected =
        format!("webhook-id: {ID}\nwebhook-timestamp: {TIME}\nwebhook-signature: {VALUE}\n");
    assert_eq!((ran.code, ran.stdout), (Some(0), expected), "{}", ran.stderr);
}

#[test]
fn verify_says_whether_it_fits_and_why_not() {
    let verify = |body: &str, more: &[&str]| {
        let (_directory, path) = file("body.json", body);
        let common = ["signature", "verify", "--secret", SECRET, "--id", ID, "--timestamp", TIME];
        let rest = ["--signature", VALUE, path.to_str().unwrap()];
        ringback(&[&common[..], &rest, more].concat())
    };
    let right = verify(BODY, &["--tolerance", "0"]);
    assert_eq!((right.code, right.stdout.as_str()), (Some(0), "The signature is right.\n"));
    let old = verify(BODY, &[]);
    assert_eq!(old.code, Some(1));
    assert!(old.stderr.contains("old"), "{}", old.stderr);
    let changed = verify("{}", &["--tolerance", "0"]);
    assert_eq!(changed.code, Some(1));
    assert!(changed.stderr.contains("no signature matches"), "{}", changed.stderr);
}

#[test]
fn the_hopx_scheme_needs_neither_id_nor_time() {
    let body = r#"{"execution_id":"exec_abc123","status":"completed","success":true}"#;
    let value = "sha256=79888087deb2bc837601836b799f0868f28c854421910d84eacaf03deb10c3b1";
    let common = ["--scheme", "hopx", "--secret", "your-secret-key", "-"];
    let signed = ringback_reading(&[&["signature", "sign"], &common[..]].concat(), body);
    assert_eq!(signed.stdout, format!("X-HopX-Signature: {value}\n"), "{}", signed.stderr);
    let verify = [&["signature", "verify", "--signature", value], &common[..]].concat();
    assert_eq!(ringback_reading(&verify, body).code, Some(0));
    assert_eq!(ringback_reading(&verify, "{}").code, Some(1));
}

#[test]
fn the_ed25519_scheme_signs_with_one_key_and_verifies_with_either() {
    let signing = "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==";
    let public = "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=";
    let value = "v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg==";
    let common = ["--scheme", "ed25519", "--id", ID, "--timestamp", TIME, "-", "--secret"];
    let sign =
        |key| ringback_reading(&[&["signature", "sign"], &common[..], &[key]].concat(), BODY);
    let signed = sign(signing);
    let expected =
        format!("webhook-id: {ID}\nwebhook-timestamp: {TIME}\nwebhook-signature: {value}\n");
    assert_eq!((signed.code, signed.stdout), (Some(0), expected), "{}", signed.stderr);
    assert_eq!(sign(public).code, Some(2), "a public key signs nothing");
    let verify = |key, body| {
        let verb = ["signature", "verify", "--tolerance", "0", "--signature", value];
        ringback_reading(&[&verb[..], &common, &[key]].concat(), body).code
    };
    for key in [signing, public] {
        assert_eq!((verify(key, BODY), verify(key, "{}")), (Some(0), Some(1)));
    }
    assert_eq!(verify(SECRET, BODY), Some(2), "that is another kind of secret");
}

#[test]
fn the_secret_may_come_from_the_environment_and_is_never_printed() {
    let (_directory, path) = file("body.json", BODY);
    let arguments = ["signature", "sign", "--scheme", "hopx", path.to_str().unwrap()];
    let mut command = super::support::command(&arguments);
    command.env("RINGBACK_SIGNING_SECRET", "your-secret-key");
    assert_eq!(super::support::ran(command).code, Some(0));
    let mut help = super::support::command(&["signature", "sign", "--help"]);
    help.env("RINGBACK_SIGNING_SECRET", "your-secret-key");
    assert!(!super::support::ran(help).stdout.contains("your-secret-key"));
}

#[test]
fn a_bad_secret_and_a_missing_id_are_usage_errors() {
    let bad = ["signature", "sign", "--secret", "whsec_???", "--id", "a", "-"];
    assert_eq!(ringback(&bad).code, Some(2));
    let missing = ringback(&["signature", "sign", "--secret", "x", "-"]);
    assert_eq!(missing.code, Some(2));
    assert!(missing.stderr.contains("--id"), "{}", missing.stderr);
}
