//! Tests of secrets: where they come from, what is accepted, and that they are never shown.
//! Not about other values.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::testing::{Given, line_of, load_at, load_environment, load_file, load_given, mistakes};

const API_KEY: &str = "hunter2-hunter2-hunter2";
const OTHER_KEY: &str = "another-hunter2-another";
const BASE64_KEY: &str = "aHVudGVyMi1odW50ZXIyLWh1bnRlcjItaHVudGVyMi0=";

/// A file in a fresh directory, which lives as long as the first value.
fn secret_file(content: &str) -> (tempfile::TempDir, String) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("secret");
    fs::write(&path, content).unwrap();
    (directory, path.display().to_string())
}

#[test]
fn a_secret_may_be_in_a_file_of_its_own() {
    let check = |content: &str, expected: &str| {
        let (_directory, path) = secret_file(content);
        let loaded = load_environment(&[("RINGBACK_API_KEY_FILE", &path)]).unwrap();
        assert_eq!(loaded.config.server.api_key.as_ref().unwrap().expose(), expected);
    };
    check(API_KEY, API_KEY);
    check(&format!("{API_KEY}\n"), API_KEY);
    check(&format!("{API_KEY}\r\n"), API_KEY);
    let (_directory, path) = secret_file(BASE64_KEY);
    let loaded = load_environment(&[("RINGBACK_SECRETS__KEY_FILE", &path)]).unwrap();
    assert_eq!(loaded.config.secrets.key.as_ref().unwrap().expose(), BASE64_KEY);
}

#[test]
fn a_file_that_holds_no_secret_is_a_mistake() {
    let (_directory, path) = secret_file("hunter2");
    assert_eq!(
        mistakes(load_environment(&[("RINGBACK_API_KEY_FILE", &path)])),
        [format!(
            "environment RINGBACK_API_KEY_FILE: `server.api_key_file` is \"{path}\", and what that \
             file holds does not fit; expected 16 or more characters, none of them a control \
             character"
        )]
    );
    let check = |path: &str, reason: &str| {
        let found = mistakes(load_environment(&[("RINGBACK_API_KEY_FILE", path)]));
        let expected = format!(
            "environment RINGBACK_API_KEY_FILE: cannot read `{path}`, which `server.api_key_file` \
             names: {reason}"
        );
        assert_eq!(found, [expected]);
    };
    check("/nowhere/secret", "No such file or directory (os error 2)");
    check("/", "Is a directory (os error 21)");
    check("/dev/zero", "it is larger than 65536 bytes");
    fs::write(&path, b"hunter2-hunter2-\xff").unwrap();
    check(&path, "it is not UTF-8");
}

#[test]
fn the_stronger_of_a_secret_and_its_file_wins() {
    let (_directory, path) = secret_file(OTHER_KEY);
    let file = format!("server.api_key = '{API_KEY}'");
    let environment = &[("RINGBACK_API_KEY_FILE", path.as_str())];
    let loaded = load_given(&Given { file: &file, environment, ..Given::default() }).unwrap();
    assert_eq!(loaded.config.server.api_key.as_ref().unwrap().expose(), OTHER_KEY);
    let line = line_of(&loaded, "server", "api_key");
    assert_eq!(line, "api_key = \"\"  # environment RINGBACK_API_KEY_FILE");

    let file = format!("server.api_key_file = '{path}'");
    let environment = &[("RINGBACK_API_KEY", API_KEY)];
    let loaded = load_given(&Given { file: &file, environment, ..Given::default() }).unwrap();
    assert_eq!(loaded.config.server.api_key.as_ref().unwrap().expose(), API_KEY);
    let line = line_of(&loaded, "server", "api_key_file");
    assert_eq!(line, "api_key_file = \"\"  # environment RINGBACK_API_KEY");
}

#[test]
fn a_secret_and_its_file_in_one_layer_are_a_mistake() {
    assert_eq!(
        mistakes(load_file(&format!("[server]\napi_key = '{API_KEY}'\napi_key_file = '/x'"))),
        [
            "ringback.toml:3: `server.api_key` and `server.api_key_file` are both given; leave one of \
          them out"
        ]
    );
    // An empty one is not given.
    let loaded = load_file(&format!("[server]\napi_key = '{API_KEY}'\napi_key_file = ''")).unwrap();
    assert!(loaded.config.server.api_key.is_some());
}

#[test]
fn no_mistake_shows_a_secret() {
    let key_expected = "expected 16 or more characters, none of them a control character";
    let text = "expected a text in quotes, such as \"python3\"";
    let check = |line: &str, expected: &str| {
        assert_eq!(mistakes(load_file(line)), [format!("ringback.toml:1: {expected}")]);
    };
    check("server.api_key = 'hunter2'", &format!("`server.api_key` is [secret]; {key_expected}"));
    check("server.api_key = ['hunter2']", &format!("`server.api_key` is [secret]; {text}"));
    check("server.api_key = { x = 'hunter2' }", &format!("`server.api_key` is [secret]; {text}"));
    check(
        "server.api_kye = 'hunter2'",
        "unknown key `server.api_kye`; did you mean `server.api_key`?",
    );
    let base64 = "expected 32 bytes in base64, as `openssl rand -base64 32` prints them";
    for key in ["hunter2", "aHVudGVyMg==", "not base64 but of forty-four characters ....."] {
        let expected = format!("`secrets.key` is [secret]; {base64}");
        check(&format!("secrets.key = '{key}'"), &expected);
    }
    let found = mistakes(load_environment(&[("RINGBACK_API_KEY", "hunter2")]));
    let expected =
        format!("environment RINGBACK_API_KEY: `server.api_key` is [secret]; {key_expected}");
    assert_eq!(found, [expected]);
}

