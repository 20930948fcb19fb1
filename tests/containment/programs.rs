//! Programs that do what they can to outlive their execution. Each says `ready` once its child has
//! done it. Runs nothing itself.

/// Whether a program's first process ends when the rest is ready, or stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leader {
    Stays,
    Leaves,
}

/// A program.
#[derive(Debug, Clone, Copy)]
pub struct Program {
    /// What it does, in a word.
    pub name: &'static str,
    /// Python: `child()` at least, and `leader()` if that does more than stay.
    body: &'static str,
    /// How many processes it surely has when its leader leaves.
    pub left: u64,
}

/// All that they share. The word marks those who give up their environment.
const FRAME: &str = r#"
import ctypes, os, signal, sys, time
STAYS, WORD = %STAYS%, "%WORD%"
reads, writes = os.pipe()
def ready(): os.write(writes, b".")
def stay():
    while True: time.sleep(1000)
# Never at rest, but not so that the others are never ready.
def restless(): os.nice(19)
def leader(): stay()
%BODY%
if os.fork() == 0:
    child()
os.read(reads, 1)
os.write(1, b"ready\n")
if STAYS: leader()
"#;

impl Program {
    /// Its code.
    pub fn code(&self, leader: Leader, word: &str) -> String {
        let stays = if leader == Leader::Stays { "True" } else { "False" };
        FRAME.replace("%BODY%", self.body).replace("%STAYS%", stays).replace("%WORD%", word)
    }
}

/// Those that no rung of containment lets get away.
pub const ALL: [Program; 11] = [
    Program {
        name: "forks twice",
        left: 1,
        body: "
def child():
    if os.fork(): os._exit(0)
    ready(); stay()
",
    },
    Program {
        name: "leads sessions of its own",
        left: 1,
        body: "
def child():
    os.setsid()
    if os.fork(): os._exit(0)
    os.setsid()
    ready(); stay()
",
    },
    Program {
        name: "ignores and blocks all signals",
        left: 1,
        body: "
def leader():
    for number in range(1, 65):
        try: signal.signal(number, signal.SIG_IGN)
        except (OSError, ValueError): pass
    signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
    ready(); stay()
child = leader
",
    },
    Program {
        name: "does not want to end with its parent",
        left: 1,
        body: "
def leader():
    ctypes.CDLL(None).prctl(1, 0)
    ready(); stay()
def child():
    os.setsid()
    leader()
",
    },
    Program {
        name: "holds its output open",
        left: 1,
        body: "
def child():
    os.setsid()
    for number in range(3, 9): os.dup2(1, number + 100)
    ready(); stay()
",
    },
    Program {
        name: "has two hundred children",
        left: 200,
        body: "
def child():
    for number in range(199):
        if os.fork() == 0: stay()
    ready(); stay()
",
    },
    Program {
        name: "hops from process to process",
        left: 0,
        body: "
def child():
    os.fork(); os.fork()
    ready(); restless()
    while True:
        if os.fork(): os._exit(0)
",
    },
    Program {
        name: "stops itself",
        left: 1,
        body: "
def leader():
    ready()
    os.kill(os.getpid(), signal.SIGSTOP)
    stay()
child = leader
",
    },
    Program {
        name: "gives its environment up",
        left: 1,
        body: r#"
def leader():
    ready()
    os.execve(sys.executable, ["python3", "-c", "import time; time.sleep(1000)", WORD], {})
child = leader
"#,
    },
    Program {
        name: "writes without end",
        left: 1,
        body: "
def child():
    os.setsid()
    ready(); restless()
    while True: os.write(1, b'ready' * 10000)
",
    },
    Program {
        name: "takes every descriptor",
        left: 1,
        body: "
def leader():
    try:
        while True: os.dup(0)
    except OSError: pass
    ready(); stay()
child = leader
",
    },
];

/// One that only a group or a namespace of the kernel holds for sure: each of its processes is in a
/// session of its own and gone before it could be pointed at.
pub const HOPS_FROM_SESSION_TO_SESSION: Program = Program {
    name: "hops from session to session",
    left: 0,
    body: "
def child():
    os.fork(); os.fork()
    ready(); restless()
    while True:
        if os.fork(): os._exit(0)
        os.setsid()
",
};
