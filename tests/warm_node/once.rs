//! Who gets a worker, and that each has only one program. What a program sees is not looked at here.

use std::time::Duration;

use ringback::domain::{Exceeded, ExecutionId, ExecutionSpec, Exit, Secret, StartMode, WorkingDir};
use ringback::process::Warm;

use super::site::{js, place, place_with, text};

#[tokio::test]
async fn the_first_is_cold_and_what_one_leaves_no_other_finds() {
    let place = place(true);
    let leaves = "console.log(globalThis.left, process.pid, require('fs').readdirSync('.'));
        globalThis.left = 1; require('fs').writeFileSync('left', ''); setInterval(() => {}, 1000);
        setTimeout(process.exit, 1);";
    let (first, _) = place.run(&js(leaves)).await;
    assert_eq!(first.start, StartMode::Cold);
    for _ in 0..5 {
        let (ending, _) = place.run_warm(ExecutionId::generate(), &js(leaves)).await;
        assert_eq!(
            (ending.exit, text(&ending.stdout.head)),
            (first.exit, text(&first.stdout.head))
        );
    }
}

#[tokio::test]
async fn whoever_needs_something_else_starts_cold_and_works() {
    let place = place(true);
    let plain = js("console.log(process.env.NODE_OPTIONS, process.env.NODE_ENV)");
    place.run_warm(ExecutionId::generate(), &plain).await;
    let changed = |change: fn(&mut ExecutionSpec)| {
        let mut spec = plain.clone();
        change(&mut spec);
        spec
    };
    let others = [
        changed(|spec| spec.network = true),
        changed(|spec| spec.limits.memory_bytes = Some(1 << 30)),
        changed(|spec| spec.limits.open_files = Some(100)),
        changed(|spec| {
            spec.env.insert("NODE_OPTIONS".to_owned(), Secret::new("--no-warnings".to_owned()));
        }),
        changed(|spec| {
            spec.env.insert("NODE_ENV".to_owned(), Secret::new("test".to_owned()));
        }),
        changed(|spec| spec.working_dir = WorkingDir::Workspace("".into())),
    ];
    for spec in &others {
        let (ending, _) = place.run(spec).await;
        assert_eq!((ending.start, ending.exit), (StartMode::Cold, Exit::Code(0)), "{spec:?}");
    }
    // One after the other they were different, so the workers are still there for the plain one.
    let (ending, _) = place.run_warm(ExecutionId::generate(), &plain).await;
    assert_eq!(text(&ending.stdout.head), "undefined undefined\n");
    // Two of a kind in a row get workers of their own.
    let (ending, _) = place.run_warm(ExecutionId::generate(), &others[4]).await;
    assert_eq!(text(&ending.stdout.head), "undefined test\n");
}

#[tokio::test]
async fn a_warm_program_can_be_ended_and_has_its_limits() {
    let place = place(true);
    let mut spec = js("console.log('here'); for (;;);");
    spec.limits.cpu_time = Some(Duration::from_millis(400));
    let (ending, _) = place.run_warm(ExecutionId::generate(), &spec).await;
    let limit = Duration::from_millis(400);
    assert_eq!(ending.exceeded, Some(Exceeded::CpuTime { limit }));
    // What it had used before it began is not its program's.
    assert!((0.4..0.8).contains(&ending.usage.cpu_seconds), "{:?}", ending.usage);

    let mut spec = js("console.log(1); setInterval(() => {}, 1000);");
    spec.env.insert("NODE_ENV".to_owned(), Secret::new("test".to_owned()));
    spec.limits.processes = Some(100);
    let quick = ExecutionSpec { code: "1".to_owned(), ..spec.clone() };
    place.run_warm(ExecutionId::generate(), &quick).await;
    for signal in [libc::SIGTERM, libc::SIGKILL] {
        let launched = place.launch(ExecutionId::generate(), &spec).await;
        match signal {
            libc::SIGTERM => launched.signaller().terminate(),
            _ => launched.signaller().kill(),
        }
        assert_eq!(launched.ended().await.unwrap().0.exit, Exit::Signal(signal));
    }
}

#[tokio::test]
async fn as_many_at_once_as_there_may_be_all_run() {
    let place = place(true);
    let spec = js("console.log(require('fs').readFileSync(0, 'utf8'))");
    place.run_warm(ExecutionId::generate(), &spec).await;
    let many = (0..12).map(|number| {
        let mut spec = spec.clone();
        spec.stdin = Some(format!("number {number}"));
        let place = &place;
        async move { (number, place.run(&spec).await.0) }
    });
    for (number, ending) in futures_util::future::join_all(many).await {
        assert_eq!(text(&ending.stdout.head), format!("number {number}\n"));
        assert_eq!(ending.exit, Exit::Code(0));
    }
}

#[tokio::test]
async fn what_is_to_be_loaded_beforehand_is_and_what_cannot_be_hinders_nobody() {
    let preload = ["zlib", "no-such-module"].map(str::to_owned).to_vec();
    let place = place_with(Some(Warm { preload }));
    let spec = js("console.log(process.moduleLoadList.includes('NativeModule zlib'))");
    assert_eq!(text(&place.run(&spec).await.0.stdout.head), "false\n");
    let (ending, _) = place.run_warm(ExecutionId::generate(), &spec).await;
    assert_eq!(text(&ending.stdout.head), "true\n");
}
