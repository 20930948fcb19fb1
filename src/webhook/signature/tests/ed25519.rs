//! The `v1a` scheme: Svix's vector, what is no key, and what does not verify.
//! Makes no request.

use super::*;

const SIGNING_KEY: &str =
    "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==";
const PUBLIC_KEY: &str = "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=";

fn key() -> Ed25519Key {
    Ed25519Key::from_text(&SIGNING_KEY.into()).unwrap()
}

fn received(signature: &str) -> Received<'_> {
    Received { id: V1_ID, timestamp: "1614265330", signature, body: V1_BODY }
}

fn verify(signature: &str) -> Result<(), Mismatch> {
    let public = PublicKey::from_text(PUBLIC_KEY).unwrap();
    verify_ed25519(&public, received(signature), V1_SECONDS, TOLERANCE)
}

#[test]
fn svix_s_vector_is_reproduced() {
    assert_eq!(key().sign(V1_ID, V1_SECONDS, V1_BODY), V3_SIGNATURE);
    assert_eq!(key().public().to_string(), PUBLIC_KEY);
    assert_eq!(verify(V3_SIGNATURE), Ok(()));
}

#[test]
fn it_verifies_beside_others_and_by_its_own_version_alone() {
    let bare = V3_SIGNATURE.strip_prefix("v1a,").unwrap();
    for header in [
        format!("{V1_SIGNATURE} {V3_SIGNATURE}"),
        format!("{} {V3_SIGNATURE}", key().sign("another", V1_SECONDS, V1_BODY)),
        format!("nonsense {V3_SIGNATURE} v1a,%%"),
    ] {
        assert_eq!(verify(&header), Ok(()), "{header}");
    }
    for header in ["", V1_SIGNATURE, bare, &format!("v1,{bare}"), &V3_SIGNATURE[..80]] {
        assert_eq!(verify(header), Err(Mismatch::Signature), "{header}");
    }
}

#[test]
fn every_part_of_the_content_counts_and_so_do_the_key_and_the_time() {
    let public = key().public();
    let good = received(V3_SIGNATURE);
    for received in [
        Received { id: "msg_another", ..good },
        Received { timestamp: "1614265331", ..good },
        Received { body: b"{}", ..good },
    ] {
        let verdict = verify_ed25519(&public, received, V1_SECONDS, TOLERANCE);
        assert_eq!(verdict, Err(Mismatch::Signature), "{received:?}");
    }
    let other = Ed25519Key::from_text(&Ed25519Key::generate().unwrap()).unwrap().public();
    let verdict = verify_ed25519(&other, good, V1_SECONDS, TOLERANCE);
    assert_eq!(verdict, Err(Mismatch::Signature));
    let late = verify_ed25519(&public, good, V1_SECONDS + 301, TOLERANCE);
    assert!(matches!(late, Err(Mismatch::TooOld { .. })), "{late:?}");
    let odd = verify_ed25519(&public, Received { timestamp: "05", ..good }, 5, TOLERANCE);
    assert_eq!(odd, Err(Mismatch::MalformedTimestamp));
}

#[test]
fn what_is_no_key_is_refused_and_says_what_one_is() {
    let bytes = STANDARD.decode(&SIGNING_KEY[5..]).unwrap();
    let of = |bytes: &[u8]| format!("whsk_{}", STANDARD.encode(bytes));
    let mut mismatched = bytes.clone();
    mismatched[63] ^= 1;
    for text in [
        "",
        "whsk_",
        &SIGNING_KEY[5..],
        PUBLIC_KEY,
        &of(&bytes[..32]),
        &of(&bytes[..63]),
        &of(&mismatched),
        SIGNING_KEY.trim_end_matches('='),
    ] {
        assert_eq!(Ed25519Key::from_text(&text.into()).unwrap_err(), BadKey::Signing, "{text}");
    }
    for text in ["", "whpk_", &PUBLIC_KEY[5..], SIGNING_KEY, PUBLIC_KEY.trim_end_matches('=')] {
        assert_eq!(PublicKey::from_text(text).unwrap_err(), BadKey::Public, "{text}");
    }
    assert!(BadKey::Signing.to_string().contains("whsk_"));
    assert!(BadKey::Public.to_string().contains("whpk_"));
}

#[test]
fn a_key_that_is_made_reads_back_and_shows_nothing() {
    let [one, other] = [(); 2].map(|()| Ed25519Key::generate().unwrap());
    assert_ne!(one, other);
    let key = Ed25519Key::from_text(&one).unwrap();
    assert_eq!(format!("{key:?}"), "[signing key]");
    let public = key.public();
    assert_eq!(PublicKey::from_text(&public.to_string()), Ok(public));
    let id = public.id();
    assert!(id.len() == 16 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{id}");
}
