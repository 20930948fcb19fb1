//! What the executions of one interpreter have of each other, and of the machine: nothing. Also
//! for a server that is a plain user's.

use std::collections::HashSet;
use std::net::TcpListener;

use serde_json::json;

use super::site::{python, say, warm, warm_with};
use crate::support::users::{self, are_we_root};

/// Looks for markers in all memory that it can write. The pattern does not match itself.
const SCAN: &str = r#"
import re
found = set()
for line in open("/proc/self/maps"):
    start, end, mode = re.match(r"(\w+)-(\w+) (....)", line).groups()
    if mode.startswith("rw"):
        with open("/proc/self/mem", "rb", 0) as memory:
            memory.seek(int(start, 16))
            found.update(re.findall(rb"marker-[a-z]+-[0-9]{6}", memory.read(int(end, 16) - int(start, 16))))
print(sorted(one.decode() for one in found))
"#;

#[test]
fn nothing_of_an_execution_is_in_the_memory_of_the_next() {
    let app = warm();
    let mut first =
        python("import os, sys\n'marker-code-123456'; sys.stdin.read(); os.environ['SECRET']");
    first["env"] = json!({"SECRET": "marker-env-123456"});
    first["stdin"] = json!("marker-stdin-123456");
    for _ in 0..3 {
        say(&app, "warm", first.clone());
        assert_eq!(say(&app, "warm", python(SCAN)), "[]\n");
    }
    // The scan does find what is there.
    let mut own = python(SCAN);
    own["env"] = json!({"SECRET": "marker-env-654321"});
    assert_eq!(say(&app, "warm", own), "['marker-env-654321']\n");
}

#[test]
fn chance_is_another_in_each() {
    let app = warm();
    let code = "import os, random, secrets, tempfile, uuid\n\
                print(random.random(), uuid.uuid4(), uuid.uuid1(), secrets.token_hex(), \
                os.urandom(9).hex(), tempfile.mktemp(), tempfile.mkdtemp(), random.SystemRandom().random())";
    let said: Vec<String> = (0..5).map(|_| say(&app, "warm", python(code))).collect();
    let words: HashSet<&str> = said.iter().flat_map(|line| line.split_whitespace()).collect();
    assert_eq!(words.len(), 5 * 8, "{said:?}");
}

#[test]
fn a_program_sees_its_own_processes_only_and_is_never_the_first() {
    let app = warm();
    let code = "import os, subprocess\n\
                child = subprocess.Popen(['sleep', '1000'])\n\
                all = {int(name) for name in os.listdir('/proc') if name.isdigit()}\n\
                print(all == {1, os.getpid(), child.pid}, os.getpid() != 1, os.getppid(), os.getuid() != 0)\n\
                print(b'RINGBACK_ZYGOTE' in open('/proc/self/environ', 'rb').read(), os.listdir('/proc/self/fd'))\n\
                child.kill()";
    let said = say(&app, "warm", python(code));
    assert_eq!(said, "True True 0 True\nFalse ['0', '1', '2', '3']\n");
}

#[test]
fn the_network_is_there_for_those_who_ask() {
    let app = warm();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let code = format!(
        "import socket\n\
         try:\n    socket.create_connection(('127.0.0.1', {port}), 5); print('reached')\n\
         except OSError:\n    print('not reached')"
    );
    for (network, said) in [(true, "reached\n"), (false, "not reached\n"), (true, "reached\n")] {
        let mut program = python(&code);
        program["network"] = json!(network);
        assert_eq!(say(&app, "warm", program), said);
    }
}

#[test]
fn a_workspace_is_kept_and_the_own_directory_is_not() {
    let app = warm();
    let in_workspace = |code: &str| {
        let mut program = python(code);
        program["working_dir"] = json!("/workspace");
        program
    };
    say(
        &app,
        "warm",
        in_workspace("open('kept', 'w').write('text'); open('/tmp/gone', 'w').close()"),
    );
    let look = "import os; print(os.getcwd(), open('kept').read(), os.path.exists('/tmp/gone'))";
    assert_eq!(say(&app, "warm", in_workspace(look)), "/workspace text False\n");
    let elsewhere = "import os; print(os.getcwd(), os.listdir('/workspace'), os.listdir('.'))";
    assert_eq!(say(&app, "warm", python(elsewhere)), "/execution/work [] []\n");
}

#[test]
fn a_server_of_a_plain_user_is_warm_too() {
    if !are_we_root() {
        eprintln!("not tested on its own: all of these tests run as a plain user");
        return;
    }
    let app = warm_with(|options| options.run_by(users::of_server()));
    let code = "import os; print(os.getpid() != 1, os.listdir('/proc/self/fd'), os.getcwd())";
    let said = say(&app, "warm", python(code));
    assert_eq!(said, "True ['0', '1', '2', '3'] /execution/work\n");
}

#[test]
fn an_execution_of_a_trace_is_as_warm_as_any_and_the_next_knows_nothing_of_it() {
    let app = warm();
    let says = python("import os; print(os.environ.get('TRACEPARENT'))");
    for trace in ["0af7651916cd43dd8448eb211c80319c", "1af7651916cd43dd8448eb211c80319c"] {
        let request = app.request("POST", "/v1/executions").json(&says);
        let traceparent = format!("00-{trace}-b7ad6b7169203331-01");
        let answer = request.header("traceparent", &traceparent).send().expect(202).json();
        let record = app.finished(answer["id"].as_str().unwrap());
        assert_eq!(record["start"], "warm", "{record:#}");
        assert!(record["stdout"].as_str().unwrap().starts_with(&format!("00-{trace}-")));
        assert_eq!(say(&app, "warm", says.clone()), "None\n");
    }
}
