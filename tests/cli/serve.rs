//! `ringback serve` as far as the command line goes: what it says when it starts, and that a doctor
//! may look at its machine meanwhile.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Stdio};

use super::support::{command, ringback};

/// A server that listens, and all that it said before.
fn serve(data_dir: &Path) -> (Child, Vec<String>) {
    let data_dir = data_dir.to_str().unwrap();
    let mut serve = command(&["serve", "--listen", "127.0.0.1:0", "--data-dir", data_dir]);
    serve.args(["--isolation", "none"]).stdout(Stdio::null());
    let mut server = serve.spawn().unwrap();
    let lines = BufReader::new(server.stderr.take().unwrap()).lines().map(Result::unwrap);
    let said = lines.take_while(|line| !line.starts_with("listening on")).collect();
    (server, said)
}

fn end(mut server: Child) {
    server.kill().unwrap();
    server.wait().unwrap();
}

#[test]
fn it_says_first_how_programs_are_kept_apart() {
    let data_dir = tempfile::tempdir().unwrap();
    let (server, said) = serve(data_dir.path());
    end(server);
    let line = said.iter().find(|line| line.contains("isolation: "));
    let line = line.unwrap_or_else(|| panic!("{said:#?}"));
    assert!(line.contains("isolation: none (asked for by the configuration), containment: "));
    let user = if rustix::process::geteuid().is_root() { "user 60700" } else { "the server's own" };
    assert!(line.contains(&format!("; programs run as {user}")), "{line}");
}

#[test]
fn a_doctor_disturbs_no_server_on_the_same_data() {
    let data_dir = tempfile::tempdir().unwrap();
    let (mut server, said) = serve(data_dir.path());
    let doctor = ringback(&["doctor", "--data-dir", data_dir.path().to_str().unwrap()]);
    assert_eq!(doctor.code, Some(0), "{}", doctor.stdout);
    assert_eq!(server.try_wait().unwrap(), None, "{said:#?}");
    end(server);
}
