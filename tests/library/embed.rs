//! `examples/embed.rs`, run as its readers run it.
//! Changes nothing of it but where it listens and keeps its data.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use super::support::KEY;

/// The example's binary lies beside the folder of the tests' own.
fn example() -> PathBuf {
    let own = std::env::current_exe().unwrap();
    let folder = own.parent().unwrap().parent().unwrap().join("examples/embed");
    assert!(folder.exists(), "{} is missing: cargo build --examples", folder.display());
    folder
}

struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn the_example_serves_its_own_page_and_ours_and_hears_of_ends() {
    let data_dir = tempfile::tempdir().unwrap();
    let child = Command::new(example())
        .args(["127.0.0.1:0", data_dir.path().to_str().unwrap()])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut child = Ended(child);
    let mut lines = BufReader::new(child.0.stdout.take().unwrap()).lines().map(Result::unwrap);
    // It submits one from the inside, whose end may be heard of before or after it listens.
    let two: Vec<String> = lines.by_ref().take(2).collect();
    let base = two.iter().find_map(|line| line.strip_prefix("listening on ")).unwrap().to_owned();
    assert!(two.iter().any(|line| line.ends_with(" execution.completed")), "{two:?}");

    let page = ureq::get(&base).call().unwrap().body_mut().read_to_string().unwrap();
    assert_eq!(page, "the host's own page");
    let record: Value = ureq::post(format!("{base}/rb/v1/executions"))
        .header("authorization", format!("Bearer {KEY}"))
        .send_json(json!({ "language": "sh", "code": "exit 4" }))
        .unwrap()
        .body_mut()
        .read_json()
        .unwrap();
    let id = record["id"].as_str().unwrap();
    assert_eq!(lines.next().unwrap(), format!("{id} execution.failed"));

    let body = json!({ "language": "sh", "code": "sleep 1000", "cancel_on_disconnect": true });
    let (body, address) = (body.to_string(), base.strip_prefix("http://").unwrap());
    let mut client = TcpStream::connect(address).unwrap();
    let length = body.len();
    write!(client, "POST /rb/execute HTTP/1.1\r\nHost: a\r\nX-API-Key: {KEY}\r\n").unwrap();
    write!(client, "Content-Length: {length}\r\n\r\n{body}").unwrap();
    drop(client);
    let heard = lines.next().unwrap();
    assert!(heard.ends_with(" execution.cancelled"), "its client has gone: {heard}");
}

#[test]
fn the_example_is_short() {
    let text = std::fs::read_to_string("examples/embed.rs").unwrap();
    assert!(text.lines().count() < 60);
}
