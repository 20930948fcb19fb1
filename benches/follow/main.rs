//! What it costs that many follow the same execution: every follower is told every byte of what a program
//! writes while it writes it, and what that takes of the server's processor and memory is printed.
//!
//! `cargo bench --bench follow`, or with `-- --small` a tenth of the followers, to see that it works.

#[path = "../load/proc.rs"]
mod proc;
#[path = "../load/server.rs"]
// What is measured here needs only part of it.
#[allow(dead_code)]
mod server;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use rustix::process::{Resource, getrlimit, setrlimit};
use serde_json::{Value, json};
use server::{API_KEY, Server};

/// Writes lines in bursts, with a moment between them in which a recording is written; or waits, so that
/// another one waits for its slot until all follow it.
const PROGRAM: &str = r#"
read -r word
[ "$word" = wait ] && exec sleep 1000
for burst in $(seq 100); do
  seq -f "burst $burst line %05g of what a program says to all who listen" 100
  sleep 0.06
done
"#;

/// No follower waits longer than this for the next byte.
const PATIENCE: Duration = Duration::from_secs(120);

fn main() -> Result<()> {
    let small = std::env::args().any(|argument| argument == "--small");
    raise_open_files()?;
    for followers in if small { [1, 100] } else { [1, 1000] } {
        measure(followers)?;
    }
    Ok(())
}

/// Both ends of every connection are on this machine, and ours are in this process.
fn raise_open_files() -> Result<()> {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    Ok(setrlimit(Resource::Nofile, limit)?)
}

fn measure(followers: usize) -> Result<()> {
    let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let mut server = Server::start(1, Path::new("/bin/true"), directory.path())?;
    let blocker = submit(server.address, "wait")?;
    let id = submit(server.address, "speak")?;
    let before = server.quiet()?;
    let streams: Vec<_> =
        (0..followers).map(|_| follow(server.address, &id)).collect::<Result<_>>()?;
    let following = server.quiet()?;
    let (began, cpu) = (Instant::now(), server.cpu()?.in_all());
    request(server.address, "DELETE", &format!("/v1/executions/{blocker}"), "")?;
    let told = read_all(streams)?;
    let (took, cpu) = (began.elapsed(), server.cpu()?.in_all() - cpu);
    let after = server.quiet()?;
    server.stop()?;

    let expected = expected();
    let whole = told.iter().filter(|told| **told == expected).count();
    ensure!(
        whole == followers,
        "{whole} were told all, and one {:?}",
        told.first().map(String::len)
    );
    let per = |bytes: u64| bytes.saturating_sub(before) as f64 / followers as f64 / 1024.0;
    println!(
        "{followers:5} followers, each told {} KB of {} KB: {took:.1?}, {:.2} s of processor \
         ({:.0} % of one), {:.1} KiB each while nothing comes, {:.1} KiB afterwards",
        expected.len() / 1000,
        expected.len() / 1000,
        cpu.as_secs_f64(),
        100.0 * cpu.as_secs_f64() / took.as_secs_f64(),
        per(following),
        per(after),
    );
    Ok(())
}

fn expected() -> String {
    let line = |burst, line| {
        format!("burst {burst} line {line:05} of what a program says to all who listen\n")
    };
    (1..=100).flat_map(|burst| (1..=100).map(move |number| line(burst, number))).collect()
}

fn submit(address: SocketAddr, word: &str) -> Result<String> {
    let body = json!({"language": "sh", "code": PROGRAM, "stdin": format!("{word}\n")});
    let record = request(address, "POST", "/v1/executions", &body.to_string())?;
    let id = record["id"].as_str().with_context(|| format!("it was not accepted: {record}"))?;
    Ok(id.to_owned())
}

fn request(address: SocketAddr, method: &str, path: &str, body: &str) -> Result<Value> {
    let mut stream = connect(address)?;
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {API_KEY}\r\n\
         Connection: close\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (_, body) = answer.split_once("\r\n\r\n").context("an answer has a body")?;
    Ok(serde_json::from_str(body)?)
}

fn follow(address: SocketAddr, id: &str) -> Result<TcpStream> {
    let mut stream = connect(address)?;
    write!(
        stream,
        "GET /v1/executions/{id}/events HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {API_KEY}\r\n\
         Connection: close\r\n\r\n"
    )?;
    Ok(stream)
}

fn connect(address: SocketAddr) -> Result<TcpStream> {
    let stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    Ok(stream)
}

/// What each of them is told of standard output. A thread for each would measure the threads.
fn read_all(mut streams: Vec<TcpStream>) -> Result<Vec<String>> {
    let readers = 4.min(streams.len());
    let shares: Vec<Vec<TcpStream>> =
        (0..readers).map(|_| streams.split_off(streams.len() - streams.len() / readers)).collect();
    let rest = streams;
    let mut told = Vec::new();
    thread::scope(|scope| -> Result<()> {
        let shares = shares.into_iter().chain([rest]).filter(|share| !share.is_empty());
        let readers: Vec<_> = shares.map(|share| scope.spawn(|| read_share(share))).collect();
        for reader in readers {
            told.extend(reader.join().expect("no reader panics")?);
        }
        Ok(())
    })?;
    Ok(told)
}

fn read_share(mut streams: Vec<TcpStream>) -> Result<Vec<String>> {
    let mut told = vec![Vec::new(); streams.len()];
    let mut open: Vec<usize> = (0..streams.len()).collect();
    let mut piece = vec![0; 256 * 1024];
    while !open.is_empty() {
        let mut still = Vec::new();
        for index in open {
            let length = streams[index].read(&mut piece)?;
            told[index].extend_from_slice(&piece[..length]);
            if length > 0 {
                still.push(index);
            }
        }
        open = still;
    }
    told.iter().map(|bytes| text_of(bytes)).collect()
}

/// The text of all events of standard output.
fn text_of(answer: &[u8]) -> Result<String> {
    let body = body_of(answer)?;
    let mut told = String::new();
    for event in body.split("\n\n").filter(|event| event.starts_with("event: stdout\n")) {
        let (_, data) = event.split_once("\ndata: ").context("an event has data")?;
        let data: Value = serde_json::from_str(data)?;
        told.push_str(data["text"].as_str().context("it is text")?);
    }
    Ok(told)
}

/// What comes in chunks behind the head.
fn body_of(answer: &[u8]) -> Result<String> {
    let end_of = |bytes: &[u8], end: &[u8]| bytes.windows(end.len()).position(|at| at == end);
    let mut rest = &answer[end_of(answer, b"\r\n\r\n").context("there is a head")? + 4..];
    let mut body = Vec::new();
    loop {
        let line = end_of(rest, b"\r\n").context("a chunk has a size")?;
        let size = usize::from_str_radix(std::str::from_utf8(&rest[..line])?, 16)?;
        if size == 0 {
            return Ok(String::from_utf8(body)?);
        }
        body.extend_from_slice(rest.get(line + 2..line + 2 + size).context("a chunk is whole")?);
        rest = &rest[line + 2 + size + 2..];
    }
}
