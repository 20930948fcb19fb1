//! The floor: what this machine makes of starting the same program with nothing around it.
//! Uses nothing of Ringback.

use std::path::Path;
use std::process::{Command, ExitStatus};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

/// Programs per second, started and waited for by so many loops at a time.
pub fn per_second(program: &Path, parallel: usize, count: usize) -> Result<f64> {
    let begun = AtomicUsize::new(0);
    let began = Instant::now();
    thread::scope(|scope| {
        let one_loop = || -> Result<()> {
            while begun.fetch_add(1, Ordering::Relaxed) < count {
                spawn_and_wait(program)?;
            }
            Ok(())
        };
        let loops: Vec<_> = (0..parallel).map(|_| scope.spawn(one_loop)).collect();
        loops.into_iter().try_for_each(|each| each.join().expect("a loop does not panic"))
    })?;
    Ok(count as f64 / began.elapsed().as_secs_f64())
}

/// How long it takes to start the program and wait for it, one at a time.
pub fn one_at_a_time(program: &Path, count: usize) -> Result<Vec<Duration>> {
    (0..count)
        .map(|_| {
            let began = Instant::now();
            spawn_and_wait(program).map(|()| began.elapsed())
        })
        .collect()
}

/// With as many arguments and as small an environment as Ringback gives it: the one that cargo
/// sets for benches has every program look for its libraries in more places, which would make the
/// floor look lower than it is.
fn spawn_and_wait(program: &Path) -> Result<()> {
    #[expect(clippy::disallowed_methods, reason = "the floor is a start without Ringback")]
    let mut command = Command::new(program);
    command.arg("main").env_clear().env("PATH", "/usr/bin:/bin").env("LC_CTYPE", "C.UTF-8");
    let status: ExitStatus = command.status()?;
    ensure!(status.success(), "{} ended with {status}", program.display());
    Ok(())
}
