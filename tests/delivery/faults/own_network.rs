//! A network and a name service of a test's own: the test is run a second time, in namespaces in
//! which the system's resolver asks a server that the test has written. Nobody else sees them.

use std::net::UdpSocket;
use std::process::Command;
use std::thread;

use crate::support::users;

/// Set when the test runs for the second time.
const INSIDE: &str = "RINGBACK_TEST_OWN_NETWORK";

/// A name and what is asked of it give an answer, or nothing at all.
pub type Answers = fn(&Question) -> Option<Answer>;

/// One question.
pub struct Question {
    /// The name, without a final dot.
    pub name: String,
    /// How often the same was asked before.
    pub earlier: usize,
}

/// What a name server says.
pub enum Answer {
    /// That it has failed, or that there is no such name, as a code of DNS.
    Code(u8),
    /// These addresses, which may be none.
    Addresses(Vec<[u8; 4]>),
    /// That the name is another's, with its address.
    Alias(&'static str, [u8; 4]),
}

/// Runs the body of the test with this name where the system's resolver is told these answers.
#[track_caller]
pub fn with_own_names(test: &str, answers: Answers, body: impl FnOnce()) {
    if std::env::var_os(INSIDE).is_some() {
        serve(answers);
        return body();
    }
    let resolver = tempfile::NamedTempFile::new().expect("a temporary file");
    let text = "nameserver 127.0.0.1\noptions attempts:2 timeout:5\n";
    std::fs::write(resolver.path(), text).expect("our own file");
    let mut command = Command::new("unshare");
    command.args(["--mount", "--net"]);
    if !users::are_we_root() {
        command.args(["--user", "--map-root-user"]);
    }
    // A new network has a loopback that is down.
    let prepare = "mount --bind \"$0\" /etc/resolv.conf && ip link set lo up && exec \"$@\"";
    command
        .args(["sh", "-c", prepare])
        .arg(resolver.path())
        .arg(std::env::current_exe().expect("Linux knows it"))
        .args(["--exact", test, "--nocapture"])
        .env(INSIDE, "1");
    let ended = command.output().expect("unshare and ip are installed: see scripts/tools.sh");
    let said = String::from_utf8_lossy(&ended.stdout);
    let complained = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success(), "on its own network:\n{said}\n{complained}");
    assert!(said.contains("1 passed"), "the test was not found: {said}\n{complained}");
}

/// Answers every question at 127.0.0.1 port 53 until the process ends.
fn serve(answers: Answers) {
    let socket = UdpSocket::bind("127.0.0.1:53").expect("nobody else is on this network");
    thread::spawn(move || {
        let mut asked: Vec<(String, bool)> = Vec::new();
        let mut packet = [0; 1500];
        while let Ok((length, from)) = socket.recv_from(&mut packet) {
            let (name, is_v4, end) = read(&packet[..length]);
            let earlier = asked.iter().filter(|one| **one == (name.clone(), is_v4)).count();
            asked.push((name.clone(), is_v4));
            if let Some(answer) = answers(&Question { name, earlier }) {
                let reply = reply(&packet[..end], is_v4, &answer);
                socket.send_to(&reply, from).expect("a reply on our own network");
            }
        }
    });
}

/// The name, whether its IPv4 address is asked for, and where the question ends.
fn read(packet: &[u8]) -> (String, bool, usize) {
    let (mut labels, mut at) = (Vec::new(), 12);
    while packet[at] != 0 {
        let end = at + 1 + usize::from(packet[at]);
        labels.push(String::from_utf8_lossy(&packet[at + 1..end]).into_owned());
        at = end;
    }
    let kind = u16::from_be_bytes([packet[at + 1], packet[at + 2]]);
    (labels.join("."), kind == 1, at + 5)
}

/// A reply to a packet that ends with its question (RFC 1035, 4.1).
fn reply(question: &[u8], is_v4: bool, answer: &Answer) -> Vec<u8> {
    // The name of a record points at the question's.
    const SAME: [u8; 2] = [0xc0, 12];
    let mut records = Vec::new();
    let code = match answer {
        Answer::Code(code) => *code,
        Answer::Addresses(addresses) if is_v4 => {
            records.extend(addresses.iter().map(|address| record(&SAME, 1, address)));
            0
        }
        Answer::Alias(other, address) if is_v4 => {
            let other = encoded(other);
            records.push(record(&SAME, 5, &other));
            records.push(record(&other, 1, address));
            0
        }
        Answer::Addresses(_) | Answer::Alias(..) => 0,
    };
    let count = u16::try_from(records.len()).expect("no test has so many").to_be_bytes();
    let mut packet = question.to_vec();
    // A response, with recursion, to one question, and nothing behind the answers.
    packet[2..12].copy_from_slice(&[0x81, 0x80 | code, 0, 1, count[0], count[1], 0, 0, 0, 0]);
    packet.extend(records.concat());
    packet
}

/// A record of this kind in the class IN that may be kept for no time.
fn record(name: &[u8], kind: u8, data: &[u8]) -> Vec<u8> {
    let length = u8::try_from(data.len()).expect("short");
    [name, &[0, kind, 0, 1, 0, 0, 0, 0, 0, length], data].concat()
}

fn encoded(name: &str) -> Vec<u8> {
    let label =
        |label: &str| [&[u8::try_from(label.len()).expect("short")], label.as_bytes()].concat();
    let mut labels = name.split('.').map(label).collect::<Vec<_>>().concat();
    labels.push(0);
    labels
}
