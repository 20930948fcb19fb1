//! The signing secret of `ringback listen`: its own, kept for its user alone, or a given one that
//! is never shown.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::listener::{
    BODY, Listener, SECRET, headers, listen, seconds_from_now, signed, standard,
};
use crate::support::ran;

/// The secret that a listener tells its user to submit with.
fn shown(listener: &Listener) -> String {
    let said = listener.stderr();
    let (_, rest) = said.split_once("\"callback_signature_secret\": \"").unwrap();
    rest.split_once('"').unwrap().0.to_owned()
}

#[test]
fn its_own_is_made_once_and_kept_for_its_user_alone() {
    let home = tempfile::tempdir().unwrap();
    let first = Listener::at_home_in(home.path());
    let secret = shown(&first);
    drop(first);
    let again = Listener::at_home_in(home.path());
    assert_eq!(shown(&again), secret);
    let kept = home.path().join(".local/state/ringback/listen-secret");
    assert_eq!(fs::read_to_string(&kept).unwrap().trim_end(), secret);
    let mode = |path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(kept.as_path()), mode(kept.parent().unwrap())), (0o600, 0o700));
    // What is shown is what is verified with.
    let now = seconds_from_now(0);
    again.post(&headers("evt_1", now, standard(&secret, "evt_1", now, BODY)), BODY);
    again.printed("verified: v1");
}

#[test]
fn it_is_kept_where_the_user_keeps_such_things() {
    let home = tempfile::tempdir().unwrap();
    let place = |name: &str| home.path().join(name);
    let state = Listener::of(listen(&[], |command| {
        command.env("HOME", "/nowhere").env("XDG_STATE_HOME", place("state"))
    }));
    let kept = fs::read_to_string(place("state/ringback/listen-secret")).unwrap();
    assert_eq!(kept.trim_end(), shown(&state));
    let file = place("deep/inside/secret");
    let named = Listener::of(listen(&["--secret-file", file.to_str().unwrap()], |c| c));
    assert_eq!(fs::read_to_string(&file).unwrap().trim_end(), shown(&named));
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    let open = Listener::of(listen(&[], |c| c.env("RINGBACK_SIGNING_SECRET_FILE", &file)));
    assert_eq!(shown(&open), shown(&named));
    assert!(open.stderr().contains("set its mode to 0600"), "{}", open.stderr());
}

#[test]
fn a_given_one_is_never_shown() {
    let listener = Listener::start(&["--headers", "--body"]);
    listener.post(&signed("evt_1"), BODY);
    let printed = listener.printed("verified: v1");
    let said = listener.stderr() + &printed;
    assert!(!said.contains(SECRET), "{said}");
    assert!(said.contains("'\"$RINGBACK_SIGNING_SECRET\"'"), "{said}");
}

#[test]
fn any_text_may_be_a_secret() {
    let listener = Listener::of(listen(&["--secret", "ключ 🔑"], |command| command));
    let webhook = standardwebhooks::Webhook::from_bytes("ключ 🔑".into()).unwrap();
    let now = seconds_from_now(0);
    let value = webhook.sign("evt_1", now, BODY.as_bytes()).unwrap();
    listener.post(&headers("evt_1", now, value), BODY);
    listener.printed("verified: v1");
}

#[test]
fn a_file_that_holds_none_is_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("listen-secret");
    for text in ["", "whsec_", "whsec_???", "whsec_AAAA"] {
        fs::write(&file, text).unwrap();
        let ran = ran(listen(&["--secret-file", file.to_str().unwrap()], |command| command));
        assert_eq!(ran.code, Some(1), "{text:?}");
        assert!(ran.stderr.contains("holds no signing secret"), "{}", ran.stderr);
        assert_eq!(fs::read_to_string(&file).unwrap(), text);
    }
}

#[test]
fn without_a_place_to_keep_it_it_says_what_to_do() {
    let homeless = ran(listen(&[], |command| command.env("HOME", "")));
    assert_eq!(homeless.code, Some(2), "{}", homeless.stderr);
    assert!(homeless.stderr.contains("--secret-file"), "{}", homeless.stderr);
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    fs::write(&file, "").unwrap();
    // Root may write anywhere, but not below a file.
    let below = ran(listen(&[], |command| command.env("XDG_STATE_HOME", &file)));
    assert_eq!(below.code, Some(1));
    assert!(below.stderr.contains("the signing secret cannot be kept in"), "{}", below.stderr);
    assert!(below.stderr.contains("--secret"), "{}", below.stderr);
}
