//! A launcher that is spoken to as nobody should: it passes over what it does not understand.

use std::path::PathBuf;
use std::thread;

use super::super::super::level::{Containment, Level};
use super::*;

/// A launcher that needs nothing of the kernel.
fn launcher() -> Launcher {
    let setup = Setup {
        level: Level::None,
        containment: Some(Containment::Session),
        namespaces: false,
        user_id: 60_700,
        executions: PathBuf::from("/nowhere"),
        workspaces: PathBuf::from("/nowhere"),
        working_dirs: Vec::new(),
        readable: Vec::new(),
        lock: PathBuf::from("/nowhere"),
        cgroup: "ringback-test".to_owned(),
        lacking: Vec::new(),
    };
    let lock = OwnedFd::from(tempfile::tempfile().unwrap());
    let (cgroups, no_cgroups, user_id) = (None, None, None);
    let given =
        Given { lock, cgroups, no_cgroups, without_clone3: false, user_id, late: Vec::new() };
    Launcher::new(&setup, given).unwrap()
}

fn launch(number: u64, program: &str) -> Command {
    Command::Launch(Box::new(Launch {
        number,
        argv: vec![program.to_owned()],
        directory: PathBuf::from("/"),
        ..Launch::default()
    }))
}

fn report(server: &OwnedFd) -> Report {
    let message = wire::receive(server, &mut Vec::new(), true).unwrap().unwrap();
    decode(&message.bytes).unwrap()
}

#[test]
fn garbage_is_passed_over_and_the_next_order_is_done() {
    let (server, theirs) = wire::pair().unwrap();
    let serving = thread::spawn(move || launcher().serve(&theirs));
    assert!(matches!(report(&server), Report::Ready(_)));

    let order = encode(&launch(1, "/bin/false"));
    let mut of_another_version = order.clone();
    of_another_version[0] += 1;
    let too_long = [order.as_slice(), b"more"].concat();
    let whole_parts = (0..order.len()).map(|length| order[..length].to_vec());
    let long = vec![0xff; 1 << 20];
    for garbage in whole_parts.chain([of_another_version, too_long, long]) {
        wire::send(&server, &garbage, &[]).unwrap();
    }
    for wish in [Command::Terminate(1), Command::Kill(1), Command::Kill(u64::MAX)] {
        wire::send(&server, &encode(&wish), &[]).unwrap();
    }
    // An order without its streams is the first that it can answer.
    wire::send(&server, &order, &[]).unwrap();
    let errno = libc::EBADF;
    let doing = "connecting its input and output".to_owned();
    assert_eq!(report(&server), Report::Failed { number: 1, doing, errno });

    let null = std::fs::File::options().read(true).write(true).open("/dev/null").unwrap();
    wire::send(&server, &encode(&launch(2, "/bin/true")), &[null.as_fd(); 3]).unwrap();
    assert_eq!(report(&server), Report::Started { number: 2, warm: false });
    let Report::Ended { number: 2, end } = report(&server) else { panic!("it ends") };
    assert_eq!((end.status, end.descendants_killed), (0, 0));

    drop(server);
    assert_eq!(serving.join().unwrap(), ExitCode::SUCCESS);
}