#[test]
fn neither_show_nor_debug_has_a_secret() {
    let loaded = load_given(&Given {
        file: &format!("[secrets]\nkey = '{BASE64_KEY}'\nprevious_keys = '{BASE64_KEY}'"),
        flags: &[("server.api_key", API_KEY)],
        ..Given::default()
    })
    .unwrap();
    for text in [loaded.show(), format!("{loaded:?}"), format!("{:#?}", loaded.config)] {
        assert!(!text.contains(API_KEY) && !text.contains(BASE64_KEY), "{text}");
    }
    let line = line_of(&loaded, "server", "api_key");
    assert_eq!(line, "api_key = \"[secret]\"  # flag --server.api_key");
}

#[test]
fn previous_keys_are_one_or_more_and_need_the_key_that_seals() {
    let key = format!("[secrets]\nkey = '{BASE64_KEY}'\n");
    for previous in [BASE64_KEY.to_owned(), format!("{BASE64_KEY}, {BASE64_KEY}\\n{BASE64_KEY}")] {
        let config = load_file(&format!("{key}previous_keys = \"{previous}\"")).unwrap().config;
        let keys = config.secrets.previous_keys.unwrap();
        assert_eq!(keys.expose().matches(BASE64_KEY).count(), previous.matches(BASE64_KEY).count());
    }
    let (_directory, path) = secret_file(&format!("{BASE64_KEY}\n{BASE64_KEY}\n"));
    let loaded = load_file(&format!("{key}previous_keys_file = '{path}'")).unwrap();
    assert!(loaded.config.secrets.previous_keys.is_some());

    let expected =
        "expected keys of 32 bytes in base64 with spaces, commas or line breaks between them";
    for wrong in ["hunter2", " ", &format!("{BASE64_KEY} hunter2")] {
        let found = mistakes(load_file(&format!("{key}previous_keys = '{wrong}'")));
        assert_eq!(
            found,
            [format!("ringback.toml:3: `secrets.previous_keys` is [secret]; {expected}")]
        );
    }
    let alone = "expected `secrets.key` beside it: these only open, and that one seals";
    let found = mistakes(load_file(&format!("secrets.previous_keys = '{BASE64_KEY}'")));
    assert_eq!(found, [format!("ringback.toml:1: `secrets.previous_keys` is [secret]; {alone}")]);
    let found = mistakes(load_file(&format!("secrets.previous_keys_file = '{path}'")));
    let is = format!("ringback.toml:1: `secrets.previous_keys_file` is \"{path}\"; {alone}");
    assert_eq!(found, [is]);
}

#[test]
fn a_signing_key_is_a_key_and_is_never_shown() {
    let key = "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==";
    let loaded = load_file(&format!("webhook.ed25519_key = '{key}'")).unwrap();
    assert_eq!(loaded.config.webhook.ed25519_key.as_ref().unwrap().expose(), key);
    assert!(!loaded.show().contains("whsk_") && !format!("{loaded:?}").contains("whsk_"));
    let found = mistakes(load_file(&format!("webhook.ed25519_key = '{}'", &key[..80])));
    let expected = "expected whsk_ and the base64 of 64 bytes, a seed and its public key";
    assert_eq!(found, [format!("ringback.toml:1: `webhook.ed25519_key` is [secret]; {expected}")]);
    let found = mistakes(load_file("webhook.ed25519_previous = ['whpk_x']"));
    assert!(found[0].ends_with("expected public keys, each whpk_ and the base64 of 32 bytes"));
}

#[test]
fn a_file_with_a_secret_that_all_may_read_is_warned_of() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("ringback.toml");
    let warnings = |text: &str, mode: u32| -> Vec<String> {
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        load_at(&path, &Given::default()).unwrap().warnings
    };
    let with_secret = format!("\nserver.api_key = '{API_KEY}'\n");
    let shown = path.display();
    assert_eq!(
        warnings(&with_secret, 0o644),
        [format!(
            "{shown}:2: `server.api_key` is a secret in a file that everybody on this machine may \
             read; chmod 600 {shown}, or name a file in `server.api_key_file`"
        )]
    );
    assert_eq!(warnings(&with_secret, 0o640), [""; 0]);
    assert_eq!(warnings("server.api_key = ''", 0o644), [""; 0]);
    assert_eq!(warnings("server.listen = 'localhost:1'", 0o644), [""; 0]);
}
